"""A loss that torch.compile fused is the loss, and so is its gradient."""

import shutil

import pytest
import torch

from nade_core.models.pixelcnn import PixelCNN, PixelCNNConfig
from nade_core.training import TrainConfig
from nade_core.training.learner import learner

pytestmark = [
    pytest.mark.scale,
    pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler"),
]


def gradients(**options):
    """The loss of two rows in two scans, and the gradients of their sum."""
    torch.manual_seed(0)
    model, generator = PixelCNN(PixelCNNConfig(64, channels=4, layers=2, scans=2)), torch.Generator().manual_seed(1)
    torch.nn.init.normal_(model.position)
    learn, x = learner(model, TrainConfig(**options)), (torch.rand(2, 64, generator=generator) < 0.3).float()
    losses = torch.stack([learn(x, None, None, generator) for _ in range(4)])
    losses.sum().backward()
    return losses.detach(), [p.grad for p in model.parameters()]


def test_the_compiled_loss_and_its_gradient_are_those_of_the_plain_one():
    (plain, expected), (compiled, found) = gradients(), gradients(compile=True)
    assert len(set(plain.tolist())) == 2  # both scans
    assert torch.allclose(plain, compiled, rtol=1e-5)
    assert all(torch.allclose(a, b, atol=1e-4, rtol=1e-4) for a, b in zip(expected, found, strict=True))
