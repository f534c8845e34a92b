"""The app as a process on a free port with its own runs folder, and a page that watches for errors."""

import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from playwright.sync_api import expect

expect.set_options(timeout=30_000)  # beside other work
PROBES = ("/_stcore/health", "/_stcore/host-config")  # Streamlit asks these below a page's own path first: 404


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The address of a running app."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "NADE_RUNS": str(tmp_path_factory.mktemp("runs"))}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "app.py",
        "--server.port",
        str(port),
        "--server.address",
        "127.0.0.1",
    ]
    log = (tmp_path_factory.mktemp("log") / "app.log").open("w")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/_stcore/health")
            break
        except OSError:
            assert process.poll() is None, "the app ended before it answered"
            time.sleep(0.5)
    yield address
    process.terminate()
    process.wait()
    log.close()


class Viewer:
    """A page that remembers what went wrong: console errors, failed requests, error boxes."""

    def __init__(self, page, address):
        self.page, self.address, self.wrong = page, address, []
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", self._console)
        page.on("response", self._response)
        page.on("requestfailed", lambda r: self.wrong.append(r.url) if not r.url.startswith(address) else None)

    def _console(self, message):
        if message.type == "error" and "Failed to load resource" not in message.text:  # those come as responses
            self.wrong.append(message.text)

    def _response(self, response):
        if response.status >= 400 and not response.url.endswith(PROBES):
            self.wrong.append(f"{response.status} {response.url}")

    def open(self, path):
        self.page.goto(f"{self.address}/{path}")
        self.page.get_by_role("heading", level=1).wait_for()
        self.settle()

    def settle(self):
        """Wait until the script has run to its end."""
        self.page.wait_for_timeout(400)
        self.page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]').wait_for()
        expect(self.page.locator('[data-stale="true"], [data-testid="stSpinner"]')).to_have_count(0)

    def healthy(self):
        errors = self.page.locator('[data-testid="stException"], [data-testid="stAlertContentError"]')
        assert errors.count() == 0, errors.all_inner_texts()
        assert self.wrong == []
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0


@pytest.fixture
def viewer(app, browser):
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    watched = Viewer(context.new_page(), app)
    yield watched
    watched.healthy()
    context.close()
