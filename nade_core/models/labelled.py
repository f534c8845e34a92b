"""Models of binary rows that may have classes: p(x) = sum_y p(y) p(x | y), an exact mixture with p(y) uniform."""

import math
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from ..devices import as_double
from ..orderings import inverse
from .binary import BinaryModel, both_sides, log_bernoulli

MIXTURE_CHUNK = 256  # images whose logits under every class are held at once


class LabelledModel(BinaryModel):
    """A model writes ``_given``, and ``_draw`` where it draws quicker than by one logit after another.

    Its ``config.classes`` is how many classes there are. Without classes y is always None, and is ignored.
    """

    labelled = True

    @property
    def classes(self) -> int:
        return self.config.classes

    def _given(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        """The logits of p(x_i = 1 | x_<i, y), in the order of x: (B, D). y is None without classes alone."""
        raise NotImplementedError

    def _draw(self, u: Tensor, y: Tensor | None, temperature: float) -> Tensor:
        """x_i = 1 where u_i < sigmoid(logit_i / temperature), u (n, D) along the ordering; the mixture's for y None."""
        return super()._sample(u, y, u[:, :0], temperature)

    def _log_prob(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        if self.classes and y is None:
            return (self._per_class(x, ordering).logsumexp(1) - math.log(self.classes)).to(x)
        return super()._log_prob(x, y, ordering)

    def _logits(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        if self.classes and y is None:
            return torch.cat([self._mixture_logits(part, ordering) for part in x.split(MIXTURE_CHUNK)])
        return self._given(x, y, ordering)

    def _mixture_logits(self, x: Tensor, ordering: Tensor) -> Tensor:
        """p(x_i = 1 | x_<i) = sum_y p(y | x_<i) p(x_i = 1 | x_<i, y), in float64: thousands of nats differ by a few."""
        logits = as_double(torch.stack([self._given(x, y, ordering) for y in self._labels(x)]))  # (K, B, D)
        ordering = ordering.to(logits.device)
        terms = log_bernoulli(logits, as_double(x).expand_as(logits))[..., ordering]
        past = F.pad(terms.cumsum(-1)[..., :-1], (1, 0))[..., inverse(ordering)]  # log p(x_<i | y)
        return mixed(*both_sides(past, logits), 0)

    def _uniforms(self, n: int, generator: torch.Generator | None) -> Tensor:
        """(n, D), and with classes (n, D + 1): the first is for the label."""
        uniforms = torch.rand(n, self.config.dims + (self.classes > 0), generator=generator)
        return uniforms.to(self.ordering.device, self.dtype)

    def _sample(self, uniforms: Tensor, y: Tensor | None, known: Tensor, temperature: float) -> Tensor:
        """A label from p(y | known) where none is given, then the pixels; at another temperature, the mixture's own."""
        u = uniforms[:, -self.config.dims :].clone()
        if self.classes and y is None and temperature == 1:
            y = self._draw_labels(uniforms[:, 0], known)
        u[:, : known.shape[1]] = 1 - 3 * known  # -2 is under every probability and 1 above: what is known is drawn so
        return self._draw(u, y, temperature)

    def _draw_labels(self, u: Tensor, known: Tensor) -> Tensor:
        """One label an image from p(y | known), which is p(y) where nothing is known: (n,)."""
        (n, k), ordering = known.shape, self.ordering
        if k == 0 or n == 0:
            return (u * self.classes).long().clamp(max=self.classes - 1)
        x = known.new_zeros(n, self.config.dims)
        x[:, ordering[:k]] = known
        terms = [
            log_bernoulli(self._given(x, y, ordering)[:, ordering[:k]].to(x), known).sum(1) for y in self._labels(x)
        ]
        posterior = torch.stack(terms, 1).softmax(1)
        return (u[:, None] > posterior.cumsum(1)).sum(1).clamp(max=self.classes - 1)

    def _labels(self, x: Tensor) -> Iterator[Tensor]:
        """Every label, each for all rows of x: (B,)."""
        return (y.expand(len(x)) for y in torch.arange(self.classes, device=self.ordering.device))


def mixed(on: Tensor, off: Tensor, axis: int) -> Tensor:
    """The logits of a mixture from both sides of its terms (see ``both_sides``), which lie along ``axis``."""
    return on.logsumexp(axis) - off.logsumexp(axis)
