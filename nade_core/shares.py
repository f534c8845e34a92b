"""A batch whose rows several processes share: what is drawn for a batch is drawn whole by each of them, which then takes
what belongs to its rows. So a row has the same random numbers however many processes there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Share:
    """The ``rows`` from ``first`` on of a batch ``of`` so many."""

    first: int
    rows: int
    of: int

    @property
    def own(self) -> slice:
        """Where these rows stand in the batch."""
        return slice(self.first, self.first + self.rows)


_current: ContextVar[Share | None] = ContextVar("share", default=None)


@contextmanager
def taking(share: Share) -> Iterator[None]:
    """Rows that are computed meanwhile are that share of their batch."""
    before = _current.set(share)
    try:
        yield
    finally:
        _current.reset(before)


def share_of(rows: int) -> Share:
    """Which share of their batch these rows are: all of it, unless ``taking`` says otherwise."""
    return _current.get() or Share(0, rows, rows)


def dropout(h: Tensor, p: float, training: bool) -> Tensor:
    """Each value of h (B, ...) zero with probability p, else divided by 1 - p; h itself when not in training."""
    if not training or not p:
        return h
    share = share_of(len(h))
    if share.of == len(h):
        return F.dropout(h, p)
    order = sorted(range(h.ndim), key=h.stride, reverse=True)  # as the values lie in memory, so are they drawn
    sizes = (share.of, *h.shape[1:])
    whole = h.new_ones([sizes[i] for i in order]).permute([order.index(i) for i in range(h.ndim)])
    return h * F.dropout(whole, p)[share.own]
