"""The page to take home, opened from a disk with the network off: drawn on, scored, sampled, in both languages."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import expect

import texts
from nade_core import NADE, NADEConfig, load_model, save_model
from nade_core.data import load_dataset
from nade_core.export import page

DESK = {"viewport": {"width": 1280, "height": 720}, "locale": "en-US", "reduced_motion": "reduce"}
LANGUAGES = {code: texts.name(code) for code in texts.LANGUAGES}
WIDE = (Path(__file__).parent / "wide.js").read_text("utf-8")
SAID = "(all) => all.map((element) => [element.dataset.say, element.innerText.trim()])"
CELLS = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, 28, 28);
  return Array.from({ length: 784 }, (_, i) => Number(data[4 * i] > 127));
}"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """written(model): the address of its page on the disk, with the words of every language."""
    folder, known = tmp_path_factory.mktemp("home"), {}

    def write(model, name=None):
        name = name or model
        if name not in known:
            known[name] = folder / f"{name}.html"
            known[name].write_bytes(page(model, texts.translate, LANGUAGES))
        return known[name].as_uri()

    return write


@pytest.fixture(scope="module")
def offline(browser):
    """A context without a network."""
    context = browser.new_context(offline=True, **DESK)
    yield context
    context.close()


@pytest.fixture
def opened(browser, offline):
    """opened(address, ...): the page without a network, in a context of its own if it asks for something; at the end
    nothing may have gone wrong."""
    pages, wrong = [], []

    def open_at(address, **options):
        context = browser.new_context(offline=True, **DESK | options) if options else offline
        shown = context.new_page()
        pages.append(shown)
        shown.on("pageerror", lambda error: wrong.append(str(error)))
        shown.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        shown.on("request", lambda request: wrong.append(request.url) if request.url != address else None)
        shown.goto(address)
        return shown

    yield open_at
    for shown in pages:
        (shown if shown.context is offline else shown.context).close()
    assert wrong == []


def cells(shown):
    return shown.locator("#cells").evaluate(CELLS)


def density(shown):
    return float(re.match(r"-?[\d,.]+", shown.locator("#density").inner_text())[0].replace(",", ""))


def drag(shown, *places):
    """The mouse, pressed and moved along places in units of the canvas."""
    box = shown.locator("#cells").bounding_box()
    for i, (x, y) in enumerate(places):
        shown.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
        if i == 0:
            shown.mouse.down()
    shown.mouse.up()


def settled(shown, log_p, within=1e-2):
    """log p as the page shows it is the library's, once the frame that computes it has come."""
    shown.evaluate("new Promise((resume) => requestAnimationFrame(() => requestAnimationFrame(resume)))")
    assert abs(density(shown) - log_p) < within


def library(model, x, y=None):
    return model.log_prob(np.array([x], np.uint8), y).item()


def test_a_mouse_draws_erases_and_undoes_and_log_p_is_the_librarys(opened, written):
    shown, model = opened(written("nade-mnist")), load_model("nade-mnist", "cpu")
    settled(shown, library(model, [0] * 784))
    drag(shown, (0.3, 0.3), (0.7, 0.3), (0.45, 0.8))
    seven = cells(shown)
    assert 30 < sum(seven) < 120
    settled(shown, library(model, seven))
    bits = -library(model, seven) / 784 / np.log(2)
    expect(shown.locator("#bits")).to_have_text(f"{bits:.4f}")
    shown.get_by_role("button", name="Eraser").click()
    drag(shown, (0.3, 0.3), (0.7, 0.3))
    assert 0 < sum(cells(shown)) < sum(seven)
    shown.get_by_role("button", name="Undo").click()
    assert cells(shown) == seven
    shown.get_by_role("button", name="Invert").click()
    settled(shown, library(model, [1 - value for value in seven]))
    shown.get_by_role("button", name="Clear").click()
    assert sum(cells(shown)) == 0


