"""The same equations without a Python loop over single pixels: for CUDA, MPS, and any other device.

Pixels are taken in chunks. Within a chunk the pre-activations a_i = a0 + sum_{j<i} x_j W_j of all its
pixels are one cumulative sum, so a density needs D / chunk steps instead of D. With gradients, a chunk's
hidden states are computed again on the way back instead of kept (torch.utils.checkpoint).
"""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from . import reference

CHUNK_ELEMENTS = 1 << 24  # hidden values held at once: 64 MB in float32


def _chunk(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a: Tensor, activation: str) -> tuple[Tensor, Tensor]:
    steps = torch.cumsum(x[:, :, None] * W, dim=1)  # (B, R, H)
    before = torch.cat([torch.zeros_like(steps[:, :1]), steps[:, :-1]], dim=1)
    h = reference.ACTIVATIONS[activation](a[:, None] + before)
    return b + (h * V).sum(-1), a + steps[:, -1]


def logits(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str) -> Tensor:
    """The logits of all conditionals p(x_i = 1 | x_<i) of given images: (B, D)."""
    batch, dims = x.shape
    width = max(1, min(dims, CHUNK_ELEMENTS // max(1, batch * a0.shape[1])))
    parts, a, keep = [], a0, torch.is_grad_enabled()
    for s in range(0, dims, width):
        rows = slice(s, s + width)
        arguments = (x[:, rows], W[rows], V[rows], b[rows], a, activation)
        part, a = checkpoint(_chunk, *arguments, use_reentrant=False) if keep else _chunk(*arguments)
        parts.append(part)
    return torch.cat(parts, dim=1)


def log_prob(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str) -> Tensor:
    """log p(x) = sum_i log p(x_i | x_<i) in nats: (B,)."""
    return -F.binary_cross_entropy_with_logits(logits(x, W, V, b, a0, activation), x, reduction="none").sum(1)


sample = reference.sample  # pixel i needs pixel i - 1: there is nothing to vectorise but the batch
