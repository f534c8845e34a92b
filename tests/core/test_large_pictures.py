"""Large pictures are made smaller as they are decoded, strip by strip, or refused by their head."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw

from nade_core import decoding, images, strips
from nade_core.messages import NadeError
from nade_core.runs.process import environment

from .pictures import EIGHT, noise, same, saved


def test_large_pictures_are_refused_by_their_head(monkeypatch):
    for format in ("WEBP", "AVIF", "HEIF"):
        with monkeypatch.context() as patch, pytest.raises(NadeError, match="at most 9,000 "):
            patch.setitem(strips.HEAVY, format, decoding.ROOM / 9_000)
            images.prepare(saved(Image.new("L", (100, 100)), format))


def test_a_jpeg_may_be_larger_for_it_is_decoded_small():
    large = Image.new("L", (7400, 5500), 255)
    large.paste(EIGHT.resize((2800, 2800)), (2200, 1300))
    assert large.width * large.height > decoding.MAX_PIXELS and same(saved(large, "JPEG", quality=50), EIGHT, at_most=8)
    with pytest.raises(NadeError, match="at most 40,000,000"):
        images.decode(saved(large, "JPEG", quality=50))


def streamed(content, monkeypatch):
    """The parts of a picture as they come where it is a large one, put together."""
    monkeypatch.setattr(strips, "LARGE", 0)
    monkeypatch.setattr(strips, "STRIP", 7 * 50)
    picture = decoding._opened(content)
    parts = list(strips.strips(picture))
    assert len(parts) > 4 and strips.held(picture) == strips.HEAVY.get(picture.format, 0)
    return np.concatenate([np.asarray(part if part.mode != "P" else part.convert("RGBA")) for part in parts])


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "I;16"])
def test_the_rows_of_a_png_are_read_as_they_come(mode, monkeypatch):
    picture = noise(mode)
    assert np.array_equal(streamed(saved(picture), monkeypatch), np.asarray(picture))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_so_are_those_of_a_palette(bits, monkeypatch):
    picture = Image.fromarray((np.asarray(noise("L")).astype(int) % 2**bits).astype(np.uint8), "P")
    picture.putpalette([7 * i % 256 for i in range(3 * 2**bits)])
    content = saved(picture, bits=bits, transparency=1)
    expected = Image.open(io.BytesIO(content)).convert("RGBA")
    assert np.array_equal(streamed(content, monkeypatch), np.asarray(expected))


@pytest.mark.parametrize("packing", ["tiff_adobe_deflate", "tiff_lzw", "packbits", "jpeg", "group4"])
@pytest.mark.parametrize("mode", ["1", "L", "RGB", "RGBA", "I;16", "CMYK"])
def test_the_strips_of_a_tiff_are_files_of_their_own(mode, packing, monkeypatch):
    if (packing == "group4") != (mode == "1") or (packing, mode) == ("jpeg", "I;16"):
        pytest.skip("no such file")
    content = saved(noise(mode), "TIFF", compression=packing, strip_size=56 if mode == "1" else 400)
    assert np.array_equal(streamed(content, monkeypatch), np.asarray(Image.open(io.BytesIO(content))))


def test_what_is_cut_off_is_damaged(monkeypatch):
    monkeypatch.setattr(strips, "LARGE", 0)
    content = saved(noise("RGB"))
    with pytest.raises(NadeError, match="damaged"):
        images.prepare(content[: len(content) // 2])


def test_the_preview_of_a_picture_that_is_too_large_stands_for_it(monkeypatch):
    large = EIGHT.resize((560, 560)).convert("RGB")
    with_preview = saved(large, "HEIF", quality=80, thumbnails=[400])
    monkeypatch.setitem(strips.HEAVY, "HEIF", decoding.ROOM / 3e5)
    prepared = images.prepare(with_preview)
    assert prepared.notes[0].facts == {"width": 400, "height": 400} and same(with_preview, EIGHT, at_most=8)
    for content in (saved(large, "HEIF", quality=80), saved(large, "HEIF", quality=80, thumbnails=[200])):
        with pytest.raises(NadeError, match="at most 300,000"):
            images.prepare(content)


CHILD = """
import resource, sys
from nade_core import images, ink
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # KB
image = images.prepare(sys.argv[1]).image
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, image.sum())
"""


@pytest.mark.parametrize(
    "options",
    [
        {"format": "PNG", "compress_level": 1},
        {"format": "TIFF", "compression": "tiff_lzw"},
    ],
    ids=["PNG", "TIFF"],
)
def test_forty_megapixels_cost_little(options, tmp_path):
    picture = Image.new("RGB", (7300, 5475), "white")
    ImageDraw.Draw(picture).line([(2500, 1500), (4500, 1500), (3200, 4000)], "black", 300)
    path = tmp_path / "large"
    picture.save(path, **options)
    command = [sys.executable, "-c", CHILD, str(path)]
    grown, ink = map(
        int, subprocess.run(command, capture_output=True, text=True, check=True, env=environment()).stdout.split()
    )
    assert grown < 150 << 10 and ink > 50
