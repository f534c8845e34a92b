"""The app as a process on a free port with folders of its own, and a page that watches for errors."""

import os
import socket
import subprocess
import sys
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

PATIENCE = 60_000  # milliseconds: beside other work
expect.set_options(timeout=PATIENCE)
HOST = "127.0.0.1"
PROBES = ("/_stcore/health", "/_stcore/host-config")  # Streamlit asks these below a page's own path first: 404
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SETTLED = """() => {
  const title = document.querySelector("h1"), app = document.querySelector('[data-testid="stApp"]');
  const late = '[data-stale="true"], [data-testid="stSpinner"], [data-testid="stSkeleton"]';
  return title?.checkVisibility() && app.dataset.testScriptState === "notRunning" && !document.querySelector(late);
}"""
ERRORS = '[data-testid="stException"], [data-testid="stAlertContentError"]'


@pytest.fixture(scope="session")
def app(tmp_path_factory):
    """The address of a running app."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = str(free.getsockname()[1])
    home = tmp_path_factory.mktemp("app")
    environment = {**os.environ, "NADE_RUNS": str(home / "runs"), "HOME": str(home)}
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", port, "--server.address", HOST]
    with (home / "app.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    assert any("URL: " in line for line in process.stdout), (home / "app.log").read_text()
    yield f"http://{HOST}:{port}"
    process.terminate()
    process.communicate()


class Viewer:
    """A page that remembers what went wrong: console errors, failed requests, anything asked of another machine."""

    def __init__(self, context, address):
        self.context, self.page, self.address, self.wrong = context, context.new_page(), address, []
        self.page.set_default_timeout(PATIENCE)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._console)
        self.page.on("response", self._response)
        self.page.on("requestfailed", self._failed)
        self.page.on("websocket", self._asked)
        context.on("request", self._asked)

    def _console(self, message):
        if message.type == "error" and "Failed to load resource" not in message.text:  # those come as responses
            self.wrong.append(message.text)

    def _response(self, response):
        gone = response.status == 404 and "/media/" in response.url  # a picture that a later run of the page replaced
        if response.status >= 400 and not gone and not response.url.endswith(PROBES):
            self.wrong.append(f"{response.status} {response.url}")

    def _failed(self, request):
        if request.failure != "net::ERR_ABORTED":  # by a page that was left
            self.wrong.append(f"{request.failure} {request.url}")

    def _asked(self, request):
        if urlsplit(request.url).hostname not in (HOST, None):  # None: data and blobs
            self.wrong.append(f"asked of another machine: {request.url}")

    def open(self, path):
        """The page at that address, once it says all it has to say."""
        self.page.goto(f"{self.address}/{path}")
        self.settle()

    def settle(self):
        """Wait until a page that was just opened has run to its end and shows all."""
        self.page.wait_for_function(SETTLED)

    def heading(self, words):
        """Wait until the page has that title and has run to its end."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(words)
        self.settle()

    def fits(self):
        """No box of errors, and nothing to scroll sideways."""
        assert self.page.locator(ERRORS).all_inner_texts() == []
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        self.page.wait_for_function(wide, timeout=5_000)

    def healthy(self):
        """No fault at all until now."""
        self.fits()
        assert self.wrong == []


@pytest.fixture
def visit(app, browser):
    """visit(viewport=PHONE, locale="ko-KR", ...): a viewer with a browser of that kind; at the end all are healthy."""
    viewers = []

    def new(**options):
        context = browser.new_context(**{"viewport": WIDE, "locale": "en-US"} | options)
        viewers.append(Viewer(context, app))
        return viewers[-1]

    yield new
    for viewer in viewers:
        viewer.healthy()
        viewer.context.close()


@pytest.fixture(scope="session")
def tab(app, browser):
    """One tab for all tests that need no browser of their own: Streamlit's own scripts are read and compiled once."""
    context = browser.new_context(viewport=WIDE, locale="en-US")
    yield Viewer(context, app)
    context.close()


@pytest.fixture
def viewer(tab):
    """The tab as if it were new: nothing wrong yet, nothing remembered; at the end it is healthy."""
    tab.page.goto(f"{tab.address}/_stcore/health")
    tab.page.evaluate("localStorage.clear()")
    tab.page.set_viewport_size(WIDE)
    tab.page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    tab.page.mouse.move(0, 0)
    tab.wrong.clear()
    yield tab
    tab.page.unroute_all()
    tab.healthy()