def test_the_surprise_map_is_brightest_where_the_model_is_most_surprised(opened, written):
    shown, model = opened(written("nade-mnist")), load_model("nade-mnist", "cpu")
    drag(shown, (0.2, 0.2), (0.8, 0.8))
    terms = -model.log_conditionals(np.array([cells(shown)], np.uint8))[0]
    expect(shown.locator("#most")).to_have_text(f"{terms.max():.1f} nats")
    red = shown.locator("#map").evaluate(
        "(map) => Array.from(map.getContext('2d').getImageData(0, 0, 28, 28).data).filter((_, i) => i % 4 === 0)"
    )
    assert np.argmax(red) == terms.argmax() and red[int(terms.argmin())] == 0


def test_the_keyboard_draws_with_a_spoken_position(opened, written):
    shown = opened(written("nade-mnist"))
    canvas, said = shown.locator("#cells"), shown.locator("#spoken")
    canvas.press("Home")
    expect(said).to_have_text("row 15, column 1: off")
    canvas.press("ArrowRight")
    canvas.press("Space")
    expect(said).to_have_text("row 15, column 2: on")
    assert [i for i, value in enumerate(cells(shown)) if value] == [14 * 28 + 1]
    canvas.press("Control+z")
    assert sum(cells(shown)) == 0
    canvas.press("Control+y")
    assert sum(cells(shown)) == 1
    assert shown.locator("#cursor").evaluate("(c) => getComputedStyle(c).display") == "block"


def test_a_finger_draws_on_a_phone_and_the_page_stays_where_it_is(opened, written):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    shown = opened(written("nade-mnist"), **phone)
    box, touch = shown.locator("#cells").bounding_box(), shown.context.new_cdp_session(shown)
    middle = box["x"] + box["width"] / 2
    points = [{"x": middle, "y": box["y"] + box["height"] * share} for share in (0.8, 0.6, 0.4, 0.2)]
    for i, point in enumerate(points):
        kind = "touchMove" if i else "touchStart"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    drawn = np.reshape(cells(shown), (28, 28))
    assert drawn[7:20].any(1).all() and drawn.any(0).sum() <= 3
    assert shown.evaluate("scrollY") == 0
    settled(shown, library(load_model("nade-mnist", "cpu"), drawn.ravel().tolist()))


def test_the_engine_is_there_for_scripts_and_draws_the_librarys_samples(opened, written):
    shown, model = opened(written("nade-mnist")), load_model("nade-mnist", "cpu")
    uniforms = torch.rand(3, 785, generator=torch.Generator().manual_seed(0))
    drawn = shown.evaluate("(u) => Array.from(nade.model.sample(Float32Array.from(u)))", uniforms.flatten().tolist())
    assert drawn == model.sample(3, generator=torch.Generator().manual_seed(0)).int().flatten().tolist()
    x = load_dataset("mnist").test[:3]
    log_p = [shown.evaluate("(x) => nade.model.logProb(Uint8Array.from(x))", row.tolist()) for row in x]
    torch.testing.assert_close(torch.tensor(log_p), model.log_prob(x).double(), atol=1e-3, rtol=0, check_dtype=False)


def test_samples_are_drawn_watched_and_taken_into_the_drawing(opened, written):
    shown, model = opened(written("nade-mnist")), load_model("nade-mnist", "cpu")
    samples = shown.locator("#grid button")
    expect(samples).to_have_count(16)
    third = samples.nth(2)
    third.click()
    expect(third).to_have_attribute("aria-pressed", "true")
    x = third.locator("canvas").evaluate(CELLS)
    log_p = library(model, x)
    assert abs(float(third.inner_text()) - log_p) < 0.06
    expect(shown.locator("#state")).to_have_text(f"784 of 784 pixels; log p of what is drawn: {log_p:.2f} nats")
    shown.locator("#step").fill("400")
    past = model.log_conditionals(np.array([x], np.uint8))[0, :400].sum()
    expect(shown.locator("#state")).to_have_text(f"400 of 784 pixels; log p of what is drawn: {past:.2f} nats")
    shown.get_by_role("button", name="Take it into the drawing").click()
    assert cells(shown) == x
    before = samples.first.locator("canvas").evaluate(CELLS), x
    shown.get_by_role("button", name="New samples").click()
    expect(samples).to_have_count(16)
    assert samples.first.locator("canvas").evaluate(CELLS) not in before


