"""The canvas and NADE opened, by mouse, finger and keys; what the browser computes is what the library computes."""

import re
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
import torch
from playwright.sync_api import expect
from safetensors import safe_open
from safetensors.torch import load_file, save

from lab import drawing
from nade_core import load_model
from nade_core.checkpoint import find_model

from .conftest import PHONE

MODEL = "nade-mnist"
LIVE = """async root => {  // of what is drawn now
  const studio = await root.studio;
  while (studio.busy) await new Promise(requestAnimationFrame);
  return studio.live.logP;
}"""
CELLS = "root => root.studio.then(studio => studio.cells.join(''))"
MOVED = """root => new Promise(done => {  // once a pixel of the solid picture is off
  const look = async () => ((await root.studio).cells.includes(0) ? done() : requestAnimationFrame(look));
  look();
})"""
SEEN = "root => root.inside.then(({ seen, p }) => ({ i: seen.i, t: seen.t, p, effect: Array.from(seen.effect) }))"
DASH = np.zeros((28, 28), np.uint8)
DASH[10, 10:14] = 1


@pytest.fixture(scope="module")
def model():
    return load_model(MODEL, "cpu")


def log_p(model, row):
    return float(model.log_prob(torch.tensor(np.asarray(row, np.uint8))[None])[0])


def cells(viewer):
    return np.array(list(viewer.page.locator(".studio").evaluate(CELLS)), np.uint8)


def opened(viewer, path=f"density?model={MODEL}"):
    viewer.open(path)
    return confirmed(viewer)


def followed(viewer, path):
    viewer.follow(path)
    return confirmed(viewer)


def confirmed(viewer):
    """The canvas, once the library has said its number of what is drawn."""
    expect(viewer.page.locator(".studio .confirmed")).to_contain_text("The library says")
    return viewer.page.locator(".studio .ink")


def line(viewer, paper, down=200):
    box = paper.bounding_box()
    viewer.page.mouse.move(box["x"] + 40, box["y"] + 40)
    viewer.page.mouse.down()
    viewer.page.mouse.move(box["x"] + 40, box["y"] + down, steps=6)
    viewer.page.mouse.up()


def in_link(viewer):
    return drawing.decode(parse_qs(urlparse(viewer.page.url).query)["drawing"][0])


def test_a_stroke_of_the_mouse_is_scored_as_by_the_library_and_stands_in_the_link(viewer, model):
    asked = []
    viewer.page.on("request", lambda r: asked.append(r.url) if "/web/" in r.url else None)
    paper = opened(viewer)
    before = cells(viewer)
    line(viewer, paper)
    viewer.page.wait_for_url(re.compile("drawing="))
    confirmed(viewer)
    drawn = cells(viewer)
    assert (drawn >= before).all() and drawn.sum() > before.sum() + 10
    live = viewer.page.locator(".studio").evaluate(LIVE)
    assert live == pytest.approx(log_p(model, drawn), abs=1e-3)
    assert viewer.page.locator(".studio dd").first.inner_text().startswith(f"{live:.2f}".replace("-", "−"))
    assert (in_link(viewer) == drawn).all()
    assert sum(url.endswith(".safetensors") for url in asked) == 1  # not again with the answer of the server
    viewer.page.reload()
    confirmed(viewer)
    assert (cells(viewer) == drawn).all()


def test_undo_redo_and_the_tools(viewer):
    followed(viewer, f"density?lang=en&model={MODEL}&drawing={drawing.encode(DASH.ravel())}")
    press = lambda name: viewer.page.get_by_role("button", name=name, exact=True).click()  # noqa: E731
    press("shift down")
    assert (cells(viewer).reshape(28, 28) == np.roll(DASH, 1, 0)).all()
    press("invert")
    assert cells(viewer).sum() == 780
    press("undo")
    press("undo")
    assert (cells(viewer).reshape(28, 28) == DASH).all()
    press("redo")
    assert (cells(viewer).reshape(28, 28) == np.roll(DASH, 1, 0)).all()
    press("clear")
    assert cells(viewer).sum() == 0


def test_the_keyboard_draws_and_says_where_it_is(viewer):
    paper = followed(viewer, f"nade?lang=en&model={MODEL}&drawing={drawing.encode(DASH.ravel())}")
    paper.focus()
    for key in ("Home", "ArrowRight", "ArrowDown", " "):
        paper.press(key)
    spoken = viewer.page.locator(".studio .spoken")
    expect(spoken).to_have_text("row 16, column 2: on")
    assert cells(viewer)[15 * 28 + 1] == 1 and cells(viewer).sum() == 5
    paper.press("Control+z")
    assert (cells(viewer) == DASH.ravel()).all()
    assert "step=" not in viewer.page.url  # the arrows of the canvas do not turn the page


def test_a_finger_draws_and_the_page_stays(visit):
    viewer = visit(viewport=PHONE, has_touch=True, is_mobile=True)
    paper = opened(viewer, f"nade?model={MODEL}")
    before, box = cells(viewer), paper.bounding_box()
    top = viewer.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop")
    touch = viewer.context.new_cdp_session(viewer.page)
    for kind, y in (("touchStart", 20), ("touchMove", 60), ("touchMove", 120), ("touchEnd", None)):
        points = [] if y is None else [{"x": box["x"] + 20, "y": box["y"] + y}]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    viewer.page.wait_for_url(re.compile("drawing="))
    confirmed(viewer)
    assert cells(viewer).sum() > before.sum() + 10
    assert viewer.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == top


