"""Models of rows of 0 and 1: a logit for each dimension says all, p(x_i = 1 | x_<i) = sigmoid(logit_i)."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Bernoulli

from ..devices import as_double
from .base import DensityModel


class BinaryModel(DensityModel):
    """A model writes ``_logits``; ``_walk`` too, where it knows a quicker way to one logit after another."""

    def _logits(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        """The logits of p(x_i = 1 | x_<i), in the order of x: (B, D), of any float type."""
        raise NotImplementedError

    def _conditionals(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Bernoulli:
        return Bernoulli(logits=self._logits(x, y, ordering).to(x), validate_args=False)

    def _log_prob(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return log_bernoulli(self._logits(x, y, ordering).to(x), x).sum(-1)

    @torch.no_grad()
    def _log_conditionals(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return log_bernoulli(as_double(self._logits(x, y, ordering)), as_double(x))

    def _walk(self, x: Tensor) -> Iterator[Tensor]:
        """The logits (B,) of one dimension after another along the ordering, while the caller fills in x (B, D)."""
        for d in self.ordering.tolist():
            yield self._logits(x, None, self.ordering)[:, d]

    def _sample(self, uniforms: Tensor, y: Tensor | None, known: Tensor, temperature: float) -> Tensor:
        """x_i = 1 where u_i < sigmoid(logit_i / temperature), but for what is known: (n, D)."""
        x, k = uniforms.new_zeros(len(uniforms), self.config.dims), known.shape[1]
        for i, (d, logits) in enumerate(zip(self.ordering.tolist(), self._walk(x), strict=True)):
            drawn = uniforms[:, i] < torch.sigmoid(logits / temperature)
            x[:, d] = known[:, i] if i < k else drawn.to(x)
        return x


def log_bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """log p of x, 0 or 1, where p(x = 1) = sigmoid(logits): elementwise."""
    return -F.binary_cross_entropy_with_logits(logits, x, reduction="none")


def logit_means(train: Tensor) -> Tensor:
    """The logits of p(x_i = 1), Laplace-smoothed, from binary rows (N, D): (D,)."""
    return torch.logit((train.sum(0, dtype=torch.float64) + 1) / (len(train) + 2)).float()


def both_sides(log_weights: Tensor, logits: Tensor) -> tuple[Tensor, Tensor]:
    """log w_k p(x_i = 1 | k) and log w_k p(x_i = 0 | k) of the terms of a mixture, in the shape of both inputs."""
    return log_weights + F.logsigmoid(logits), log_weights + F.logsigmoid(-logits)
