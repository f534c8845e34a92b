"""What is understood of a table: names, labels, holes and columns worth a word; it is told, and can be switched."""

import argparse
import json
import re

import numpy as np
import pandas
import pytest
import torch

from nade_core import runs
from nade_core.cli import main
from nade_core.cli.tables import how_for
from nade_core.data.reading import How, read_data, read_rows, read_table, understand
from nade_core.messages import NadeError

from .tables import GREYS, said

FRAME = pandas.DataFrame([[1.5, 2.5], [2.5, 3.5], [4, 5]])
IRIS = "5.1,3.5,1.4,0.2,setosa\n4.9,3.0,1.4,0.2,setosa\n7.0,3.2,4.7,1.4,versi color\n6.4,3.2,4.5,1.5,versi color\n"


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
    for text in ("3,5\n1.5,2.5\n2.5,3.5\n", "0,1\n3,2.5\n7,3.5\n", "0\n1.5\n2.5\n"):
        doubtful = understand(file(text))
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
    pupils = file("이름,반,점수\n김,1반,90.5\n이,2반,80\n박,1반,70\n")
    for how in (How(), How(labels="반")):
        about = understand(pupils, how)
        assert (about.names, about.labels, about.dropped) == (("점수",), "반", ("이름",)) and "'이름' holds" in said(
            about
        )
    alike = file("이름,반,점수\n김,1반,90.5\n김,2반,80\n박,1반,70\n", "alike.csv")
    with pytest.raises(NadeError, match="row 2, column 1 is '김'"):
        understand(alike)


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


def test_classes_are_learned_from_labels_of_ones_own_and_a_run_reads_as_it_was_asked(file, tmp_path):
    rows = "".join(f"{i % 2},{i % 3 > 0:d},{'ab'[i % 2]}\n" for i in range(12))
    request = runs.Request(str(file("u,v,kind\n" + rows)), classes=True, model_options={"hidden": 2})
    heard = []
    config = runs.plan(request, torch.device("cpu"), heard.append)
    assert config.model_config["classes"] == 2 and heard[0].labels == "kind"
    codes = file("u,v,zip\n" + "".join(f"{i % 2},1,{'007' if i % 3 else '7'}\n" for i in range(12)), "codes.csv")
    runs.plan(runs.Request(str(codes), classes=True, reading={"labels": "zip"}), torch.device("cpu"), heard.append)
    assert "of 2 classes" in said(heard[-1]) and read_data(codes, how=How(labels="zip")).class_names == ("007", "7")
    grey = str(file("1,2,3\n" + "0,255,0\n255,0,1\n" * 6, "grey.csv"))
    assert runs.usual_model(grey) == "RNADE" and runs.usual_model(grey, None, {"binarise": "threshold"}) == "NADE"
    with pytest.raises(NadeError, match="level 255; the model knows those from 0 to 99"):
        runs.plan(runs.Request(grey, "CategoricalNADE", {"levels": 100}), torch.device("cpu"))
    path = file("0,1\n,1\n1,0\n1,1\n", "holes.csv")
    folder = runs.create(
        tmp_path / "run", runs.plan(runs.Request(str(path), reading={"holes": "drop"}), torch.device("cpu"))
    )
    data = runs.read_run_data(folder, runs.read_config(folder))
    assert len(data.train) + len(data.valid) == 3


def test_a_table_is_read_as_the_models_own_was_and_is_refused_where_it_has_none_of_its_columns(file):
    layout = read_data(file("a;b\n1.040;2\n659;3\n" + "7;4\n" * 9), values="real", how=How(decimal=",")).layout
    asked = argparse.Namespace(
        key=None, **dict.fromkeys(("header", "decimal", "labels", "holes", "binarise", "packed"))
    )
    how = how_for(asked, argparse.Namespace(layout=layout))
    assert read_rows(file("a;b\n1.040;2\n", "one.csv"), values="real", how=how).tolist() == [[1040, 2]]
    with pytest.raises(NadeError, match="no column a, b, which the model was trained on"):
        read_table(file("x,kind\n1,u\n2,v\n3,u\n", "other.csv"), values="real", layout=layout)


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
        ("0b1", "0b0"),
        ("1d5", "2.5D-3"),
        ("1.5k", "2k"),
        ("90점", "80점"),
        ("5만", "104만"),
        ("170cm", "168.5cm"),
    ],
)
def test_dates_and_numbers_in_another_dress_are_no_labels(file, one, two):
    path = file(f"a,b\n1.5,{one}\n2.5,{two}\n")
    with pytest.raises(NadeError, match=f"column 2 is ['\"]{re.escape(one)}"):
        understand(path)
    assert understand(path, How(labels="b")).labels == "b"


@pytest.mark.parametrize(
    "last, total", [("Total,9,12", 1), ("합계,2,2", 1), ("x,9,12", 0), ("2,9,12", 0), ("15,10,12", 1)]
)
def test_a_last_row_of_totals_is_told(file, last, total):
    rows = "".join(f"{i if last[0].isdigit() else 'abc'[i % 3]},{i % 3},{i % 2 * 4}\n" for i in range(6))
    text = said(understand(file(f"n,a,b\n{rows.replace('5,2,4', '5,6,4')}{last}\n")))
    assert ("total" in text) == total


def test_columns_of_one_name_stay_apart(file):
    about = understand(file("a,b,a,a\n1.5,2,3,4\n3,4,5,7.5\n"))
    assert about.names == ("a", "b", "a (2)", "a (3)") and "a (2), a (3)" in said(about)
    layout = read_data(file("a,a\n1.5,2\n3,4\n"), values="real").layout
    assert list(layout.restored(np.ones((1, 2)))) == ["a", "a (2)"]


@pytest.mark.parametrize(
    "cell, after",
    [
        ("00123", "may hold codes: 00123 is read as the number 123"),
        ("-007", "may hold codes: -007 is read as the number -7"),
        ("+821012345678", "the number 821012345678"),
        ("12E5", "the number 1200000"),
        ("12345678901234567", "not: 12345678901234567 is read as 12345678901234568"),
        ("9007199254740993.0", "is read as 9007199254740992"),
        ("1234567890123456789012345", "is read as 1234567890123456824475648"),
        ("1e-400", "is read as 0"),
        ("10000000000000000", ""),
        ("1e-05", ""),
        ("1e5", ""),
        ("1E5", "the number 100000"),
        ("0.00123", ""),
        ("2.50", ""),
    ],
)
def test_codes_and_numbers_that_no_float_holds_are_told(file, tmp_path, cell, after):
    rows = [["a", "b"], *(["1.5", str(i)] for i in range(1, 40)), ["2.5", cell], ["3", "0.5"]]
    for separator, quote in ((",", ""), (",", '"'), (";", ""), ("\t", ""), (" ", "")):
        text = "\n".join(separator.join(f"{quote}{cell}{quote}" for cell in row) for row in rows)
        told = said(understand(file(text)))
        assert after in told and ("column 'b'" in told) == bool(told) == bool(after)
    pandas.DataFrame(rows).to_excel(tmp_path / "t.xlsx", index=False, header=False)
    pandas.DataFrame(rows[1:], columns=rows[0]).to_parquet(tmp_path / "t.parquet")
    for name in ("t.xlsx", "t.parquet"):
        assert after in said(understand(tmp_path / name)) and bool(said(understand(tmp_path / name))) == bool(after)
