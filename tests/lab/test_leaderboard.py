"""The table of models: how it is built, that it holds everyone, and that page and README show it."""

import json

import pytest

from benchmarks import leaderboard as build
from lab import costs
from lab.chapters import leaderboard
from lab.session import describe
from lesson.published import PUBLISHED, READ, REPORTED, SECONDARY
from nade_core import list_models

from .conftest import healthy, words

CARDS = [card for card in list_models() if card.shape == (28, 28) and card.data == "mnist"]
QUICK = ["independent-mnist", "chow-liu-mnist"]


@pytest.fixture
def table(monkeypatch, tmp_path):
    """A quick table of two models on 50 images, on disk where the command and the page look for it."""
    monkeypatch.setattr(leaderboard, "TABLE", tmp_path / "leaderboard.json")
    made = build.build("mnist", "test", None, 2, 0, QUICK, leaderboard.TABLE, tmp_path / "parts")
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
    assert (
        (row["all"], row["n"], row["ensemble"]) == (10_000, 10_000, None)
        and row["parameters"] == 784
        and row["device"] == "cpu"
        and row["threads"] >= 1
    )
    assert 190 < row["nats"] < 220 and row["standard_error"] > 0 and row["orderings"] == 1
    assert "static" in table["binarisation"] and table["data"] == "MNIST digits, test part"


def test_only_keeps_the_rows_of_the_others(table):
    again = build.build("mnist", "test", None, 2, 0, ["independent-mnist"], leaderboard.TABLE)
    assert again["rows"][0] == table["rows"][0] and again["rows"][1]["nats"] == table["rows"][1]["nats"]


def test_rows_on_different_data_do_not_mix(table):
    with pytest.raises(ValueError, match="leave --only out"):
        build.build("mnist", "valid", None, 2, 0, ["independent-mnist"], leaderboard.TABLE)


def test_an_unknown_model_is_named_with_those_there_are(table):
    with pytest.raises(ValueError, match="nobody.*independent-mnist"):
        build.build("mnist", "test", None, 2, 0, ["nobody"], leaderboard.TABLE)


def test_the_page_shows_ours_and_the_published_and_sorts(chapter, table):
    page = chapter("leaderboard")
    shown = page.dataframe[0].value
    assert (shown["whose"] == "published").sum() == len(PUBLISHED) and (shown["whose"] == "ours").sum() == 2
    assert shown["nats"].is_monotonic_increasing
    told = " ".join(words(page).split())
    assert "images of it" in told and "dynamic" in told
    assert set(shown["protocol"]) == {"static, exact", "static, upper bound", "static, estimate"}
    assert set(shown[shown["whose"] == "ours"]["protocol"]) == {"static, exact"}
    page.toggle(key="near").set_value(True)  # neither of these two is below 100 nats
    healthy(page.run())
    assert page.query_params["near"] == "1"


def test_a_model_has_one_figure_here_and_in_the_picker(chapter):
    page = chapter("leaderboard")
    shown, cards = page.dataframe[0].value, {f"measured here: {card.name}": card for card in CARDS}
    ours = shown[shown["whose"] == "ours"]
    assert len(ours) == len(cards) and next(iter(leaderboard.COLUMNS)) == "nats", "in sight without a swipe"
    for _i, row in ours.iterrows():
        assert row["nats"] == cards[row["source"]].nats["test"]
        assert f"{row['nats']:.1f} nats on test" in describe(cards[row["source"]])
    assert "on all 10,000 images" in " ".join(words(page).split()), "and in words on what"


def test_the_ensemble_stands_beside_it_for_those_that_know_several_orderings(chapter):
    shown = chapter("leaderboard").dataframe[0].value.set_index("source")
    several = shown[shown["ensemble"].notna()]
    assert (several["orderings"] > 1).all() and "measured here: made-mnist" not in several.index
    assert "several" not in next(card for card in CARDS if card.name == "made-mnist").description


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
