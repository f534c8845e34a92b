"""The lesson before a hall, for a class, on a phone, on paper, and for those who see or move otherwise."""

import io
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from benchmarks import handout
from benchmarks.handout import still
from lab.chapter import lesson
from lab.chapters.coin import CHAPTER as COIN

from . import looks
from .conftest import PHONE, step_is

HALLS = {"width": 1280, "height": 720}, {"width": 1920, "height": 1080}
STEPS = [(chapter, step) for chapter in lesson() for step in chapter.steps]
NEXT = lesson()[lesson().index(COIN) + 1]
# What of the stage and the board lies behind the rail or beyond the window.
CUT = """() => {
  const rail = document.querySelector(".st-key-rail").getBoundingClientRect(), cut = [];
  const shown = ".stButton button, .stSlider input, [data-testid=stMarkdownContainer] p, [data-testid=stPlotlyChart], img, .katex-html, .digits, [data-testid=stMetricValue], [data-testid=stBidiComponentRegular]";
  for (const node of document.querySelectorAll(`.st-key-play :is(${shown})`)) {
    const box = node.getBoundingClientRect();
    if (node.closest(".meaning, [data-testid=stSliderTickBar]") || !box.width || getComputedStyle(node).visibility === "hidden") continue;
    if (box.bottom > rail.top + 1 || (box.right > innerWidth + 1 && node.tagName !== "INPUT")) cut.push(`${node.tagName} ${node.innerText ?? ""}`.slice(0, 60));
  }
  const main = document.querySelector("[data-testid=stMain]");
  if (rail.bottom > innerHeight + 1 || main.scrollHeight > main.clientHeight) cut.push("the page scrolls");
  return cut;
}"""
# Text that is smaller than the hall can read: [pixels, text], in charts and out of them, in components too.
SMALL = """() => {
  const small = [], inside = (root) => {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.shadowRoot) inside(node.shadowRoot);
      const parent = node.parentElement ?? root.host;
      if (node.nodeType !== Node.TEXT_NODE || !node.data.trim() || !parent || parent.closest("style, script, .katex, sup, sub, .meaning, [hidden], [data-testid=stSliderTickBar]")) continue;
      const range = document.createRange();
      range.selectNode(node);
      const look = getComputedStyle(parent), box = range.getBoundingClientRect();
      if (!box.width || look.visibility === "hidden" || parent.tagName === "TSPAN" || parent.closest(".material-symbols, [data-testid=stIconMaterial]")) continue;
      if (parseFloat(look.fontSize) < 18 - 0.1) small.push([parseFloat(look.fontSize), node.data.trim().slice(0, 40)]);
    }
  };
  inside(document.querySelector("[data-testid=stMain]"));
  return small;
}"""


CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
LEAST = 7  # : 1, of words and what is behind them


def address(chapter, **state):
    asked = "&".join(f"{key}={value}" for key, value in {"lang": "en", **state}.items())
    return f"{'' if chapter.home else chapter.id}?{asked}"


@pytest.fixture
def hall(viewer):
    viewer.page.set_viewport_size(HALLS[0])
    return viewer.page


def amiss(hall, where, sizes):
    """What is cut, small, faint or missing on the step that is shown."""
    for size in sizes:
        hall.set_viewport_size(size)
        yield from (f"{where}, {size['width']}: {cut}" for cut in looks.found(hall, CUT))
    yield from (f"{where}: small {small}" for small in looks.found(hall, SMALL))
    yield from (f"{where}: faint {words}" for words in looks.found(hall, f"() => ({CONTRAST})({LEAST})"))
    if hall.locator(".st-key-play").first.bounding_box()["height"] < 200:
        yield f"{where}: nothing is there"


def test_the_last_step_of_each_chapter_fits_a_hall_in_large_type(viewer, hall):
    """The others are looked at in make crawl."""
    faults = []
    hall.emulate_media(color_scheme="dark")
    for chapter in lesson():
        viewer.follow(address(chapter, lang="ko", present=1, step=chapter.steps[-1]))
        step_is(hall, chapter, chapter.steps[-1])
        still(hall)
        faults += amiss(hall, chapter.id, HALLS[:1])
    assert not faults, "\n".join(faults)


