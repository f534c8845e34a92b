"""Tables that are no text: arrays, pictures as rows, Parquet and Excel."""

import gzip
import io
import json
import time
import tracemalloc
import warnings
import zipfile

import numpy as np
import pandas
import pytest

from nade_core.cli import main
from nade_core.data.reading import How, read_data, read_rows, understand
from nade_core.messages import NadeError

from .tables import GREYS, said

MNIST = "\n".join(",".join(map(str, [i % 10, *row])) for i, row in enumerate(GREYS)) + "\n"


@pytest.mark.parametrize("head", ["label," + ",".join(f"pixel{i}" for i in range(784)) + "\n", ""])
def test_mnist_as_people_have_it(file, head):
    path = file(head + MNIST)
    about = understand(path)
    assert (about.rows, about.columns) == (50, 784) and about.labels == ("label" if head else "column 1")
    assert about.offers == ("threshold", "bernoulli") and "threshold" in said(about)
    with pytest.raises(NadeError, match="threshold"):
        read_data(path)
    data = read_data(path, how=How(binarise="threshold"))
    assert data.shape == (28, 28) and data.class_names == tuple("0123456789")
    rows = read_rows(path, how=How(binarise="threshold"))
    assert np.array_equal(rows, GREYS > 127.5)


@pytest.mark.parametrize(
    "array", [GREYS, (GREYS > 90) * np.uint8(255), GREYS / 255, (GREYS > 90) * 2 - 1, 1 + (GREYS > 90)]
)
def test_greys_of_any_scale_are_columns_and_binarisation_is_offered(file, array):
    path = file(array, "t.npy")
    about = understand(path)
    assert about.columns == 784 and about.offers and "Bernoulli" in said(about)
    with pytest.raises(NadeError, match="only 0 and 1"):
        read_data(path)
    low, high = array.min(), array.max()
    sharp = read_rows(path, how=How(binarise="threshold"))
    assert np.array_equal(sharp, array > (low + high) / 2)
    share = (array - float(low)) / (high - float(low))
    drawn = read_rows(path, how=How(binarise="bernoulli"))
    assert abs(drawn.mean() - share.mean()) < 0.02 and not drawn[share == 0].any() and drawn[share == 1].all()
    assert not understand(path, How(binarise="bernoulli", values="binary")).offers


def test_arrays_by_the_names_people_use(file):
    digits = np.arange(50) % 10
    bits = (GREYS > 90).astype(np.uint8)
    keras = file({"x_train": bits, "y_train": digits, "x_test": bits[:5], "y_test": digits[:5]}, "k.npz")
    data = read_data(keras)
    assert (len(data.train), len(data.valid), len(data.test)) == (45, 5, 5) and len(data.class_names) == 10
    assert np.array_equal(data.test_labels, digits[:5]) and data.understood.labels == "y_train, y_test"
    med = {f"{part}_images": bits[:n].reshape(n, 28, 28) for part, n in (("train", 20), ("val", 4), ("test", 5))}
    med |= {f"{part}_labels": digits[:n, None] for part, n in (("train", 20), ("val", 4), ("test", 5))}
    data = read_data(file(med, "m.npz"))
    assert (len(data.train), len(data.valid), len(data.test)) == (20, 4, 5) and data.train_labels.shape == (20,)
    data = read_data(file({"X": bits, "y": digits}, "s.npz"))
    assert data.class_names == tuple("0123456789") and len(data.train) == 45
    with pytest.raises(NadeError, match="t.csv holds no arrays by name"):
        understand(file("0,1\n1,0\n"), How(key="a"))
    several = file({"a": bits, "b": bits[:7]}, "ab.npz")
    with pytest.raises(NadeError, match="a, b: choose one"):
        understand(several)
    assert understand(several, How(key="b")).rows == 7 and "not read" in said(understand(several, How(key="b")))
    with pytest.raises(NadeError, match="3 labels"):
        understand(file({"x": bits, "y": digits[:3]}, "l.npz"))
    assert understand(file({"x": bits, "y": digits[:3]}, "l.npz"), How(labels="")).rows == 50
    assert understand(file({"x": bits, "y": np.array([b"a", b"b"])[digits % 2]}, "b.npz")).labels == "y"
    shares = np.stack([digits / 10, 1 - digits / 10], 1)
    for other in (digits / 4, np.ones((50, 14), int), shares, digits + np.uint64(2**63), np.where(digits, 1, np.inf)):
        about = understand(file({"x": bits, "y": other}, "o.npz"))
        assert about.rows == 50 and about.labels is None and "y were not read" in said(about)


