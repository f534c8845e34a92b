"""Whatever somebody brings as a picture of a digit: levels, transparency, paper, light, frames, and what it costs."""

import io
import json
import struct
import subprocess
import sys
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageDraw, TiffImagePlugin
from PIL.TiffTags import LONG

from nade_core import decoding, images, levels, load_pretrained, scoring, strips
from nade_core.cli import main
from nade_core.data import load_dataset
from nade_core.data.photo import read_pixels
from nade_core.messages import NadeError
from nade_core.runs.process import environment

from .photos import LIGHTS, LINES, SHEETS, Scene, clean, photo

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


@pytest.mark.parametrize("shape", [(1, 7), (3, 40), (5, 300), (300, 7), (13, 3)])
def test_narrow_pictures_are_pictures(shape):
    noise = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    sheet = np.full(shape, 40, np.uint8)
    sheet[shape[0] // 4 :, shape[1] // 4 : 3 * shape[1] // 4] = 240
    for picture in (noise, sheet):
        assert image_of(saved(Image.fromarray(picture)), invert=False).shape == (28, 28)


def test_the_pixels_of_a_deep_photo_are_its_levels():
    content = saved(Image.fromarray(np.arange(256, dtype=np.uint16).reshape(16, 16) * 257))
    assert np.array_equal(read_pixels(content, "levels")[:, 0], np.arange(256))


def transparent(mode, colour, junk):
    """The digit in alpha alone: a colour where it is seen, junk where it is not."""
    alpha = 255 - np.asarray(EIGHT)
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


@pytest.mark.parametrize("times", [1, 2, 9, 37, 64, 83])
@pytest.mark.parametrize("ink, ground", [(255, 0), (0, 255), (31, 233)])
def test_whole_factors_pass_pixel_for_pixel(times, ink, ground):
    large = np.where(DIGIT.repeat(times, 0).repeat(times, 1) > 0, ink, ground).astype(np.uint8)
    for content in (saved(Image.fromarray(large)), saved(Image.fromarray(large * np.uint16(257)))):
        assert np.array_equal(image_of(content), DIGIT)


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


@pytest.mark.parametrize("scenes", [scenes, dark_rules])
def test_digits_on_photos_are_recognised_as_on_clean_drawings(scenes):
    data, model = load_dataset("mnist"), load_pretrained("nade-mnist-classes", "cpu")
    rows, labels = data.test[:40], data.test_labels[:40]
    pictures = [photo(row, scene, i) for i, (row, scene) in enumerate(zip(rows, scenes(), strict=True))]

    def right(taken):
        prepared = np.stack([images.prepare(picture).image.ravel() for picture in taken])
        return int((scoring.classify(model, prepared).argmax(1) == labels).sum())

    on_photos, on_drawings = right(pictures), right(map(clean, rows))
    print(f"recognised: {on_photos} of 40 photos, {on_drawings} of 40 clean drawings")
    assert on_photos >= 0.9 * on_drawings and on_drawings >= 34


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


def test_the_command_tells_what_is_doubtful(tmp_path, capsys):
    two = np.hstack([np.asarray(EIGHT), np.full((280, 120), 255, np.uint8), np.asarray(EIGHT)])
    Image.fromarray(two).save(tmp_path / "two.png")
    main(["read", str(tmp_path / "two.png"), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["kind"] == "picture" and len(report["image"]) == 28 and report["steps"][-1]["name"] == "binary"
    assert report["warnings"] == [images.DOUBTS["several"]]
    main(["read", str(tmp_path / "two.png")])
    assert images.DOUBTS["several"] in capsys.readouterr().err
