"""Which mixture of Gaussians a small table is given (gaussianfits.py): not chosen, but stacked.

Every candidate is judged on rows that it has not seen, and the mixture of candidates is the one under which those rows
are likeliest (Smyth & Wolpert, 1999). Where that gains less than two standard errors, it is the simplest candidates that
are as good as any, within one (Breiman, Friedman, Olshen & Stone, 1984).
"""

import math
import time
from typing import NamedTuple

import torch
from torch import Tensor

from .gaussianfits import SCALES, alone, as_good, several, tailed
from .gaussians import FAR, Gaussians, diagonal, log_joint

COMPONENTS = (2, 3, 4, 5, 6, 8, 12, 16, 24)
ADDED_ROWS = (1e-6, 0.1, 1.0, 10.0)
AS_LEFT_OUT = 0.0  # in place of them: what leave-one-out says
FACTORS = (1, 2, 3, 5, 8)  # towards which one Gaussian is shrunk
FREEDOMS = (2.0, 4.0, 8.0, 16.0)  # of a Student t
STEPS_TO_STACK, STEPS_TO_AVERAGE = 300, 30  # of EM, for the shares of candidates
RESTARTS, LAST_STARTS, FOLDS, ROWS_EACH = 2, 5, 4, 5
JUDGED = 1500  # rows by which candidates are judged
LEAST_SHARE = 0.002  # of the mixture, below which a candidate is left out


class Candidate(NamedTuple):
    """A way to fit: how many components, how many added rows in each, which start; or of a Student t the degrees of freedom,
    or towards how many factors one Gaussian is shrunk."""

    components: int
    added: float
    seed: int
    freedom: float = 0.0
    factors: int = 0


def fit(z: Tensor, how: Candidate) -> Gaussians:
    """What a candidate is of rows (N, D) of variance 1."""
    if how.added != AS_LEFT_OUT:
        return several(z, how.components, how.added, how.seed)
    return tailed(z, how.freedom) if how.freedom else alone(z, how.factors)


class Chosen(NamedTuple):
    """A candidate, and its share of the mixture."""

    how: Candidate
    share: float


def stacked(z: Tensor, most: int, seed: int = 0, until: float = math.inf) -> list[Chosen]:
    """The candidates of which a mixture suits rows (N, D), of at most ``most`` components together.

    They are tried until ``until``, a time.monotonic(), the smallest first.
    """
    some = z[torch.randperm(len(z), generator=torch.Generator().manual_seed(seed)).to(z.device)[:JUDGED]]
    candidates, unseen = _judged(some, most, until)
    alike, shares = _alike(candidates, unseen), _shares(unseen, STEPS_TO_STACK)
    if not _pays(unseen, shares, unseen[:, alike]):
        candidates, shares = [candidates[c] for c in alike], _shares(unseen[:, alike], STEPS_TO_AVERAGE)
    return _kept(shares.tolist(), candidates, most)


def fitted(z: Tensor, chosen: list[Chosen], most: int, until: float = math.inf) -> Gaussians:
    """The mixture of what was chosen, learned from rows (N, D), of exactly ``most`` components: those at the end may have
    no weight."""
    fits = [_best_start(z, how, until) for how, _share in chosen]
    weights = torch.cat([share * g.weights for (_how, share), g in zip(chosen, fits, strict=True)])
    left = most - len(weights)
    means = torch.cat([*(g.means for g in fits), torch.zeros(left, z.shape[1]).to(z)])
    unit = torch.eye(z.shape[1]).to(z).expand(left, -1, -1)
    return Gaussians(
        torch.cat([weights, torch.zeros(left).to(z)]), means, torch.cat([*(g.factors for g in fits), unit])
    )


def _best_start(z: Tensor, how: Candidate, until: float) -> Gaussians:
    """Of several starts the one that ends where rows (N, D), and those added, are likeliest; one, once the time is over."""
    fits = [fit(z, how)]
    while how.added != AS_LEFT_OUT and how.components > 1 and len(fits) < LAST_STARTS and time.monotonic() < until:
        fits.append(fit(z, how._replace(seed=RESTARTS + len(fits))))
    return max(fits, key=lambda g: _likelihood(g, z, how.added)) if len(fits) > 1 else fits[0]