@pytest.mark.parametrize("dtype", [">f8", "<f4", "f2", ">i4", "longdouble"])
def test_any_layout_of_numbers_is_read(file, dtype):
    rows = np.arange(24).reshape(8, 3).astype(dtype) / 2 if np.dtype(dtype).kind == "f" else np.arange(24).reshape(8, 3)
    for array in (
        rows.astype(dtype),
        np.asfortranarray(rows.astype(dtype)),
        rows.astype(dtype)[::-1, ::-1][::-1, ::-1],
    ):
        assert np.array_equal(read_rows(file(array, "a.npy"), values="real"), rows.astype(np.float32))


def test_arrays_of_fields_are_tables_and_others_are_refused(file):
    fields = np.array([(1.5, 2, "u"), (2.5, 5, "v")], [("a", "f8"), ("b", ">i4"), ("c", "U3")])
    about = understand(file(fields, "f.npy"))
    assert (about.names, about.labels, about.first_rows[1]) == (("a", "b"), "c", (2.5, 5))
    about = understand(file({"x": fields[["a", "b"]], "y": np.array([0, 1])}, "f.npz"))
    assert (about.names, about.labels) == (("a", "b"), "y")
    for array in (np.zeros((2, 2), complex), np.array([["a"]]), np.zeros(3), np.zeros((2, 2), "M8[s]")):
        with pytest.raises(NadeError, match="table of numbers"):
            understand(file(array, "bad.npy"))


def test_parquet(tmp_path):
    frame = pandas.DataFrame({"a": [1.5, 2.5, 3.5], "b": [True, False, True], "c": ["u", "v", "u"]})
    frame.set_index(pandas.Index([7, 9, 5], name="id")).to_parquet(tmp_path / "p.parquet")
    assert understand(tmp_path / "p.parquet").dropped == ("id",) and "index" in said(understand(tmp_path / "p.parquet"))
    frame.to_parquet(tmp_path / "p.parquet")
    about = understand(tmp_path / "p.parquet")
    assert (about.names, about.labels, about.rows) == (("a", "b"), "c", 3)
    pandas.DataFrame({"t": pandas.date_range("2020", periods=2), "b": [1, 2]}).to_parquet(tmp_path / "p.parquet")
    with pytest.raises(NadeError, match="holds dates"):
        understand(tmp_path / "p.parquet")
    for several in ([[1, 2], [3]], [{"x": 1}, {"x": 2}]):
        pandas.DataFrame({"t": several, "b": [1, 2]}).to_parquet(tmp_path / "p.parquet")
        with pytest.raises(NadeError, match="column t of p.parquet holds several values"):
            understand(tmp_path / "p.parquet")
    pandas.DataFrame({"a": [1.5, 2.5], "b": [1, 2]}, index=[9, 5]).to_parquet(tmp_path / "p.parquet")
    about = understand(tmp_path / "p.parquet")
    assert about.names == ("a", "b") and about.dropped == ("__index_level_0__",)
    pandas.DataFrame({"a": [1, None], "b": [1, 2]}, dtype="Int64").to_parquet(tmp_path / "p.parquet")
    with pytest.raises(NadeError, match="row 2, column 1 is"):
        understand(tmp_path / "p.parquet")


