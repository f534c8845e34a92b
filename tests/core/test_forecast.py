"""How long a run will take: in proportion to its rows, its epochs and its trainings; a model that counts takes no time."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nade_core.data import Dataset, load_dataset
from nade_core.models import MODELS
from nade_core.runs import Request, estimate, forecast, plan

CPU = torch.device("cpu")


@pytest.fixture
def table(tmp_path):
    rows = np.random.default_rng(0).integers(0, 2, (500, 8), np.uint8)
    np.save(tmp_path / "t.npy", rows)
    data = Dataset("t", "t", rows[:400], rows[400:450], rows[450:])

    def make(**train):
        return plan(Request(str(tmp_path / "t.npy"), train_options=train), CPU), data

    return make


class Clock:
    """A clock that goes on by one second at each look."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        self.now += 1.0
        return self.now


def test_it_grows_with_epochs_trainings_and_rows(table, monkeypatch):
    def seconds(config, data):
        monkeypatch.setattr(forecast, "time", Clock())
        return estimate(config, data, CPU)

    config, data = table(epochs=10, batch_size=50, weight_decay=0.0)
    assert seconds(config, data) == pytest.approx(400 / (4 * 50) * 10)  # one second for four batches
    assert seconds(replace(config, train=replace(config.train, epochs=30)), data) == pytest.approx(60)
    assert seconds(replace(config, weight_decays=(0.1, 0.2, 0.3)), data) == pytest.approx(60)
    assert seconds(config, replace(data, train=data.train[:200])) == pytest.approx(10)


def test_no_rows_take_no_time(table):
    config, data = table(epochs=3, weight_decay=0.0)
    assert estimate(config, replace(data, train=data.train[:0]), CPU) == 0.0


@pytest.mark.parametrize("model", ["MarkovChain", "ChowLiu", "BernoulliMixture", "RNADE", "NADE"])
def test_every_kind_of_model_is_estimated(model):
    request = Request("rings" if model == "RNADE" else "animals", model, train_options={"epochs": 2})
    config = plan(request, CPU)
    data = load_dataset(request.data, MODELS[model][0].values)
    small = replace(data, train=data.train[:300], valid=data.valid[:50], train_labels=None, valid_labels=None)
    assert 0 <= estimate(config, small, CPU) < 600