def _likelihood(g: Gaussians, z: Tensor, added: float) -> float:
    """log p of all rows (N, D), and of so many of variance 1 in each component, but for a constant."""
    unit = torch.eye(z.shape[1]).to(z).expand_as(g.factors)
    traces = torch.linalg.solve_triangular(g.factors, unit, upper=False).square().sum((1, 2))
    own = traces + 2 * diagonal(g).log().sum(1)
    return (log_joint(g, z).logsumexp(1).sum() - added / 2 * own.sum()).item()


def _judged(z: Tensor, most: int, until: float) -> tuple[list[Candidate], Tensor]:
    """What is tried, and log p of every row (N, D) by each, fitted without that row: (N, C). More and more components,
    until two more sizes have brought nothing, or the time is over."""
    rows = len(z) * (FOLDS - 1) // FOLDS
    if rows < ROWS_EACH:
        return [Candidate(1, max(ADDED_ROWS), 0)], torch.zeros(len(z), 1).to(z)
    candidates: list[Candidate] = []
    unseen: list[Tensor] = []
    best, at = -math.inf, 0
    for i, size in enumerate(_sizes(min(most, rows // ROWS_EACH), z.shape[1])):
        for how in size:
            if candidates and time.monotonic() > until:
                return candidates, torch.stack(unseen, 1)
            candidates.append(how)
            unseen.append(_unseen(z, how))
        found = max(log_p.mean().item() for how, log_p in zip(candidates, unseen, strict=True) if not how.freedom)
        best, at = (found, i) if found > best else (best, at)
        if i - at == 2:
            break
    return candidates, torch.stack(unseen, 1)


def _sizes(most: int, dims: int) -> list[list[Candidate]]:
    """The candidates of up to ``most`` components, the simplest first: those of one shape, of two components, of three..."""
    one = [Candidate(1, AS_LEFT_OUT, 0, factors=factors) for factors in (0, *FACTORS) if 2 * factors < dims]
    tails = [Candidate(SCALES, AS_LEFT_OUT, 0, freedom) for freedom in FREEDOMS if most >= SCALES]
    starts = {k: range(RESTARTS if k <= 8 else 1) for k in COMPONENTS if k <= most}
    more = [[Candidate(k, added, start) for added in ADDED_ROWS for start in starts[k]] for k in starts]
    return [[*one, *tails], *more]


def _unseen(z: Tensor, how: Candidate) -> Tensor:
    """log p of each row (N, D) by a fit to the folds that it is not in: (N,)."""
    fold, log_p = torch.arange(len(z)).to(z.device) % FOLDS, torch.zeros(len(z)).to(z)
    for f in range(FOLDS):
        log_p[fold == f] = log_joint(fit(z[fold != f], how), z[fold == f]).logsumexp(1)
    return log_p


def _shares(unseen: Tensor, steps: int) -> Tensor:
    """The weights of candidates under whose mixture rows with those log-densities (N, C) are likeliest: (C,), by EM.

    Few steps from equal shares leave candidates beside each other between which the rows hardly decide.
    """
    shares = torch.full_like(unseen[0], 1 / unseen.shape[1])
    for _ in range(steps):
        shares = (unseen + shares.clamp(min=FAR).log()).softmax(1).mean(0)
    return shares


def _pays(unseen: Tensor, shares: Tensor, alike: Tensor) -> bool:
    """Whether the mixture of candidates beats the best of those alike by more than two standard errors of the difference."""
    gain = (unseen + shares.clamp(min=FAR).log()).logsumexp(1) - alike[:, alike.mean(0).argmax()]
    return len(gain) > 1 and bool(gain.mean() > 2 * gain.std() / len(gain) ** 0.5)


def _alike(candidates: list[Candidate], unseen: Tensor) -> list[int]:
    """The simplest candidate that is as good as any, and those of its kind that are."""
    good = [c for c, good in enumerate(as_good(unseen).tolist()) if good]
    kinds = [(how.components, how.freedom > 0, how.factors) for how in candidates]
    return [c for c in good if kinds[c] == kinds[good[0]]]


def _kept(shares: list[float], candidates: list[Candidate], most: int) -> list[Chosen]:
    """Which candidates stay: the largest shares first, as long as their components are not too many together."""
    kept: list[int] = []
    used = 0
    for c in sorted(range(len(shares)), key=lambda c: -shares[c]):
        if not kept or (shares[c] >= LEAST_SHARE and used + candidates[c].components <= most):
            kept.append(c)
            used += candidates[c].components
    whole = sum(shares[c] for c in kept)
    return [Chosen(candidates[c], shares[c] / whole) for c in kept]