def test_excel_where_its_reader_is_there(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (("name", "a", "b"), ("u", 1.5, 2), ("v", 2.5, 3), (None, None, None)):
        book.active.append(row)
    book.create_sheet("more")
    book.save(tmp_path / "t.xlsx")
    about = understand(tmp_path / "t.xlsx")
    assert (about.names, about.labels, about.first_rows) == (("a", "b"), "name", ((1.5, 2), (2.5, 3)))
    assert "first sheet" in said(about)
    for name, state in (("empty", "visible"), ("hidden", "hidden")):
        book.create_sheet(name, 0).sheet_state = state
    book["hidden"]["A1"] = 7
    book.active = 2
    book.save(tmp_path / "t.xlsx")
    assert "Sheet, was read" in said(understand(tmp_path / "t.xlsx")) and understand(tmp_path / "t.xlsx").rows == 2
    book.active["B3"] = None
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(NadeError, match="row 3, column 2 is empty"):
        understand(tmp_path / "t.xlsx")


def test_what_excel_shows_otherwise_than_it_is_read_is_told(tmp_path):
    openpyxl = pytest.importorskip("openpyxl")
    book, path = openpyxl.Workbook(), tmp_path / "t.xlsx"
    for row in (("a", "b", "share", "code"), *((i / 8, 2 * i, 0.25 * i, i) for i in range(1, 9))):
        book.active.append(row)
    book.save(path)
    assert not {"Hidden", "percents", "codes"} & set(said(understand(path)).split())
    for i in (3, 5, 900):  # a filter hides rows, and so may a hand
        book.active.row_dimensions[i].hidden = True
    book.active.column_dimensions["B"].hidden = True
    for row in book.active["C2:D9"]:
        row[0].number_format, row[1].number_format = "0.00%", "00000"
    book.save(path)
    about = understand(path)
    assert "Hidden in the sheet are 2 rows and 1 columns" in said(about) and about.rows == 8
    assert "'share' shows percents: 25% is read as 0.25" in said(about)
    assert "'code' may hold codes: 00001 is read as the number 1" in said(about)
    assert about.first_rows[0] == (0.125, 2, 0.25, 1)


def test_a_sheet_is_as_large_as_its_rows_whatever_its_file_says_of_its_size(tmp_path):
    pandas.DataFrame({"a": [1.5, 2, 3], "b": [1, 2.5, 4]}).to_excel(tmp_path / "t.xlsx", index=False)
    with zipfile.ZipFile(tmp_path / "t.xlsx") as book, zipfile.ZipFile(tmp_path / "lies.xlsx", "w") as lies:
        for name in book.namelist():
            lies.writestr(name, book.read(name).replace(b'ref="A1:B4"', b'ref="A1:A2"'))
    assert understand(tmp_path / "lies.xlsx").first_rows == ((1.5, 1), (2, 2.5), (3, 4))


def test_pictures_along_the_last_axis_are_told(file):
    for shape, told in (((28, 28, 5), 1), ((784, 5), 1), ((5, 28, 28), 0), ((784, 784), 0), ((5, 784), 0)):
        about = understand(file(np.arange(np.prod(shape), dtype=np.uint8).reshape(shape), "a.npy"))
        assert said(about).count(f"is read as {shape[0]} rows") == told


def test_parts_of_different_widths_are_refused_by_their_widths(file):
    path = file({"x_train": np.eye(5), "x_test": np.eye(4)}, "t.npz")
    with pytest.raises(NadeError, match="The parts of t.npz have different widths: train 5, test 4.$"):
        understand(path)


def test_what_would_unpack_to_far_more_is_refused_at_once(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros((100_000, 1000), np.uint8))
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (1 << 40, 1 << 20)})
    (tmp_path / "lies.npy").write_bytes(header.getvalue() + bytes(64))
    (tmp_path / "bomb.csv.gz").write_bytes(gzip.compress(b"0,1\n" * 10_000_000, 1))
    for name in ("bomb.npz", "lies.npy", "bomb.csv.gz"):
        tracemalloc.start()
        began = time.process_time()
        with pytest.raises(NadeError):
            understand(tmp_path / name)
        assert time.process_time() - began < 2 and tracemalloc.get_traced_memory()[1] < 300 << 20, name
        tracemalloc.stop()


def test_the_command_reads_a_picture(tmp_path, capsys):
    from nade_core.images import to_png

    image = np.zeros((28, 28), np.uint8)
    image[6:22, 12:16] = 1
    (tmp_path / "p.png").write_bytes(to_png(image, 2))
    main(["read", str(tmp_path / "p.png"), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["kind"] == "picture" and report["image"] == ["".join(map(str, row)) for row in image.tolist()]
    assert report["steps"] and report["warnings"] == []


def test_empty_columns_at_the_sides_are_left_out(file, tmp_path):
    pandas.DataFrame({"a": [1.5, 2], "b": [1, 2.5]}).to_excel(tmp_path / "a.xlsx", index=False, startrow=2, startcol=1)
    about = understand(tmp_path / "a.xlsx")
    assert (about.names, about.rows, about.first_rows[0]) == (("a", "b"), 2, (1.5, 1.0)) and "sides" in said(about)


def test_numbers_of_any_size_are_told_as_they_are(file, capsys):
    main(["read", str(file(np.ones((3, 2), np.longdouble) * 1.5, "a.npy")), "--json"])
    assert json.loads(capsys.readouterr().out)["first_rows"][0] == [1.5, 1.5]
    assert "9007199254740993 is read as" in said(understand(file(np.array([[2**53 + 1], [5], [7]]), "i.npy")))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for huge in (np.array([[1e39], [2.5], [3]]), np.array([["1e400"], ["2"], ["3.5"]]).astype(np.longdouble)):
            with pytest.raises(NadeError, match="row 1, column 1 is"):
                understand(file(huge, "h.npy"))
