"""The engine in a real Chromium, from an edit of the drawing to log p(x) and the map: python -m benchmarks.browser

A stroke is a short line at a random place of a test digit, drawn where it is off and erased where it is on. "page"
computes in the page's own thread, which is all that there is to compute; "worker" is the way to a worker and back as
well. Throttling divides the speed of the page's thread, and not that of a worker. Medians, each row in this one run.
"""

import argparse
import json
import os
import subprocess
import urllib.parse
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright

from nade_core.checkpoint import find_model
from nade_core.data import load_dataset

ROOT = Path(__file__).parent.parent
ORIGIN = "http://nade.localhost"  # of the machine itself, which a page's clock needs to be exact; never asked
ISOLATED = {  # gives the page the finest clock that there is
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
FLAGS = ["--no-sandbox", "--disable-gpu"]
FIND = ROOT / "tests/browser/find_chromium.sh"
THROTTLE = 6
ROWS = {  # of the table: what is measured, its unit, and at most (or at least) how much there should be
    "read": ("weights to a model, once", "ms", None),
    "page": ("stroke to log p and map, page", "ms", "at most 8; 40 throttled"),
    "worker": ("stroke to log p and map, worker", "ms", None),
    "image": ("log p of another digit", "ms", None),
    "greedy": ("best flip of one pixel", "ms", None),
    "samples": ("samples a second", "", "at least 150"),
}
MEASURE = """
async (given) => {
  const [digits, strokes] = JSON.parse(given); // as a text: Playwright takes values apart number by number
  const { Nade } = await import("/web/nade.js");
  const { stroke } = await import("/web/strokes.js");
  const { connect } = await import("/web/remote.js");
  const random = (n) => Math.floor(Math.random() * n);
  const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
  const edited = (cells) => {
    const from = [random(28), random(28)], to = from.map((k) => Math.min(27, k + random(3)));
    return stroke(cells, from, to, 1 + random(3), 1 - cells[from[0] * 28 + from[1]]);  // always changes the picture
  };
  const uniforms = (n) => Float32Array.from({ length: n }, Math.random);
  const timed = async (n, before, task) => {
    const times = [];
    for (let k = -Math.floor(n / 10); k < n; k++) {  // the first ones are for the compiler and are not counted
      const cells = Uint8Array.from(digits[(k + n) % digits.length]);
      await before(cells);
      const since = performance.now();
      await task(cells);
      if (k >= 0) times.push(performance.now() - since);
    }
    return median(times);
  };
  const bytes = await (await fetch("/model")).arrayBuffer(), since = performance.now();
  const model = Nade.read(bytes), session = model.session(), read = performance.now() - since;
  const call = connect(new Worker("/web/worker.js", { type: "module" }));
  await call("load", bytes);
  const set = (x) => session.set(x), ask = (x) => call("set", x), few = Math.ceil(strokes / 20);
  return {
    read,
    page: await timed(strokes, set, (x) => set(edited(x))),
    worker: await timed(strokes, ask, (x) => ask(edited(x))),
    image: await timed(strokes, () => {}, set),
    greedy: await timed(few, set, () => session.bestFlip()),
    samples: 1000 / (await timed(strokes, () => {}, () => model.sample(uniforms(model.dims + 1)))),
  };
}
"""


def serve(page: Page, files: dict[str, Path]) -> None:
    """Answer what the page asks of ORIGIN by files: an address and its file, or the start of one (with / at its end)
    and its folder; "/" itself is an empty page."""

    def answer(route: Route) -> None:
        address = urllib.parse.urlparse(route.request.url).path
        if address == "/":
            route.fulfill(body="<!doctype html><title>Empty</title>", content_type="text/html", headers=ISOLATED)
            return
        start = max((start for start in files if address.startswith(start)), key=len, default="")
        path = files[start] / address.removeprefix(start) if start.endswith("/") else files.get(start)
        if path is None or not path.is_file():
            route.fulfill(status=404)
            return
        kind = "text/javascript" if path.suffix in (".js", ".mjs") else "application/octet-stream"
        route.fulfill(body=path.read_bytes(), content_type=kind, headers=ISOLATED)

    page.context.route(f"{ORIGIN}/**", answer)


def open_page(browser: Browser, files: dict[str, Path]) -> Page:
    """An empty page of ORIGIN that reaches the files."""
    page = browser.new_context().new_page()
    serve(page, files)
    page.goto(f"{ORIGIN}/")
    return page


def measure(browser: Browser, model: str, strokes: int, throttle: int) -> dict[str, float]:
    """The medians of one page, by the names of ROWS, with its processor throttled so many times."""
    page = open_page(browser, {"/web/": ROOT / "web", "/model": find_model(model)})
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": throttle})
    found = page.evaluate(MEASURE, json.dumps([load_dataset("mnist").test[:100].tolist(), strokes]))
    page.context.close()
    return found


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="nade-mnist", help="a NADE of the digits")
    parser.add_argument("--strokes", type=int, default=200)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    chromium = subprocess.run(["sh", FIND], capture_output=True, text=True, check=True).stdout.strip()
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=chromium, args=FLAGS) as browser:
        plain, slow = (measure(browser, given.model, given.strokes, throttle) for throttle in (1, THROTTLE))
        version = browser.version
    if given.json:
        print(json.dumps({"chromium": version, "plain": plain, "throttled": slow}))
        return
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{given.model}, Chromium {version}, {given.strokes} strokes, {machine}")
    print(f"\n| task | median | throttled {THROTTLE} times | goal |\n| --- | --- | --- | --- |")
    for name, (task, unit, goal) in ROWS.items():
        print(f"| {task} | {plain[name]:.2f} {unit} | {slow[name]:.2f} {unit} | {goal or ''} |")


if __name__ == "__main__":
    main()
