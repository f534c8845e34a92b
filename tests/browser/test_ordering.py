"""Chapter 7 in a real browser: an image unfolds, is paused and scrubbed, and an ordering is drawn by hand and by keys."""

import re

import pytest
from playwright.sync_api import expect


@pytest.mark.crawl
def test_an_image_unfolds_by_itself_is_paused_and_scrubbed(viewer):
    viewer.open("ordering?lang=en")
    said, play = viewer.page.locator(".unfold output"), viewer.page.locator(".unfold .play")
    expect(said).to_contain_text("784 of 784 pixels")  # it began by itself, and has come to its end
    expect(play).to_contain_text("Play")
    total = re.search(r"so far (−[\d.]+) nats", said.inner_text())[1]
    expect(viewer.page.get_by_test_id("stMetricValue").first).to_have_text(f"{total} nats")
    viewer.page.get_by_role("slider", name="pixels known").fill("100")
    expect(said).to_contain_text("100 of 784 pixels")
    play.evaluate("button => { button.click(); button.click(); }")  # on, and at once paused
    expect(said).to_contain_text("100 of 784 pixels")
    expect(play).to_contain_text("Play")
    play.click()
    expect(said).to_contain_text("784 of 784 pixels")


def test_nothing_plays_for_those_who_ask_for_less_motion(viewer):
    viewer.page.emulate_media(reduced_motion="reduce")
    viewer.follow("ordering?lang=en&order=raster")
    expect(viewer.page.get_by_role("button", name="Play")).to_be_visible()
    expect(viewer.page.locator(".unfold output")).to_contain_text("261 of 784 pixels")


def test_a_hand_draws_an_ordering_and_the_link_restores_it(viewer):
    viewer.follow("ordering?lang=en&step=drawn")
    grid = viewer.page.locator(".unfold .order")
    box = grid.bounding_box()
    at = [(box["x"] + box["width"] * x, box["y"] + box["height"] / 2) for x in (0.25, 0.75)]
    viewer.page.mouse.move(*at[0])
    viewer.page.mouse.down()
    viewer.page.mouse.move(*at[1])
    viewer.page.mouse.up()
    expect(viewer.page).to_have_url(re.compile("stroke=(e.)+"))
    viewer.settle()
    value = viewer.page.get_by_test_id("stMetricValue").first.inner_text()
    assert re.fullmatch(r"−[\d.]+ nats", value)
    viewer.open(viewer.page.url.removeprefix(f"{viewer.address}/"))
    expect(viewer.page.get_by_test_id("stMetricValue").first).to_have_text(value)


def test_keys_draw_an_ordering_and_do_not_turn_the_page(viewer):
    viewer.follow("ordering?lang=en&step=drawn")
    viewer.page.locator(".unfold .order").focus()
    for key in ("ArrowUp", " ", "ArrowRight", "ArrowRight", " "):
        viewer.page.keyboard.press(key)
    expect(viewer.page).to_have_url(re.compile("step=drawn.*stroke=dededg|step=drawn.*stroke=dedfdg"))
