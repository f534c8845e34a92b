"""Shared by all tests: one thread a worker, kernels compiled once, a small NADE in float64, and a real Chromium."""

import os

# Before torch is imported. Two workers share two cores; and a test without a runs folder of its own writes nowhere.
os.environ |= {"OMP_NUM_THREADS": "1", "NADE_THREADS": "1", "NADE_RUNS": f"{os.devnull}/runs"}

import pytest
from filelock import FileLock
from playwright.sync_api import expect, sync_playwright

from .serving import shared_app

# torch is imported where it is needed: the process that deals out the tests needs none, and the workers wait for it.

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # nothing outside this machine is ever reached
]
PATIENCE = 60_000  # milliseconds that a browser has for anything: beside other work
expect.set_options(timeout=PATIENCE)
LONGEST = ["browser", "benchmarks", "web", "lab"]  # files and folders that take the longest, and so begin first


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """The longest first: a worker takes file after file, so that what the tests of one share is made once."""

    def place(item):
        return next((i for i, name in enumerate(LONGEST) if name in item.path.parts), len(LONGEST))

    items.sort(key=place)
    for item in items:
        if item.path.parent.name == "browser":
            item.add_marker(pytest.mark.flaky(reruns=1))  # it shares two cores with a server and a browser; it is told


@pytest.fixture(scope="session", autouse=True)
def kernels(tmp_path_factory):
    """The kernels as machine code on disk: the first worker compiles them, and the others wait for it."""
    from .kernels import compiled

    with FileLock(tmp_path_factory.getbasetemp().parent / "kernels.lock"):
        compiled()


@pytest.fixture
def make_nade():
    """make_nade(dims, hidden, ...): a NADE with weights large enough for every conditional to matter."""

    import torch

    from nade_core import NADE, NADEConfig

    def make(dims=6, hidden=5, activation="sigmoid", classes=0, ordering=None, dtype=torch.float64, seed=0):
        torch.manual_seed(seed)
        model = NADE(NADEConfig(dims, hidden, activation, classes), ordering).to(dtype)
        for parameter in model.parameters():
            parameter.data.normal_()
        return model

    return make


@pytest.fixture(scope="session")
def browser():
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The address of the running app, which the workers share: what all pages need is made once."""
    home = tmp_path_factory.getbasetemp()
    home = home.parent if "PYTEST_XDIST_WORKER" in os.environ else home
    with shared_app(home) as address:
        yield address
