"""The border of the library: what a caller hands in becomes a checked tensor, or a NadeError that explains."""

import math
import operator
from dataclasses import fields

import numpy as np
import torch
from torch import Tensor

from .messages import NadeError

MOST_SEED = 2**63 - 1
PIECE = 1 << 15  # numbers that are looked at together, few enough for the cache


def as_numbers(x) -> Tensor:
    """x, an array of any layout or a nested sequence, as a tensor of real numbers that torch can compute with."""
    if not isinstance(x, Tensor):
        try:
            array = np.asarray(x)
        except (ValueError, TypeError, RuntimeError) as error:
            raise NadeError("Expected an array of numbers; got rows that make none.") from error
        if array.dtype.kind not in "biuf":
            raise NadeError("Expected numbers; got an array of {type}.", type=array.dtype)
        x = torch.from_numpy(np.require(array, _known_type(array.dtype), ["C", "W"]))
    if x.is_complex():
        raise NadeError("Expected numbers; got an array of {type}.", type=x.dtype)
    return x.long() if x.dtype in (torch.uint16, torch.uint32, torch.uint64) else x


def _known_type(dtype: np.dtype) -> np.dtype:
    """That type in the byte order of this machine, no wider than 64 bits."""
    return np.dtype(np.float64) if dtype.kind == "f" and dtype.itemsize > 8 else dtype.newbyteorder("=")


def as_binary(x, dims: int) -> Tensor:
    """x of shape (B, dims), or (B, ...) with dims values each, of 0 and 1 of any type: a tensor (B, dims)."""
    x = shaped(x, dims)
    if x.dtype != torch.bool and not _is_binary(x):
        worst = x[(x != 0) & (x != 1)].flatten()[0].item()
        raise NadeError(
            "Expected binary values, 0 and 1 only; got {value}. Binarise the data first.", value=_short(worst)
        )
    return x


