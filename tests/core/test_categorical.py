"""Categorical NADE: rows of integers."""

import itertools

import numpy as np
import pytest
import torch
from PIL import Image

from nade_core import load_model, runs, save_model
from nade_core.data.reading import read_data, read_rows
from nade_core.models import CategoricalNADE, CategoricalNADEConfig
from nade_core.orderings import inverse
from nade_core.training import TrainConfig

from .test_family import chi_square

CASES = torch.tensor(list(itertools.product(range(3), repeat=3)))


@pytest.fixture
def model():
    torch.manual_seed(0)
    model = CategoricalNADE(CategoricalNADEConfig(3, 3, 5), torch.tensor([2, 0, 1])).double()
    for parameter in model.parameters():
        parameter.data.normal_(std=0.6)
    return model.eval().requires_grad_(False)


def test_the_probabilities_of_all_rows_sum_to_one(model):
    assert abs(model.log_prob(CASES).exp().sum().item() - 1) < 1e-9


def test_a_conditional_sees_only_what_comes_before_it(model):
    position = inverse(model.ordering)
    for j in range(3):
        changed = CASES.clone()
        changed[:, j] = (changed[:, j] + 1) % 3
        change = (model.conditionals(CASES).logits - model.conditionals(changed).logits).abs().amax((0, 2))
        after = position > position[j]
        assert (change[~after] == 0).all() and (change[after] > 1e-6).all()


def test_sample_frequencies_match_exact_probabilities_with_and_without_a_prefix(model):
    drawn = model.sample(20_000, generator=torch.Generator().manual_seed(0))
    assert chi_square(drawn, CASES, model.log_prob(CASES).exp()) < 54.1  # 99.9 %, 26 degrees of freedom
    drawn = model.sample(20_000, generator=torch.Generator().manual_seed(1), prefix=torch.tensor([2]))
    cases = CASES[CASES[:, 2] == 2]
    assert chi_square(drawn, cases, model.log_prob(cases).softmax(0)) < 26.1  # 8 degrees of freedom


def test_what_is_no_level_is_told(model):
    for bad in (3, -1, 0.5):
        with pytest.raises(ValueError, match="whole numbers from 0 to 2"):
            model.log_prob(torch.tensor([[0, 1, bad]]))


def test_the_pixels_of_a_picture_are_learned_and_reloaded(tmp_path):
    rng = np.random.default_rng(0)
    grey = rng.integers(0, 256, (40, 50, 1))
    Image.fromarray(np.clip(grey + rng.integers(-3, 4, (40, 50, 3)), 0, 255).astype(np.uint8)).save(tmp_path / "p.png")
    data = read_data(tmp_path / "p.png", values="levels")
    assert data.train.shape == (1800, 3) and read_rows(tmp_path / "p.png", values="levels").shape == (2000, 3)
    config = TrainConfig(epochs=8, batch_size=50, learning_rate=3e-3)
    run = runs.RunConfig(str(tmp_path / "p.png"), "CategoricalNADE", {"dims": 3, "hidden": 32}, config)
    log = list(runs.run(runs.create(tmp_path / "run", run), torch.device("cpu")))
    assert log[-1]["best_nats"] < 0.9 * 3 * np.log(256)  # far under three channels that know nothing of each other
    model = load_model(tmp_path / "run/model.safetensors", "cpu")
    again = load_model(save_model(model, tmp_path / "again.safetensors"), "cpu")
    assert torch.equal(again.log_prob(data.valid), model.log_prob(data.valid))


def test_levels_from_a_table_are_checked(tmp_path):
    np.savez(tmp_path / "bad.npz", data=np.array([[1.5, 2.0], [0.0, 1.0]]))
    with pytest.raises(ValueError, match="whole numbers"):
        read_data(tmp_path / "bad.npz", values="levels")
