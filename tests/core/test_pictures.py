"""Whatever somebody brings as a picture of a digit: levels, transparency, paper, light, frames, and what it costs."""

import io
import json
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin
from PIL.TiffTags import LONG

from nade_core import decoding, images, levels
from nade_core.cli import main
from nade_core.data.photo import read_pixels
from nade_core.messages import NadeError

from .photos import Scene, photo
from .pictures import DIGIT, EIGHT, image_of, same, saved, soft


def deep(ink, paper, dtype=np.uint16):
    """The soft digit in other levels."""
    return (ink + np.asarray(soft(), float) / 255 * (paper - ink)).round(6).astype(dtype)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
@pytest.mark.parametrize("ink, paper", [(8000, 60000), (300, 4000), (0, 65535)])
def test_sixteen_bits_are_as_eight(format, ink, paper):
    content = saved(Image.fromarray(deep(ink, paper)), format)
    assert Image.open(io.BytesIO(content)).mode.startswith("I") and same(content, soft())


@pytest.mark.parametrize("ends", [(0.1, 0.9), (0, 255), (-1, 1), (100, 100_000)])
def test_floats_and_long_integers_are_as_eight_bits(ends):
    assert same(saved(Image.fromarray(deep(*ends, np.float32)), "TIFF"), soft())
    if min(ends) >= 0 and max(ends) > 1:
        assert same(saved(Image.fromarray(deep(*ends, np.int32)), "TIFF"), soft())


def written(planes, kind, packed):
    """A TIFF of planes (C, H, W), most significant byte first, each of its own strip; ``kind`` is that of its samples."""
    strips_of = [zlib.compress(plane.tobytes()) if packed else plane.tobytes() for plane in planes]
    n, sizes = len(planes), [len(strip) for strip in strips_of]
    bits, places = planes.dtype.itemsize * 8, np.cumsum([0, *sizes[:-1]]).tolist()
    head = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"MM")
    head.tagtype |= {273: LONG, 279: LONG}
    head[256], head[257], head[277], head[278] = planes.shape[2], planes.shape[1], n, planes.shape[1]
    head[258], head[259], head[262], head[284] = (bits,) * n, 8 if packed else 1, 2 if n > 1 else 1, 2
    head[339], head[273], head[279] = (kind,) * n, tuple(places), tuple(sizes)
    file = io.BytesIO()
    head.save(file)
    return file.getvalue() + b"".join(strips_of)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    "type, kind, bands", [(">i2", 2, 1), (">i4", 2, 1), (">f4", 3, 1), (">u2", 1, 1), (">u2", 1, 3)]
)
def test_the_order_of_bytes_and_planes_changes_nothing(type, kind, bands, packed):
    planes = np.stack([deep(0, 1 if kind == 3 else 30_000, float)] * bands).astype(type)
    assert same(written(planes, kind, packed), soft(), at_most=2)


def test_no_number_is_no_level():
    levels = deep(0.0, 1.0, np.float32)
    levels[3, 3] = np.nan
    with pytest.raises(NadeError, match="finite"):
        images.prepare(saved(Image.fromarray(levels), "TIFF"))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr"])
def test_every_mode_gives_the_same(mode):
    kept = Image.fromarray(np.where(np.asarray(EIGHT) > 127, 255, 0).astype(np.uint8)).convert(mode)
    assert same(saved(kept, "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"), EIGHT)


@pytest.mark.parametrize("side", [28, 40, 56])
def test_small_greys_are_as_large_ones(side):
    assert same(soft().resize((side, side)), soft()) and same(saved(soft().resize((side, side))), soft())


@pytest.mark.parametrize("shape", [(1, 7), (3, 40), (5, 300), (300, 7), (13, 3), (999, 1)])
def test_narrow_pictures_are_pictures(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    sheet = np.full(shape, 40, np.uint8)
    sheet[shape[0] // 4 :, shape[1] // 4 : 3 * shape[1] // 4] = 240
    slope = np.linspace(0, 255, sheet.size).reshape(shape).astype(np.uint8)
    began = time.process_time()
    for picture in (noise, sheet, slope):
        assert image_of(saved(Image.fromarray(picture)), invert=None).shape == (28, 28)
    assert time.process_time() - began < 5


def test_the_pixels_of_a_deep_photo_are_its_levels():
    content = saved(Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16) * 257))
    assert np.array_equal(read_pixels(content, "levels")[:, 0], np.arange(256))


def transparent(mode, colour, junk, full=255):
    """The digit in alpha alone: a colour where it is seen, junk where it is not."""
    alpha = (255 - np.asarray(EIGHT)) // (255 // full)
    grey = np.where(alpha > 0, colour, junk).astype(np.uint8)
    if mode == "P":
        picture = Image.fromarray((alpha == 0).astype(np.uint8), "P")
        picture.putpalette([colour] * 3 + [junk] * 3)
        return saved(picture, transparency=1)
    bands = [grey] * (3 if mode == "RGBA" else 1)
    return saved(Image.merge(mode, [Image.fromarray(band) for band in (*bands, alpha)]))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
@pytest.mark.parametrize("colour, junk", [(255, 255), (255, 0), (240, 90), (0, 0), (0, 255)])
def test_where_colour_tells_nothing_alpha_is_the_ink(mode, colour, junk):
    assert same(transparent(mode, colour, junk), EIGHT)
    assert mode == "P" or same(transparent(mode, colour, junk, full=85), EIGHT)


