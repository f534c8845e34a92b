"""Chapters 1 and 10 in a real browser: drawing, ranking by hand and by keyboard, and revealing an image."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from lab.cache import classes
from lesson import reveal, sheet
from nade_core import load_pretrained
from nade_core.data import load_dataset

DATA = sheet.load()
DOG = DATA.classes.tolist().index("dog")


def shown(page, selector):
    """The pixels that are on of a canvas, (784,)."""
    colours = page.locator(selector).first.evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 28, 28).data]"
    )
    return (np.array(colours).reshape(784, 4)[:, :3] == 255).all(1)


def test_a_press_draws_the_next_seed_and_the_link_says_it(viewer):
    viewer.open("")
    said = viewer.page.locator(".draw .said")
    viewer.page.get_by_role("combobox", name="speed").select_option(label="at once")
    for seed in (5, 6):
        viewer.page.get_by_role("button", name="draw another dog").click()
        expect(said).to_contain_text(f"seed {seed} · log p(x | y) = −{-DATA.given[DOG, seed]:.1f} nats")
        assert (shown(viewer.page, ".draw .now") == DATA.draws[DOG, seed]).all()
    viewer.page.wait_for_url(re.compile("seed=6"))
    viewer.page.go_back()
    viewer.page.get_by_role("button", name="seed 5: watch it again").click()
    expect(said).to_contain_text("seed 5")


def test_a_draw_beyond_the_sheet_comes_from_the_model(viewer):
    viewer.follow(f"?lang=en&seed={sheet.SEEDS - 1}")
    viewer.page.get_by_role("combobox", name="speed").select_option(label="at once")
    viewer.page.get_by_role("button", name="draw another dog").click()
    expect(viewer.page.locator(".draw .said")).to_contain_text(f"seed {sheet.SEEDS} · log p(x | y)")
    model = load_pretrained(sheet.MODEL, "cpu")
    assert (shown(viewer.page, ".draw .now") == sheet.draw(model, DOG, [sheet.SEEDS])[0]).mean() > 0.99


@pytest.mark.parametrize("keyboard", [False, True])
def test_four_images_are_ranked_and_the_blank_one_wins(viewer, keyboard):
    viewer.open("")
    for name in ("a real dog", "10 % flipped", "coin-flip noise", "blank"):
        one = viewer.page.locator(".order .one", has_text=name)
        if keyboard:
            one.focus()
            viewer.page.keyboard.press("Enter")
        else:
            one.click()
    blank = viewer.page.locator(".order .one", has_text="blank")
    expect(blank).to_contain_text("you: 4")
    expect(blank).to_contain_text("place 1")
    expect(blank).to_contain_text(f"−{-DATA.four_log_p[0, 3]:.1f} nats")
    viewer.page.wait_for_url(re.compile("order=real"))
    viewer.page.reload()
    expect(blank).to_contain_text("you: 4")
    viewer.page.get_by_role("button", name="another four").click()
    expect(viewer.page.locator(".order .told")).to_contain_text("1 of 4")


def test_the_slider_reveals_and_the_guess_opens_the_models_mind(viewer):
    viewer.follow("conditional?lang=en&step=reveal&of=nade-mnist-classes")
    digits, model = load_dataset("mnist"), load_pretrained("nade-mnist-classes", "cpu")
    row = digits.test[classes.test_rows("mnist")[0]]
    terms = np.stack([model.log_conditionals(row[None], k)[0].numpy() for k in range(10)])
    path = reveal.posterior(terms[:, model.ordering.numpy()])
    slider = viewer.page.get_by_role("slider", name="i, the pixels that are known")
    slider.fill("500")
    expect(viewer.page.locator(".reveal output")).to_have_text("i = 500")
    assert not shown(viewer.page, ".reveal .image")[500:].any()
    expect(viewer.page.locator(".reveal .value").first).to_have_text("?")
    viewer.page.locator(".reveal .row").nth(4).click()
    values = [float(text) for text in viewer.page.locator(".reveal .value").all_inner_texts()]
    assert values == pytest.approx(path[500], abs=1e-3)
    viewer.page.wait_for_url(re.compile("guess=4"))
    slider.fill("784")
    lead = int(path[784].argmax())
    expect(viewer.page.locator(".reveal .value").nth(lead)).to_have_text(f"{path[784, lead]:.3f}")
    assert (shown(viewer.page, ".reveal .image") == row).all()
