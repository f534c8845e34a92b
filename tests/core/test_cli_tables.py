"""A table on the command line, there and back: trained on, scored, ranked, completed and drawn in its own units."""

import csv
import io
import json
import unicodedata
from dataclasses import asdict

import numpy as np
import pandas
import pytest
import torch

from nade_core import load_model, measures, read_card
from nade_core.cli import main
from nade_core.data.layout import Layout
from nade_core.models import RNADE, rnade
from nade_core.scoring import mean_nats

SMALL = ["--hidden", "4", "--components", "2", "--gaussians", "2", "--epochs", "2", "--weight-decay", "0.1"]


def people(n=60, seed=0):
    """Heights that decide weights, whole ages, and a class of text."""
    rng = np.random.default_rng(seed)
    height = rng.normal(170, 10, n)
    ages = rng.integers(20, 70, n)
    return pandas.DataFrame(
        {
            "height": height,
            "weight": 0.9 * height - 85 + rng.normal(0, 4, n),
            "age": ages,
            "group": list("ab" * (n // 2)),
        }
    )


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with people.csv, and two runs on it: of one ordering, and of any."""
    home = tmp_path_factory.mktemp("tables")
    people().to_csv(home / "people.csv", sep=";", decimal=",", index=False)
    for name, model in (("one", "RNADE"), ("any", "OrderAgnosticRNADE")):
        main(["train", "--model", model, "--data", str(home / "people.csv"), "--out", str(home / name), *SMALL])
    return home


def test_training_ends_with_nats_raw_and_standardised(home, nade, good):
    card = read_card(home / "one")
    spread = np.log(people()[["height", "weight", "age"]].std(ddof=0)).sum()
    assert abs(card.nats["valid"] - card.standardised_nats["valid"] - spread) < 0.5 and len(card.valid_log_p) == 6
    assert -np.mean(card.valid_log_p) == pytest.approx(card.nats["valid"], abs=1e-3)
    np.savez(
        home / "parts.npz", **dict(zip(("train", "test"), np.split(people().iloc[:, :3].to_numpy(), [50]), strict=True))
    )
    said = good("train", "--model", "RNADE", "--data", home / "parts.npz", "--out", home / "parts", *SMALL, "--json")
    end = json.loads(said.splitlines()[-1])
    assert end["state"] == "done" and {"train", "valid", "test"} <= end["nats"].keys()
    said = good("train", "--out", home / "one", "--resume")
    assert f"valid {card.nats['valid']:.3f} nats, {card.standardised_nats['valid']:.3f} for the variables" in said


def test_what_is_in_closed_form_learns_from_the_rows_that_validated_once_all_is_chosen(tmp_path, good):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "a.npz", **{part: rng.normal(size=(n, 2)) for part, n in (("train", 90), ("valid", 30), ("test", 9))}
    )
    said = good("train", "--model", "RNADE", "--data", tmp_path / "a.npz", "--out", tmp_path / "run", *SMALL)
    card, model = read_card(tmp_path / "run"), load_model(tmp_path / "run", "cpu")
    assert card.header["rows_in_the_end"] == 120 and "to all 120 rows; valid is from before" in said
    with np.load(tmp_path / "a.npz") as parts:
        before, after = RNADE(card.config), RNADE(card.config)
        for one in (before, after):
            one.start_from(torch.tensor(parts["train"]))
            one.b.data[:, : card.config.components] = rnade.SILENT
        after.fit_again(torch.tensor(np.concatenate([parts["train"], parts["valid"]])), card.header["found"])
        assert card.nats["valid"] == pytest.approx(mean_nats(before, parts["valid"]), abs=1e-4)
        assert card.nats["test"] == pytest.approx(mean_nats(after, parts["test"]), abs=1e-4)
    assert torch.allclose(model.factors, after.factors) and not torch.allclose(before.factors, after.factors)
    written = (tmp_path / "run" / "model.safetensors").read_bytes()
    good("train", "--out", tmp_path / "run", "--resume")
    assert (tmp_path / "run" / "model.safetensors").read_bytes() == written


def test_values_that_float32_cannot_hold_are_drawn_and_given_back_in_float64(tmp_path, good):
    rng = np.random.default_rng(0)
    times, share = 1_700_000_000_001 + np.arange(60) * 7, rng.normal(size=60).round(3)
    frame = pandas.DataFrame({"time": times, "share": share, "other": share + rng.normal(0, 0.1, 60).round(3)})
    frame.to_csv(tmp_path / "a.csv", index=False)
    good("train", "--model", "OrderAgnosticRNADE", "--data", tmp_path / "a.csv", "--out", tmp_path / "run", *SMALL)
    good("sample", tmp_path / "run", "-n", 200, "--out", tmp_path / "rows.csv")
    drawn = pandas.read_csv(tmp_path / "rows.csv")
    assert (
        drawn.time.dtype == np.int64
        and drawn.time.nunique() > 100
        and drawn.time.between(*times[[0, -1]] + [-2000, 2000]).all()
    )
    assert "time = 1700000000" in good("rank", tmp_path / "run", tmp_path / "a.csv", "-n", 60)
    strange = json.loads(good("rank", tmp_path / "run", tmp_path / "a.csv", "-n", 5, "--json"))
    assert {row["because"][0]["column"] for row in strange} - {"time"}  # milliseconds surprise no more than shares
    frame.loc[3, "share"] = np.nan
    frame.to_csv(tmp_path / "holes.csv", index=False)
    good("complete", tmp_path / "run", tmp_path / "holes.csv", "--out", tmp_path / "whole.csv")
    whole = pandas.read_csv(tmp_path / "whole.csv")
    assert np.array_equal(whole.isna().sum(), [0, 0, 0]) and whole.drop(index=3).equals(frame.drop(index=3))


def test_the_layout_of_the_table_stands_in_the_header(home):
    layout = read_card(home / "one").layout
    assert layout.names == ("height", "weight", "age") and layout.whole == (2,) and layout.labels == "group"


def test_every_row_is_scored_and_finds_its_columns_by_their_names(home, good, nade, refused):
    direct = list(csv.DictReader(io.StringIO(good("score", home / "one", home / "people.csv"))))
    assert [row["row"] for row in direct] == [str(i + 1) for i in range(60)]
    turned = people()[["group", "age", "height", "weight"]].assign(shoe=1.0)
    turned.to_parquet(home / "turned.parquet")
    good("score", home / "one", home / "turned.parquet", "--out", home / "scores.parquet")
    scores = pandas.read_parquet(home / "scores.parquet")
    assert np.allclose(scores["log_p"], [float(row["log_p"]) for row in direct], atol=1e-5)
    card = read_card(home / "one")
    assert scores["percentile"][7] == measures.percentile(scores["log_p"][7], card.valid_log_p)
    assert scores["bits_per_dim"][7] == pytest.approx(-scores["log_p"][7] / 3 / np.log(2))
    more = turned.assign(
        day="2024-01-01", name=list("uvw" * 20), note=[None, 1, "ill", 2] * 15, left=[np.nan, 1, 2] * 20
    )
    told = nade("score", home / "one", _written(home, more.iloc[:2]))
    assert "left out: group, shoe, day, note, left." in told.err and [
        row["log_p"][:6] for row in csv.DictReader(io.StringIO(told.out))
    ] == [row["log_p"][:6] for row in direct[:2]]
    assert "no column weight" in refused("score", home / "one", _written(home, turned.drop(columns="weight")))
    assert "row 2, column 1 is empty" in refused("score", home / "one", _written(home, people(), hole=True))
    assert "not scored together" in refused("score", home / "one", home / "people.csv", home / "turned.parquet")


def test_korean_names_are_one_whether_a_mac_took_their_letters_apart_or_not(tmp_path, good):
    names, table = ["키", "몸무게", "나이", "반"], people(30)
    for form in ("NFC", "NFD"):
        turned = table.set_axis([unicodedata.normalize(form, name) for name in names], axis=1).iloc[:, [2, 3, 0, 1]]
        turned.to_csv(tmp_path / f"{form}.csv", index=False)
        turned.iloc[3, 2] = np.nan
        turned.to_csv(tmp_path / f"{form}-holes.csv", index=False)
    asked = ["--labels", unicodedata.normalize("NFD", "반"), "--model", "OrderAgnosticRNADE", *SMALL]
    good("train", "--data", tmp_path / "NFD.csv", "--out", tmp_path / "run", *asked)
    layout = read_card(tmp_path / "run").layout
    assert (layout.names, layout.labels) == (("나이", "키", "몸무게"), "반")
    apart = {**asdict(layout), "names": [unicodedata.normalize("NFD", f" {name}") for name in layout.names]}
    assert Layout.from_json(apart) == layout  # as files had it that were written before
    for verb, end in (("score", ".csv"), ("rank", ".csv"), ("complete", "-holes.csv")):
        for form in ("NFC", "NFD"):
            good(verb, tmp_path / "run", tmp_path / f"{form}{end}", "--out", tmp_path / f"{verb}-{form}.csv")
        done = [(tmp_path / f"{verb}-{form}.csv").read_text() for form in ("NFC", "NFD")]
        assert done[0] == done[1] and (verb == "score" or "나이,키,몸무게" in done[0])


def test_the_strangest_row_comes_first_with_the_column_that_makes_it_strange(home, good, refused):
    strange = people()
    strange.loc[17, "weight"] = 190.0
    path = _written(home, strange)
    first = json.loads(good("rank", home / "one", path, "-n", 2, "--json"))[0]
    assert first["row"] == 18 and first["because"][0]["column"] == "weight" and first["because"][0]["value"] == 190
    assert "18," in good("rank", home / "one", path, "-n", 1, "--out", home / "rank.csv") and len(first["because"]) == 3
    terms = pandas.read_csv(home / "rank.csv")
    assert terms[["height", "weight", "age"]].sum(axis=1)[0] == pytest.approx(-terms["log_p"][0])
    assert "-n" in refused("rank", home / "one", path, "-n", 0)


def test_holes_are_filled_by_a_model_of_any_ordering_and_by_no_other(home, good, refused):
    holes = people().drop(columns="group")
    holes.loc[3, "weight"] = holes.loc[9, "age"] = holes.loc[9, "height"] = np.nan
    path = _written(home, holes)
    for by in ("draw", "mean"):
        said = json.loads(good("complete", home / "any", path, "--by", by, "--out", home / "whole.csv", "--json"))
        whole = pandas.read_csv(home / "whole.csv")
        assert said["filled"] == 3 and not whole.isna().any().any() and list(whole) == list(holes)
        known = holes.notna()
        assert np.allclose(whole.to_numpy()[known], holes.to_numpy()[known], rtol=1e-6)
        assert 30 < whole["weight"][3] < 110 and whole["age"].dtype == np.int64
    assert "OrderAgnosticRNADE" in refused("complete", home / "one", path, "--out", home / "x.csv")
    scored = list(csv.DictReader(io.StringIO(good("score", home / "any", path))))
    assert np.isfinite([float(row["log_p"]) for row in scored]).all()


def test_rows_are_drawn_in_the_units_names_and_kinds_of_the_table(home, good, refused):
    good("sample", home / "one", "-n", 3000, "--out", home / "rows.csv")
    drawn, real = pandas.read_csv(home / "rows.csv"), people()
    assert list(drawn) == ["height", "weight", "age"] and drawn["age"].dtype == np.int64 and len(drawn) == 3000
    assert (np.abs(drawn.mean() - real[list(drawn)].mean()) < 1.5 * real[list(drawn)].std()).all()
    again = good("sample", home / "one", "-n", 5, "--seed", 3, "--out", home / "rows.parquet", "--json")
    assert len(json.loads(again)["log_p"]) == 5 and len(pandas.read_parquet(home / "rows.parquet")) == 5
    assert ".parquet" in refused("sample", home / "one", "--out", home / "rows.txt")
    assert "name a .csv" in refused("sample", home / "one", "--out", home / "rows.png")


def test_two_values_that_were_made_binary_come_back_as_they_were(tmp_path, good):
    rng = np.random.default_rng(0)
    pandas.DataFrame(rng.choice([-1, 1], (40, 3)), columns=list("abc")).to_csv(tmp_path / "signs.csv", index=False)
    good(
        "train",
        "--model",
        "Independent",
        "--data",
        tmp_path / "signs.csv",
        "--binarise",
        "threshold",
        "--out",
        tmp_path / "run",
    )
    good("sample", tmp_path / "run", "-n", 20, "--out", tmp_path / "rows.csv")
    drawn = pandas.read_csv(tmp_path / "rows.csv")
    assert list(drawn) == list("abc") and set(np.unique(drawn)) == {-1, 1}
    scored = list(csv.DictReader(io.StringIO(good("score", tmp_path / "run", tmp_path / "rows.csv"))))
    assert len(scored) == 20 and all(float(row["log_p"]) < 0 for row in scored)


def test_a_folder_of_pictures_is_scored(tmp_path, good):
    from nade_core import images
    from nade_core.data import load_dataset

    for i in range(2):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / f"in/{i}.png").write_bytes(
            images.to_png(load_dataset("mnist").test[i].reshape(28, 28) * np.uint8(255))
        )
    rows = json.loads(good("score", "independent-mnist", tmp_path / "in", "--json"))
    assert [row["file"][-5:] for row in rows] == ["0.png", "1.png"] and all(
        row["percentile"] is not None for row in rows
    )


def _written(home, frame, hole=False):
    """The frame as a file, with an empty cell in its first row if one is wanted."""
    if hole:
        frame = frame.copy()
        frame.loc[0, "height"] = np.nan
    frame.to_csv(home / "other.csv", index=False)
    return home / "other.csv"
