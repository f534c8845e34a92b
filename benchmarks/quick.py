"""How long it takes from a control to its result, in a real browser. python -m benchmarks.quick [--pages coin rules]

On every page the first control that asks the server is moved by a key twenty times, back and forth. A change begins
with the key and ends with the last thing that its answer changes on the page. The goal is 300 ms in the median and
800 ms for 95 of 100, on two cores that do nothing else. A page that answers in the browser alone is not listed.
"""

import argparse
import os
import time

import numpy as np
from playwright.sync_api import Page, sync_playwright

from lab.chapter import Chapter, chapters

from .handout import running, still

CHANGES = 20
PATIENCE = 1500  # milliseconds until the server begins to answer
PLACE = '[data-testid="stMain"] :is(input, button):not(:disabled):not(.st-key-head *)'
BACK_AND_FORTH = (  # a kind of control, and the keys that move the first of it
    (f'{PLACE}[type="range"]', "ArrowRight", "ArrowLeft"),
    (f'{PLACE}[type="range"]', "ArrowLeft", "ArrowRight"),  # from its end
    (f'{PLACE}[role="radio"][aria-checked="false"]', "Enter", "Enter"),  # the first that is not chosen, each time
    (f'{PLACE}[role="switch"]', "Space", "Space"),
    (f"{PLACE}:is(.stButton *)", "Enter", "Enter"),
)
# When the page was last changed, and when it was last told something. An answer may begin and end between two frames.
WATCH = """(() => {
  const send = WebSocket.prototype.send, now = () => (window.changed = performance.now());
  window.heard = 0;
  WebSocket.prototype.send = function (data) {
    if (!this.counted) this.addEventListener("message", () => { window.heard += 1; now(); });
    this.counted = true;
    return send.call(this, data);
  };
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  document.addEventListener("DOMContentLoaded", () => new MutationObserver(now).observe(document.body, all));
})()"""
# Resolves with the milliseconds from now until the last change of an answer; null where the server says nothing.
ANSWER = """(patience) => new Promise((resolve) => {
  const app = document.querySelector('[data-testid="stApp"]'), from = performance.now(), before = window.heard;
  const look = () => {
    const now = performance.now(), running = app.dataset.testScriptState !== "notRunning";
    if (window.heard === before) return now - from > patience ? resolve(null) : setTimeout(look, 20);
    const stale = document.querySelector('[data-stale="true"]');
    if (!running && !stale && now - window.changed > 250) return resolve(window.changed - from);
    if (now - from > 10000) return resolve(null);
    setTimeout(look, 20);
  };
  look();
})"""


def changed(page: Page, control: str, key: str) -> float | None:
    """Milliseconds from a key on a control to the end of the answer; None where the server says nothing."""
    page.locator(control).first.focus(timeout=PATIENCE)
    page.evaluate(f"void (window.answer = ({ANSWER})({PATIENCE}))")  # void: not waited for here
    page.keyboard.press(key)
    return page.evaluate("window.answer")


def found(page: Page) -> tuple[str, str, str] | None:
    """The first control that asks the server, as its selector and keys; what is computed once is computed here."""
    for control, forth, back in BACK_AND_FORTH:
        if page.locator(control).count() and None not in [changed(page, control, key) for key in (forth, back)]:
            return control, forth, back
        still(page)
    return None


def measured(page: Page, address: str, chapter: Chapter, step: str | None, changes: int) -> np.ndarray:
    """The milliseconds of every change (CHANGES,); none where no control of the page asks the server."""
    query = f"&step={step}" if step else ""
    page.goto(f"{address}/{'' if chapter.home else chapter.id}?lang=en{query}")
    still(page)
    control, *keys = found(page) or (None,)
    times = [changed(page, control, keys[i % 2]) for i in range(changes)] if control else []
    return np.array([value for value in times if value is not None])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--pages", choices=list(chapters()), nargs="*")
    parser.add_argument("--changes", type=int, default=CHANGES, help="of a control, on each step")
    parser.add_argument("--address", help="of an app that runs already")
    options = parser.parse_args(arguments)
    chosen = [chapter for id, (chapter, _render) in chapters().items() if not options.pages or id in options.pages]
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}; milliseconds")
    print("| page | step | median | 95 % | changes |\n| --- | --- | ---: | ---: | ---: |")
    with running(options.address) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        page.add_init_script(WATCH)
        for chapter in chosen:
            for step in chapter.steps or [None]:
                times = measured(page, address, chapter, step, options.changes)
                if len(times):
                    values = f"{np.median(times):.0f} | {np.quantile(times, 0.95):.0f} | {len(times)}"
                    print(f"| {chapter.id} | {step or ''} | {values} |", flush=True)
        browser.close()
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
