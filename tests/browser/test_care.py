"""Care for those at the back of the hall, with a keyboard, with large letters, and with a screen reader."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

import texts
from benchmarks.handout import still
from lab.chapter import chapters, lesson

HALL = {"width": 1280, "height": 720}
ZOOMED = {"width": 640, "height": 360}  # CSS pixels of a window of 1280 x 720 at 200 %
# Controls and words that one cannot reach by scrolling down: they end beyond the window's right edge. Rows that a finger
# or the tab key moves are reached.
BEYOND = """() => [...document.querySelectorAll("[data-testid=stMain] :is(button, input, p, h1, h2, label)")].filter((node) => {
  const box = node.getBoundingClientRect();
  const scrolls = node.closest(".katex-display, .modebar, [data-testid=stDataFrame], .meaning, .st-key-kinds, .st-key-presets");
  return box.width && !scrolls && getComputedStyle(node).visibility !== "hidden" && box.right > innerWidth + 1 && node.type !== "range";
}).map((node) => `${node.tagName} ${(node.innerText ?? "").slice(0, 40)}`)"""


def at(chapter, **state):
    return f"{'' if chapter.home else chapter.id}?" + "&".join(f"{key}={value}" for key, value in state.items())


@pytest.mark.parametrize("ids", [("density",), pytest.param(tuple(chapters()), marks=pytest.mark.crawl)])
def test_nothing_is_lost_at_200_percent(viewer, ids):
    viewer.blank()
    viewer.page.set_viewport_size(ZOOMED)
    viewer.page.emulate_media(reduced_motion="reduce")
    for chapter in (chapters()[id][0] for id in ids):
        viewer.page.goto(f"{viewer.address}/{at(chapter, lang='ko')}")
        still(viewer.page)
        viewer.fits()
        assert viewer.page.evaluate(BEYOND) == [], chapter.id


@pytest.mark.crawl
@pytest.mark.parametrize("last", [0, 1])
def test_axe_finds_nothing_serious_at_any_step_in_korean_and_dark(viewer, last):
    viewer.blank()
    viewer.page.set_viewport_size(HALL)
    viewer.page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    for chapter in lesson()[last::2]:
        for step in chapter.steps[1:]:
            viewer.page.goto(f"{viewer.address}/{at(chapter, lang='ko', step=step)}")
            still(viewer.page)
            found = Axe().run(viewer.page).response["violations"]
            assert [v["id"] for v in found if v["impact"] in ("serious", "critical")] == [], (chapter.id, step)


def test_where_one_is_by_keyboard_is_seen_and_the_page_is_shared_from_a_button_with_a_name(viewer):
    viewer.follow("coin?lang=ko&step=throw")
    pages = viewer.page.get_by_test_id("stSidebarNavLink")
    pages.nth(2).focus()
    viewer.page.keyboard.press("Tab")
    expect(pages.nth(3)).to_have_css("outline-style", "solid")
    share = viewer.page.get_by_role("button", name=texts.translate("ko", "Share"), exact=True)
    share.focus()
    viewer.page.keyboard.press("Enter")
    expect(viewer.page.get_by_role("dialog").locator("img")).to_be_visible()
    viewer.page.keyboard.press("Escape")
    expect(viewer.page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.crawl
def test_the_number_and_the_map_of_density_stand_above_the_fold(viewer):
    viewer.page.set_viewport_size(HALL)
    for query, number in (
        ("model=rnade-moons", "log p(x)"),
        ("source=test", "log p(x)"),
        ("model=rnade-photo", "log p(r, g, b)"),
    ):
        viewer.follow(f"density?lang=en&{query}")
        box = viewer.page.get_by_test_id("stMetric").filter(has_text=number).first.bounding_box()
        assert box["y"] + box["height"] <= 720, query
        chart = viewer.page.get_by_test_id("stPlotlyChart").first.bounding_box()
        assert chart["y"] + chart["height"] / 2 <= 720, query
