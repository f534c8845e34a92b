"""Before a training begins, the page tells what the viewer's own file was taken for, and asks what only they know."""

import io

import numpy as np
import pandas
import pytest

from nade_core import runs
from nade_core.queue import Queue

from .conftest import healthy

GREYS = np.random.default_rng(0).integers(0, 256, (12, 784)).astype(np.uint8)


def npz(**arrays):
    content = io.BytesIO()
    np.savez(content, **arrays)
    return content.getvalue()


@pytest.fixture
def dropped(chapter, monkeypatch):
    """dropped(name, content, model): the page once that file was dropped."""
    monkeypatch.setattr(Queue, "_work", lambda self: None)

    def drop(name, content, model, **params):
        page = chapter("train", data="own", architecture=model, **params)
        page.file_uploader[0].set_value((name, content, "application/octet-stream"))
        return page.run()

    return drop


def captions(page):
    return "\n".join(caption.value for caption in page.caption)


def test_a_table_is_told_before_it_is_learned_from(dropped):
    table = "키,몸무게,label\n170.5,60,a\n168,55.5,b\n".encode("cp949")
    told = captions(healthy(dropped("people.csv", table, "RNADE")))
    assert "2 rows of 2 values" in told and "Columns: 키, 몸무게" in told and "set aside as labels" in told
    page = dropped("people.csv", b"0,1\n,1\n", "RNADE")
    assert not page.exception and "row 2\\, column 1 is empty" in page.warning[0].value
    assert "people" in page.warning[0].value and "file" not in page.warning[0].value  # its own name, not our copy's
    assert page.button(key="go").click().run().error[0].value == page.warning[0].value


def test_columns_without_names_are_called_so_in_the_language_of_the_reader(dropped):
    page = healthy(dropped("people.csv", b"5.1,3.5,a\n4.9,3,b\n7,3.2,a\n", "RNADE", lang="ko"))
    assert "column" not in captions(page) and "열 3" in captions(page)


def test_an_array_and_its_binarisation_are_chosen_without_words_of_the_command(dropped, tmp_path):
    page = healthy(dropped("two.npz", npz(a=GREYS, b=GREYS[:7]), "Independent"))
    assert page.selectbox(key="own_key").options == ["a", "b"]
    page = healthy(page.selectbox(key="own_key").select("b").run())
    assert "7 rows of 784 values" in captions(page) and "Bernoulli" in captions(page)
    assert "--" not in captions(page).replace("---", "")
    page = page.button_group(key="own_binarise").set_value("threshold").run()
    assert (page.query_params["own_key"], page.query_params["own_binarise"]) == ("b", "threshold")
    again = dropped("two.npz", npz(a=GREYS, b=GREYS[:7]), "Independent", own_key="b", own_binarise="threshold")
    assert "7 rows of 784 values" in captions(again) and "Bernoulli" not in captions(again)
    page = healthy(page.button(key="go").click().run())
    config = runs.read_config(tmp_path / "runs" / page.session_state["run"])
    assert (config.key, config.reading, config.sizes.dims) == ("b", {"binarise": "threshold"}, 784)
    data = runs.read_run_data(tmp_path / "runs" / page.session_state["run"], config)
    assert np.array_equal(np.sort(np.concatenate([data.train, data.valid]), 0), np.sort(GREYS[:7] > 127.5, 0))


def test_what_only_the_viewer_knows_of_a_table_is_asked_and_stands_in_the_link(dropped, tmp_path):
    table = b"a,b,kind\n1.5,2,x\n,3,y\n2.5,4,x\n0.5,1,y\n"
    page = dropped("holes.csv", table, "RNADE")
    assert "row 3" in page.warning[0].value
    page = healthy(page.selectbox(key="own_holes").select("fill").run())
    assert "4 rows of 2 values" in captions(page) and page.query_params["own_holes"] == "fill"
    page = healthy(page.selectbox(key="own_labels").select("=b").run())
    page = healthy(page.selectbox(key="own_labels").select("=kind").run())
    page = healthy(page.button(key="go").click().run())
    config = runs.read_config(tmp_path / "runs" / page.session_state["run"])
    assert config.reading == {"holes": "fill", "labels": "kind"}
    page = dropped("numbers.csv", b"1,2\n3,4\n5,7\n", "RNADE", own_header="names")
    assert "2 rows of 2 values" in captions(page) and "Columns: 1, 2" in captions(page)
    sums = pandas.DataFrame({"a": ["1.040", "659"], "b": [2, 3]})
    for name, written in (
        ("sums.csv", sums.to_csv(sep=";", index=False).encode()),
        ("sums.parquet", sums.to_parquet()),
    ):
        page = healthy(dropped(name, written, "RNADE"))
        assert "say that the decimal mark is a comma" in captions(page)
        page = healthy(page.selectbox(key="own_decimal").select("comma").run())
        assert "1040" in captions(page) and page.query_params["own_decimal"] == "comma"


def test_the_array_that_is_chosen_stands_in_the_link(dropped):
    page = dropped("two.npz", npz(a=GREYS / 300, b=GREYS[:7] / 300), "RNADE", own_key="b")
    assert "7 rows of 784 values" in captions(healthy(page)) and page.query_params["own_key"] == "b"