def changed_model():
    """The model with biases that are a little off."""
    path = find_model(MODEL)
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        return save({**tensors, "b": tensors["b"] + 0.001}, file.metadata())


def test_a_number_that_is_not_the_librarys_is_shown_as_a_fault(viewer):
    viewer.page.route("**/web/*.safetensors", lambda route: route.fulfill(body=changed_model()))
    opened_at = "density?model=" + MODEL
    viewer.open(opened_at)
    wrong = viewer.page.locator(".studio .wrong")
    expect(wrong).to_contain_text("trust the library")


@pytest.mark.parametrize(
    "broken, said",
    [
        ("worker", "The engine does not start in this browser."),
        ("damaged", "it is damaged: no readable header."),
        ("huge", "the browser is given 256 MB at most"),
    ],
)
def test_where_the_browser_cannot_compute_the_servers_numbers_are_shown(visit, model, broken, said):
    viewer = visit()
    if broken == "worker":
        viewer.page.add_init_script("delete window.Worker")
    else:
        headers = {"content-length": str(2**40)} if broken == "huge" else {}
        viewer.page.route("**/web/*.safetensors", lambda route: route.fulfill(body=b"damaged", headers=headers))
    viewer.open(f"density?model={MODEL}")
    expect(viewer.page.locator(".studio .fault")).to_contain_text(said)
    line(viewer, viewer.page.locator(".studio .ink"))
    viewer.page.wait_for_url(re.compile("drawing="))
    number = f"{log_p(model, in_link(viewer)):.2f}".replace("-", "−")
    expect(viewer.page.locator(".studio dd").first).to_contain_text(number)


def test_a_link_without_a_drawing_is_told(viewer):
    followed(viewer, f"density?lang=en&model={MODEL}&drawing=nonsense")
    expect(viewer.page.get_by_text("This link holds no drawing: expected 131 letters")).to_be_visible()


def test_likelier_climbs_to_the_blank_image_from_a_dash_and_typical_runs_until_paused(viewer, model):
    followed(viewer, f"density?lang=en&model={MODEL}&drawing={drawing.encode(DASH.ravel())}")
    viewer.page.get_by_role("button", name="Make it likelier").click()
    expect(viewer.page.locator(".studio .lesson")).to_contain_text("After 4 flips")
    confirmed(viewer)
    assert cells(viewer).sum() == 0
    viewer.page.get_by_role("button", name="invert", exact=True).click()
    viewer.page.get_by_role("button", name="Make it typical").click()
    viewer.page.locator(".studio").evaluate(MOVED)
    viewer.page.get_by_role("button", name="Pause").click()
    confirmed(viewer)  # of what is seen: while it ran, the library's number of another drawing was not shown
    assert viewer.page.locator(".studio").evaluate(LIVE) == pytest.approx(log_p(model, in_link(viewer)), abs=1e-3)


def test_nade_opened_says_the_librarys_conditionals_and_flips(viewer, model):
    viewer.follow(f"nade?lang=en&step=look&model={MODEL}&drawing={drawing.encode(DASH.ravel())}&at=290")
    inside = viewer.page.locator(".inside")
    expect(inside.locator(".spoken")).to_contain_text("row 11, column 11")
    x = torch.tensor(DASH.ravel())
    seen = inside.evaluate(SEEN)
    p = model.conditionals(x[None]).probs[0]
    assert seen["i"] == 290 and seen["p"] == pytest.approx(float(p[290]), abs=1e-5)
    flipped = x.clone()
    flipped[289] = 1
    change = float(model.conditionals(flipped[None]).probs[0, 290] - p[290])
    assert seen["effect"][289] == pytest.approx(change, abs=1e-5) and seen["effect"][291] == 0
    spot = inside.locator(".map").bounding_box()
    viewer.page.mouse.click(spot["x"] + spot["width"] * 9.5 / 28, spot["y"] + spot["height"] * 10.5 / 28)
    viewer.page.wait_for_url(lambda url: drawing.encode(flipped.numpy()) in url)
    expect(inside.locator(".formula b")).to_have_text(f"{float(p[290]) + change:.3f}")
    inside.get_by_role("button", name="one pixel on").click()
    expect(inside.locator(".spoken")).to_contain_text("row 11, column 12")


def test_a_bet_is_made_before_the_answer_and_stays_in_the_link(viewer):
    viewer.follow(f"nade?lang=en&step=generate&model={MODEL}&seed=3")
    inside = viewer.page.locator(".inside")
    expect(inside.locator(".formula b")).to_have_text("?")
    inside.get_by_role("button", name="on", exact=True).click()
    expect(inside.locator(".answer")).to_contain_text("You said on.")
    shown = inside.locator(".formula b").inner_text()
    assert 0.15 <= float(shown) <= 0.85
    viewer.page.wait_for_url(re.compile("bet=on"))
    viewer.page.reload()
    expect(inside.locator(".answer")).to_contain_text(f"p = {shown}")
    inside.get_by_role("combobox", name="speed").select_option("fast")
    inside.get_by_role("button", name="Play").click()
    expect(inside.locator(".spoken")).to_contain_text("number 784 of 784")
