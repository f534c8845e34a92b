"""A photo of a digit on paper: the figure is found, and light, lines, specks and the desk are not taken for ink."""

import numpy as np
import pytest
from PIL import Image

from nade_core import images, load_pretrained, scoring
from nade_core.data import load_dataset

from .photos import LIGHTS, LINES, SHEETS, Scene, clean, photo
from .pictures import DIGIT, EIGHT, image_of, same, saved, soft


@pytest.mark.parametrize("low, high", [(198, 202), (200, 201), (0, 8)])
@pytest.mark.parametrize("side", [28, 90, 500])
def test_faint_noise_is_blank(low, high, side):
    noise = np.random.default_rng(0).integers(low, high, (side, side)).astype(np.uint8)
    for picture in (noise, noise * np.uint16(257))[: 2 if low else 1]:
        prepared = images.prepare(saved(Image.fromarray(picture)))
        assert not prepared.image.any() and prepared.notes[0].message == images.DOUBTS["blank"]


@pytest.mark.parametrize("noise", [0, 1, 3])
def test_shade_with_nothing_on_it_is_blank(noise):
    rng = np.random.default_rng(0)
    shade = np.clip(np.linspace(250, 70, 400) + rng.normal(0, noise, (300, 400)), 0, 255)
    assert not image_of(saved(Image.fromarray(shade.astype(np.uint8)))).any()


def test_uneven_light_is_no_ink():
    shade = np.linspace(250, 70, 280)
    for light in (shade, shade[::-1], shade[:, None], shade[::-1, None]):
        lit = np.asarray(EIGHT, float) / 255 * light
        assert same(Image.fromarray(lit.astype(np.uint8)), EIGHT, at_most=8)


@pytest.mark.parametrize("margin", [20, 120])
def test_a_sheet_on_a_dark_desk_is_no_figure(margin):
    desk = np.full((280 + 2 * margin, 400 + 2 * margin), 40, np.uint8)
    desk[margin:-margin, margin:-margin] = 255
    desk[margin : margin + 280, margin + 60 : margin + 340] = np.asarray(EIGHT)
    prepared = images.prepare(saved(Image.fromarray(desk)))
    assert "sheet" in [step.name for step in prepared.steps] and same(Image.fromarray(desk), EIGHT, at_most=8)
    assert image_of(Image.fromarray(desk), invert=False).mean() > 0.2  # who says that the ground is dark is obeyed


@pytest.mark.parametrize("corner", [(2, 2), (2, -5), (-5, -5)])
@pytest.mark.parametrize("times", [4, 10])
def test_a_speck_is_no_part_of_the_digit(corner, times):
    for picture in (EIGHT, Image.fromarray(255 - 255 * DIGIT.repeat(times, 0).repeat(times, 1)), soft()):
        y, x = (place % side for place, side in zip(corner, picture.size, strict=True))
        spotted = np.asarray(picture).copy()
        spotted[y : y + 3, x : x + 3] = 0
        assert same(Image.fromarray(spotted), picture)


def test_a_second_thing_is_kept_and_said():
    two = np.hstack([np.asarray(EIGHT), np.full((280, 120), 255, np.uint8), np.asarray(EIGHT)])
    prepared = images.prepare(Image.fromarray(two))
    assert [note.message for note in prepared.notes] == [images.DOUBTS["several"]]
    assert not images.prepare(EIGHT).notes


def scenes():
    """Forty scenes, over light, noise, angle, lines, sheet, pen."""
    rng = np.random.default_rng(0)
    for i in range(40):
        noise, angle, pen = rng.uniform(0, 10), rng.uniform(-8, 8), (0, 0, 3, 5)[rng.integers(4)]
        yield Scene(LIGHTS[i % 5], noise, angle, LINES[i // 5 % 3], SHEETS[i // 2 % 4], pen, 50, bool(i % 2))


def dark_rules():
    """Forty scenes more, of rules as dark as the ink, straight and turned."""
    rng = np.random.default_rng(1)
    for i in range(40):
        noise, angle, turn, pen = (
            rng.uniform(0, 10),
            rng.uniform(-8, 8),
            rng.uniform(-5, 5),
            (0, 0, 5, 8)[rng.integers(4)],
        )
        yield Scene(
            LIGHTS[i % 5], noise, angle, LINES[1 + i % 2], SHEETS[i // 5 % 4], pen, 50, False, 50, i % 4 and turn
        )


def right(pictures):
    """How many of the pictures of the first test digits are recognised."""
    data, model = load_dataset("mnist"), load_pretrained("nade-mnist-classes", "cpu")
    prepared = np.stack([images.prepare(picture).image.ravel() for picture in pictures])
    return int((scoring.classify(model, prepared).argmax(1) == data.test_labels[: len(prepared)]).sum())


@pytest.fixture(scope="module")
def on_drawings():
    """How many of forty clean drawings are recognised."""
    return right(map(clean, load_dataset("mnist").test[:40]))


@pytest.mark.parametrize("scenes", [scenes, dark_rules])
def test_digits_on_photos_are_recognised_as_on_clean_drawings(scenes, on_drawings):
    rows = load_dataset("mnist").test[:40]
    on_photos = right([photo(row, scene, i) for i, (row, scene) in enumerate(zip(rows, scenes(), strict=True))])
    print(f"recognised: {on_photos} of 40 photos, {on_drawings} of 40 clean drawings")
    assert on_photos >= 0.9 * on_drawings and on_drawings >= 34
