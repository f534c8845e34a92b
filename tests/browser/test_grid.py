"""A grid of images in a real browser: by keyboard and by mouse, its choice in the link, its images seen on the page."""

import re

from playwright.sync_api import expect

from lab.chapters.generate import CHAPTER as GENERATE

from .conftest import PHONE

AT = f"{'' if GENERATE.home else GENERATE.id}?lang=en&model=nade-mnist"
FOCUSED = """() => {
  let at = document.activeElement;
  while (at.shadowRoot && at.shadowRoot.activeElement) at = at.shadowRoot.activeElement;
  return at.getAttribute("aria-label");
}"""


def test_enter_chooses_an_image_and_keeps_the_focus(viewer):
    viewer.follow(f"{AT}&n=4")
    cells = viewer.page.locator("button.cell")
    expect(cells).to_have_count(4)
    name = cells.nth(2).get_attribute("aria-label")
    cells.nth(2).press("Enter")
    expect(viewer.page).to_have_url(re.compile("chosen=2"))
    expect(cells.nth(2)).to_have_attribute("aria-pressed", "true")
    expect(viewer.page.get_by_role("heading", name="Image 3, pixel by pixel")).to_be_visible()
    assert viewer.page.evaluate(FOCUSED) == name
    viewer.page.keyboard.press("ArrowRight")
    viewer.page.keyboard.press("Enter")
    expect(cells.nth(3)).to_have_attribute("aria-pressed", "true")
    viewer.page.go_back()
    expect(cells.nth(2)).to_have_attribute("aria-pressed", "true")


def test_an_image_that_is_all_on_has_a_frame_and_opens(viewer):
    viewer.follow("rank?lang=en&model=nade-mnist&each=20&kinds=all-on")
    cell = viewer.page.locator("button.cell")
    expect(cell).to_have_count(1)
    frame = "canvas => { const look = getComputedStyle(canvas); return [look.borderTopWidth, look.borderTopColor]; }"
    assert cell.locator("canvas").evaluate(frame) == ["1px", "rgb(138, 148, 160)"]
    cell.click()
    expect(viewer.page.get_by_role("heading", name="Image #1: all on")).to_be_visible()
    expect(viewer.page.get_by_role("heading", name="The surprise map")).to_be_visible()


def test_the_grid_is_one_stop_of_the_tab_key(viewer):
    viewer.follow(f"{AT}&n=36&chosen=7")
    cells = viewer.page.locator("button.cell")
    expect(cells).to_have_count(36)
    assert viewer.page.locator('button.cell[tabindex="0"]').count() == 1
    cells.nth(7).focus()
    columns = cells.evaluate_all("(all) => all.filter((one) => one.offsetTop === all[0].offsetTop).length")
    for key, at in (
        ("ArrowDown", 7 + columns),
        ("ArrowLeft", 6 + columns),
        ("End", 35),
        ("ArrowRight", 35),
        ("Home", 0),
    ):
        viewer.page.keyboard.press(key)
        assert viewer.page.evaluate(FOCUSED) == cells.nth(at).get_attribute("aria-label")
    inside = "() => document.activeElement.shadowRoot?.activeElement?.classList.contains('cell') ?? false"
    assert viewer.page.evaluate(inside)
    viewer.page.keyboard.press("Tab")
    assert not viewer.page.evaluate(inside), "the next stop is beyond the grid"


def test_on_a_phone_a_tap_brings_the_player_into_view(visit):
    viewer = visit(viewport=PHONE, has_touch=True)
    viewer.open("" if GENERATE.home else GENERATE.id)
    cell = viewer.page.locator("button.cell").nth(20)
    cell.tap()
    heading = viewer.page.get_by_role("heading", name="Image 21, pixel by pixel")
    expect(heading).to_be_in_viewport()
    expect(viewer.page.locator("canvas.image")).to_be_in_viewport(ratio=0.9)
    expect(cell).to_be_in_viewport()
