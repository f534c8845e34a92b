"""The table of models: how it is built, that it holds everyone, and that page and README show it."""

import json

import pytest

from benchmarks import leaderboard as build
from lab import costs
from lab.chapters import leaderboard
from lesson.published import PUBLISHED, READ, REPORTED, SECONDARY
from nade_core import list_models

from .conftest import healthy, words

CARDS = [card for card in list_models() if card.shape == (28, 28) and card.data == "mnist"]
QUICK = ["independent-mnist", "chow-liu-mnist"]


@pytest.fixture
def table(monkeypatch, tmp_path):
    """A quick table of two models on 50 images, on disk where the command and the page look for it."""
    monkeypatch.setattr(leaderboard, "TABLE", tmp_path / "leaderboard.json")
    made = build.build("mnist", "test", 50, 2, 0, QUICK, leaderboard.TABLE)
    leaderboard.TABLE.write_text(json.dumps(made))
    return made


def test_published_figures_say_where_they_come_from():
    assert {p.how for p in PUBLISHED} == {READ, SECONDARY, REPORTED} and all(p.source for p in PUBLISHED)
    assert all(79 <= p.nats < 170 for p in PUBLISHED), "no figure of dynamic binarisation, and none of averaged logits"
    sizes = {p.model: p.parameters for p in PUBLISHED}
    assert sizes["NADE, 500 units"] == 2 * 784 * 500 + 784 + 500 and sizes["FVSBN"] == 784 * 785 // 2
    assert sizes["PixelRNN, 7 layers"] is None
    assert next(p for p in PUBLISHED if p.model == "DRAW").figure == "≤ 80.97"


def test_a_row_says_on_what_it_was_measured(table):
    assert [row["name"] for row in table["rows"]] == ["chow-liu-mnist", "independent-mnist"]  # the better first
    row = table["rows"][1]
    assert row["n"] == 50 and row["parameters"] == 784 and row["device"] == "cpu" and row["threads"] >= 1
    assert 190 < row["nats"] < 220 and row["standard_error"] > 0 and row["orderings"] == 1
    assert "static" in table["binarisation"] and table["data"] == "MNIST digits, test part"


def test_only_keeps_the_rows_of_the_others(table):
    again = build.build("mnist", "test", 50, 2, 0, ["independent-mnist"], leaderboard.TABLE)
    assert again["rows"][0] == table["rows"][0] and again["rows"][1]["nats"] == table["rows"][1]["nats"]


@pytest.mark.parametrize(
    "change, message", [(("mnist", "valid", 50), "leave --only out"), (("mnist", "test", 40), "leave --only out")]
)
def test_rows_on_different_data_do_not_mix(table, change, message):
    with pytest.raises(ValueError, match=message):
        build.build(*change, 2, 0, ["independent-mnist"], leaderboard.TABLE)


def test_an_unknown_model_is_named_with_those_there_are(table):
    with pytest.raises(ValueError, match="nobody.*independent-mnist"):
        build.build("mnist", "test", 50, 2, 0, ["nobody"], leaderboard.TABLE)


def test_the_page_shows_ours_and_the_published_and_sorts(chapter, table):
    page = chapter("leaderboard")
    shown = page.dataframe[0].value
    assert (shown["whose"] == "published").sum() == len(PUBLISHED) and (shown["whose"] == "ours").sum() == 2
    assert shown["nats"].is_monotonic_increasing
    told = " ".join(words(page).split())
    assert "first 50 images" in told and "dynamic" in told
    page.toggle(key="near").set_value(True)  # neither of these two is below 100 nats
    healthy(page.run())
    assert page.query_params["near"] == "1"


def test_what_the_picker_says_of_a_model_stands_beside_what_is_measured_here(chapter, table):
    page = chapter("leaderboard")
    shown, cards = page.dataframe[0].value, {f"measured here: {card.name}": card for card in CARDS}
    ours = shown[shown["whose"] == "ours"]
    assert all(row["whole"] == cards[row["source"]].nats["test"] for _i, row in ours.iterrows())
    assert "on all 10,000 test images" in " ".join(words(page).split()), "and in words on what"


def test_a_korean_reader_finds_the_same_figures_in_words_of_their_own(chapter, table):
    english, korean = chapter("leaderboard"), chapter("leaderboard", lang="ko", near=1)
    one, other = english.dataframe[0].value, korean.dataframe[0].value
    assert one["nats"].tolist() == other["nats"].tolist() and not set(one["whose"]) & set(other["whose"])


def test_the_front_holds_what_no_cheaper_model_beats():
    rows = [
        {"name": name, "parameters": size, "nats": nats}
        for name, size, nats in (("a", 10, 200), ("b", 20, 210), ("c", 30, 100), ("d", 30, 90))
    ]
    assert [row["name"] for row in costs.front(rows, "parameters")] == ["a", "d"]


def test_without_a_table_the_page_says_which_command_builds_it(chapter, monkeypatch, tmp_path):
    monkeypatch.setattr(leaderboard, "TABLE", tmp_path / "none.json")
    assert "benchmarks.leaderboard" in chapter("leaderboard").info[0].value


def test_the_table_of_the_project_holds_every_model_and_stands_in_the_readme():
    table = json.loads(build.TABLE.read_text())
    assert {row["name"] for row in table["rows"]} == {card.name for card in CARDS}
    inside = build.README.read_text().split(build.START)[1].split(build.END)[0]
    assert inside == build.markdown(table)
