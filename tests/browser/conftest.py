"""A page of the running app that watches for errors."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import TimeoutError, expect

from tests.conftest import PATIENCE
from tests.serving import HOST

PROBES = ("/_stcore/health", "/_stcore/host-config")  # Streamlit asks these below a page's own path first: 404
WIDE, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
SETTLED = """() => {
  const title = document.querySelector("h1"), app = document.querySelector('[data-testid="stApp"]');
  const late = '[data-stale="true"], [data-testid="stSpinner"], [data-testid="stSkeleton"]';
  return title?.checkVisibility() && app.dataset.testScriptState === "notRunning" && !document.querySelector(late);
}"""
STILL = """document.addEventListener("DOMContentLoaded", () => {
  const style = document.createElement("style");
  style.textContent = `*, ::before, ::after {
    animation-duration: 1ms !important; animation-iteration-count: 1 !important;
    transition-duration: 1ms !important; transition-delay: 0s !important }
    [data-stale="true"] { opacity: 1 !important }`;
  document.head.append(style);
})"""  # what Streamlit moves while one waits for it takes half a core
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
HERE = """([place, step]) => {  // that step of that chapter of the lesson is shown, as the rail says
  const rail = [...document.querySelectorAll(".st-key-rail *")].find((node) => node.shadowRoot)?.shadowRoot;
  const here = rail?.querySelector("li.here");
  return here?.querySelector(".dot").textContent === place && here.querySelectorAll(".steps i.on").length === step;
}"""
# Tells window.heard of everything that the server says.
HEARD = """window.WebSocket = class extends WebSocket {
  constructor(...where) {
    super(...where);
    this.addEventListener("message", () => window.heard?.());
  }
}"""
# Goes to an address as Back, Forward and links within the app do; resolves once its run has begun and is seen to run.
FOLLOW = """(address) => new Promise((begun) => {
  window.heard = begun;
  history.pushState(null, "", address);
  dispatchEvent(new PopStateEvent("popstate"));
}).then(TWO_FRAMES)""".replace("TWO_FRAMES", TWO_FRAMES)
# Whether the page is the app, at rest, and its session keeps nothing that would stay at that address.
AT_REST = """(address) => {
  const app = document.querySelector('[data-testid="stApp"]');
  if (app?.dataset.testScriptState !== "notRunning") return false;
  const stays = ["present", "hide", "lock", "answers"].some((key) => location.search.includes(`${key}=`) && !address.includes(`${key}=`));
  const chosen = Object.entries(localStorage).some(([key, value]) => /theme/i.test(key) && value !== '"System"') || document.querySelector('[role="dialog"]');
  return !stays && !chosen;
}"""
ERRORS = '[data-testid="stException"], [data-testid="stAlertContentError"]'


def step_is(page, chapter, step):
    """Wait until that step of a chapter is shown, and has run to its end; looked for in each frame, for it is often."""
    try:
        asked = [str(chapter.place), chapter.steps.index(step) + 1]
        page.wait_for_function(f"(asked) => ({HERE})(asked) && ({SETTLED})()", arg=asked, timeout=PATIENCE)
    except TimeoutError as error:
        raise AssertionError(f"{page.url} does not come to {chapter.id}, {step}") from error


class Viewer:
    """A page that remembers what went wrong: console errors, failed requests, anything asked of another machine."""

    def __init__(self, context, address):
        self.context, self.page, self.address, self.wrong = context, context.new_page(), address, []
        self.new = False  # whether what the tab shows is of another test
        for script in (STILL, HEARD):
            self.page.add_init_script(script)
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

    def close(self):
        """Close the tab, and the browser if it has no other."""
        self.page.close()
        self.context.remove_listener("request", self._asked)
        if not self.context.pages:
            self.context.close()

    def blank(self):
        """A page of the same address that is not the app, with nothing remembered."""
        self.page.goto(f"{self.address}/_stcore/health")
        self.page.evaluate("localStorage.clear()")
        self.new = False

    def open(self, path):
        """The page at that address, once it says all it has to say."""
        if self.new:
            self.blank()
        self.page.goto(f"{self.address}/{path}")
        self.settle()

    def follow(self, path):
        """The page at that address, as one comes to it within the app: nothing is loaded or compiled anew.

        The session goes on: it remembers the language, the model, and what each chapter was when it was left, unless
        the address says a state. Where the tab shows no app, or what would stay, the page is opened.
        """
        for _ in range(2):  # what hears of a new size or scheme, and fades, asks for a run of the page that is left
            self.page.evaluate(TWO_FRAMES)
        if not self.page.evaluate(AT_REST, path):
            self.blank()
            self.open(path)
        else:
            self.new = False
            self.page.evaluate(FOLLOW, f"{self.address}/{path}")
            self.settle()
            self.page.evaluate(TWO_FRAMES)  # components have what the run has told them

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
        self.page.wait_for_function(wide)

    def healthy(self):
        """No fault at all until now."""
        self.fits()
        assert self.wrong == []


@pytest.fixture(scope="session")
def tab(app, browser):
    """One tab for all tests that need none of their own: Streamlit's own scripts are read and compiled once."""
    context = browser.new_context(viewport=WIDE, locale="en-US")
    yield Viewer(context, app)
    context.close()


@pytest.fixture
def viewer(tab, request):
    """The tab, nothing wrong yet: what a test opens is as if it were new, with nothing remembered; a test whose
    addresses say all that it rests on may ``follow`` them from where the test before left it. At the end it is healthy."""
    tab.new = True
    if getattr(request.node, "execution_count", 1) > 1:  # it failed there
        tab.blank()
    tab.page.set_viewport_size(WIDE)
    tab.page.emulate_media(media="null", color_scheme="light", reduced_motion="no-preference")
    tab.page.mouse.move(0, 0)
    tab.wrong.clear()
    yield tab
    tab.page.unroute_all()
    tab.healthy()


@pytest.fixture
def visit(app, browser, viewer):
    """visit(): another tab, for what cannot be undone in one; visit(viewport=PHONE, has_touch=True): another browser,
    in which all scripts are read and compiled anew. At the end all are healthy."""
    viewers = []
    viewer.blank()

    def new(**kind):
        context = browser.new_context(**{"locale": "en-US"} | kind) if kind else viewer.context
        viewers.append(Viewer(context, app))
        return viewers[-1]

    yield new
    for one in viewers:
        one.healthy()
        one.close()
