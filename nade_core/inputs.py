"""The border of the library: what a caller hands in becomes a checked tensor, or a ValueError that explains."""

import numpy as np
import torch
from torch import Tensor


def as_binary(x, dims: int) -> Tensor:
    """x of shape (B, dims), or (B, ...) with dims values each, of 0 and 1 of any type: uint8/float (B, dims)."""
    x = torch.as_tensor(np.array(x) if isinstance(x, np.ndarray) and not x.flags.writeable else x)
    if x.ndim < 2 or x[0:1].numel() != dims * min(len(x), 1) or (x.numel() == 0 and len(x)):
        raise ValueError(f"Expected images of {dims} values, as (B, {dims}); got an array of shape {tuple(x.shape)}.")
    x = x.reshape(len(x), dims)
    if x.dtype != torch.bool and not ((x == 0) | (x == 1)).all():
        worst = x[(x != 0) & (x != 1)].flatten()[0].item()
        raise ValueError(f"Expected binary values, 0 and 1 only; got {worst:g}. Binarise the data first.")
    return x


def as_labels(y, n: int, classes: int) -> Tensor | None:
    """None, or labels (n,) in 0..classes-1 from an int or a sequence of n."""
    if y is None:
        return None
    if not classes:
        raise ValueError("This model was trained without classes: leave the label out.")
    y = torch.as_tensor(y, dtype=torch.long)
    y = y.expand(n) if y.ndim == 0 else y
    if y.shape != (n,) or (n and not (y.min() >= 0 and y.max() < classes)):
        raise ValueError(
            f"Expected {n} labels from 0 to {classes - 1}; got {y.tolist()[:5]} of shape {tuple(y.shape)}."
        )
    return y


def as_prefix(prefix, n: int, dims: int) -> Tensor:
    """The known first values, (n, k): from None (k = 0), (k,) shared by all, or (n, k)."""
    if prefix is None:
        return torch.zeros(n, 0)
    prefix = torch.as_tensor(prefix)
    prefix = prefix.expand(n, -1) if prefix.ndim == 1 else prefix
    if prefix.ndim != 2 or len(prefix) != n or prefix.shape[1] > dims:
        raise ValueError(f"Expected a prefix of shape (k,) or ({n}, k), k at most {dims}; got {tuple(prefix.shape)}.")
    return as_binary(prefix, prefix.shape[1]) if prefix.numel() else prefix
