"""Whatever bytes come, nothing but a sentence leaves a reader, or the loading of a model."""

import io
import time
import warnings
import zipfile

import numpy as np
import pandas
import pillow_heif
import pytest
from PIL import Image

from nade_core import NADE, images, load_model, save_model
from nade_core.data.filetypes import FILE_TYPES
from nade_core.data.reading import How, read_data, understand
from nade_core.messages import NadeError
from nade_core.models import NADEConfig

pillow_heif.register_heif_opener()
MANY = pytest.mark.parametrize(
    "many", [150, pytest.param(1000, marks=pytest.mark.crawl)]
)  # mutants of each kind of file
RNG = np.random.default_rng(0)
ROWS = RNG.integers(0, 2, (9, 6)).astype(np.uint8)


def saved(write, **arguments):
    buffer = io.BytesIO()
    write(buffer, **arguments)
    return buffer.getvalue()


def _npy(buffer, array):
    np.save(buffer, array)


def _zip(buffer, method):
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for i in range(2):
            archive.writestr(f"{i}.png", _png())


def _png():
    return saved(lambda buffer: Image.fromarray(np.pad(np.full((9, 4), 255, np.uint8), 8)).save(buffer, "PNG"))


def seeds():
    """Good files of each kind, by the ends of their names."""
    frame = pandas.DataFrame({"a": [1.5, 2.5, 3.5], "b": [1, 2, 4], "label": ["u", "v", "u"]})
    text = frame.to_csv()
    fields = np.array([(1.5, 2, "u"), (2.5, 5, "v")], [("a", "f8"), ("b", ">i4"), ("c", "U3")])
    parts = {"x_train": ROWS, "y_train": np.arange(9) % 3, "x_test": ROWS[:2], "y_test": np.arange(2)}
    return {
        ".csv": [
            text.encode(),
            ("키;몸\n" + "1,5;2\n" * 3).encode("cp949"),
            text.encode("utf-16"),
            b"sep=;\n0;1\n1;0\n",
        ],
        ".csv.gz": [saved(lambda buffer: frame.to_csv(buffer, compression="gzip"))],
        ".npy": [saved(_npy, array=ROWS), saved(_npy, array=ROWS / 3), saved(_npy, array=fields)],
        ".npz": [saved(np.savez, **parts), saved(np.savez_compressed, data=ROWS)],
        ".parquet": [saved(lambda buffer: frame.to_parquet(buffer))],
        ".zip": [saved(_zip, method=zipfile.ZIP_DEFLATED), saved(_zip, method=zipfile.ZIP_LZMA)],
        ".png": [_png()],
    }


WORDS = (
    b"NaN",
    b",",
    b"\n",
    b'"',
    b"\0",
    b"1e999",
    b"\xff\xff\xff\xff",
    b"\xff" * 8,
    b"#",
    b"PK",
    b"\xef\xbb\xbf",
    b"-1",
)


def mutated(content, rng):
    """The bytes with a few of them flipped, cut, doubled, or replaced."""
    content = bytearray(content)
    for _ in range(rng.integers(1, 5)):
        at, end = sorted(rng.integers(0, len(content) + 1, 2).tolist())
        end = min(end, at + 40)
        kind = rng.integers(6)
        if kind == 0 and at < len(content):
            content[at] ^= 1 << int(rng.integers(8))
        elif kind == 1:
            del content[at:end]
        elif kind == 2:
            content[at:at] = content[at:end]
        elif kind == 3:
            content[at:end] = rng.bytes(end - at)
        elif kind == 4:
            content[at:at] = WORDS[rng.integers(len(WORDS))]
        else:
            del content[rng.integers(len(content) + 1) :]
    return bytes(content)


def tried(contents, path, attempt, many):
    """Try so many mutants, none of which may give anything but a result or a sentence, or take long."""
    rng = np.random.default_rng(1)
    for count in range(many):
        path.write_bytes(mutated(contents[count % len(contents)], rng))
        began = time.process_time()
        try:
            attempt(path)
        except NadeError as error:
            assert str(error)
        assert time.process_time() - began < 10, path.read_bytes()


HOWS = (How(), How("real", holes="fill"), How("binary", binarise="bernoulli"), How("levels", labels="", header=True))


@MANY
@pytest.mark.parametrize("end", seeds())
def test_whatever_bytes_come_a_reader_gives_rows_or_a_sentence(end, many, tmp_path):
    hows = [how for how in HOWS if end != ".png" or how.values in ("real", "levels")]
    turn = iter(range(10**9))

    def attempt(path):
        at = next(turn)
        how = hows[at % len(hows)]
        if at // len(hows) % 2:
            read_data(path, values=how.values or "real", how=how)
        else:
            understand(path, how)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of numbers beyond all measure
        tried(seeds()[end], tmp_path / f"m{end}", attempt, many)


@MANY
@pytest.mark.parametrize("format", images.FORMATS)
def test_whatever_bytes_come_a_picture_is_28_x_28_or_a_sentence(format, many, tmp_path):
    picture = Image.fromarray(RNG.integers(0, 2, (9, 12)).astype(np.uint8) * np.uint8(255))
    turn = [picture.convert("RGB"), picture, picture.convert("RGBA" if format == "PNG" else "RGB")]
    contents = [saved(lambda buffer, one=one: one.save(buffer, format)) for one in turn]

    def attempt(path):
        assert images.prepare(path).image.shape == (28, 28)

    tried(contents, tmp_path / "m", attempt, many)


def test_every_reader_is_tried():
    ends = seeds().keys() | {".xlsx"}  # a zip of XML, whose reader need not be here
    assert all(set(row.suffixes) & ends for row in FILE_TYPES)


@MANY
def test_whatever_bytes_come_a_model_is_loaded_or_refused(many, tmp_path):
    model = NADE(NADEConfig(6, hidden=3))
    content = save_model(model, tmp_path / "good.safetensors", title="t", nats={"test": 1.0}).read_bytes()
    tried([content], tmp_path / "m.safetensors", lambda path: load_model(path, "cpu"), many)
