"""The embedded sets, and people's own files: what is read, and what is refused with a sentence."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from nade_core.data import DATASETS, load_dataset
from nade_core.data.reading import read_data, read_rows


def test_the_embedded_sets_are_binary_and_do_not_leak():
    sizes = {name: (len(d.train), len(d.valid), len(d.test)) for name in DATASETS for d in [load_dataset(name)]}
    assert sizes == {"mnist": (50_000, 10_000, 10_000), "animals": (7780, 968, 968), "fashion": (0, 0, 2000)}
    for name in DATASETS:
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
    np.savez(tmp_path / "b.npz", train=np.packbits(ROWS, axis=1), valid=ROWS[:5], other=ROWS[:7])
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
        "flat.npy": (_npy(np.zeros(5)), "rows of 0 and 1"),
        "seven.npy": (_npy(np.full((3, 5), 7.0)), "only 0 and 1; it also holds 7"),
        "nan.npy": (_npy(np.full((3, 5), np.nan)), "only 0 and 1"),
        "text.npy": (_npy(np.array([["a", "b"]])), "rows of 0 and 1"),
        "ragged.csv": (b"0,1\n1,0,1\n", "different numbers of columns"),
        "words.csv": (b"0,1\n1,dog\n", "only numbers"),
        "empty.csv": (b"", "no rows"),
        "damaged.npz": (b"PK\x03\x04 nonsense", "damaged"),
        "damaged.zip": (b"nonsense", "damaged"),
        "notes.txt": (b"0,1", "not a kind of file"),
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
