"""Chapter 9 in a real browser: bumps and a point are dragged by mouse and by keys, and the link restores them."""

import re

from playwright.sync_api import expect


def drag(page, handle, across, down):
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + down, steps=3)
    page.mouse.up()


def test_a_bump_is_dragged_and_log_likelihood_moves_with_the_hand(viewer):
    viewer.open("continuous?lang=en")
    said = viewer.page.locator("output").first
    before = said.inner_text()
    whole = viewer.page.get_by_role("slider", name="bump 1: mean by left and right, weight by up and down")
    mean = float(whole.get_attribute("aria-valuenow"))
    drag(viewer.page, whole, 60, 30)
    expect(viewer.page).to_have_url(re.compile("red2="))
    viewer.settle()
    after = said.inner_text()
    assert after != before and float(whole.get_attribute("aria-valuenow")) > mean
    wide = viewer.page.get_by_role("slider", name="bump 1: width")
    sigma = float(wide.get_attribute("aria-valuenow"))
    there = viewer.page.url
    wide.press("ArrowRight")
    expect(viewer.page).not_to_have_url(there)
    viewer.settle()
    expect(wide).to_have_attribute("aria-valuenow", f"{sigma + 1:.1f}")
    expect(wide).to_be_focused()
    after = said.inner_text()
    viewer.open(viewer.page.url.removeprefix(f"{viewer.address}/"))
    expect(said).to_have_text(after)


def test_the_point_of_the_plane_is_dragged_and_both_figures_agree(viewer):
    viewer.follow("continuous?lang=en&step=plane")
    plane = viewer.page.locator(".plane .map")
    drag(viewer.page, plane, 40, -30)
    expect(viewer.page).to_have_url(re.compile("at-rings="))
    viewer.settle()
    here = viewer.page.locator(".plane output span").last.inner_text()
    shown = viewer.page.locator(".st-key-board-formula annotation").text_content()
    assert abs(float(here.split("=")[-1]) - float(re.findall(r"= ([\d.]+)", shown)[-1])) < 0.0015
    before = viewer.page.url
    plane.press("ArrowUp")
    expect(viewer.page).not_to_have_url(before)
