"""The embedded sets, and people's own files: what is read, and what is refused with a sentence."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from nade_core.data import SOURCES, Dataset, Source, filetypes, load_dataset, other_data, packed
from nade_core.data.reading import GIVEN, read_data, read_rows
from nade_core.data.understood import Content, How
from nade_core.messages import NadeError

IMAGES = [name for name, source in SOURCES.items() if source.shape]


def test_the_embedded_sets_are_binary_and_do_not_leak():
    sizes = {name: (len(d.train), len(d.valid), len(d.test)) for name in IMAGES for d in [load_dataset(name)]}
    assert sizes == {"mnist": (50_000, 10_000, 10_000), "animals": (7780, 968, 968), "fashion": (0, 0, 2000)}
    for name in IMAGES:
        d = load_dataset(name)
        assert d.test.shape[1] == 784 and set(np.unique(d.test)) == {0, 1}
        assert len(d.test_labels) == len(d.test) and d.test_labels.max() == len(d.class_names) - 1
    animals = load_dataset("animals")
    rows = np.concatenate([animals.train, animals.valid, animals.test])
    assert len(np.unique(rows, axis=0)) == len(rows)
    assert load_dataset("mnist").train_labels[:5].tolist() == [5, 0, 4, 1, 9]
    with pytest.raises(ValueError, match="read-only"):
        animals.train[0] = 0


ROWS = (np.random.default_rng(0).random((40, 24)) < 0.4).astype(np.uint8)


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.float64, np.int64])
def test_a_table_is_read_from_every_kind_of_file_and_split_by_the_seed(tmp_path, dtype):
    np.save(tmp_path / "a.npy", ROWS.astype(dtype))
    np.savez(tmp_path / "a.npz", people=ROWS.astype(dtype))
    np.savetxt(tmp_path / "a.csv", ROWS, fmt="%d", delimiter=",", header="x" + ",y" * 23, comments="")
    for name in ("a.npy", "a.npz", "a.csv"):
        data = read_data(tmp_path / name, seed=3)
        assert data.train.shape == (36, 24) and data.valid.shape == (4, 24)
        assert sorted(map(bytes, np.concatenate([data.train, data.valid]))) == sorted(map(bytes, ROWS))
        assert np.array_equal(read_data(tmp_path / name, seed=3).valid, data.valid)
        assert np.array_equal(read_rows(tmp_path / name), ROWS)


def test_named_parts_and_packed_bits_are_recognised(tmp_path):
    bits = {"train": np.packbits(ROWS, axis=1), "valid": np.packbits(ROWS[:5], axis=1)}
    np.savez(tmp_path / "b.npz", **bits)
    asked = read_data(tmp_path / "b.npz", how=How(packed=True))
    assert np.array_equal(asked.train, ROWS) and np.array_equal(asked.valid, ROWS[:5])
    with pytest.raises(NadeError, match="only 0 and 1"):
        read_data(tmp_path / "b.npz")
    for told in ({"train_packed": bits["train"], "valid_packed": bits["valid"]}, {**bits, "packed": np.array(True)}):
        np.savez(tmp_path / "b.npz", **told)
        data = read_data(tmp_path / "b.npz")
        assert np.array_equal(data.train, ROWS) and "packed bits" in str(data.understood.warnings[-1])
    np.savez(tmp_path / "b.npz", train=ROWS, packed=np.array(False))
    assert read_data(tmp_path / "b.npz").train.shape == (36, 24)
    np.savez(tmp_path / "b.npz", train=ROWS, valid=ROWS[:5], other=ROWS[:7])
    data = read_data(tmp_path / "b.npz")
    assert np.array_equal(data.train, ROWS) and np.array_equal(data.valid, ROWS[:5])
    assert len(read_rows(tmp_path / "b.npz", "other")) == 7 and len(read_rows(tmp_path / "b.npz")) == 5
    with pytest.raises(ValueError, match="other, train, valid"):
        read_rows(tmp_path / "b.npz", "test")


def test_pictures_are_read_from_a_folder_and_from_a_zip(tmp_path):
    picture = Image.fromarray(np.pad(np.full((30, 10), 255, np.uint8), 20))
    (tmp_path / "folder").mkdir()
    with zipfile.ZipFile(tmp_path / "c.zip", "w") as archive:
        for i in range(3):
            picture.save(tmp_path / "folder" / f"{i}.png")
            archive.write(tmp_path / "folder" / f"{i}.png", f"../../{i}.png")
        archive.writestr("notes.txt", "not a picture")
    for source in ("folder", "c.zip"):
        rows = read_rows(tmp_path / source)
        assert rows.shape == (3, 784) and 0 < rows.mean() < 1


def files():
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"pickled": 1}], dtype=object), allow_pickle=True)
    return {
        "pickled.npy": (buffer.getvalue(), "plain array"),
        "empty.npy": (_npy(np.zeros((0, 5))), "empty"),
        "flat.npy": (_npy(np.zeros(5)), "'flat.npy' should be a table of numbers"),
        "seven.npy": (_npy(np.full((3, 5), 7.0)), "'seven.npy' should hold only 0 and 1; it also holds 7"),
        "nan.npy": (_npy(np.full((3, 5), np.nan)), "row 1, column 1 is nan"),
        "text.npy": (_npy(np.array([["a", "b"]])), "table of numbers"),
        "ragged.csv": (b"0,1\n1,0,1\n", "different numbers of columns: row 2 has 3"),
        "words.csv": (b"0,1\n1,dog\n", "only numbers: row 2, column 2 is 'dog'"),
        "empty.csv": (b"", "no rows"),
        "damaged.npz": (b"PK\x03\x04 nonsense", "damaged"),
        "damaged.zip": (b"nonsense", "damaged"),
        "notes.doc": (b"0,1", "not a kind of file"),
        "short.csv": (b"0,1\n", "at least 2 rows"),
        "hostile.zip": (_zip({"a.png": b"no picture"}), "a.png"),
        "nothing.zip": (_zip({"a.txt": b"text"}), "No pictures"),
        "big.zip": (_zip({"a.png": bytes(30 << 20)}), "larger than"),
    }


def _npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _zip(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("name", files())
def test_bad_files_are_refused_with_a_sentence(tmp_path, name):
    content, sentence = files()[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        read_data(tmp_path / name)


def test_missing_files_and_untrainable_sets_are_named(tmp_path):
    with pytest.raises(ValueError, match="There is no file"):
        read_data(tmp_path / "none.npz")
    with pytest.raises(ValueError, match="only a test part"):
        read_data("fashion")


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_gives_each_kind_of_rows_that_its_row_promises(name):
    source = SOURCES[name]
    assert source.name == name and source.title and source.short and source.values.keys() <= GIVEN.keys()
    for values, binarisation in source.values.items():
        data = load_dataset(name, values)
        assert (data.name, data.embedded, data.title, data.binarisation) == (name, name, source.title, binarisation)
        assert data.shape == source.shape and len(data.test) and bool(len(data.train)) is source.trains
        assert data.test.dtype == (np.float32 if values == "real" else np.uint8)
        assert np.array_equal(read_rows(name, values=values), data.test)
    for values in GIVEN.keys() - source.values.keys():
        with pytest.raises(NadeError, match=f"{name!r} has no rows of"):
            read_data(name, values=values)
    assert load_dataset(name) is load_dataset(name)


@pytest.mark.parametrize("name", IMAGES)
def test_the_words_of_a_source_are_those_of_its_file(name):
    with np.load(packed.EMBEDDED / f"{name}.npz") as file:
        assert (str(file["title"]), str(file["source"])) == (SOURCES[name].title, SOURCES[name].credit)
        assert str(file["binarisation"]) == SOURCES[name].values["binary"]


def test_a_new_source_is_one_row(monkeypatch, tmp_path):
    def read(name, values):
        return dict.fromkeys(("train", "valid", "test"), ROWS)

    row = Source("tiny", "Tiny rows", "tiny", {"binary": "as drawn"}, read, "drawn here", (28, 28))
    monkeypatch.setitem(SOURCES, "tiny", row)
    data = read_data("tiny")
    assert isinstance(data, Dataset) and np.array_equal(data.train, ROWS) and data.embedded == "tiny"
    assert np.array_equal(read_rows("tiny", "valid"), ROWS)
    assert row in other_data("mnist") and row not in other_data("tiny")
    with pytest.raises(NadeError, match="tiny"):
        load_dataset("nothing")
    load_dataset.cache_clear()


def test_other_data_are_the_images_of_other_sources():
    assert [source.name for source in other_data("mnist")] == ["animals", "fashion"]
    assert [source.name for source in other_data("")] == IMAGES


def test_a_new_file_type_is_one_row(monkeypatch, tmp_path):
    np.savetxt(tmp_path / "t.ssv", ROWS, fmt="%d", delimiter="/")
    with pytest.raises(NadeError, match=r"t\.ssv is not a kind of file"):
        read_rows(tmp_path / "t.ssv")

    def read(path, how):
        return Content({"data": np.loadtxt(path, delimiter="/", ndmin=2)})

    row = filetypes.FileType((".ssv",), "a table with strokes", read, ("binary",))
    monkeypatch.setattr(filetypes, "FILE_TYPES", (*filetypes.FILE_TYPES, row))
    assert np.array_equal(read_rows(tmp_path / "t.ssv"), ROWS)
    assert ".ssv" in filetypes.suffixes() and ".ssv" not in filetypes.suffixes("real")
    (tmp_path / "notes.doc").write_text("0,1")
    with pytest.raises(NadeError, match=r"\.ssv"):
        read_rows(tmp_path / "notes.doc")
    with pytest.raises(NadeError, match="not a kind of file"):
        read_rows(tmp_path / "t.ssv", values="real")


def test_own_data_are_not_embedded_whatever_they_are_called(tmp_path):
    np.save(tmp_path / "mnist.npy", ROWS)
    np.savetxt(tmp_path / "cat.csv", np.random.default_rng(0).normal(size=(20, 5)), delimiter=",")
    assert (read_data(tmp_path / "mnist.npy").name, read_data(tmp_path / "mnist.npy").embedded) == ("mnist", "")
    assert read_data(tmp_path / "cat.csv", values="real").embedded == ""
