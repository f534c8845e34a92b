"""FVSBN: a fully visible sigmoid belief network (Neal, 1992; Frey, Hinton & Dayan, NIPS 1995).

    p(x_i = 1 | x_<i) = sigmoid(b_i + sum_{j<i} R_ij x_j)

One logistic regression a pixel on all pixels before it: D (D - 1) / 2 + D parameters for an ordering. Several
orderings have weights each of their own and make an ensemble: p(x) = mean over orderings of p(x | ordering).

Training adds two Laplace priors to the loss. l1 sum |R_ij|: few of the pixels before matter to one. On images,
smooth sum |R_ij - R_i'j'|, i' and j' being the pixels below i and j, or to the right of them: a pixel matters to its
neighbour in much the same way all over the image (total variation, as in the fused lasso, Tibshirani et al., 2005).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..inputs import check_types
from ..messages import N_, NadeError
from ..orderings import which_ordering, with_turns
from .binary import BinaryModel, logit_means


@dataclass(frozen=True)
class FVSBNConfig:
    """D = dims, and how many orderings there are.

    ``l1`` and ``smooth`` are the rates of the Laplace priors on each weight and on each difference of neighbours'
    weights, divided by the number of training rows; ``smooth`` is for square images.
    """

    dims: int = 784
    orderings: int = 1
    l1: float = 1e-4
    smooth: float = 0.0

    def __post_init__(self):
        check_types(self)
        if min(self.dims, self.orderings) < 1 or not (self.l1 >= 0 and self.smooth >= 0):
            raise NadeError(
                "Expected dims and orderings of at least 1, l1 and smooth of at least 0; got {config}.", config=self
            )
        if self.smooth and math.isqrt(self.dims) ** 2 != self.dims:
            raise NadeError("Only the weights of a square image can be smooth; {dims} values are none.", dims=self.dims)


class FVSBN(BinaryModel):
    """An exact density, each conditional a logistic regression."""

    all_orderings: Tensor
    places: Tensor

    description = N_("a logistic regression on all pixels before")
    recipe = {"epochs": 40, "learning_rate": 3e-3, "weight_decay": 0.0}
    many_orderings = True

    def __init__(self, config: FVSBNConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        D, M = config.dims, config.orderings
        self.R = nn.Parameter(torch.zeros(M * (D * (D - 1) // 2)))  # the rows of one triangle after another
        self.b = nn.Parameter(torch.zeros(M * D))
        self.register_buffer("all_orderings", None, persistent=False)  # (M, D), and
        self.register_buffer(
            "places", None, persistent=False
        )  # where each R_ij stands in its square: (M, D (D - 1) / 2)
        self._loaded()

    def _logits(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        m = which_ordering(ordering, self.all_orderings)
        return F.linear(x, self._square(m), self._biases()[m])

    def loss(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """The mean over orderings of -log p(x | ordering), and the priors."""
        R = torch.stack([self._square(m) for m in range(self.config.orderings)])
        logits = torch.einsum("mij,bj->mbi", R, x) + self._biases()[:, None]
        nats = F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="sum") / len(x)
        if self.config.l1:
            nats = nats + self.config.l1 * self.R.abs().sum()
        return (nats + self.config.smooth * _variation(R) if self.config.smooth else nats) / len(R)

    def _orderings(self, n: int, seed: int) -> list[Tensor]:
        """The first n of its orderings."""
        return list(self.all_orderings[:n])

    def _walk(self, x: Tensor) -> Iterator[Tensor]:
        R, b = self._square(0), self._biases()[0]
        for d in self.ordering.tolist():
            yield b[d] + x @ R[d]

    def _knows(self, ordering: Tensor) -> bool:
        return bool((self.all_orderings == ordering).all(1).any())

    def _loaded(self) -> None:
        super()._loaded()
        D = self.config.dims
        self.all_orderings = with_turns(self.ordering, self.config.orderings)
        i, j = torch.tril_indices(D, D, -1, device=self.ordering.device)
        self.places = self.all_orderings[:, i] * D + self.all_orderings[:, j]

    def start_from(self, train: Tensor, until: float = math.inf) -> None:
        """The biases at the logits of the pixel means (Laplace-smoothed)."""
        self._biases().data.copy_(logit_means(train))

    def _square(self, m: int) -> Tensor:
        """R_ij of an ordering at row i and column j of the data, zero unless j comes before i: (D, D)."""
        D, triangle = self.config.dims, self.R.view(self.config.orderings, -1)[m]
        return triangle.new_zeros(D * D).scatter(0, self.places[m], triangle).view(D, D)

    def _biases(self) -> Tensor:
        """b_i for each ordering: (M, D)."""
        return self.b.view(self.config.orderings, -1)


def _variation(R: Tensor) -> Tensor:
    """sum |R_ij - R_i'j'| over the pixels i', j' below i, j and those to the right of them, R (M, D, D): a scalar."""
    side = math.isqrt(R.shape[1])
    R = R.view(-1, side, side, side, side)
    down, right = R[:, 1:, :, 1:] - R[:, :-1, :, :-1], R[:, :, 1:, :, 1:] - R[:, :, :-1, :, :-1]
    return down.abs().sum() + right.abs().sum()