@pytest.mark.crawl
@pytest.mark.parametrize("scheme, language, sizes", [("light", "en", HALLS), ("dark", "ko", HALLS[::-1])])
def test_the_clicker_goes_through_all_chapters_which_fit_a_hall_in_large_type(viewer, hall, scheme, language, sizes):
    """In make test it goes through them before a page of the ordinary size: test_every_page.py."""
    faults = []
    hall.emulate_media(color_scheme=scheme)
    viewer.follow(address(lesson()[0], lang=language, present=1))
    for chapter, step in STEPS:
        step_is(hall, chapter, step)
        still(hall)
        faults += amiss(hall, f"{chapter.id}, {step}", sizes)
        hall.keyboard.press("PageDown")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "chapter",
    [one if one.id in ("nade",) else pytest.param(one, marks=pytest.mark.crawl) for one in lesson()],
    ids=lambda chapter: chapter.id,
)
def test_nothing_serious_stands_in_the_way_before_a_hall(viewer, hall, chapter):
    viewer.follow(address(chapter, present=1))
    still(hall)
    faults = [*looks.serious(hall)]
    looks.scheme(hall, "dark")
    faults += [f"dark: {fault}" for fault in looks.faint(hall)]
    assert not faults, "\n".join(faults)


def test_a_page_of_the_lab_is_there_before_a_hall(viewer):
    viewer.page.set_viewport_size(HALLS[0])
    viewer.follow("density?lang=en&model=nade-mnist&source=draw&present=1")
    still(viewer.page)
    expect(viewer.page.locator(".studio .ink")).to_be_visible()
    assert viewer.page.locator(".studio .ink").bounding_box()["height"] > 200


def test_the_clicker_goes_on_after_a_slider_was_moved_and_back_to_the_last_step(viewer, hall):
    viewer.follow(address(COIN, present=1, step="curve"))
    still(hall)
    box = hall.get_by_role("slider").first.locator("xpath=../..").bounding_box()
    hall.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    hall.mouse.down()
    hall.keyboard.press("PageDown")  # while one drags, keys do not turn pages
    hall.mouse.move(box["x"] + 200, box["y"] + box["height"] / 2, steps=4)
    hall.mouse.up()
    step_is(hall, COIN, "curve")
    p = hall.get_by_role("slider").first.input_value()
    expect(hall).to_have_url(re.compile(f"p={p}(&|$)"))  # where it was let go, not on the way there
    still(hall)
    hall.keyboard.press("PageDown")
    step_is(hall, COIN, "die")
    hall.keyboard.press("PageDown")
    step_is(hall, COIN, "never")
    hall.keyboard.press("PageDown")
    step_is(hall, NEXT, NEXT.steps[0])
    hall.keyboard.press("PageUp")
    step_is(hall, COIN, "never")
    expect(hall).to_have_url(re.compile("present=1"))


def test_keys_are_listed_the_screen_is_blanked_and_escape_closes(viewer, hall):
    viewer.follow(address(COIN, present=1))
    still(hall)
    listed = hall.get_by_text("blank the screen")
    hall.keyboard.press("?")
    expect(listed).to_be_visible()
    hall.keyboard.press("Escape")
    expect(listed).to_be_hidden()
    for key in ("b", "Escape"):
        hall.keyboard.press(key)
        expect(hall.locator("#nade-blank")).to_have_count(1 if key == "b" else 0)
    hall.keyboard.press("p")
    expect(hall).not_to_have_url(re.compile("present=1"))


def test_keys_are_letters_while_one_types(viewer, hall):
    viewer.follow(address(COIN, step="die"))
    still(hall)
    field = hall.get_by_placeholder("your answer")
    field.click()
    field.press("ArrowRight")
    field.press("p")
    step_is(hall, COIN, "die")
    expect(hall).not_to_have_url(re.compile("present"))