def test_a_sample_plays_by_itself_where_motion_is_welcome(opened, written):
    shown = opened(written("nade-mnist"), reduced_motion="no-preference")
    samples = shown.locator("#grid button")
    expect(samples).to_have_count(16)
    samples.nth(5).click()
    expect(shown.locator("#play")).to_have_text("Pause")
    expect(shown.locator("#step")).not_to_have_value("0")
    shown.locator("#play").click()
    assert 0 < int(shown.locator("#step").input_value()) < 784
    expect(shown.locator("#play")).to_have_text("Play")


def test_a_model_with_classes_has_the_choice_the_bars_and_says_what_float16_costs(opened, written):
    shown, model = opened(written("nade-animals")), load_model("nade-animals", "cpu")
    most = float(re.search(r"at most ([\d.]+) nats on 968 test images", shown.locator("#card").inner_text())[1])
    assert 0 < most < 1e-2
    drag(shown, (0.2, 0.5), (0.8, 0.5))
    x = cells(shown)
    settled(shown, library(model, x), most + 1e-2)
    posterior = model.class_log_prob(np.array([x], np.uint8))[0].exp()
    shares = [float(text.split()[-2]) for text in shown.locator("#bars li").all_inner_texts()]
    assert np.abs(np.array(shares) - 100 * posterior.numpy()).max() < 0.5
    shown.get_by_label("Class").select_option(label="sheep")
    expect(shown.locator("#density-name")).to_have_text("log p(x | sheep)")
    settled(shown, library(model, x, 8), most + 1e-2)
    expect(shown.locator("#grid button")).to_have_count(16)


def test_both_languages_fit_wide_and_phone_light_and_dark(opened, written):
    shown = opened(written("nade-animals"), locale="ko-KR")
    assert shown.evaluate("document.documentElement.lang") == "ko"
    expect(shown.locator("#grid button")).to_have_count(16)
    for language, width, scheme in itertools.product(("ko", "en"), (1280, 390), ("light", "dark")):
        shown.set_viewport_size({"width": width, "height": 844})
        shown.emulate_media(color_scheme=scheme)
        shown.locator(f"#languages [lang={language}]").click()
        assert shown.evaluate("document.documentElement.lang") == language
        for message, words in shown.locator("[data-say]").evaluate_all(SAID):
            assert words == texts.translate(language, message).strip()
        korean = re.search("[가-힣]", shown.locator("main").inner_text())
        assert bool(korean) == (language == "ko")
        assert shown.evaluate(WIDE) == [], (language, width, scheme)
        assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_a_damaged_page_says_so(offline, written, tmp_path):
    page = Path(written("nade-mnist").removeprefix("file://")).read_text("utf-8")
    start = page.index('id="weights">') + len('id="weights">')
    (tmp_path / "cut.html").write_text(page[: start + 40_000] + page[page.index("</script>", start) :], "utf-8")
    shown = offline.new_page()
    shown.goto((tmp_path / "cut.html").as_uri())
    expect(shown.get_by_role("alert")).to_contain_text("This file is damaged")
    expect(shown.locator("main")).to_be_hidden()
    shown.close()


def test_float32_where_it_fits_and_float16_where_it_does_not(opened, written, tmp_path):
    torch.manual_seed(0)
    model = NADE(NADEConfig(784, 900)).eval().requires_grad_(False)
    model.b -= 2
    path = save_model(model, tmp_path / "wide.safetensors", shape=[28, 28], data="mine")
    shown = opened(written(path, "wide"))
    said = re.search(
        r"float16; .* at most ([\d.]+) nats on 200 samples of its own", shown.locator("#card").inner_text()
    )
    settled(shown, library(model, [0] * 784))
    assert 0 < float(said[1]) < 1e-2
    assert "float32" in opened(written("nade-mnist")).locator("#card").inner_text()
