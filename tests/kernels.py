"""The kernels as machine code on disk, for all tests: python -m tests.kernels compiles them while types are checked."""

import torch

from nade_core import NADE, NADEConfig


def compiled() -> None:
    """Call what there is of them; what an earlier process compiled is read."""
    model = NADE(NADEConfig(4, 3))
    model.log_prob(torch.zeros(2, 4)).sum().backward()
    model.sample(2)


if __name__ == "__main__":
    compiled()
