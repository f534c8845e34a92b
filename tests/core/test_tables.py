"""Tables of every kind are read rightly or refused in words, and what was understood of them is told."""

import gzip
import io
import json
import re
import subprocess
import sys
import time
import tracemalloc

import numpy as np
import pandas
import pytest
import torch

from nade_core import runs
from nade_core.cli import main
from nade_core.data.reading import How, read_data, read_rows, understand
from nade_core.data.text import dialect
from nade_core.messages import NadeError

RNG = np.random.default_rng(0)
GREYS = RNG.integers(0, 256, (50, 784)).astype(np.uint8)
FRAME = pandas.DataFrame([[1.5, 2.5], [2.5, 3.5], [4, 5]])
KOREAN = "키,몸무게\n170.5,60\n168,55.5\n"
IRIS = "5.1,3.5,1.4,0.2,setosa\n4.9,3.0,1.4,0.2,setosa\n7.0,3.2,4.7,1.4,versi color\n6.4,3.2,4.5,1.5,versi color\n"
MNIST = "\n".join(",".join(map(str, [i % 10, *row])) for i, row in enumerate(GREYS)) + "\n"


@pytest.fixture
def file(tmp_path):
    """file(content, name): a file of those bytes, that text, or that array."""

    def write(content, name="t.csv"):
        path = tmp_path / name
        if isinstance(content, np.ndarray):
            np.save(path, content)
        elif isinstance(content, dict):
            np.savez(path, **content)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def said(about):
    return "\n".join(map(str, about.warnings))


ROWS = [[0, 1], [1, 0]]
REAL = [[1.5, 2.5], [3.5, 4.5]]
RIGHT = {
    "a mark of UTF-8": (b"\xef\xbb\xbf0,1,0\n1,1,0\n1,0,0\n", "t.csv", [[0, 1, 0], [1, 1, 0], [1, 0, 0]], False, ","),
    "decimal commas": ("a;b\n1,5;2,5\n3,5;4,5\n", "t.csv", REAL, True, ";"),
    "decimal commas and tabs": ("1,5\t2,5\n3,5\t4,5\n", "t.csv", REAL, False, "\t"),
    "tabs": ("0\t1\n1\t0\n", "t.tsv", ROWS, False, "\t"),
    "tabs in .txt": ("0\t1\n1\t0\n", "t.txt", ROWS, False, "\t"),
    "blanks": ("  0 1\n1   0\n", "t.data", ROWS, False, " "),
    "comma and blank": ("0, 1\r\n1, 0\r\n", "t.csv", ROWS, False, ","),
    "bars": ("0|1\n1|0\n", "t.txt", ROWS, False, "|"),
    "sep=": ("sep=;\n0;1\n1;0\n", "t.csv", ROWS, False, ";"),
    "quotes": ('"0","1"\n"1","0"\n', "t.csv", ROWS, False, ","),
    "truth": ("True,False\nFalse,True\n", "t.csv", [[1, 0], [0, 1]], False, ","),
    "mixed truth": ("1,True\n0,FALSE\n", "t.csv", [[1, 1], [0, 0]], False, ","),
    "a column": ("1\n0\n1\n\n", "t.csv", [[1], [0], [1]], False, ","),
    "old Mac": (b"0,1\r1,0\r", "t.csv", ROWS, False, ","),
    "packed by gzip": (gzip.compress(b"a,b\n1.5,2.5\n3.5,4.5\n"), "t.csv.gz", REAL, True, ","),
    "blank lines": ("\n\na,b\n\n1.5,2.5\n\n3.5,4.5\n\n\n", "t.csv", REAL, True, ","),
    "quoted commas": ('"a","b"\n"1,5","2,5"\n"3,5","4,5"\n', "t.csv", REAL, True, ","),
    "a comma or a point": ("a;b\n1,5;2.5\n3,5;4.5\n", "t.csv", REAL, True, ";"),
    "the mark of a comment": ("# a b\n1.5 2.5\n3.5 4.5\n", "t.txt", REAL, True, " "),
    "quoted names": ('"a, or b","c"\n1.5,2.5\n3.5,4.5\n', "t.csv", REAL, True, ","),
}


