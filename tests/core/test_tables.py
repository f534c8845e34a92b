"""Tables as text: every way to write one is read rightly, or refused in words."""

import contextlib
import gzip
import subprocess
import sys
import time
import unicodedata

import numpy as np
import pytest

from nade_core.data.reading import How, read_data, read_rows, understand
from nade_core.data.text import dialect
from nade_core.messages import NadeError

from .tables import said

KOREAN = "키,몸무게\n170.5,60\n168,55.5\n"
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
    "SEP=": ("SEP=;\n0;1\n1;0\n", "t.csv", ROWS, False, ";"),
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
    "a mark of UTF-8 before a mark": (b"\xef\xbb\xbf\xef\xbb\xbfa,b\n1.5,2.5\n3.5,4.5\n", "t.csv", REAL, True, ","),
    "a column called #": ("#,a\n5,2.5\n5,4.5\n", "t.csv", [[5, 2.5], [5, 4.5]], True, ","),
    "a name of letters taken apart": (
        unicodedata.normalize("NFD", "키,b\n1.5,2.5\n3.5,4.5\n"),
        "t.csv",
        REAL,
        True,
        ",",
    ),
    "names that might be UTF-7": ("+380-a,won+attempts-lost\n1.5,2.5\n3.5,4.5\n", "t.csv", REAL, True, ","),
    "a name that begins with #": ("#names,b\n1.5,2.5\n3.5,4.5\n", "t.csv", REAL, True, ","),
    "a minus of print": ("a,b\n\u22121.5,2.5\n\u20133.5,4.5\n", "t.csv", [[-1.5, 2.5], [-3.5, 4.5]], True, ","),
    "quoted names": ('"a, or b","c"\n1.5,2.5\n3.5,4.5\n', "t.csv", REAL, True, ","),
}


@pytest.mark.parametrize("case", RIGHT)
def test_every_way_to_write_a_table_gives_its_rows(file, case):
    content, name, rows, header, separator = RIGHT[case]
    about = understand(file(content, name))
    assert [list(row) for row in about.first_rows] == rows
    assert (about.rows, about.columns, about.header, about.separator) == (len(rows), len(rows[0]), header, separator)
    assert np.allclose(read_rows(file(content, name), values="real"), rows)
    assert all(unicodedata.is_normalized("NFC", one) and one.isprintable() for one in about.names)
    assert about.names[:1] == ("#names",) or not case.startswith("a name that begins")


AS_R_WRITES = {
    '"a" "b"\n"1" 1.5 2.5\n"3" 3.5 4.5\n': " ",
    '"a"\t"b"\n"Mazda RX4"\t1.5\t2.5\n"Fiat"\t3.5\t4.5\n': "\t",
    "a b\n1 1.5 2.5\n2 3.5 4.5\n3 1 2\n": " ",
    "a,b\nx,1.5,2.5\ny,3.5,4.5\n": ",",
    ",a,b\nx,1.5,2.5\ny,3.5,4.5\n": ",",
    "a;b\n1;1,5;2,5\n2;3,5;4,5\n3;1;2\n": ";",
}


@pytest.mark.parametrize("content", AS_R_WRITES)
def test_names_of_rows_that_have_no_name_themselves_are_left_out_and_told(file, content):
    about = understand(file(content))
    assert about.separator == AS_R_WRITES[content] and [list(row) for row in about.first_rows[:2]] == REAL
    assert (about.names, about.dropped, about.labels) == (("a", "b"), ("column 1",), None)
    assert "'column 1' is the index of the table" in said(about) or "another word in each row" in said(about)
    assert understand(file(content), How(labels="column 1")).labels == "column 1"
    with pytest.raises(NadeError, match="row 3, column 3"):
        understand(file(content.replace("4,5", "?").replace("4.5", "?")))


def test_a_separator_at_the_end_of_each_row_moves_no_name(file):
    about = understand(file("a,b\n1.5,2.5,\n3.5,4.5,\n"))
    assert about.names == ("a", "b") and about.dropped == ("column 3",)
    assert [list(row) for row in about.first_rows] == REAL
    assert understand(file("a\n1.5,\n3.5,\n")).first_rows == ((1.5,), (3.5,))


