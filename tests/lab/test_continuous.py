"""Models of points and of colours are sampled and scored in the same chapters, one variable at a time."""

import math

import numpy as np
import pytest
import torch
from views import colours, points, state

from nade_core import list_models, load_pretrained, save_model, scoring
from nade_core.data import load_dataset
from nade_core.models import RNADE, RNADEConfig

from .test_chapters import metric, texts

CARDS = {kind: [card for card in list_models() if state.kind(card) == kind] for kind in (state.POINTS, state.COLOURS)}


@pytest.fixture(autouse=True)
def few_rows(monkeypatch):
    monkeypatch.setattr(state, "TEST_IMAGES", 60)
    monkeypatch.setattr(points, "CELLS", 40)


def test_there_are_four_clouds_and_two_models_of_a_photo():
    assert {card.data for card in CARDS[state.POINTS]} == {"rings", "moons", "spirals", "dog"}
    assert {card.model for card in CARDS[state.COLOURS]} == {"RNADE", "CategoricalNADE"}


@pytest.mark.parametrize("card", CARDS[state.POINTS], ids=lambda card: card.name)
def test_points_are_drawn_and_scored_by_coordinates(chapter, card):
    page = chapter("generate", model=card.name, n_many=60)
    test = load_dataset(card.data).test[:60]
    model = load_pretrained(card.name, "cpu")
    assert f"that it never saw: {scoring.log_probs(model, test).mean():.2f}" in texts(page)
    page = chapter("density", model=card.name)
    x = np.array([[page.slider(key=f"{name}-{card.name}").value for name in points.NAMES]], np.float32)
    assert np.abs(x - test[0]).max() < 0.02  # the first choice is a real point, to a step of the sliders
    first, second = model.conditionals(x).log_prob(torch.from_numpy(x))[0].tolist()
    assert metric(page, "log p(x)") == f"{first + second:.2f} nats"
    assert metric(page, "log p(x₁)") == f"{first:.2f} nats" and metric(page, "log p(x₂ | x₁)") == f"{second:.2f} nats"
    page.slider(key=f"x₁-{card.name}").set_value(page.slider(key=f"x₁-{card.name}").max)
    assert metric(page.run(), "percentile") == "0.0 %"  # nobody lives at the edge of the map


def test_the_map_sums_to_one(monkeypatch):
    monkeypatch.setattr(points, "CELLS", 120)
    points.density_map.clear()
    for card in CARDS[state.POINTS]:
        key = state.model_key(card)
        cell = np.prod([axis[1] - axis[0] for axis in points.axes(key)])
        assert abs(points.density_map(key).sum() * cell - 1) < 0.02
    points.density_map.clear()


@pytest.mark.parametrize("card", CARDS[state.COLOURS], ids=lambda card: card.name)
def test_colours_are_drawn_and_scored_by_channels(chapter, card):
    page = chapter("generate", model=card.name, n_many=60)
    means = {name: colours.score(card, rows).mean() for name, rows in colours.kinds(card, 60, 0).items()}
    assert all(f"mean log p: {mean:.2f} nats" in texts(page) for mean in means.values())
    assert min(means["real"], means["model samples"]) > means["channels shuffled"] > means["any colour"]
    assert "16,777,215" in texts(page)
    page = chapter("density", model=card.name, colour="#a06040")
    model, x = load_pretrained(card.name, "cpu"), colours.middle(np.array([[160, 96, 64]]), state.values(card))
    log_p = model.log_prob(x).item()
    assert metric(page, "log p(r, g, b)") == f"{log_p:.2f} nats"
    assert metric(page, "bits per pixel") == f"{-log_p / math.log(2):.2f}"
    assert "log p(b | r = 160, g = 96)" in texts(page)


def test_shuffled_channels_keep_their_levels():
    card = CARDS[state.COLOURS][0]
    rows = state.held_out(card.data, "levels")
    levels = colours.kinds(card, len(rows), 0)["channels shuffled"]
    assert (np.sort(levels, 0) == np.sort(rows, 0)).all() and (levels != rows).any()


def test_a_sheet_goes_down_its_columns():
    levels = np.array([[9, 9, 9], [0, 0, 0], [5, 5, 5]], np.uint8)
    picture = colours.sheet(levels[colours.brightness(levels)])
    assert picture.shape == (32, 32, 3)
    assert [picture[y, x, 0] for x in (0, 16) for y in (0, 16)] == [0, 5, 9, 9]
    assert colours.sheet(levels, rows=1).shape == (16, 48, 3)


@pytest.mark.parametrize("card", [card for cards in CARDS.values() for card in cards], ids=lambda card: card.name)
def test_rank_sets_real_rows_against_what_misses_something(chapter, card):
    page = chapter("rank", model=card.name, each=50)
    module = points if state.kind(card) == state.POINTS else colours
    table = page.dataframe[0].value.set_index("kind")
    for name, rows in module.kinds(card, 50, 0).items():
        assert table.loc[name]["mean log p, nats"] == pytest.approx(module.score(card, rows).mean(), abs=0.06)
    anything = list(table.index)[3]
    assert float(table.loc[anything]["AUROC of real against it"].split()[0]) > 0.8
    assert float(table.loc["model samples"]["AUROC of real against it"].split()[0]) < 0.7


def test_a_model_of_ones_own_points_is_shown_without_data_to_compare_with(chapter, tmp_path):
    model = RNADE(RNADEConfig(2, hidden=4, components=2), torch.tensor([1, 0]))
    model.start_from(torch.tensor([[0.0, 10.0], [2.0, 30.0], [1.0, 20.0]]))
    path = tmp_path / "runs/mine/model.safetensors"
    path.parent.mkdir(parents=True)
    save_model(model, path, title="mine", data="mine")
    assert "Mean log p of these points" in texts(chapter("generate", model="mine", n_many=60))
    page = chapter("density", model="mine")
    assert [m.label for m in page.metric] == ["log p(x)", "log p(x₂)", "log p(x₁ | x₂)"]
    assert page.slider(key="x₂-mine").value == pytest.approx(20, abs=0.2)
    assert "not here to rank" in chapter("rank", model="mine").info[0].value


def test_complete_does_not_mind_a_model_of_points(chapter):
    assert "log p(missing | known)" in texts(chapter("complete", model="rnade-rings", completions=4))


@pytest.mark.parametrize("name", ["rnade-moons", "rnade-photo", "categorical-photo"])
def test_a_curve_is_the_conditional_and_has_area_one(name):
    model = load_pretrained(name, "cpu")
    levels = model.values == "levels"
    d, x = model.config.dims - 1, model.sample(1, generator=torch.Generator().manual_seed(0))[0].numpy()
    ends = [] if levels else [(model.mean[d] + side * model.scale[d]).item() for side in (-8, 8)]
    values = np.arange(256) if levels else np.linspace(*ends, 4000)
    curve = scoring.conditional_curve(model, x, d, values)
    assert curve.sum() * (1 if levels else values[1] - values[0]) == pytest.approx(1, abs=2e-3)
    exact = model.conditionals(x[None]).log_prob(model.as_rows(x[None]))[0, d].exp().item()
    assert scoring.conditional_curve(model, x, d, x[d : d + 1])[0] == pytest.approx(exact, rel=1e-5)
