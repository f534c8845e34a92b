"""A model of people's own pictures is compared with those pictures, and with nothing where they are gone."""

import shutil

import numpy as np
import pytest
import torch

from lab import cache
from nade_core import runs

from .conftest import healthy, metric, words


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A run on 60 images of one's own, which a file named mnist holds; its name in the list of models."""
    rng = np.random.default_rng(0)
    np.save(tmp_path / "mnist.npy", (rng.random((60, 784)) < 0.2).astype(np.uint8))
    request = runs.Request(
        str(tmp_path / "mnist.npy"), model_options={"hidden": 4}, train_options={"epochs": 1}, title="mine"
    )
    folder = runs.create(tmp_path / "runs/mine", runs.plan(request, torch.device("cpu")))
    list(runs.run(folder, torch.device("cpu")))
    return folder


def test_real_images_are_its_own_held_out_ones(chapter, mine, tmp_path):
    page = chapter("density", model="mine", source="test", image=2)
    card = cache.cards()["mine"]
    assert card.embedded == "" and len(cache.data_of(card).test) == 6
    log_p = cache.log_prob(card, cache.data_of(card).test)
    assert metric(page, "log p(x)") == f"{log_p[2]:.2f} nats"
    assert metric(page, "percentile") == f"{100 * ((log_p < log_p[2]).mean() + 1 / 12):.1f} %"
    page = chapter("rank", model="mine", each=20)
    table = page.dataframe[0].value.set_index("kind")
    assert table.loc["real"]["mean log p, nats"] == round(log_p.mean(), 1)
    assert "other data: digits" in table.index


def test_without_its_data_nothing_is_called_real(chapter, mine, tmp_path):
    (tmp_path / "mnist.npy").unlink()
    page = chapter("density", model="mine", source="noise")
    assert "not here" in words(page) and not [m for m in page.metric if m.label == "percentile"]
    assert "choose another one" in chapter("rank", model="mine").info[0].value
    healthy(chapter("generate", model="mine", n=4))


def test_a_second_model_of_the_same_pictures_may_have_lost_them(chapter, mine, tmp_path):
    alone = tmp_path / "runs/alone/model.safetensors"  # a model that was copied here without its run
    alone.parent.mkdir()
    shutil.copy(mine / alone.name, alone)
    page = chapter("rank", model="mine", each=20, compare="alone")
    columns = page.dataframe[0].value.columns
    assert "mean log p, nats (mine)" in columns and "mean log p, nats (alone)" in columns
    assert "H (mine) =" in words(page) and "H (alone) =" not in words(page)