@pytest.mark.parametrize("factor", [1, 2])
def test_a_drawing_may_be_cut_close_and_the_black_of_a_scanner_is_none(factor):
    grey = np.asarray(EIGHT)
    rows, columns = (np.flatnonzero((grey < 128).any(axis)) for axis in (1, 0))
    close = Image.fromarray(grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    close = close.resize((close.width * factor, close.height * factor))
    for picture in (close, close.point(lambda v: 255 - v)):
        assert same(saved(picture), EIGHT) and images.prepare(picture).steps[2].name == "margin"
    assert same(Image.fromarray(np.hstack([np.zeros((280, 30 * factor), np.uint8), grey])), EIGHT)


@pytest.mark.parametrize("times", [1, 2, 9, 37, 64, 83])
@pytest.mark.parametrize("ink, ground", [(255, 0), (0, 255), (31, 233)])
def test_whole_factors_pass_pixel_for_pixel(times, ink, ground):
    large = np.where(DIGIT.repeat(times, 0).repeat(times, 1) > 0, ink, ground).astype(np.uint8)
    for content in (saved(Image.fromarray(large)), saved(Image.fromarray(large * np.uint16(257)))):
        assert np.array_equal(image_of(content), DIGIT)


@pytest.mark.parametrize("format", ["HEIF", "AVIF", "MPO", "JPEG", "WEBP"])
def test_pictures_of_phones_are_read_and_turned(format):
    picture = photo(DIGIT, Scene(light="side", noise=3))
    exif = Image.Exif()
    exif[0x0112] = 6
    many = {"save_all": True, "append_images": [picture.rotate(90)]} if format == "MPO" else {}
    turned = picture.convert("RGB").rotate(90, expand=True)
    content = saved(turned, format, exif=exif.tobytes(), quality=92, **many)
    prepared = images.prepare(content)
    assert same(picture, content, at_most=25) and not prepared.notes


def test_profiles_of_colour_change_nothing():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert same(saved(EIGHT.convert("RGB"), "JPEG", icc_profile=profile, quality=95), EIGHT)
    assert same(saved(EIGHT.convert("CMYK"), "JPEG", quality=95), EIGHT)


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_the_first_frame_that_shows_something_is_read(format):
    white = Image.new("L", EIGHT.size, 255)
    frames = [white, white.point(lambda v: v - 1), EIGHT, Image.fromarray(np.rot90(np.asarray(EIGHT)))]
    options = {"lossless": True} if format == "WEBP" else {}
    content = saved(frames[0].convert("RGB"), format, save_all=True, append_images=frames[1:], **options)
    prepared = images.prepare(content)
    assert np.array_equal(prepared.image, image_of(EIGHT))
    assert prepared.notes[0].facts["n"] in (2, 3)  # a frame that is like the one before is kept once


def test_blank_frames_are_not_looked_at_for_ever():
    frames = [Image.new("L", (9, 9), i % 2) for i in range(decoding.MAX_FRAMES + 20)]
    assert not image_of(saved(frames[0], "GIF", save_all=True, append_images=frames[1:])).any()


@pytest.mark.parametrize("value", [-1, 255.5, float("nan"), float("inf")])
def test_a_threshold_is_a_level(value, capsys):
    with pytest.raises(NadeError, match="from 0 to 255"):
        images.prepare(EIGHT, threshold=value)


def deep_png(colours):
    """A PNG of 16 bits from colours (H, W, C), which Pillow does not write."""
    height, width, bands = colours.shape
    kind = {2: 4, 3: 2, 4: 6}[bands]
    rows = np.insert(colours.astype(">u2").reshape(height, -1).view(np.uint8), 0, 0, axis=1).tobytes()
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    chunks = [
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


@pytest.mark.parametrize("bands", [2, 3, 4])
@pytest.mark.parametrize("ink, paper", [(300, 4000), (0, 200), (8000, 60000)])
def test_deep_colours_are_as_eight_bits(bands, ink, paper):
    colours = np.repeat(deep(ink, paper)[..., None], bands, 2)
    if bands % 2 == 0:
        colours[..., -1] = 65535
    assert same(deep_png(colours), soft(), at_most=4)
    if bands == 4:
        colours[..., :3], colours[..., 3] = 65535, 65535 - deep(0, 65535)
        assert same(deep_png(colours), soft(), at_most=4)


@pytest.mark.parametrize("mode", ["L", "RGB", "LA"])
@pytest.mark.parametrize("on, ground", [(1, 0), (0, 1)])
def test_a_mask_of_zeros_and_ones_is_black_and_white(mode, on, ground):
    for side in (28, 280):
        times = side // 28
        mask = Image.fromarray(np.where(DIGIT.repeat(times, 0).repeat(times, 1) > 0, on, ground).astype(np.uint8))
        prepared = images.prepare(saved(mask.convert(mode)))
        assert np.array_equal(prepared.image, DIGIT) and prepared.notes[0].message == levels.MASK
    for picture in (EIGHT, EIGHT.resize((1700, 1700), Image.Resampling.NEAREST)):
        assert same(saved(picture.point(lambda v: v > 127)), picture)


def test_the_command_tells_what_is_doubtful(tmp_path, capsys):
    two = np.hstack([np.asarray(EIGHT), np.full((280, 120), 255, np.uint8), np.asarray(EIGHT)])
    Image.fromarray(two).save(tmp_path / "two.png")
    main(["read", str(tmp_path / "two.png"), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["kind"] == "picture" and len(report["image"]) == 28 and report["steps"][-1]["name"] == "binary"
    assert report["warnings"] == [images.DOUBTS["several"]]
    main(["read", str(tmp_path / "two.png")])
    assert images.DOUBTS["several"] in capsys.readouterr().err
