"""The app in a real browser, as a viewer uses it. Every test ends with: no error box, no console error."""

import json
import re
import subprocess
import sys

import pytest

from nade_core import images, read_card
from nade_core.checkpoint import find_model
from nade_core.data import load_dataset

from .conftest import Viewer

PAGES = ("", "conditional", "generate", "density", "rank", "complete", "count", "leaderboard", "train")


@pytest.mark.parametrize("width", [1400, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_fits_wide_and_phone_light_and_dark(app, browser, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    viewer = Viewer(context.new_page(), app)
    for path in PAGES:
        viewer.open(path)
        viewer.healthy()
    context.close()


@pytest.mark.parametrize("model", ["nade-animals", "rnade-dog", "categorical-photo"])
def test_the_chosen_model_follows_from_chapter_to_chapter(viewer, model):
    viewer.open(f"generate?model={model}")
    chosen = viewer.page.get_by_role("combobox", name="Model").input_value()
    assert chosen.startswith(read_card(find_model(model)).title)
    for chapter in ("Density", "Rank", "Generate"):
        viewer.page.get_by_role("link", name=chapter, exact=True).click()
        viewer.page.get_by_role("heading", level=1, name=re.compile(chapter)).wait_for()
        viewer.settle()
        assert viewer.page.get_by_role("combobox", name="Model").input_value() == chosen
        viewer.healthy()


def test_points_and_colours_fit_a_phone(app, browser):
    context = browser.new_context(viewport={"width": 390, "height": 900}, color_scheme="dark")
    viewer = Viewer(context.new_page(), app)
    for model in ("rnade-dog", "rnade-photo"):
        for path in ("generate", "density", "rank"):
            viewer.open(f"{path}?model={model}")
            viewer.healthy()
    context.close()


def test_an_uploaded_picture_scores_as_on_the_command_line(viewer, tmp_path):
    picture = tmp_path / "digit.png"
    picture.write_bytes(images.to_png(load_dataset("mnist").test[11].reshape(28, 28), 4))
    command = [sys.executable, "-m", "nade_core", "score", "nade-mnist", str(picture), "--json"]
    log_p = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)[0]["log_p"]
    viewer.open("density")
    viewer.page.get_by_text("My pictures").click()
    viewer.page.locator('input[type="file"]').set_input_files(str(picture))
    value = viewer.page.locator('[data-testid="stMetric"]', has_text="log p(x)").locator(
        '[data-testid="stMetricValue"]'
    )
    value.wait_for()
    assert value.inner_text() == f"{log_p:.2f} nats"
    assert "unchanged" in viewer.page.inner_text('[data-testid="stMain"]')


def drawn(viewer):
    return int(re.match(r"(\d+) of 784", viewer.page.locator("output").inner_text())[1])


def test_the_player_draws_pixel_by_pixel(viewer):
    viewer.open("generate")
    button = viewer.page.get_by_role("button", name="play", exact=True)
    viewer.page.get_by_role("button", name="to the start").click()
    assert drawn(viewer) == 0
    viewer.page.get_by_role("button", name="one pixel on").click()
    assert drawn(viewer) == 1
    button.click()
    viewer.page.wait_for_timeout(900)
    viewer.page.get_by_role("button", name="pause").click()
    stopped = drawn(viewer)
    assert 1 < stopped < 784
    viewer.page.wait_for_timeout(300)
    assert drawn(viewer) == stopped
    viewer.page.get_by_role("button", name="to the end").click()
    total = float(re.search(r"log p so far (-[\d.]+) nats", viewer.page.locator("output").inner_text())[1])
    first = viewer.page.get_by_role("button", name=re.compile("^image 1:"))
    assert abs(float(re.search(r"(-[\d.]+) nats", first.inner_text())[1]) - total) < 0.11


def test_a_click_on_a_sample_shows_it_in_the_player(viewer):
    viewer.open("generate?model=nade-animals")
    assert viewer.page.get_by_role("combobox", name="Model").input_value().startswith("NADE, ten animals")
    viewer.page.get_by_role("button", name=re.compile("^image 5:")).click()
    viewer.page.get_by_role("heading", name="Image 5, pixel by pixel").wait_for()
    assert viewer.page.get_by_role("button", name=re.compile("^image 5:")).get_attribute("aria-pressed") == "true"


def test_the_ranking_is_filtered(viewer):
    viewer.open("rank")
    before = viewer.page.get_by_text(re.compile(r"\d+ images of 6 kinds")).inner_text()
    viewer.page.get_by_role("button", name="noise, coin flips", exact=True).click()
    viewer.page.get_by_text(re.compile(r"\d+ images of 5 kinds")).wait_for()
    viewer.settle()
    assert before.startswith("251")
    assert viewer.page.get_by_role("button", name=re.compile("noise, coin flips$")).count() <= 1  # the pill alone


def test_the_count_slider_is_dragged_and_stays_in_the_url(viewer):
    viewer.open("count")
    box = viewer.page.get_by_role("slider").first.locator("xpath=../..").bounding_box()  # the thumb around the input
    viewer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    viewer.page.mouse.down()
    viewer.page.mouse.move(box["x"] - 500, box["y"] + box["height"] / 2, steps=8)
    viewer.page.mouse.up()
    viewer.settle()
    n = int(viewer.page.get_by_role("slider").first.input_value())
    assert 1 <= n < 784
    independent = viewer.page.locator('[data-testid="stMetric"]', has_text="independent").first
    assert str(n) in independent.inner_text() and f"n={n}" in viewer.page.url
    viewer.page.reload()
    viewer.settle()
    assert viewer.page.get_by_role("slider").first.input_value() == str(n)


def test_a_training_survives_a_reload_and_its_model_can_be_sampled(viewer):
    viewer.open("train")
    viewer.page.get_by_text(re.compile("^Animal silhouettes")).click()
    viewer.settle()
    viewer.page.get_by_label("Name", exact=True).fill("small and quick")
    viewer.settle()
    viewer.page.get_by_role("button", name="Train", exact=True).click()
    viewer.page.get_by_role("button", name="Stop").wait_for()
    viewer.page.reload()
    viewer.page.get_by_text(re.compile(r"epoch \d+ of 10")).wait_for()
    run = viewer.page.get_by_role("combobox", name="Run")
    assert run.input_value().startswith("small and quick")
    viewer.page.get_by_role("button", name="Delete").wait_for(timeout=240_000)  # what only an ended run offers
    viewer.page.get_by_text(re.compile(r"^finished · epoch 10 of 10")).wait_for()
    viewer.page.get_by_text("validation").first.wait_for()
    viewer.open("generate")
    viewer.page.get_by_role("combobox").first.click()
    viewer.page.get_by_role("option", name=re.compile("^small and quick")).click()
    viewer.page.wait_for_url(re.compile("model="))
    viewer.settle()
    assert viewer.page.get_by_role("button", name=re.compile(r"^image 36: -\d")).count() == 1
