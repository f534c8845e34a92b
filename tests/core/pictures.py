"""For the tests of pictures: a digit, as a picture in any format, and what is read of it."""

import io

import numpy as np
import pillow_heif
from PIL import Image

from nade_core import images
from nade_core.data import load_dataset

from .photos import clean

pillow_heif.register_heif_opener()
DIGIT = load_dataset("mnist").test[3].reshape(28, 28)
EIGHT = clean(DIGIT)  # 280 x 280, black on white


def saved(picture, format="PNG", **options):
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def image_of(picture, **how):
    return images.prepare(picture, **how).image


def same(picture, other, at_most=0):
    return np.count_nonzero(image_of(picture) != image_of(other)) <= at_most


def soft():
    """A digit in all greys, 0 to 255, on white."""
    return Image.fromarray(DIGIT * np.uint8(255)).resize((300, 300), Image.Resampling.BICUBIC).point(lambda v: 255 - v)


def noise(mode):
    """41 x 50 pixels of noise, and some rows alike."""
    bands = {"RGB": 3, "RGBA": 4, "LA": 2, "CMYK": 3}.get(mode, 1)
    values = np.random.default_rng(0).integers(0, 65536 if mode == "I;16" else 256, (41, 50, bands))
    values[5:15] = values[5]
    values = values[..., 0] if bands == 1 else values
    if mode == "1":
        return Image.fromarray(values > 100)
    picture = Image.fromarray(values.astype(np.uint16 if mode == "I;16" else np.uint8))
    return picture.convert("CMYK") if mode == "CMYK" else picture
