"""Models of points and of colours are sampled and scored in the same chapters, one variable at a time."""

import math

import numpy as np
import pytest
import torch

from lab import cache, kinds
from lab.kinds import colours, points
from nade_core import list_models, load_pretrained, save_model, scoring
from nade_core.data import load_dataset
from nade_core.models import RNADE, RNADEConfig

from .conftest import healthy, metric, words

CARDS = {kind: [card for card in list_models() if kinds.of(card) == kind] for kind in ("points", "colours")}


@pytest.fixture(autouse=True)
def small_map(monkeypatch):
    monkeypatch.setattr(points, "CELLS", 40)


def test_there_are_four_clouds_and_two_models_of_a_photo():
    assert {card.data for card in CARDS["points"]} == {"rings", "moons", "spirals", "dog"}
    assert {card.model for card in CARDS["colours"]} == {"RNADE", "CategoricalNADE"}


@pytest.mark.parametrize("card", CARDS["points"], ids=lambda card: card.name)
def test_points_are_drawn_and_scored_by_coordinates(chapter, card):
    page = chapter("generate", model=card.name, n=60)
    test = load_dataset(card.data).test[: cache.TEST_IMAGES]
    model = load_pretrained(card.name, "cpu")
    assert f"that it never saw: {scoring.log_probs(model, test).mean():.2f}" in words(page)
    page = chapter("density", model=card.name)
    x = np.array([[page.slider(key=key).value for key in points.KEYS]], np.float32)
    assert np.abs(x - test[0]).max() < 0.02  # the first choice is a real point, to a step of the sliders
    first, second = model.conditionals(x).log_prob(torch.from_numpy(x))[0].tolist()
    assert metric(page, "log p(x)") == f"{first + second:.2f} nats"
    assert metric(page, "log p(x₁)") == f"{first:.2f} nats" and metric(page, "log p(x₂ | x₁)") == f"{second:.2f} nats"
    page.slider(key="x1").set_value(page.slider(key="x1").max)
    assert metric(healthy(page.run()), "percentile") == "0.0 %"  # nobody lives at the edge of the map


@pytest.mark.parametrize("card", CARDS["points"], ids=lambda card: card.name)
def test_the_map_sums_to_one(monkeypatch, card):
    monkeypatch.setattr(points, "CELLS", 120)
    cell = np.prod([axis[1] - axis[0] for axis in points.axes(card)])
    assert abs(points.density_map(card).sum() * cell - 1) < 0.02


@pytest.mark.parametrize("ends", [(-4.3, 4.4), (0.0, 1e-6), (-2e6, 5e6), (19.2, 20.9)])
def test_a_slider_has_round_steps_within_its_ends(ends):
    low, high, step, decimals = points._slider(*ends)
    assert ends[0] <= low < high <= ends[1] and 200 <= (ends[1] - ends[0]) / step <= 2001
    assert low == round(low, decimals) and math.log10(step) == pytest.approx(round(math.log10(step)))


@pytest.mark.parametrize("card", CARDS["colours"], ids=lambda card: card.name)
def test_colours_are_drawn_and_scored_by_channels(chapter, card):
    page = chapter("generate", model=card.name, n=60)
    shown = colours.together(card, 60, 0)
    means = {sort: shown.of(sort).mean() for sort in colours.SORTS}
    assert all(f"mean log p: {mean:.2f} nats" in words(page) for mean in means.values())
    assert min(means["real"], means["samples"]) > means["channels-shuffled"] > means["any-colour"]
    assert "16,777,215" in words(page)
    page = chapter("density", model=card.name, colour="#a06040")
    log_p = load_pretrained(card.name, "cpu").log_prob(colours.middle(card, np.array([[160, 96, 64]]))).item()
    assert metric(page, "log p(r, g, b)") == f"{log_p:.2f} nats"
    assert metric(page, "bits per pixel") == f"{-log_p / math.log(2):.2f}"
    assert "log p(b | r = 160, g = 96)" in words(page)


@pytest.mark.parametrize("text, full", [("#fff", "#ffffff"), ("A06040", "#a06040"), ("#0a0", "#00aa00")])
def test_a_colour_may_be_short(chapter, text, full):
    page = chapter("density", model="rnade-photo", colour=text)
    assert page.color_picker(key="colour").value == full and page.query_params["colour"] == full


@pytest.mark.parametrize("text", ["banana", "", "#", "#ffff", "#ggg", "١٢٣", "#fff\n#fff"])
def test_what_is_no_colour_counts_as_the_first_one(chapter, text):
    page = chapter("density", model="rnade-photo", colour=text)
    first = "#" + bytes(cache.held_out("cat", "levels")[0].tolist()).hex()
    assert page.color_picker(key="colour").value == first and "colour" not in page.query_params


def test_shuffled_channels_keep_their_levels():
    card = CARDS["colours"][0]
    rows = cache.held_out(card.data, "levels")
    levels = colours.parts(card, len(rows), 0)["channels-shuffled"]
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
    kind = kinds.all_kinds()[kinds.of(card)]
    shown = kind.gallery(card, 50, 0)
    table = page.dataframe[0].value.set_index("kind")
    model = load_pretrained(card.name, "cpu")
    for sort in kind.SORTS:
        rows = shown.rows[shown.sorts == sort]
        expected = scoring.log_probs(model, colours.middle(card, rows) if kind is colours else rows).mean()
        assert table.loc[kind.sort_name(sort)]["mean log p, nats"] == pytest.approx(expected, abs=0.06)
    anything = list(table.index)[3]
    assert float(table.loc[anything]["AUROC of real against it"].split()[0]) > 0.8
    assert float(table.loc["model samples"]["AUROC of real against it"].split()[0]) < 0.7


def test_a_model_of_ones_own_points_is_shown_without_data_to_compare_with(chapter, tmp_path):
    model = RNADE(RNADEConfig(2, hidden=4, components=2), torch.tensor([1, 0]))
    model.start_from(torch.tensor([[0.0, 10.0], [2.0, 30.0], [1.0, 20.0]]))
    path = tmp_path / "runs/mine/model.safetensors"
    path.parent.mkdir(parents=True)
    save_model(model, path, title="mine", data="mine")
    assert "Mean log p of these points" in words(chapter("generate", model="mine", n=60))
    page = chapter("density", model="mine")
    assert [m.label for m in page.metric] == ["log p(x)", "log p(x₂)", "log p(x₁ | x₂)"]
    assert page.slider(key="x2").value == pytest.approx(20, abs=0.2)
    assert "not here to rank" in chapter("rank", model="mine").info[0].value


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
