"""The handout: every step of every chapter on half a page, black on white, one PDF a language. python -m benchmarks.handout

The app is started on a free port, Chromium prints each step on A5, and these stand on two pages of A4 a chapter: two
on each, or three, smaller, where a chapter has five or six steps.
"""

import argparse
import io
import math
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, PdfMargins, ViewportSize, expect, sync_playwright
from pypdf import PageObject, PdfReader, PdfWriter, Transformation

import texts
from lab.chapter import Chapter, lesson

HOST = "127.0.0.1"
FOLDER = Path(__file__).parents[1] / "handout"
WIDE: ViewportSize = {"width": 1120, "height": 790}  # of the window; the shape of A5, on its side
SCALES = 0.66, 0.58, 0.5, 0.42  # the largest at which a step fits; 0.66: the window's width on A5 without its margins
A4 = 595.28, 841.89  # width and height in points
MARGINS: PdfMargins = {"top": "8mm", "bottom": "8mm", "left": "8mm", "right": "8mm"}
BUSY = '[data-stale="true"], [data-testid="stSpinner"], [data-testid="stSkeleton"]'
DRAWN = "[...document.querySelectorAll('[data-testid=stPlotlyChart]')].every((one) => one.querySelector('.main-svg'))"
# Resolves once a canvas has been painted, which the models in the browser do in their own time; or after ten seconds.
PAINTED = """(canvas) => new Promise((resolve) => {
  const until = performance.now() + 10000;
  const look = () => {
    const painted = canvas.getContext("2d").getImageData(0, 0, 1, 1).data[3];
    painted || !canvas.checkVisibility() || performance.now() > until ? resolve() : requestAnimationFrame(look);
  };
  look();
})"""
PATIENCE = 180_000  # milliseconds: chapter 3 trains networks


@contextmanager
def serving(**variables: str) -> Iterator[tuple[str, subprocess.Popen]]:
    """The app, started for this on a free port, with such variables: its address and its process."""
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", port, "--server.address", HOST]
    environment = os.environ | variables
    process = subprocess.Popen(command, cwd=FOLDER.parent, env=environment, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout and any("URL: " in line for line in process.stdout), "the app ended before it answered"
        yield f"http://{HOST}:{port}", process
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def running(address: str | None = None) -> Iterator[str]:
    """The address of the app, started for this unless it runs already."""
    if address:
        yield address
        return
    with serving() as (started, _process):
        yield started


def still(page: Page) -> None:
    """Wait until a page has run to its end."""
    expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning", timeout=PATIENCE)
    expect(page.locator(BUSY)).to_have_count(0, timeout=PATIENCE)
    page.wait_for_function(DRAWN)
    page.evaluate("document.fonts.ready")


def over(page: Page) -> None:
    """Wait until what the page still computes is done."""
    expect(page.get_by_test_id("stProgress")).to_have_count(0, timeout=PATIENCE)
    still(page)
    for canvas in page.locator(".st-key-play canvas").all():
        canvas.evaluate(PAINTED)


def printed(page: Page, address: str, chapter: Chapter, step: str, language: str) -> PageObject:
    """One step of a chapter on A5, on its side, as large as fits."""
    page.goto(f"{address}/{'' if chapter.home else chapter.id}?lang={language}&step={step}")
    still(page)
    over(page)
    for scale in SCALES:
        content = page.pdf(width="210mm", height="148mm", margin=MARGINS, scale=scale)
        pages = PdfReader(io.BytesIO(content)).pages
        if len(pages) == 1:
            return pages[0]
    raise ValueError(f"{chapter.id}, {step}: too much for half a page")


def two_pages(steps: list[PageObject]) -> PdfWriter:
    """The steps (A5) on two pages of A4, one above the other."""
    writer, (width, height) = PdfWriter(), A4
    each = max(2, math.ceil(len(steps) / 2))
    for first in range(0, len(steps), each):
        sheet = writer.add_blank_page(width, height)
        for above, step in enumerate(steps[first : first + each]):
            at = width * (1 - 2 / each) / 2, height * (each - 1 - above) / each
            sheet.merge_transformed_page(step, Transformation().scale(2 / each).translate(*at))
    return writer


def handout(page: Page, address: str, chapters: list[Chapter], language: str) -> PdfWriter:
    """Every chapter, each beginning on a page of its own."""
    whole = PdfWriter()
    for chapter in chapters:
        sheets = two_pages([printed(page, address, chapter, step, language) for step in chapter.steps])
        whole.append(PdfReader(io.BytesIO(_bytes(sheets))), outline_item=texts.translate(language, chapter.title))
    return whole


def _bytes(writer: PdfWriter) -> bytes:
    to = io.BytesIO()
    writer.write(to)
    return to.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--language", choices=texts.LANGUAGES, nargs="*", default=list(texts.LANGUAGES))
    parser.add_argument("--chapter", choices=[chapter.id for chapter in lesson()], nargs="*")
    options = parser.parse_args()
    chapters = [chapter for chapter in lesson() if not options.chapter or chapter.id in options.chapter]
    FOLDER.mkdir(exist_ok=True)
    path = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    with running() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=WIDE)
        for language in options.language:
            to = FOLDER / f"nade-lab-{language}.pdf"
            writer = handout(page, address, chapters, language)
            writer.write(to)
            print(f"{to.relative_to(FOLDER.parent)}: {len(writer.pages)} pages")
        browser.close()


if __name__ == "__main__":
    main()
