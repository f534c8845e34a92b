"""The engine for the tests, in Node and in Chromium: the same questions, asked as JSON."""

import functools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.browser import open_page

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
# Texts, not values: Playwright takes each number of a value apart, which takes longer than the engine does.
ANSWER = """
async (jobs) => {
  const { ask, draw } = await import("/tests/web/ask.mjs");
  const read = (globalThis.read ??= {});  // a file comes once
  const bytes = (path) => (read[path] ??= fetch("/files" + path).then((file) => file.arrayBuffer()));
  const answer = async ([path, questions]) => (path === null ? draw(questions) : ask(await bytes(path), questions));
  return JSON.stringify(await Promise.all(JSON.parse(jobs).map(answer)));
}
"""


@pytest.fixture(scope="session")
def page(browser):
    """An empty page in Chromium from which the engine, and every file under /files, can be loaded."""
    page = open_page(browser, {"/web/": ROOT / "web", "/tests/": ROOT / "tests", "/files/": Path("/")})
    yield page
    page.context.close()


@pytest.fixture(scope="session")
def node():
    """Node, running for all the tests: node(jobs) gives the answers."""
    if shutil.which("node") is None:
        pytest.skip("Node is not installed, so the engine is tested in Chromium alone")
    command = ["node", HERE / "ask_node.mjs"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def answers(jobs):
            print(jobs, file=process.stdin, flush=True)
            given = process.stdout.readline()
            assert given.startswith("["), json.loads(given)["broken"]
            return given

        yield asked(answers)


@pytest.fixture(scope="session", params=["node", "chromium"])
def engine(request):
    """engine(jobs): the answers to jobs, each (model file, questions) or (None, steps of drawing)."""
    if request.param == "node":
        return request.getfixturevalue("node")
    return asked(functools.partial(request.getfixturevalue("page").evaluate, ANSWER))


def asked(answers):
    """answers(text) of a text of jobs, for the jobs themselves, with tensors and paths in them."""
    return lambda jobs: json.loads(answers(json.dumps(jobs, default=_plain)))


def _plain(value):
    return str(value) if isinstance(value, Path) else value.tolist()
