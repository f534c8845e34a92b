"""The chapter of tables: its numbers are the library's, and a table of one's own becomes a model that is looked at."""

import numpy as np
import pandas
import pytest
import torch

from lab.cache import tables
from nade_core import load_model, read_card, runs, save_model, scoring
from nade_core.data.layout import Layout
from nade_core.models import OrderAgnosticRNADE, OrderAgnosticRNADEConfig
from nade_core.queue import Queue

from .conftest import healthy, words

NAMES = ("height", "weight", "age")


def people(n=40):
    rng = np.random.default_rng(0)
    height = rng.normal(170, 10, n)
    return pandas.DataFrame(
        {"height": height, "weight": 0.9 * height - 85 + rng.normal(0, 4, n), "age": rng.integers(20, 70, n)}
    )


@pytest.fixture
def mine(tmp_path):
    """A run folder with a table and a model of it, as training leaves them."""
    folder = tmp_path / "runs/mine"
    folder.mkdir(parents=True)
    people().to_csv(folder / "people.csv", index=False)
    config = runs.plan(
        runs.Request(str(folder / "people.csv"), "OrderAgnosticRNADE", {"hidden": 4}), torch.device("cpu")
    )
    runs.write_json(folder / "config.json", runs.config.to_json(config, 0.0))
    torch.manual_seed(0)
    model = OrderAgnosticRNADE(OrderAgnosticRNADEConfig(3, 4, components=2))
    model.start_from(torch.tensor(people().to_numpy()))
    facts = {"layout": vars(Layout(NAMES, (2,))), "nats": {"valid": 9.5}, "standardised_nats": {"valid": 4.2}}
    save_model(model, folder / "model.safetensors", title="mine", data="people", **facts)
    return folder


def test_the_chapter_opens_with_a_table_that_comes_with_the_project(chapter):
    page = chapter("tables")
    assert page.selectbox(key="group").value == "tables" and "people" in page.selectbox(key="model").value
    drawn = page.dataframe[0].value
    assert len(drawn) == 500 and "height (cm)" in drawn and drawn["age (years)"].dtype == np.int64


def test_the_strangest_row_is_on_top_with_the_terms_of_the_library(chapter, mine):
    page = chapter("tables", model="mine", view="strange")
    model, x = load_model(mine, "cpu"), people().to_numpy(np.float32)
    log_p, shown = scoring.log_probs(model, x), page.dataframe[0].value
    assert shown["row"][0] == log_p.argmin() + 1 and len(shown) == 40
    assert shown["log p (nats)"][0] == pytest.approx(log_p.min(), abs=0.006)
    worst = (model.log_conditionals(x[log_p.argmin()][None])[0] + model.scale.log()).argmin()
    assert shown["because of"][0].startswith(f"{NAMES[worst]} = ")


def test_what_is_known_moves_the_conditionals_of_the_others(chapter, mine):
    page = chapter("tables", model="mine", view="given", known="0")
    assert [slider.label for slider in page.slider] == ["height"]
    page = healthy(page.slider(key="at0").set_value(180.0).run())
    assert page.query_params["at0"] == "180.0" or page.query_params["at0"] == "180"
    model, values = load_model(mine, "cpu"), np.linspace(60, 100, 5)
    asked = tables.given(read_card(mine), {0: 180.0}, 1, values)
    row = torch.tensor([[180.0, np.nan, np.nan]])
    one = model.given(row, [1, 0, 0]).log_prob(torch.tensor([[180.0, 70.0, 0.0]]))[0, 1].exp().item()
    assert asked[1] == pytest.approx(one, rel=1e-4)


def test_a_table_of_ones_own_is_told_and_put_into_the_queue(chapter, tmp_path, monkeypatch):
    monkeypatch.setattr(Queue, "_work", lambda self: None)
    page = chapter("tables")
    content = people().assign(id=range(40)).to_csv(sep=";").encode()
    page.file_uploader[0].set_value(("people.csv", content, "text/csv"))
    page = healthy(page.run())
    assert "40 rows of 4 values" in words(page)
    page = healthy(page.button(key="learn").click().run())
    config = runs.read_config(tmp_path / "runs" / page.session_state["run"])
    assert (config.model, config.sizes.dims) == ("OrderAgnosticRNADE", 4) and config.sizes.gaussians > 0


@pytest.mark.parametrize("id", ["generate", "density", "rank"])
def test_rows_of_a_table_are_a_kind_for_every_chapter_that_asks_kinds(chapter, mine, id):
    page = chapter(id, model="mine")
    assert page.selectbox(key="model").value == "mine" and (page.dataframe or page.slider)
