"""The border of the library: what a caller hands in becomes a checked tensor, or a ValueError that explains."""

import numpy as np
import torch
from torch import Tensor


def as_binary(x, dims: int) -> Tensor:
    """x of shape (B, dims), or (B, ...) with dims values each, of 0 and 1 of any type: uint8/float (B, dims)."""
    x = _rows(x, dims, "images")
    if x.dtype != torch.bool and not ((x == 0) | (x == 1)).all():
        worst = x[(x != 0) & (x != 1)].flatten()[0].item()
        raise ValueError(f"Expected binary values, 0 and 1 only; got {worst:g}. Binarise the data first.")
    return x


def as_real(x, dims: int) -> Tensor:
    """x of shape (B, dims), of finite numbers: float (B, dims)."""
    x = _rows(x, dims, "rows")
    x = x if x.is_floating_point() else x.double()
    if not x.isfinite().all():
        raise ValueError(f"Expected finite numbers; got {x[~x.isfinite()][0].item()}. Drop or fill such rows first.")
    return x


def as_levels(x, dims: int, levels: int) -> Tensor:
    """x of shape (B, dims), of whole numbers in 0..levels-1: long (B, dims)."""
    x = _rows(x, dims, "rows")
    whole = x.long()
    bad = (whole < 0) | (whole >= levels) | (whole != x)
    if bad.any():
        raise ValueError(f"Expected whole numbers from 0 to {levels - 1}; got {x[bad][0].item():g}.")
    return whole


def _rows(x, dims: int, what: str) -> Tensor:
    x = torch.as_tensor(np.array(x) if isinstance(x, np.ndarray) and not x.flags.writeable else x)
    if x.ndim < 2 or x[0:1].numel() != dims * min(len(x), 1) or (x.numel() == 0 and len(x)):
        raise ValueError(f"Expected {what} of {dims} values, as (B, {dims}); got an array of shape {tuple(x.shape)}.")
    return x.reshape(len(x), dims)


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


def as_prefix(prefix, n: int, dims: int, check=as_binary) -> Tensor:
    """The known first values, (n, k): from None (k = 0), (k,) shared by all, or (n, k); ``check`` looks at them."""
    if prefix is None:
        return torch.zeros(n, 0)
    prefix = torch.as_tensor(prefix)
    prefix = prefix.expand(n, -1) if prefix.ndim == 1 else prefix
    if prefix.ndim != 2 or len(prefix) != n or prefix.shape[1] > dims:
        raise ValueError(f"Expected a prefix of shape (k,) or ({n}, k), k at most {dims}; got {tuple(prefix.shape)}.")
    return check(prefix, prefix.shape[1]) if prefix.numel() else prefix
