"""From pictures to binary images: each step, the way back, and what is refused."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nade_core import images
from nade_core.data import load_dataset


def encode(array, format="PNG", **options):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, format, **options)
    return buffer.getvalue()


def drawing(background=255, ink=0):
    canvas = np.full((90, 120), background, np.uint8)
    canvas[20:70, 30:45] = ink
    canvas[60:70, 30:90] = ink
    return canvas


@pytest.mark.parametrize("format", images.FORMATS)
def test_every_format_gives_a_centred_drawing(format):
    prepared = images.prepare(encode(np.stack([drawing()] * 3, -1), format))
    image = prepared.image
    assert image.shape == (28, 28) and set(np.unique(image)) == {0, 1}
    rows, columns = np.nonzero(image)
    assert abs(rows.mean() + 0.5 - 14) <= 1 and abs(columns.mean() + 0.5 - 14) <= 1
    assert np.ptp(rows) < 20 and np.ptp(columns) < 20
    assert [step.name for step in prepared.steps] == ["picture", "grey", "inverted", "cropped", "28 x 28", "binary"]


def test_dark_and_bright_grounds_give_the_same_image():
    assert np.array_equal(images.prepare(encode(drawing(255, 0))).image, images.prepare(encode(drawing(0, 255))).image)


def test_transparency_becomes_white_paper():
    rgba = np.zeros((90, 120, 4), np.uint8)
    rgba[..., 3] = np.where(drawing() == 0, 255, 0)
    prepared = images.prepare(encode(rgba))
    assert "on white" in [step.name for step in prepared.steps]
    assert np.array_equal(prepared.image, images.prepare(encode(drawing())).image)


def test_exif_orientation_is_followed():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 270 degrees
    turned = encode(np.rot90(drawing()).copy(), "PNG", exif=exif)
    assert np.array_equal(images.prepare(turned).image, images.prepare(encode(drawing())).image)


@given(st.integers(1, 6), st.integers(0, 99))
def test_an_exported_image_reads_back_unchanged(scale, index):
    image = load_dataset("animals").test[index].reshape(28, 28)
    prepared = images.prepare(images.to_png(image, scale))
    if prepared.steps[-1].name == "unchanged":
        assert np.array_equal(prepared.image, image)
    else:  # an animal that fills the border looks like a bright background
        assert np.median(np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])) > 0.5


def test_the_threshold_and_the_inversion_obey():
    grey = np.tile(np.linspace(0, 255, 100).astype(np.uint8), (100, 1))
    few, many = (images.prepare(encode(grey), threshold=level, crop=False, invert=False) for level in (200, 50))
    assert few.image.sum() < many.image.sum() and few.threshold == 200
    assert images.prepare(encode(drawing()), crop=False, invert=False).image.mean() > 0.5


@pytest.mark.parametrize("value", [0, 77, 255])
def test_a_blank_picture_is_no_crash(value):
    assert images.prepare(encode(np.full((50, 40), value, np.uint8))).image.sum() == 0


def flat(side):
    buffer = io.BytesIO()
    Image.new("1", (side, side)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


HOSTILE = {  # made when they are asked for
    "empty": (lambda: b"", "empty"),
    "text": (lambda: b"hello, I am no picture", "not a picture"),
    "svg": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    "large": (lambda: flat(6400), "6400 x 6400 pixels"),
    "bomb": (lambda: flat(20_000), "more than 40,000,000 pixels"),
    "truncated": (lambda: encode(np.random.default_rng(0).integers(0, 255, (90, 90), np.uint8))[:900], "damaged"),
    "huge": (lambda: bytes(images.MAX_BYTES + 1), "MB"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pictures_are_refused_with_a_sentence(name):
    content, sentence = HOSTILE[name]
    with pytest.raises(ValueError, match=sentence):
        images.prepare(content())


@given(st.binary(max_size=300))
def test_no_bytes_crash_the_decoder(content):
    try:
        images.prepare(b"\x89PNG\r\n\x1a\n" + content)
    except ValueError as error:
        assert str(error).endswith(".")


def test_the_grid_shows_every_image():
    sheet = images.grid(np.ones((5, 784), np.uint8), columns=2, scale=2, gap=1)
    assert sheet.shape == (3 * 57 + 1, 2 * 57 + 1) and (sheet == 255).sum() == 5 * 56 * 56


def test_what_a_step_says_has_its_facts_apart():
    for prepared in (images.prepare(encode(drawing())), images.prepare(encode(drawing()), threshold=200)):
        said = [step.explanation.format(**step.facts) for step in prepared.steps]
        assert f"brighter than {prepared.threshold:.0f} of 255" in said[-1] and "{" not in "".join(said)
