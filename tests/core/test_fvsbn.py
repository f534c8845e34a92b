"""FVSBN: its loss is the mean over orderings and the two priors, and a smooth one ties neighbours together."""

import pytest
import torch

from nade_core.data import Dataset
from nade_core.distillation import Classroom
from nade_core.models import FVSBN, FVSBNConfig
from nade_core.training import TrainConfig, TrainState, train


def make(**fields):
    torch.manual_seed(0)
    model = FVSBN(FVSBNConfig(**fields)).double()
    for parameter in model.parameters():
        parameter.data.normal_()
    return model.requires_grad_(False)


def rows(n, dims):
    return torch.randint(0, 2, (n, dims), generator=torch.Generator().manual_seed(1)).double()


def test_the_loss_is_the_mean_over_orderings_and_the_priors_over_their_number():
    x = rows(20, 9)
    plain, sparse = make(dims=9, orderings=3, l1=0.0), make(dims=9, orderings=3, l1=0.2)
    smooth = make(dims=9, orderings=3, l1=0.0, smooth=0.1)
    nats = torch.stack([-plain.log_prob(x, ordering=o).mean() for o in plain.orderings(3)]).mean()
    torch.testing.assert_close(plain.loss(x, None, None), nats)
    torch.testing.assert_close(sparse.loss(x, None, None), nats + 0.2 * sparse.R.abs().sum() / 3)
    torch.testing.assert_close(smooth.loss(x, None, None), nats + 0.1 * variation(smooth, 3) / 3)


def variation(model, side):
    """The sum of |R_ij - R_i'j'|, pixel by pixel, R read off the logits."""
    eye, total = torch.eye(side * side, dtype=torch.float64), 0.0
    for o in model.orderings(model.config.orderings):
        bias = model.conditionals(torch.zeros_like(eye), ordering=o).logits
        R = (model.conditionals(eye, ordering=o).logits - bias).T
        pixels = [(y, x) for y in range(side) for x in range(side)]
        for down, right in ((1, 0), (0, 1)):
            for a, b in pixels:
                for c, d in pixels:
                    if max(a + down, b + right, c + down, d + right) < side:
                        moved = R[(a + down) * side + b + right, (c + down) * side + d + right]
                        total += (R[a * side + b, c * side + d] - moved).abs()
    return total


def test_a_smooth_prior_makes_weights_alike_all_over_the_image():
    rng = torch.Generator().manual_seed(2)
    train_rows = (torch.rand(400, 16, generator=rng) < 0.5).byte().numpy()
    data = Dataset("coins", "coins", train_rows, train_rows[:50], train_rows[:0])
    rough, smooth = (fitted(data, rate) for rate in (0.0, 0.05))
    assert variation(smooth, 4) < 0.2 * variation(rough, 4)


def fitted(data, rate):
    state = TrainState.start("FVSBN", FVSBNConfig(16, l1=0.0, smooth=rate), data, TrainConfig(), torch.device("cpu"))
    for _ in train(state, Classroom(data), TrainConfig(epochs=30, learning_rate=0.03, weight_decay=0.0, patience=30)):
        pass
    return state.model.double().requires_grad_(False)


def test_only_square_images_are_smooth():
    with pytest.raises(ValueError, match="12 values are none"):
        FVSBNConfig(dims=12, smooth=0.1)
    with pytest.raises(ValueError, match="at least 1"):
        FVSBNConfig(orderings=0)
