"""A browser that is killed in the middle of something, on purpose, and opened again: whose run is it then?

Chromium writes a new key (a cookie) to its disk within thirty seconds, so a browser is killed only after that; one that
is killed sooner has lost it, and comes back by its link alone.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import Error, Page, Playwright, expect, sync_playwright

from nade_core.runs import RunState, look

from .handout import serving
from .trials import PATIENCE, TABLE, WITHIN, worker_of

ASKING = "train?lang=en&data=own&hidden=16&epochs=200"
SLOWLY = 1024  # bytes a second, of an upload that is to be broken off: it would take ten seconds
ROOM = "0.015"  # MB of all uploads together: for one of these tables, not for two
FINISHED, NOTHING = "Finished: the model is in the list of the other chapters.", "No runs yet."


@contextmanager
def browser(playwright: Playwright, profile: Path) -> Iterator[Page]:
    """A page of the browser with that profile. It may be killed meanwhile."""
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    context = playwright.chromium.launch_persistent_context(profile, executable_path=path, args=["--no-sandbox"])
    context.set_default_timeout(1000 * PATIENCE)
    try:
        yield context.pages[0]
    finally:
        with suppress(Error):
            context.close()


def kill(profile: Path) -> None:
    """Kill the browser of a profile, as a system without memory does (Linux)."""
    of = f"--user-data-dir={profile}".encode()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = path.read_bytes().split(b"\0")
            if of in words and not any(word.startswith(b"--type=") for word in words):
                os.kill(int(path.parent.name), signal.SIGKILL)


def known(page: Page, site: str, profile: Path) -> None:
    """The browser is given its key, and has written it to its disk."""
    page.goto(f"{site}/{ASKING}")
    until = time.monotonic() + PATIENCE
    while not any(b"nade_visitor" in path.read_bytes() for path in profile.rglob("Cookies")):
        if time.monotonic() > until:
            raise AssertionError("its key was never written")
        page.wait_for_timeout(200)


def drop(page: Page, site: str) -> None:
    """A table is dropped on the page that trains."""
    page.goto(f"{site}/{ASKING}")
    (name, content), *_ = TABLE
    page.locator('input[type="file"]').set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})


def ask(page: Page, site: str, runs: Path) -> Path:
    """A run is asked for, as a viewer does, and trains: its folder."""
    drop(page, site)
    expect(page.get_by_text("400 rows of 12 values.")).to_be_visible(timeout=1000 * PATIENCE)
    page.get_by_role("button", name="Train", exact=True).click()
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        for config in runs.glob("*/config.json"):
            if worker_of(config.parent) or look(config.parent).state == "done":
                return config.parent
        page.wait_for_timeout(20)
    raise AssertionError("no run was begun")


def killed_in_training(root: Path, chance: random.Random) -> RunState:
    """The browser is killed while its run trains."""
    with serving(NADE_HOSTED="1", NADE_RUNS=str(root / "runs")) as (site, _app), sync_playwright() as playwright:
        with browser(playwright, root / "mine") as page:
            known(page, site, root / "mine")
            folder = ask(page, site, root / "runs")
            time.sleep(chance.uniform(0, WITHIN))
            kill(root / "mine")
        return _owned(playwright, root, site, folder)


def killed_in_upload(root: Path, chance: random.Random) -> RunState:
    """The browser is killed while it uploads; opened again, it uploads the same, for which there is room, and trains."""
    variables = {"NADE_HOSTED": "1", "NADE_RUNS": str(root / "runs"), "NADE_UPLOAD_MB": ROOM}
    with serving(**variables) as (site, _app), sync_playwright() as playwright:
        with browser(playwright, root / "mine") as page:
            known(page, site, root / "mine")
            slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": SLOWLY}
            page.context.new_cdp_session(page).send("Network.emulateNetworkConditions", slow)
            with page.expect_request("**/upload_file/**"):
                drop(page, site)
            time.sleep(chance.uniform(0, WITHIN))
            kill(root / "mine")
        with browser(playwright, root / "mine") as page:
            folder = ask(page, site, root / "runs")
        return _owned(playwright, root, site, folder)


def _owned(playwright: Playwright, root: Path, site: str, folder: Path) -> RunState:
    """The run when it has ended. AssertionError unless its browser finds it, and another does not."""
    for profile, said in (("mine", FINISHED), ("another", NOTHING)):
        with browser(playwright, root / profile) as page:
            page.goto(f"{site}/train?lang=en")
            expect(page.get_by_text(said)).to_be_visible(timeout=1000 * PATIENCE)
    return look(folder)
