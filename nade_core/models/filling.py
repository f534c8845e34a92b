"""What is missing in an image, drawn by a PixelCNN given what is known: exactly, or by particles.

Where every known pixel comes before every missing one in a scan, the chain rule along it is the answer:

    p(x_B | x_A) = prod_b p(x_b | x_A, x_B before b)

Elsewhere some known pixels come later than missing ones that they say something about. N particles then go along the
scan (sequential Monte Carlo; Gordon, Salmond & Smith, 1993; adapted to what comes next as in Pitt & Shephard, 1999): at
each block b

    w <- w p(known pixels of b | past of the particle),   b's missing pixels ~ p(. | past, known pixels of b)

and when the effective sample size (sum w)^2 / sum w^2 has fallen below N / 2, particles are drawn anew in proportion to
w. The product of the mean weights is an unbiased estimate of p(x_A), whatever N is; the draws follow p(x_B | x_A) as N
grows, and with a few particles they are approximately such draws.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from .canvas import CELLS, Canvas, log_table

if TYPE_CHECKING:
    from .pixelcnn import PixelCNN

ENOUGH = 0.5  # particles are drawn anew where the effective sample size is a smaller share of them


@dataclass(frozen=True, eq=False)
class Filling:
    """Draws of what is missing in an image, along one scan.

    ``rows`` (n, D) keep what is known. ``log_p_known`` is log p(x_A) along ``ordering`` (D,), in nats: exact if the draws
    are, else of an unbiased estimate of p(x_A); so log p(x_B | x_A) = log p(x) - log p(x_A) for any x along it.
    ``particles`` is 0 where the draws are exact, else how many there were, and ``effective`` the least effective sample
    size that they had.
    """

    rows: Tensor
    ordering: Tensor
    log_p_known: float
    particles: int
    effective: float

    @property
    def exact(self) -> bool:
        """Whether each draw follows p(x_B | x_A) itself."""
        return self.particles == 0


def too_late(known: Tensor, ordering: Tensor) -> int:
    """How many pairs of pixels stand the wrong way in an ordering (D,), a missing one before one that is known (D,)."""
    known = known.cpu()[ordering.cpu()]
    return int(((~known).cumsum(0) * known).sum())


def fill(model: PixelCNN, scan: int, x: Tensor, known: Tensor, n: int, temperature: float, uniforms: Tensor) -> Filling:
    """n draws along a scan given the ``known`` (D,) of x (D,), out of N particles.

    ``uniforms`` (N + 1, blocks + 1) is all chance: a row a particle, and the last for drawing them anew.
    """
    values, seen = (model._to_blocks(t[None], scan)[0].flatten(1).T for t in (x, known.to(x)))  # (blocks, BITS)
    exact, swarm = too_late(known, model.scans[scan]) == 0, _Swarm(model, scan, len(uniforms) - 1)
    first = int(seen.all(1).long().cumprod(0).sum())  # the first block with a missing pixel
    for block, (bits, there, u) in enumerate(zip(values, seen.bool(), uniforms.T, strict=False)):
        table = log_table(swarm.canvas.trees(block) / temperature)
        swarm.weigh(table := table.masked_fill(_unlike(bits, there).to(table.device), -math.inf))
        if block == first or swarm.poor:
            table = table[swarm.renew(swarm.count, u[-1])]
        swarm.canvas.put(block, _drawn(table, u[: len(table)]))
    swarm.renew(n, uniforms[-1, -1])
    rows, ordering = model._from_blocks(swarm.canvas.blocks(), scan), model.scans[scan].to(x.device)
    return Filling(rows, ordering, swarm.log_known, 0 if exact else swarm.count, swarm.effective)


class _Swarm:
    """Particles, log w of each since they were last drawn anew (n,), and the estimate of log p(known) until then.

    At first there is one for each class, since all images are the same before the first missing pixel; then ``count``.
    """

    def __init__(self, model: PixelCNN, scan: int, count: int):
        classes = torch.arange(model.classes, device=model.ordering.device) if model.classes else None
        self.canvas, self.count = Canvas(model, model.classes or 1, classes, scan), count
        self.log_w = torch.zeros(model.classes or 1, dtype=torch.float64)
        self.log_known, self.effective, self.poor, self.spread = 0.0, float(count), False, False

    def weigh(self, table: Tensor) -> None:
        """w <- w p(what is known of a block), from log p of the blocks that agree with it (n, 16)."""
        self.log_w = self.log_w + table.logsumexp(1).cpu()
        if self.spread:
            size = math.exp(2 * self.log_w.logsumexp(0) - (2 * self.log_w).logsumexp(0))
            self.effective, self.poor = min(self.effective, size), size < ENOUGH * self.count

    def renew(self, count: int, u: Tensor) -> Tensor:
        """Go on with so many particles, drawn in proportion to w: their places (count,).

        Systematically: each is drawn w count / sum w times, rounded up or down by one uniform for all.
        """
        self.log_known += self.log_w.logsumexp(0).item() - math.log(len(self.log_w))
        places = (torch.arange(count, dtype=torch.float64) + u.cpu()) / max(count, 1)
        rows = torch.searchsorted(self.log_w.softmax(0).cumsum(0), places, right=True).clamp(max=len(self.log_w) - 1)
        self.canvas.keep(rows.to(self.canvas.position.device))
        self.log_w, self.spread, self.poor = torch.zeros(count, dtype=torch.float64), True, False
        return rows


def _unlike(bits: Tensor, there: Tensor) -> Tensor:
    """Which of the CELLS differ from the bits (BITS,) of a block that are ``there`` (BITS,): (16,)."""
    return ((CELLS.to(bits) != bits) & there).any(1)


def _drawn(log_p: Tensor, u: Tensor) -> Tensor:
    """One of the CELLS for each row of log_p (n, 16), in proportion to p, from uniforms (n,): (n, BITS)."""
    cell = (u.to(log_p)[:, None] >= log_p.softmax(1).cumsum(1)).sum(1).clamp(max=len(CELLS) - 1)
    return CELLS.to(cell.device)[cell]
