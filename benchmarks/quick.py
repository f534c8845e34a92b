"""How long it takes from a control to its result, in a real browser. python -m benchmarks.quick [--pages coin rules]

On every page the first control that can be moved by keys is moved twenty times, back and forth. A change begins with
the key and ends when the page has drawn the run that answers it: the app is still, and nothing on it is stale. The
goal is 300 ms in the median and 800 ms for 95 of 100, on two cores that do nothing else.
"""

import argparse
import os
import time

import numpy as np
from playwright.sync_api import Page, sync_playwright

from lab.chapter import Chapter, chapters

from .handout import running, still

CHANGES = 20
SLIDER = '[data-testid="stMain"] input[type="range"]:not(:disabled)'
BUTTON = (
    '.st-key-stage .stButton button:not(:disabled), [data-testid="stMain"] .stButtonGroup button[aria-checked="false"]'
)
# Resolves with the milliseconds from now until a run has begun and ended, drawn.
ANSWER = """() => new Promise((resolve) => {
  const app = document.querySelector('[data-testid="stApp"]'), from = performance.now();
  let ran = false;
  const look = () => {
    const running = app.dataset.testScriptState !== "notRunning";
    ran ||= running;
    const stale = document.querySelector('[data-stale="true"]');
    if (ran && !running && !stale) return requestAnimationFrame(() => resolve(performance.now() - from));
    if (performance.now() - from > 10000) return resolve(null);
    requestAnimationFrame(look);
  };
  look();
})"""


def changed(page: Page, key: str) -> float | None:
    """Milliseconds from a key on the control that has the focus to the end of the answer; None where none came."""
    page.evaluate(f"void (window.answer = ({ANSWER})())")  # void: not waited for here
    page.keyboard.press(key)
    return page.evaluate("window.answer")


def measured(page: Page, address: str, chapter: Chapter, step: str | None) -> np.ndarray | None:
    """The milliseconds of every change (CHANGES,); None where the page has no control that keys move."""
    query = f"&step={step}" if step else ""
    page.goto(f"{address}/{'' if chapter.home else chapter.id}?lang=en{query}")
    still(page)
    slider, button = page.locator(SLIDER), page.locator(BUTTON)
    if slider.count():
        slider.first.focus()
        keys = ["ArrowLeft", "ArrowRight"]
    elif button.count():
        button.first.focus()
        keys = ["Enter", "Enter"]
    else:
        return None
    if None in [changed(page, key) for key in keys]:  # what is computed once; and whether the page answers at all
        return None
    times = [changed(page, keys[i % 2]) for i in range(CHANGES)]
    return np.array([value for value in times if value is not None])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--pages", choices=list(chapters()), nargs="*")
    parser.add_argument("--address", help="of an app that runs already")
    options = parser.parse_args()
    chosen = [chapter for id, (chapter, _render) in chapters().items() if not options.pages or id in options.pages]
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}; milliseconds")
    print("| page | step | median | 95 % | changes |\n| --- | --- | ---: | ---: | ---: |")
    with running(options.address) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 1280, "height": 720})
        for chapter in chosen:
            for step in chapter.steps or [None]:
                times = measured(page, address, chapter, step)
                if times is not None and len(times):
                    values = f"{np.median(times):.0f} | {np.quantile(times, 0.95):.0f} | {len(times)}"
                    print(f"| {chapter.id} | {step or ''} | {values} |", flush=True)
        browser.close()
    print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
