"""The lab in a real browser, as a viewer uses it. Every test ends with: no error box, no console error, nothing asked
of another machine."""

import json
import re

import pytest
from playwright.sync_api import expect

from lab.chapters.generate import CHAPTER as GENERATE
from nade_core import images, read_card
from nade_core.checkpoint import find_model
from nade_core.cli import main
from nade_core.data import load_dataset

from .conftest import Viewer

AT = "" if GENERATE.home else GENERATE.id


@pytest.mark.crawl
@pytest.mark.parametrize("model", ["nade-animals", "rnade-dog", "categorical-photo"])
def test_the_chosen_model_follows_from_chapter_to_chapter(viewer, model):
    title = read_card(find_model(model)).title
    viewer.open(f"{AT}?lang=en&model={model}")
    for heading in ("Density", "Rank", "Generate"):
        expect(viewer.page.get_by_role("combobox", name="Model", exact=True)).to_have_value(
            re.compile(rf"^{re.escape(title)}")
        )
        viewer.page.get_by_role("link", name=heading, exact=True).click()
        viewer.heading(heading)
        expect(viewer.page).to_have_title(f"{heading} · NADE Lab")
        viewer.healthy()
    expect(viewer.page.get_by_role("combobox", name="Model", exact=True)).to_have_value(
        re.compile(rf"^{re.escape(title)}")
    )
    expect(viewer.page).to_have_url(re.compile(f"model={model}"))


def test_an_uploaded_picture_scores_as_on_the_command_line(viewer, tmp_path, capsys):
    picture = tmp_path / "digit.png"
    picture.write_bytes(images.to_png(load_dataset("mnist").test[11].reshape(28, 28), 4))
    main(["score", "nade-mnist", str(picture), "--json"])
    log_p = json.loads(capsys.readouterr().out)[0]["log_p"]
    viewer.follow("density?lang=en&model=nade-mnist&source=own")
    viewer.page.locator('input[type="file"]').set_input_files(str(picture))
    value = viewer.page.get_by_test_id("stMetric").filter(has_text="log p(x)").get_by_test_id("stMetricValue")
    expect(value.first).to_have_text(f"{log_p:.2f} nats".replace("-", "−"))
    expect(viewer.page.get_by_test_id("stMain")).to_contain_text("unchanged")


@pytest.mark.parametrize("language, said", [("en", "The app keeps no more files at once"), ("ko", "더 많은 파일")])
def test_an_upload_beyond_the_bounds_is_refused_in_words(viewer, language, said):
    viewer.page.route("**/_stcore/upload_file/**", lambda route: route.fulfill(status=413))
    viewer.open(f"density?lang={language}&source=own")
    viewer.page.locator('input[type="file"]').set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(viewer.page.get_by_test_id("stFileUploader")).to_contain_text(said)
    viewer.page.wait_for_load_state("networkidle")
    viewer.page.evaluate("0")  # whatever the page has told until now has been heard
    assert viewer.wrong and all("413" in fault for fault in viewer.wrong), viewer.wrong
    viewer.wrong.clear()


DRAWN = re.compile(r"^(\d+) of 784 pixels")
FRAMES = """() => new Promise((done) => {
  let left = 30;
  const tick = () => (left-- ? requestAnimationFrame(tick) : done());
  tick();
})"""  # in which whatever plays would have drawn on


def drawn(viewer):
    return int(DRAWN.match(viewer.page.locator("output").inner_text())[1])


def test_the_player_draws_pixel_by_pixel(viewer):
    viewer.follow(f"{AT}?lang=en&model=nade-mnist&n=4")
    output, press = viewer.page.locator("output"), lambda name: viewer.page.get_by_role("button", name=name).click()
    press("to the start")
    expect(output).to_have_text(re.compile("^0 of 784"))
    press("one pixel on")
    expect(output).to_have_text(re.compile("^1 of 784"))
    press(re.compile("^play$", re.IGNORECASE))
    expect(output).to_have_text(re.compile(r"^\d{2,3} of 784"))
    press(re.compile("^pause$", re.IGNORECASE))
    stopped = drawn(viewer)
    viewer.page.evaluate(FRAMES)
    assert drawn(viewer) == stopped < 784
    press("to the end")
    expect(output).to_have_text(re.compile("^784 of 784"))
    total = float(re.search(r"log p so far −([\d.]+) nats", output.inner_text())[1])
    first = viewer.page.get_by_role("button", name=re.compile("^image 1:"))
    assert abs(float(re.search(r"−([\d.]+) nats", first.inner_text())[1]) - total) < 0.11


