"""Muon for the matrices between hidden features: what it moves, how far, and that a run with it resumes."""

import numpy as np
import pytest
import torch

from nade_core import runs
from nade_core.messages import NadeError
from nade_core.models import MODELS
from nade_core.training import TrainConfig
from nade_core.training.learner import learner
from nade_core.training.optimizers import clear, optimizers

from .small_runs import CPU, finish, same, weights

SIZES = {"dims": 64, "channels": 4, "layers": 1, "scans": 2}
RATE = 1e-3


def made(name="PixelCNN", **sizes):
    model_class, config_class = MODELS[name]
    torch.manual_seed(0)
    return model_class(config_class(**(sizes or SIZES)))


def test_muon_moves_every_direction_of_a_hidden_matrix_alike_and_nothing_that_a_mask_hides():
    model, x = made(), (torch.rand(200, 64, generator=torch.Generator().manual_seed(1)) < 0.3).float()
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    found = optimizers(model, TrainConfig(optimizer="muon", learning_rate=RATE, weight_decay=0.0))
    model.loss(x, None, torch.Generator().manual_seed(2)).backward()
    for optimizer in found:
        optimizer.step()
    moved = {name: p.detach() - before[name] for name, p in model.named_parameters()}
    for name in ("layers.0.weight", "hidden.weight"):
        matrix = moved[name].flatten(1)
        size = RATE * 0.2 * max(matrix.shape) ** 0.5  # of each direction: a step of AdamW's size (Liu et al., 2025)
        sizes = torch.linalg.svdvals(matrix)
        assert sizes.min() > 0.3 * size and sizes.max() < 1.5 * size, (name, sizes / size)
    layer = model.layers[0]
    assert not moved["layers.0.weight"][:, :, ~layer.mask.bool()].any()
    table = moved["table.weight"]
    assert torch.allclose(table.abs(), torch.full_like(table, RATE), rtol=1e-3)  # AdamW's first step


def test_gradients_are_those_of_one_batch_alone():
    model = made()
    found = optimizers(model, TrainConfig(optimizer="muon"))
    x = torch.ones(3, 64)
    for _ in range(2):
        clear(found)
        model.loss(x, None, torch.Generator().manual_seed(2)).backward()
    twice = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    model.loss(x, None, torch.Generator().manual_seed(2)).backward()
    assert all(torch.allclose(a, p.grad, atol=1e-6) for a, p in zip(twice, model.parameters(), strict=True))


def test_a_run_with_muon_resumes_to_the_same_weights(tmp_path):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).integers(0, 2, (60, 64), np.uint8))
    how = TrainConfig(epochs=3, batch_size=20, learning_rate=1e-2, optimizer="muon")
    run_config = runs.RunConfig(str(tmp_path / "rows.npy"), "PixelCNN", SIZES, how)
    finish(tmp_path / "whole", run_config)
    runs.create(tmp_path / "stopped", run_config)
    list(runs.run(tmp_path / "stopped", CPU, time_budget=0))  # one epoch
    list(runs.run(tmp_path / "stopped", CPU))
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "stopped"))


def test_what_a_model_has_no_use_for_is_said():
    with pytest.raises(NadeError, match="NADE has no matrices between hidden features"):
        optimizers(made("NADE", dims=4, hidden=3), TrainConfig(optimizer="muon"))
    with pytest.raises(NadeError, match="NADE has nothing that torch.compile makes faster"):
        learner(made("NADE", dims=4, hidden=3), TrainConfig(compile=True))
    with pytest.raises(NadeError, match="Expected an optimizer among adamw / muon; got lion"):
        TrainConfig(optimizer="lion")
