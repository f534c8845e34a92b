"""Pictures of one's own stand in 28 x 28 as the images of the model's data do, and what does not look like them shows."""

import numpy as np
import pytest
from PIL import Image

from nade_core import images, load_pretrained, read_card, scoring, traits
from nade_core.data import SOURCES, load_dataset

SOME = 400
drawn = pytest.mark.parametrize("name", [name for name, row in SOURCES.items() if row.shape])


def rows_of(name):
    data = load_dataset(name)
    return (data.train if len(data.train) else data.test)[:SOME].reshape(-1, 28, 28)


def off_centre(image):
    """How far the centre of mass and the centre of the bounding box stand from the middle, in pixels."""
    places = [np.flatnonzero(image.any(axis)) for axis in (1, 0)]
    mass = np.argwhere(image).mean(0) + 0.5 - 14
    box = np.array([(place[0] + place[-1] + 1) / 2 - 14 for place in places])
    return {images.MASS: np.abs(mass).max(), images.OUTLINE: np.abs(box).max()}


@drawn
def test_the_fit_of_a_data_set_is_measured_on_its_images(name):
    rows, fit = [image for image in rows_of(name) if image.any()], SOURCES[name].fit
    longest = [max(np.ptp(np.flatnonzero(image.any(axis))) + 1 for axis in (1, 0)) for image in rows]
    assert fit.box == np.median(longest)
    off = [off_centre(image) for image in rows]
    means = {rule: np.mean([one[rule] for one in off]) for rule in (images.MASS, images.OUTLINE)}
    assert fit.centre == min(means, key=means.__getitem__)


def as_a_picture(image, side=280, left=100, top=60):
    """A silhouette in ink on white paper, large, smooth, and not in the middle."""
    ink = Image.fromarray(image.reshape(28, 28) * np.uint8(255)).resize((side, side), Image.Resampling.BICUBIC)
    page = np.full((480, 540), 255, np.uint8)
    page[top : top + side, left : left + side] = 255 - np.asarray(ink)
    return Image.fromarray(page)


def test_silhouettes_drawn_large_keep_their_class():
    data, card, model = load_dataset("animals"), read_card("nade-animals"), load_pretrained("nade-animals", "cpu")
    rows, labels = data.test[::24], data.test_labels[::24]
    again = np.stack([images.prepare(as_a_picture(row), fit=card.fit).image.ravel() for row in rows])
    right = [float((scoring.classify(model, x).argmax(1) == labels).mean()) for x in (rows, again)]
    assert right[1] > right[0] - 0.05, right


def test_the_steps_say_how_the_picture_was_fitted():
    assert read_card("nade-mnist").fit == images.Fit() == SOURCES["mnist"].fit
    step = images.prepare(as_a_picture(rows_of("animals")[0]), fit=read_card("nade-animals").fit).steps[-2]
    assert step.explanation == images.FITTED[images.OUTLINE] and step.facts == {"box": 26}


def test_pieces_and_fill_are_counted():
    canvas = np.zeros((4, 6, 6), np.uint8)
    canvas[1, 1:4, 1:4] = 1
    canvas[2, 0, 0] = canvas[2, 1, 1] = canvas[2, 5, 5] = 1  # a corner does not join
    canvas[3] = 1
    found = traits.traits(canvas)
    assert found[traits.PIECES].tolist() == [0, 1, 3, 1]
    assert found[traits.FILL].tolist() == [0, 1, 3 / 36, 1] and found[traits.ON].tolist() == [0, 9 / 36, 3 / 36, 1]


@pytest.mark.parametrize("name", ["mnist", "animals"])
def test_what_is_unlike_the_data_is_told_and_the_data_are_not(name):
    data = load_dataset(name)
    ends = traits.usual(data.train[:2000].reshape(-1, 28, 28))
    real = data.test[:300].reshape(-1, 28, 28)
    assert np.mean([bool(traits.unusual(image, ends)) for image in real]) < 0.02
    assert traits.ON in traits.unusual(np.zeros((28, 28)), ends) and traits.ON in traits.unusual(
        np.ones((28, 28)), ends
    )
    noise = np.random.default_rng(0).integers(0, 2, (28, 28))
    block = np.zeros((28, 28))
    block[1:27, 1:27] = 1
    assert traits.unusual(noise, ends) and traits.unusual(block, ends)
