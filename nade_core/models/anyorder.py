"""What a model of any ordering can be asked, whatever its values are: any values given any others, and rows with holes.

    p(x_B | x_A) = prod_i p(x_b_i | x_A, x_b_<i)

along an ordering in which A comes first. What stands at places that are not known is never looked at; nan is as good.
"""

import math
from abc import abstractmethod

import torch
from torch import Tensor
from torch.distributions import Distribution

from ..inputs import as_count, as_mask, as_numbers, shaped
from ..messages import NadeError
from .base import DensityModel


class AnyOrder(DensityModel):
    """A model writes ``_given`` and ``complete``; ``_log_prob_rest`` too, where it knows a quicker way."""

    many_orderings = True
    completes = True

    def log_prob(self, x, y=None, ordering=None) -> Tensor:
        """log p(x) in nats, of a row with holes (nan) log p of what is known: (B,)."""
        x = as_numbers(x)
        if x.is_floating_point() and x.isnan().any():
            return self._log_prob_known(shaped(x, self.config.dims), self.as_ordering(ordering))
        return super().log_prob(x, y, ordering)

    def given(self, x, known) -> Distribution:
        """p(x_i | x_known) of every dimension of rows x (B, D), of use where it is not known: of batch shape (B, D).

        ``known`` (D,) is one mask for all rows.
        """
        known = self._as_mask(known, 1)[0]
        return self._given(self._filled(x, known), known)

    def marginals(self, x, known) -> Tensor:
        """The mean of p(x_i | x_known) at each unknown place, which is p(x_i = 1 | x_known) of a binary one, and x itself
        where it is known: (B, D). ``known`` is (D,) for all rows or (B, D)."""
        known = self._as_mask(known, len(shaped(x, self.config.dims)))
        x = self._filled(x, known)
        found = x.clone()
        for pattern, rows in _alike(known):
            found[rows] = self._given(x[rows], pattern).mean.to(x)
        return torch.where(known, x, found)

    def complete(self, x, known, n: int, generator: torch.Generator | None = None, temperature: float = 1.0) -> Tensor:
        """n draws of what is missing in one row x (D,) given what is ``known`` (D,): (n, D).

        Each ordering being equally likely, a draw follows the mean over orderings of p(x_missing | x_known, ordering).
        """
        raise NotImplementedError

    @torch.no_grad()
    def log_prob_missing(self, x, known, generator: torch.Generator | None = None, orderings: int = 8) -> Tensor:
        """log p(x_missing | x_known) in nats, averaged as a probability over random orderings: (B,).

        ``known`` (D,) is one mask for all rows of x (B, D).
        """
        x, known, terms = self.as_rows(x), self._as_mask(known, 1)[0], []
        if as_count(orderings) < 1:
            raise NadeError("Expected at least one ordering to average over; got {n}.", n=orderings)
        for _ in range(orderings):
            places = torch.rand(len(known), generator=generator).to(x.device)
            terms.append(self._log_prob_rest(x, torch.where(known, places - 2, places).argsort(), int(known.sum())))
        return torch.stack(terms).logsumexp(0) - math.log(orderings)

    @abstractmethod
    def _given(self, x: Tensor, known: Tensor) -> Distribution:
        """Of checked rows (B, D) and one mask (D,)."""

    def _log_prob_rest(self, x: Tensor, o: Tensor, start: int) -> Tensor:
        """log p of the values at the places from ``start`` on of the ordering o, given those before: (B,)."""
        return self._log_conditionals(x, None, o)[:, o[start:]].sum(1)

    def _log_prob_known(self, x: Tensor, ordering: Tensor) -> Tensor:
        """log p of what is known of rows (B, D) with holes, which come last in the ordering: (B,)."""
        known = ~x.isnan().to(ordering.device)
        x, log_p = self._filled(x, known), torch.zeros(len(x), dtype=self.dtype, device=ordering.device)
        for pattern, rows in _alike(known):
            o = ordering[torch.argsort(~pattern[ordering], stable=True)]
            terms = self._log_conditionals(x[rows], None, o)
            log_p[rows] = (terms * pattern.to(terms)).sum(1).to(log_p)
        return log_p

    def _filled(self, x, known: Tensor) -> Tensor:
        """Checked rows (B, D) with 0 where x is not known."""
        x = shaped(x, self.config.dims)
        return self.as_rows(torch.where(known.to(x.device), x, torch.zeros_like(x)))

    def _knows(self, ordering: Tensor) -> bool:
        return True

    def _as_mask(self, known, n: int) -> Tensor:
        return as_mask(known, n, self.config.dims).to(self.ordering.device)


def _alike(known: Tensor) -> list[tuple[Tensor, Tensor]]:
    """The different masks among (B, D), and which rows (B,) have each."""
    patterns, which = known.unique(dim=0, return_inverse=True)
    return [(pattern, which == i) for i, pattern in enumerate(patterns)]