@pytest.mark.parametrize("case", RIGHT)
def test_every_way_to_write_a_table_gives_its_rows(file, case):
    content, name, rows, header, separator = RIGHT[case]
    about = understand(file(content, name))
    assert [list(row) for row in about.first_rows] == rows
    assert (about.rows, about.columns, about.header, about.separator) == (len(rows), len(rows[0]), header, separator)
    assert np.allclose(read_rows(file(content, name), values="real"), rows)


REFUSED = {
    ",1,0\n1,1,0\n0,0,1\n": "row 1, column 1 is empty",
    "NA,1.5\n1,2\n2,3\n": "row 1, column 1 is NA",
    "a,b\n1,2\n\n3,?\n": r"row 4, column 2 is \?",
    "1\n\n0\n": "row 2, column 1 is empty",
    "0,1\n1\n": "row 2, column 2 is empty",
    "0,1\n# note,1\n1,0\n": "row 2, column 1 is '# note'",
    "0,1\n1,0,1\n": "row 2 has 3",
    "a,b\n1,2,3\n4,5,6\n": "row 2 has 3, those above it 2",
    '0,1\n1,"0\n1,0\n': "quotation mark",
    "1_0,2\n3,4\n": "row 1, column 1 is '1_0'",
    "0x1F,2\n3,4\n": "row 1, column 1 is '0x1F'",
    "a,b,c\nu,1,v\nw,2,z\n": "row 2, column 1 is 'u'",
    "1e39,1\n2,3\n": "row 1, column 1 is 1e[+]39",
    "inf,1\n2,3\n": "row 1, column 1 is inf",
    "a,b\n": "holds no rows",
    "sep=;": "holds no rows",
    "a\nb\nc\n": "no column of numbers|only numbers",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_is_doubtful_is_refused_where_the_file_has_it(file, content):
    for values in (None, "real"):
        with pytest.raises(NadeError, match=REFUSED[content]):
            understand(file(content), How(values))
    with pytest.raises(NadeError, match=REFUSED[content]):
        read_data(file(content), values="real")


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-16-le", "utf-8", "utf-8-sig"])
def test_korean_names_in_any_encoding(file, encoding):
    long = KOREAN.replace("키", "여기 선 사람들이 저마다 스스로 재어 적은 키")
    for text in (KOREAN, long):
        about = understand(file(text.encode(encoding)))
        assert about.names == tuple(text.split("\n")[0].split(",")) and about.first_rows[1] == (168, 55.5)
        assert about.encoding == encoding.removesuffix("-sig") and not about.warnings


@pytest.mark.parametrize(
    "names, encoding",
    [
        ("身長,体重", "cp932"),
        ("気温(℃),カテゴリ", "cp932"),
        ("姓名,年龄,成绩", "gb18030"),
        ("温度(℃),湿度", "gb18030"),
        ("身高,體重", "big5"),
        ("°C,b", "latin-1"),
        ("µm,b", "latin-1"),
        ("Größe,café", "latin-1"),
        ("Preis €,Länge", "cp1252"),
    ],
)
def test_letters_are_guessed_and_that_is_told(file, names, encoding):
    about = understand(file((names + "\n" + names.count(",") * "1.5," + "2.5\n").encode(encoding)))
    assert (about.names, about.encoding) == (tuple(names.split(",")), encoding) and "UTF-8" in said(about)


def test_western_letters_are_no_hangul(file):
    for names, encoding in (("키,b", "cp949"), ("Űr,őz", "utf-8"), ("ő,é", "utf-8"), ("µ,σ", "utf-8")):
        about = understand(file(f"{names}\n1.5,2.5\n2.5,3\n".encode(encoding)))
        assert (about.names, about.encoding) == (tuple(names.split(",")), encoding)
    about = understand(file("größe °C,naïve\n1.5,2.5\n2.5,3\n".encode("latin-1")))
    assert (about.names, about.encoding) == (("größe °C", "naïve"), "latin-1")
    with pytest.raises(NadeError, match="bytes of zero"):
        understand(file(b"0,1\n1,\x000\n" + b"1,0\n" * 300))


def test_an_index_is_dropped_and_told(file):
    for content in (FRAME.to_csv(), FRAME.rename(columns=str).reset_index(names="Unnamed: 0").to_csv(index=False)):
        about = understand(file(content))
        assert (about.rows, about.columns, about.names) == (3, 2, ("0", "1")) and len(about.dropped) == 1
        assert about.dropped[0] in said(about) and about.first_rows[0] == (1.5, 2.5)
    for kept in ("n,a\n0,1.5\n1,2.5\n2,0.5\n", ",a\n7,1.5\n7,2.5\n2,0.5\n"):
        assert understand(file(kept)).dropped == () and understand(file(kept)).columns == 2
    shuffled = understand(file(",a\n7,1.5\n0,2.5\n2,0.5\n"))
    assert shuffled.dropped == ("column 1",) and "another number in each row" in said(shuffled)


def test_numbers_as_names_are_told_and_can_be_switched(file):
    about = understand(file("0,1\n1.5,2.5\n2.5,3.5\n"))
    assert (about.header, about.rows, about.names) == (True, 2, ("0", "1"))
    years = file("2019,2020,2021\n1.5,2.5,0.1\n0.5,1.5,0.2\n", "years.csv")
    assert understand(years).header and "2019, 2020, 2021" in said(understand(years))
    assert understand(years, How(header=False)).rows == 3 and len(read_rows(years, values="real")) == 2
    doubtful = understand(file("3,5\n1.5,2.5\n2.5,3.5\n"))
    assert doubtful.rows == 3 and "may be one of names" in said(doubtful)
    assert understand(file("0,1\n1,0\n")).warnings == ()
    assert understand(file("0,1\n1,0\n"), How(header=True)).names == ("0", "1")


def test_labels_are_set_aside_and_classes_can_be_learned(file):
    about = understand(file(IRIS))
    assert (about.columns, about.labels) == (4, "column 5") and "column 5" in said(about)
    data = read_data(file(IRIS), values="real", valid_fraction=0.3)
    assert data.class_names == ("setosa", "versi color") and data.train.shape == (3, 4)
    last = file(np.column_stack([GREYS, np.arange(50) % 10]), "last.npy")
    assert understand(last).labels == "column 785" and understand(last).columns == 784
    both = np.concatenate([data.train, data.valid]), np.concatenate([data.train_labels, data.valid_labels])
    assert np.array_equal(both[1], both[0][:, 0] > 6)
    assert understand(file("a,b,y\n0,1,1\n1,1,0\n")).labels == "y"
    assert understand(file("a,b,y\n0,1,1\n1,1,0\n"), How(labels="")).columns == 3
    assert understand(file("a,b,y\n0,1,1\n1,1,0\n"), How(labels="a")).labels == "a"
    assert understand(file("x,y\n1,2\n3,4\n")).labels is None
    assert understand(file("a,y\n1.5,0.5\n3,0.25\n")).labels is None
    with pytest.raises(NadeError, match="no column 'z'"):
        understand(file(IRIS), How(labels="z"))


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
    for other in (digits / 4, np.ones((50, 14), int)):
        about = understand(file({"x": bits, "y": other}, "o.npz"))
        assert about.rows == 50 and about.labels is None and "y were not read" in said(about)


def test_columns_worth_a_word(file):
    ids = 1_700_000_000_001 + np.arange(9)
    frame = pandas.DataFrame({"id": ids, "a": ids % 7 / 8, "b": ids % 7 / 8, "c": 2.5})
    assert "9007199254740993 is read as 9007199254740992" in said(understand(file("a,b\n9007199254740993,1\n7,2\n")))
    text = said(understand(file(frame.to_csv(index=False)), How("real")))
    assert "float32 cannot tell apart: id" in text and "repeat another one: b" in text and "one value" in text
    assert "whole numbers: id" in text and "count the rows" in text and text.count("\n") == 4
    frame = pandas.DataFrame(
        {"a": [1.5, -999, 2.5, -999], "b": [3, 4, 99, 99], "c": [99, 98, 99, 95], "d": [-9, -99, -99, 1]}
    )
    path = file(frame.assign(e=[1e30, 2e30, -1e31, 1.5e30]).to_csv(index=False))
    text = said(understand(path, How("real")))
    assert read_data(path, values="real").layout.whole == (1, 2, 3)  # of floats beyond 2^53 nobody knows
    assert "missing: a (-999), b (99)." in text and "whole numbers: b, c, d." in text
    assert not said(understand(file("a,b\n0.1,0.3\n0.2,0.4\n0.15,0.1\n"), How("real")))


def test_holes_are_dropped_or_filled_where_somebody_says_so(file):
    path = file("a,b\n1,2.5\n?,3.5\n3,NA\n5,4.5\n")
    dropped = understand(path, How(holes="drop"))
    assert dropped.rows == 2 and "2, were left out" in said(dropped)
    filled = read_rows(path, values="real", how=How(holes="fill"))
    assert filled.tolist() == [[1, 2.5], [3, 3.5], [3, 3.5], [5, 4.5]]
    array = file(np.array([[1.5, np.nan], [2.5, 3], [0.5, 4]]), "h.npy")
    with pytest.raises(NadeError, match="row 1, column 2 is nan"):
        understand(array)
    assert understand(array, How(holes="drop")).rows == 2
    assert read_rows(array, values="real", how=How(holes="fill"))[0].tolist() == [1.5, 3]
    empty = understand(file("a,b,\n1.5,2.5,\n3.5,4.5,\n"))
    assert empty.columns == 2 and empty.dropped == ("column 3",)


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
    for array in (np.zeros((2, 2), complex), np.array([["a"]]), np.zeros(3), np.zeros((2, 2), "M8[s]")):
        with pytest.raises(NadeError, match="table of numbers"):
            understand(file(array, "bad.npy"))


def test_parquet(tmp_path):
    frame = pandas.DataFrame({"a": [1.5, 2.5, 3.5], "b": [True, False, True], "c": ["u", "v", "u"]})
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


def test_the_command_tells_what_it_understood(file, capsys):
    main(["read", str(file("label;a\n1;1,5\n2;2,25\n")), "--json"])
    report = json.loads(capsys.readouterr().out)
    expected = {"kind": "table", "rows": 2, "columns": 1, "names": ["a"], "header": True, "separator": ";"}
    expected |= {"encoding": "utf-8", "dropped": [], "labels": "label", "first_rows": [[1.5], [2.25]]}
    assert expected.items() <= report.items() and len(report["warnings"]) == 1
    with pytest.raises(SystemExit) as end:
        main(["read", str(file("0,1\n,1\n")), "--json"])
    printed = capsys.readouterr()
    assert end.value.code == 2 and printed.out == "" and printed.err == "nade: t.csv: row 2, column 1 is empty.\n"
    main(["read", str(file(GREYS, "g.npy")), "--binarise", "threshold"])
    assert "columns: 784" in capsys.readouterr().out


def test_the_command_reads_a_picture(tmp_path, capsys):
    from nade_core.images import to_png

    image = np.zeros((28, 28), np.uint8)
    image[6:22, 12:16] = 1
    (tmp_path / "p.png").write_bytes(to_png(image, 2))
    main(["read", str(tmp_path / "p.png"), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert report["kind"] == "picture" and report["image"] == ["".join(map(str, row)) for row in image.tolist()]
    assert report["steps"] and report["warnings"] == []


def test_a_separator_is_found_by_the_numbers_between():
    for text, separator, decimal in (
        ("a b,c\n1,2\n", ",", "."),
        ("a,b;c\n1,5;2\n", ";", ","),
        ("1.5 2\n3 4\n", " ", "."),
    ):
        assert (dialect(text).separator, dialect(text).decimal) == (separator, decimal)


def test_reading_loads_pandas_and_the_library_does_not():
    code = "import sys, nade_core, nade_core.data.reading; print({'pandas', 'pyarrow', 'openpyxl'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_classes_are_learned_from_labels_of_ones_own_and_a_run_reads_as_it_was_asked(file, tmp_path):
    rows = "".join(f"{i % 2},{i % 3 > 0:d},{'ab'[i % 2]}\n" for i in range(12))
    request = runs.Request(str(file("u,v,kind\n" + rows)), classes=True, model_options={"hidden": 2})
    heard = []
    config = runs.plan(request, torch.device("cpu"), heard.append)
    assert config.model_config["classes"] == 2 and heard[0].labels == "kind"
    path = file("0,1\n,1\n1,0\n1,1\n", "holes.csv")
    folder = runs.create(
        tmp_path / "run", runs.plan(runs.Request(str(path), reading={"holes": "drop"}), torch.device("cpu"))
    )
    data = runs.read_run_data(folder, runs.read_config(folder))
    assert len(data.train) + len(data.valid) == 3


@pytest.mark.parametrize(
    "text, first",
    [
        ('a,b\n"1,234.5",2\n"12,345",3\n', [1234.5, 12345]),
        ("a;b\n1.234,5;2\n5,25;3\n", [1234.5, 5.25]),
        ("a;b\n1 234,5;2\n2\u00a0345;3\n", [1234.5, 2345]),
        ("a;b\n1'234.5;2\n2’345;3\n", [1234.5, 2345]),
        ('a,b\n"1,234",2\n"2,345",3\n', [1234, 2345]),
        ('a,b\n"0,125",2\n"0,250",3\n', [0.125, 0.25]),
        ("a;b\n1,234;2\n5,678;3\n", [1.234, 5.678]),
        ("a;b\n1;2\n2;3\n" + "3;4\n" * 90 + "1,5;2\n2.345;5\n", [1, 2]),
        ("a;b\n1.234.567;2\n2.345.678;3\n", [1234567, 2345678]),
        ("a;b\n1.234;2\n2.345;3\n", [1.234, 2.345]),
    ],
)
def test_what_parts_thousands_is_no_text(file, text, first):
    about = understand(file(text))
    assert about.names == ("a", "b") and [row[0] for row in about.first_rows][:2] == first and about.labels is None
    assert ("thousands" in said(about)) == (first[0] != 1.234 or "1,234" in text)


@pytest.mark.parametrize(
    "one, two",
    [
        ("2020-01-01", "2020-01-02"),
        ("1/2/2020", "2/2/2020"),
        ("12:30", "12:31"),
        ("$1.5", "$2.5"),
        ("10%", "20%"),
        ("3 kg", "4 kg"),
        ("1500원", "3000원"),
        ("2 Jan 2020", "3 Jan 2020"),
        ("Jan 2 2020", "Jan 3 2020"),
        ("2020-01-02T03:04:05Z", "2020-01-03T03:04:05Z"),
        ("0x1F", "0x2A"),
        ("'1", "'2"),
        ('="1"', '="2"'),
    ],
)
def test_dates_and_numbers_in_another_dress_are_no_labels(file, one, two):
    path = file(f"a,b\n1.5,{one}\n2.5,{two}\n")
    with pytest.raises(NadeError, match=f"column 2 is ['\"]{re.escape(one)}"):
        understand(path)
    assert understand(path, How(labels="b")).labels == "b"


def test_a_quoted_cell_may_hold_the_end_of_a_line(file):
    about = understand(file('a,b\n1,"x\ny"\n3,"z"\n'))
    assert (about.names, about.rows, about.labels) == (("a",), 2, "b")


def test_columns_of_one_name_stay_apart(file):
    about = understand(file("a,b,a,a\n1.5,2,3,4\n3,4,5,7.5\n"))
    assert about.names == ("a", "b", "a (2)", "a (3)") and "a (2), a (3)" in said(about)
    layout = read_data(file("a,a\n1.5,2\n3,4\n"), values="real").layout
    assert list(layout.restored(np.ones((1, 2)))) == ["a", "a (2)"]


def test_empty_columns_at_the_sides_are_left_out(file, tmp_path):
    pandas.DataFrame({"a": [1.5, 2], "b": [1, 2.5]}).to_excel(tmp_path / "a.xlsx", index=False, startrow=2, startcol=1)
    about = understand(tmp_path / "a.xlsx")
    assert (about.names, about.rows, about.first_rows[0]) == (("a", "b"), 2, (1.5, 1.0)) and "sides" in said(about)


def test_long_doubles_are_told_as_json(file, capsys):
    main(["read", str(file(np.ones((3, 2), np.longdouble) * 1.5, "a.npy")), "--json"])
    assert json.loads(capsys.readouterr().out)["first_rows"][0] == [1.5, 1.5]