def _is_binary(x: Tensor) -> bool:
    """Whether all are 0 or 1. By numpy where it can: torch's threads would spin while the kernels want the cores."""
    values = x if x.device.type != "cpu" or x.dtype == torch.bfloat16 else x.detach().numpy()
    if not x.numel():
        return True
    if not x.is_floating_point():
        return bool(values.min() >= 0 and values.max() <= 1)
    some = max(1, PIECE // x.shape[1])
    pieces = (values[i : i + some] for i in range(0, len(values), some))
    return all(bool(((piece == 0) | (piece == 1)).all()) for piece in pieces)


def as_real(x, dims: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """x of shape (B, dims), of numbers that are finite in that type: (B, dims) of it."""
    x = shaped(x, dims)
    cast = x.to(dtype)
    if not cast.isfinite().all():
        raise NadeError(
            "Expected finite numbers, at most {largest} in size; got {value}. Drop or fill such rows first.",
            largest=f"{torch.finfo(dtype).max:.1e}",
            value=_short(x[~cast.isfinite()][0].item()),
        )
    return cast


def as_levels(x, dims: int, levels: int) -> Tensor:
    """x of shape (B, dims), of whole numbers in 0..levels-1: long (B, dims)."""
    x = shaped(x, dims)
    whole = x.long()
    bad = (whole < 0) | (whole >= levels) | (whole != x)
    if bad.any():
        raise NadeError(
            "Expected whole numbers from 0 to {last}; got {value}.", last=levels - 1, value=_short(x[bad][0].item())
        )
    return whole


def shaped(x, dims: int) -> Tensor:
    """x of shape (B, dims), or (B, ...) with dims values each, whatever they are: (B, dims)."""
    x = as_numbers(x)
    if x.ndim < 2 or x[0:1].numel() != dims * min(len(x), 1) or (x.numel() == 0 and len(x)):
        raise NadeError(
            "Expected rows of {dims} values, as (B, {dims}); got an array of shape {shape}.",
            dims=dims,
            shape=tuple(x.shape),
        )
    return x.reshape(len(x), dims)


def _short(value: float) -> str:
    return f"{value:g}"


def as_labels(y, n: int, classes: int) -> Tensor | None:
    """None, or labels (n,) in 0..classes-1 from a whole number or a sequence of n."""
    if y is None:
        return None
    if not classes:
        raise NadeError("This model was trained without classes: leave the label out.")
    y = as_numbers(y)
    labels = y.long()
    fits = y.dtype != torch.bool and y.shape in ((), (n,)) and bool((labels == y).all())
    if not fits or (y.numel() and not (labels.min() >= 0 and labels.max() < classes)):
        raise NadeError(
            "Expected {n} labels, whole numbers from 0 to {last}; got {labels} of shape {shape}.",
            n=n,
            last=classes - 1,
            labels=y.flatten()[:5].tolist(),
            shape=tuple(y.shape),
        )
    return labels.expand(n)


def as_count(n) -> int:
    """n as a number of rows, 0 or more."""
    try:
        count = -1 if isinstance(n, bool) else operator.index(n)
    except TypeError:
        count = -1
    if count < 0:
        raise NadeError("Expected a whole number of rows, 0 or more; got {n}.", n=repr(n))
    return count


def as_seed(seed) -> int:
    """seed as a whole number from 0 to MOST_SEED."""
    try:
        whole = -1 if isinstance(seed, bool) else operator.index(seed)
    except TypeError:
        whole = -1
    if not 0 <= whole <= MOST_SEED:
        raise NadeError("Expected a seed, a whole number of 0 or more; got {seed}.", seed=repr(seed))
    return whole


def as_generator(generator) -> torch.Generator | None:
    """The generator, or None for torch's own."""
    if not isinstance(generator, torch.Generator | None):
        raise NadeError("Expected a torch.Generator, or None; got {generator}.", generator=repr(generator)[:80])
    return generator


def check_types(config) -> None:
    """NadeError for a field of a dataclass whose value is of another type than its default."""
    for field in fields(config):
        value, default = getattr(config, field.name), field.default
        if type(value) is not type(default) and not (type(value) is int and type(default) is float):
            raise NadeError(
                "Expected {name} to be of the type of its default, {default}; got {value}.",
                name=field.name,
                default=repr(default),
                value=repr(value)[:80],
            )


def as_shape(shape) -> torch.Size:
    """A number of rows, or a shape of so many, as torch.distributions take it."""
    sides = shape if isinstance(shape, tuple) else (shape,)
    return torch.Size([as_count(side) for side in sides])


def as_temperature(temperature) -> float:
    """The temperature, a number above 0."""
    try:
        value = float(temperature)
    except (TypeError, ValueError):
        value = math.nan
    if not value > 0:
        raise NadeError("Expected a temperature above 0; got {temperature}.", temperature=repr(temperature))
    return value


def as_mask(known, n: int, dims: int) -> Tensor:
    """Which dimensions are known, bool (n, dims): from (dims,), shared by all rows, or (n, dims)."""
    known = as_numbers(known)
    if known.shape not in ((dims,), (n, dims)):
        raise NadeError(
            "Expected a mask of known pixels ({dims},) or ({n}, {dims}); got {shape}.",
            n=n,
            dims=dims,
            shape=tuple(known.shape),
        )
    return as_binary(known.expand(n, dims), dims).bool()


def as_prefix(prefix, n: int, dims: int, check=as_binary) -> Tensor:
    """The known first values, (n, k): from None (k = 0), (k,) shared by all, or (n, k); ``check`` looks at them."""
    if prefix is None:
        return torch.zeros(n, 0)
    prefix = as_numbers(prefix)
    prefix = prefix.expand(n, -1) if prefix.ndim == 1 else prefix
    if prefix.ndim != 2 or len(prefix) != n or prefix.shape[1] > dims:
        raise NadeError(
            "Expected a prefix of shape (k,) or ({n}, k), k at most {dims}; got {shape}.",
            n=n,
            dims=dims,
            shape=tuple(prefix.shape),
        )
    return check(prefix, prefix.shape[1]) if prefix.numel() else prefix
