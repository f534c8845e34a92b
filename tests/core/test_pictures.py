"""Whatever somebody brings as a picture of a digit: levels, transparency, paper, light, frames, and what it costs."""

import io
import json

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from nade_core import decoding, images, load_pretrained, scoring
from nade_core.cli import main
from nade_core.data import load_dataset
from nade_core.data.photo import read_pixels
from nade_core.messages import NadeError

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


def test_no_number_is_no_level():
    levels = deep(0.0, 1.0, np.float32)
    levels[3, 3] = np.nan
    with pytest.raises(NadeError, match="finite"):
        images.prepare(saved(Image.fromarray(levels), "TIFF"))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr"])
def test_every_mode_gives_the_same(mode):
    kept = Image.fromarray(np.where(np.asarray(EIGHT) > 127, 255, 0).astype(np.uint8)).convert(mode)
    assert same(saved(kept, "TIFF" if mode in ("CMYK", "YCbCr") else "PNG"), EIGHT)


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


def test_digits_on_photos_are_recognised_as_on_clean_drawings():
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
            patch.setitem(decoding.DEAR, format, 9_000)
            images.prepare(saved(Image.new("L", (100, 100)), format))


def test_the_command_tells_what_is_doubtful(tmp_path, capsys):
    two = np.hstack([np.asarray(EIGHT), np.full((280, 120), 255, np.uint8), np.asarray(EIGHT)])
    Image.fromarray(two).save(tmp_path / "two.png")
    main(["read", str(tmp_path / "two.png"), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["kind"] == "picture" and len(report["image"]) == 28 and report["steps"][-1]["name"] == "binary"
    assert report["warnings"] == [images.DOUBTS["several"]]
    main(["read", str(tmp_path / "two.png")])
    assert images.DOUBTS["several"] in capsys.readouterr().err
