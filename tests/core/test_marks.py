"""Decimal marks, and what parts thousands: what is doubtful of them is told, and can be said."""

from decimal import Decimal

import pandas
import pytest

from nade_core.data.reading import How, understand
from nade_core.messages import NadeError

from .tables import said


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
        ("a;b\n1.234;2.345.678\n2.345;1\n", [1234, 2345]),
        ("a;b\n1.234;192.168.345.678\n2.345;1\n", [1234, 2345]),
        ('a,b\n"1,04,000.5",2\n"52,000",3\n', [104000.5, 52000]),
        ("a;b\n1.234;2\n2.345;3\n", [1.234, 2.345]),
        ("a;b\n1.250;2,5\n345;3,25\n", [1250, 345]),
        ("a;b\n1.25;2,5\n2.345;3,25\n", [1.25, 2.345]),
    ],
)
def test_what_parts_thousands_is_no_text(file, text, first):
    about = understand(file(text))
    assert about.names == ("a", "b") and [row[0] for row in about.first_rows][:2] == first and about.labels is None
    assert ("thousands" in said(about)) == (first[0] not in (1.234, 1.25) or "1,234" in text)


@pytest.mark.parametrize(
    "rows, cell",
    [
        ("1.040 659 12", "1.040"),
        ("-1.040 659 ?", "-1.040"),
        ("1.043 659 2.041", "1.043"),
        ("1.000 659 2.000", "1.000"),
        ("1.040,0.5 659,1.25", "1.040"),
        ("2.040,1.041 659,2.042", "2.040"),
        ("1.043,0.5 659,1.25", ""),
        ("1.040 2.659 3.120", ""),
        ("1.043 0.659 2", ""),
        ("1.043 1040 2", ""),
        ("1.043 1.5 2", ""),
        ("1.0435 1.043 2", ""),
        ("1.333 1.667 2", ""),
        ("1.0 659.0 2", ""),
    ],
)
def test_points_that_may_part_thousands_are_told_and_it_can_be_said(file, rows, cell):
    lines = [row.replace(",", ";") for row in rows.split()]
    wide = ";b" * lines[0].count(";")
    path = file("\n".join([f"a{wide}", *lines]))
    told, before = said(understand(path, How(holes="drop"))), float(cell or 0)
    assert (f"'a' points may part thousands: {cell} is read as {before:g}. If" in told) == bool(cell)
    assert told.count("thousands") == bool(cell)
    if cell:
        read = understand(path, How(holes="drop", decimal=","))
        assert read.first_rows[0][0] == 1000 * before and "may part" not in said(read)
        assert understand(path, How(holes="drop", decimal=".")).first_rows[0][0] == before


def test_numbers_that_are_texts_in_a_typed_file_may_have_other_marks(tmp_path):
    for written, told in (
        (["1.040", "659"], 1),
        ([1.043, 659], 0),
        (["1.043", 659], 1),
        ([Decimal("1.040"), Decimal("659")], 0),
    ):
        frame, read = pandas.DataFrame({"a": pandas.Series(written, dtype=object), "b": [0.5, 1]}), []
        frame.to_excel(tmp_path / "t.xlsx", index=False)
        if len(set(map(type, written))) == 1:
            frame.to_parquet(tmp_path / "t.parquet")
            read.append(tmp_path / "t.parquet")
        for path in (*read, tmp_path / "t.xlsx"):
            points, commas = understand(path), understand(path, How(decimal=","))
            assert said(points).count("may part thousands") == (told and written[0] != "1.043") and "may" not in said(
                commas
            )
            assert commas.first_rows[0][0] == (1000 if told else 1) * float(written[0])
            assert points.first_rows[0][0] == float(written[0])


def test_an_address_in_a_network_says_nothing_of_points(file):
    about = understand(file("a;b\n1.234;192.168.100.200\n2.345;192.168.100.201\n"))
    assert [row[0] for row in about.first_rows] == [1.234, 2.345]


def test_the_decimal_mark_can_be_said(file):
    for two, told in (
        ("1,5\n2,5\n", 1),
        ("a,b\n1,5\n2,5\n", 0),
        ("1,-5\n2,5\n", 0),
        ("0,1\n1,0\n", 0),
        ('1,"a"\n2,"b"\n', 0),
    ):
        assert said(understand(file(two))).count("two whole numbers, 1, 5.") == told
    one = file("a;b\n1,234;2\n5,678;3\n")
    assert "is a point" in said(understand(one)) and understand(one).first_rows[0] == (1.234, 2)
    for text, decimal, first in (
        ("a;b\n1,234;2\n5,678;3\n", ".", (1234, 2)),
        ("1,5\n2,5\n", ",", (1.5,)),
        ("x\n1,5\n2,5\n", ",", (1.5,)),
        ("a,b\n1,5\n2,5\n", ",", (1, 5)),
        ("1.5,2\n2.5,3\n", ",", (1.5, 2)),
        ('"1,5",2\n"2,5",3\n', ",", (1.5, 2)),
        ("a,b\n1.040,2\n659,3\n", ",", (1040, 2)),
    ):
        about = understand(file(text), How(decimal=decimal))
        assert about.first_rows[0] == first and "may part" not in said(about)
    with pytest.raises(NadeError, match="decimal to be one of"):
        How(decimal=";")