def test_the_code_fills_the_hall_and_the_teacher_keeps_answers(viewer, hall):
    viewer.follow(address(COIN, present=1, step=COIN.steps[0]))
    still(hall)
    hall.get_by_role("button", name="Share").first.click()
    dialog = hall.get_by_role("dialog")
    code = dialog.locator(".st-key-qr img, .st-key-qr svg").first
    expect(code).to_be_visible()
    hall.wait_for_function(
        "document.querySelector('.st-key-qr img, .st-key-qr svg').getBoundingClientRect().height > 400"
    )
    expect(dialog.get_by_test_id("stCode")).to_contain_text("present=1")
    dialog.get_by_text("from the beginning").click()
    dialog.get_by_text("Keep answers for later").click()
    expect(dialog.get_by_test_id("stCode")).to_contain_text("answers=hidden")
    hall.keyboard.press("Escape")
    expect(hall.get_by_role("button", name="Show the answer")).to_have_count(0)
    viewer.follow(address(COIN))
    expect(hall.get_by_role("button", name="Show the answer")).to_be_visible()


def test_on_a_phone_the_rail_is_whole_and_offers_where_one_left(app, viewer):
    page = viewer.page
    viewer.blank()
    page.set_viewport_size(PHONE)
    page.goto(f"{app}/{address(COIN, step='die')}")
    still(page)
    step_is(page, COIN, "die")
    for name in ("Back", "Next"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["width"] >= 40
    page.goto(f"{app}/{address(lesson()[0])}")
    still(page)
    page.get_by_role("button", name=re.compile(f"^On from where you left: {COIN.place} ")).click()
    step_is(page, COIN, "die")


def test_a_chapter_is_two_pages_of_paper_with_its_words(app, viewer):
    viewer.blank()
    viewer.page.set_viewport_size(handout.WIDE)
    viewer.page.emulate_media(color_scheme="dark")
    to = io.BytesIO()
    handout.handout(viewer.page, app, [COIN], "ko").write(to)
    pages = PdfReader(to).pages
    assert 1 <= len(pages) <= 2
    words = "".join(page.extract_text() for page in pages)
    assert "분포" in words and "English" not in words
    fonts = [font.get_object() for page in pages for font in page["/Resources"]["/Font"].get_object().values()]
    assert fonts and all(map(is_embedded, fonts))


FAINT_ON_PAPER = """() => {
  const words = [...document.querySelectorAll(".main-svg text")].map((one) => getComputedStyle(one).fill);
  const hosts = [...document.querySelectorAll(".stBidiComponent [data-testid=stBidiComponentIsolated]")];
  const wells = hosts.map((host) => host.shadowRoot?.querySelector(".bars")).filter(Boolean);
  const inks = [...words, ...wells.map((one) => getComputedStyle(one).color)];
  return inks.length ? inks.filter((ink) => ink !== "rgb(0, 0, 0)") : ["nothing is there"];
}"""


def test_of_a_dark_page_the_words_are_black_on_paper(viewer):
    viewer.page.emulate_media(color_scheme="dark")
    for step in ("throw", "die"):  # a chart; a component
        viewer.follow(address(COIN, step=step))
        step_is(viewer.page, COIN, step)
        still(viewer.page)
        viewer.page.emulate_media(media="print", color_scheme="dark")
        viewer.page.wait_for_function(f"() => ({FAINT_ON_PAPER})().length === 0")  # what moves has moved
        viewer.page.emulate_media(media="screen", color_scheme="dark")


def is_embedded(font):
    """Whether the PDF holds the shapes of the letters: as drawings (type 3), or as a file of the font."""
    parts = [part.get_object()["/FontDescriptor"] for part in font.get("/DescendantFonts", [])]
    return "/CharProcs" in font or (parts and all("/FontFile2" in part or "/FontFile3" in part for part in parts))


@pytest.mark.parametrize("colour, faint", [("#888", True), ("#000", False)])
def test_faint_words_would_be_found(viewer, colour, faint):
    viewer.blank()
    viewer.page.set_content(
        f"<div data-testid='stApp' style='background: #fff'><main data-testid='stMain'><p style='color: {colour}'>words</p>"
    )
    assert bool(viewer.page.evaluate(f"() => ({CONTRAST})({LEAST})")) == faint
