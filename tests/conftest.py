"""Shared by all tests: a small NADE in float64, and a small trained run."""

import pytest
import torch

from nade_core import NADE, NADEConfig


@pytest.fixture
def make_nade():
    """make_nade(dims, hidden, ...): a NADE with weights large enough for every conditional to matter."""

    def make(dims=6, hidden=5, activation="sigmoid", classes=0, ordering=None, dtype=torch.float64, seed=0):
        torch.manual_seed(seed)
        model = NADE(NADEConfig(dims, hidden, activation, classes), ordering).to(dtype)
        for parameter in model.parameters():
            parameter.data.normal_()
        return model

    return make
