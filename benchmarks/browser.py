"""The engine in a real Chromium, from an edit of the drawing to log p(x) and the map: python -m benchmarks.browser

Each row is the median over 200 strokes, each a short line across a test digit. "engine" is the page's own thread and
holds all there is to compute; "worker" is the way there and back as well. Throttling divides the speed of the page's
thread, not of a worker.
"""

import argparse
import json
import mimetypes
import os
import platform
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Page, Route, sync_playwright

from nade_core.checkpoint import find_model
from nade_core.data import load_dataset

ROOT = Path(__file__).parent.parent
ORIGIN = "http://nade.test"
ISOLATED = {  # gives a page the finest clock that there is
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}
FLAGS = ["--no-sandbox", "--disable-gpu"]
STROKES = 200
MEASURE = """
async ([digits, strokes, images]) => {
  const { Nade } = await import("/web/nade.js");
  const { stroke } = await import("/web/strokes.js");
  const { connect } = await import("/web/remote.js");
  const random = (n) => Math.floor(Math.random() * n);
  const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
  const edited = (cells) => {
    const from = [random(28), random(28)], to = from.map((k) => Math.min(27, k + random(3)));
    return stroke(cells, from, to, 1 + random(3), random(2));
  };
  const timed = async (start, next, each) => {
    const times = [];
    for (let k = -20; k < strokes; k++) {  // the first twenty let the engine be compiled and are not counted
      const cells = Uint8Array.from(digits[(k + 20) % digits.length]);
      await start(cells);
      const since = performance.now();
      await next(edited(cells));
      if (k >= 0) times.push(performance.now() - since);
    }
    return median(times);
  };
  const arrived = performance.now(), bytes = await (await fetch("/model")).arrayBuffer();
  const unpacked = performance.now(), model = Nade.read(bytes), session = model.session();
  const ready = performance.now();
  const call = connect(new Worker("/web/worker.js", { type: "module" }));
  await call("load", bytes);
  const full = [];
  for (let k = 0; k < strokes; k++) {
    const since = performance.now();
    model.logProb(digits[k % digits.length]);
    full.push(performance.now() - since);
  }
  const draws = [];
  for (let k = 0; k < images; k++) {
    const uniforms = Float32Array.from({ length: model.dims + 1 }, Math.random), since = performance.now();
    model.sample(uniforms);
    draws.push(performance.now() - since);
  }
  return {
    read: ready - unpacked,
    stroke: await timed((x) => session.set(x), (x) => session.set(x)),
    worker: await timed((x) => call("set", x), (x) => call("set", x)),
    image: median(full),
    samples: 1000 / median(draws),
  };
}
"""


def serve(page: Page, files: dict[str, Path]) -> None:
    """Answer the page's requests under ORIGIN by files: an address or the start of one, and its file or folder."""

    def answer(route: Route) -> None:
        address = route.request.url.removeprefix(ORIGIN)
        start = max((start for start in files if address.startswith(start)), key=len, default=None)
        path = files[start] / address.removeprefix(start) if start and files[start].is_dir() else files.get(start)
        if path is None or not path.is_file():
            route.fulfill(status=404)
            return
        kind = "text/javascript" if path.suffix in (".js", ".mjs") else mimetypes.guess_type(path)[0]
        route.fulfill(body=path.read_bytes(), content_type=kind or "application/octet-stream", headers=ISOLATED)

    page.context.route(f"{ORIGIN}/**", answer)


def open_page(browser: Browser, files: dict[str, Path], empty: Path) -> Page:
    """An empty page of ORIGIN that reaches the files; ``empty`` is any HTML file."""
    page = browser.new_context().new_page()
    serve(page, {"/empty.html": empty, **files})
    page.goto(f"{ORIGIN}/empty.html")
    return page