def test_a_click_on_a_sample_shows_it_in_the_player_and_ends_the_one_that_plays(viewer):
    viewer.follow(f"{AT}?lang=en&model=pixelcnn-animals&seed=0")
    viewer.page.get_by_role("button", name="to the start").click()
    viewer.page.get_by_role("button", name=re.compile("^play$", re.IGNORECASE)).click()
    sample = viewer.page.get_by_role("button", name=re.compile("^image 5:"))
    sample.click()
    expect(viewer.page.get_by_role("heading", name="Image 5, pixel by pixel")).to_be_visible()
    expect(sample).to_have_attribute("aria-pressed", "true")
    expect(viewer.page.locator("output")).to_have_text(re.compile("^784 of 784"))
    viewer.page.evaluate(FRAMES)
    assert drawn(viewer) == 784


def test_the_ranking_is_filtered(viewer):
    viewer.follow("rank?lang=en&model=nade-mnist&each=20")
    count = viewer.page.get_by_text(re.compile(r"\d+ images of \d kinds"))
    before = re.search(r"(\d+) images of (\d) kinds", count.inner_text())
    viewer.page.get_by_role("button", name="noise, coin flips", exact=True).click()
    after = f"{int(before[1]) - 20} images of {int(before[2]) - 1} kinds"
    expect(viewer.page.get_by_text(after)).to_be_visible()
    expect(viewer.page.get_by_role("button", name=re.compile("noise, coin flips$"))).to_have_count(1)  # the pill alone


def test_a_slider_is_dragged_and_stays_in_the_address_over_a_reload(viewer):
    viewer.follow("rules?lang=en&step=count")
    slider = viewer.page.get_by_role("slider").first
    box = slider.locator("xpath=../..").bounding_box()  # the thumb around the input
    viewer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    viewer.page.mouse.down()
    viewer.page.mouse.move(box["x"] + 150, box["y"] + box["height"] / 2, steps=8)
    viewer.page.mouse.up()
    expect(viewer.page).to_have_url(re.compile(r"n=\d+"))
    n = re.search(r"[?&]n=(\d+)", viewer.page.url)[1]
    assert 3 < int(n) < 784
    independent = viewer.page.get_by_test_id("stMetric").filter(has_text="independent").get_by_test_id("stMetricValue")
    for _again in range(2):
        expect(slider).to_have_value(n)
        expect(independent).to_have_text(n)
        viewer.page.reload()
        viewer.settle()


def test_a_training_survives_a_reload_and_its_model_can_be_sampled(viewer):
    viewer.open("train?lang=en&data=animals&epochs=1&hidden=16&title=%E2%84%96+7")
    viewer.page.get_by_role("button", name="Train", exact=True).click()
    expect(viewer.page).to_have_url(re.compile("run="))
    viewer.page.reload()
    expect(viewer.page.get_by_role("combobox", name="Run")).to_have_value(re.compile("^№ 7"))
    expect(viewer.page.get_by_text(re.compile("^finished · epoch 1 of 1"))).to_be_visible(timeout=120_000)
    expect(viewer.page.get_by_role("button", name="Delete")).to_be_visible()  # what only an ended run offers
    expect(viewer.page.get_by_test_id("stMetric").filter(has_text="validation")).to_be_visible()
    viewer.page.get_by_role("link", name="Generate").click()
    viewer.heading("Generate")
    viewer.page.get_by_role("combobox", name="A model of").click()
    viewer.page.get_by_role("option", name="Dogs and other animals").click()
    expect(viewer.page).to_have_url(re.compile("model=pixelcnn-animals"))
    viewer.page.get_by_role("combobox", name="Model", exact=True).click()
    viewer.page.get_by_role("option", name=re.compile("^№ 7")).click()
    expect(viewer.page).to_have_url(re.compile(r"model=\d{8}-"))
    expect(viewer.page.get_by_role("button", name=re.compile(r"^image \d+: −\d"))).to_have_count(36)


def test_a_page_that_asks_another_machine_would_be_found(app, browser):
    viewer = Viewer(browser.new_context(), app)
    viewer.page.goto(f"{app}/_stcore/health")
    viewer.page.evaluate("fetch('http://example.com/').catch(() => {})")
    viewer.page.evaluate("() => new Promise((done) => { new WebSocket('ws://192.0.2.1/').onerror = done; })")
    viewer.context.close()
    assert {fault for fault in viewer.wrong if fault.startswith("asked")} == {
        "asked of another machine: http://example.com/",
        "asked of another machine: ws://192.0.2.1/",
    }
    assert any("ERR_NAME_NOT_RESOLVED http://example.com/" in fault for fault in viewer.wrong)