REFUSED = {
    ",1,0\n1,1,0\n0,0,1\n": "row 1, column 1 is empty",
    "NA,1.5\n1,2\n2,3\n": "row 1, column 1 is NA",
    "a,b\n1,2\n\n3,?\n": r"row 4, column 2 is \?",
    "1\n\n0\n": "row 2, column 1 is empty",
    "0,1\n1\n": "row 2, column 2 is empty",
    "0,1\n# note,1\n1,0\n": "row 2, column 1 is '# note'",
    "0,1\n1,0,1\n": "row 2 has 3",
    "a,b\n1,2,3\n4,5,6\n": "row 2 has 3, those above it 2",
    "a,b\nx,2,3\nx,5,6\n": "row 2 has 3, those above it 2",
    "a,b\n1,500,2\n2,300,3\n": "row 2 has 3, those above it 2",
    "a\n1,5\n2,5\n": "row 2 has 2, those above it 1",
    '"a","b"\n"1","2","3"\n"4","5","6"\n': "row 2 has 3, those above it 2",
    '0,1\n1,"0\n1,0\n': "quotation mark",
    "1_0,2\n3,4\n": "row 1, column 1 is '1_0'",
    "0x1F,2\n3,4\n": "row 1, column 1 is '0x1F'",
    "a,b,c\nu,1,v\nw,2,z\n": "row 2, column 1 is 'u'",
    "1e39,1\n2,3\n": "row 1, column 1 is 1e[+]39",
    "inf,1\n2,3\n": "row 1, column 1 is inf",
    "a,b\n": "holds no rows",
    "sep=;": "holds no rows",
    "a;b\n1,5;-\n2,5;3\n": "row 2, column 2 is -",
    "a,b\n1.5,-\n-,2.5\n": "row 2, column 2 is -",
    "a,b\n1.5,결측\n2.5,3\n": "row 2, column 2 is 결측",
    "a,b\n1.5,..\n2.5,3\n": "row 2, column 2 is [.][.]",
    "+0KQ-,b\n1.5,2\n3,4\n": "save it as UTF-8",
    "~{VPND~},b\n1.5,2\n3,4\n": "save it as UTF-8",
    "a,b\n1.5,#DIV/0!\n2.5,#REF!\n": "row 2, column 2 is #DIV/0!",
    "a,b\n1.5,True\n2.5,7\n": "row 2, column 2 is 'True'",
    "a,b\n1.5,\x1b$B\n2,3\n": "save it as UTF-8",
    "a\nb\nc\n": "no column of numbers|only numbers",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_is_doubtful_is_refused_where_the_file_has_it(file, content):
    for values in (None, "real"):
        with pytest.raises(NadeError, match=REFUSED[content]):
            understand(file(content), How(values))
    with pytest.raises(NadeError, match=REFUSED[content]):
        read_data(file(content), values="real")


@pytest.mark.parametrize("encoding", ["cp949", "utf-16", "utf-16-le", "utf-8", "utf-8-sig"])  # the first is a guess
def test_korean_names_in_any_encoding(file, encoding):
    long = KOREAN.replace("키", "여기 선 사람들이 저마다 스스로 재어 적은 키")
    for text in (KOREAN, long):
        about = understand(file(text.encode(encoding)))
        assert about.names == tuple(text.split("\n")[0].split(",")) and about.first_rows[1] == (168, 55.5)
        assert about.encoding == encoding.removesuffix("-sig") and bool(about.warnings) == (encoding == "cp949")


def test_western_letters_are_no_hangul(file):
    for names, encoding in (("키,b", "cp949"), ("Űr,őz", "utf-8"), ("ő,é", "utf-8"), ("µ,σ", "utf-8")):
        about = understand(file(f"{names}\n1.5,2.5\n2.5,3\n".encode(encoding)))
        assert (about.names, about.encoding) == (tuple(names.split(",")), encoding)
    about = understand(file("größe °C,naïve\n1.5,2.5\n2.5,3\n".encode("latin-1")))
    assert (about.names, about.encoding) == (("größe °C", "naïve"), "latin-1")
    with pytest.raises(NadeError, match="bytes of zero"):
        understand(file(b"0,1\n1,\x000\n" + b"1,0\n" * 300))


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


def test_a_quoted_cell_may_hold_the_end_of_a_line(file):
    about = understand(file('a,b\n1,"x\ny"\n3,"z"\n'))
    assert (about.names, about.rows, about.labels) == (("a",), 2, "b")


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
        ("키,몸무게", "cp949"),
    ],
)
def test_letters_are_guessed_and_that_is_told(file, names, encoding):
    about = understand(file((names + "\n" + names.count(",") * "1.5," + "2.5\n").encode(encoding)))
    assert (about.names, about.encoding) == (tuple(names.split(",")), encoding) and "UTF-8" in said(about)


@pytest.mark.parametrize(
    "encoding", ["euc_jp", "gb18030", "big5", "shift_jis", "johab", "koi8-r", "cp1251", "iso2022_jp"]
)
def test_letters_that_are_guessed_wrong_are_told_too(file, encoding):
    names = "рост,вес" if encoding in ("koi8-r", "cp1251") else "키,몸무게" if encoding == "johab" else "班級,成績"
    content = f"{names}\n1.5,2.5\n3,4\n".encode(encoding, "replace")
    for rows in (content, content.partition(b"\n")[2].replace(b"4", names.split(",")[0].encode(encoding, "replace"))):
        with contextlib.suppress(NadeError):  # escapes are refused
            assert "UTF-8" in said(understand(file(rows)))


@pytest.mark.parametrize(
    "content, told",
    [
        ("1," * 500_000 + "1\n", "more than 65,536 columns"),
        ("a,b\n" + "," * 300_000 + "\n", "more than 65,536 columns"),
        ("a,b\n1.5," + "1" * 30_000 + "x\n", "only numbers"),
        (",".join(["a"] * 5000) + "\n" + ",".join(["1.5"] * 5000) + "\n", ""),
    ],
)
def test_a_table_of_any_shape_is_judged_at_once(file, content, told):
    path, began = file(content), time.process_time()
    with pytest.raises(NadeError, match=told) if told else contextlib.nullcontext():
        understand(path)
    assert time.process_time() - began < 4
