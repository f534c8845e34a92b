"""A mixture of Gaussians with full covariances, in closed form: what a small table of real values teaches at once.

    p(z) = sum_k w_k N(z; m_k, L_k L_k'),    e_k = L_k^-1 (z - m_k)

Its conditionals are mixtures of Gaussians themselves. With L_k the Cholesky factor along the ordering,

    p(z_i | z_<i) = sum_k w_k(z_<i) N(z_i; z_i - L_ii e_i, L_ii^2),   w_k(z_<i) ~ w_k prod_{j<i} N(e_j; 0, 1) / L_jj

It is learned by expectation-maximisation (Dempster, Laird & Rubin, 1977), with so many rows of variance 1 added to
each covariance. How many components and how many such rows is not chosen but stacked: every candidate is judged on rows
that it has not seen, and the mixture of candidates is the one under which those rows are likeliest (Smyth & Wolpert,
1999); where that gains less than two standard errors, an average of those of the best size that are as good. All is computed in float64,
on standardised rows.
"""

import math
import time
from typing import NamedTuple

import torch
from torch import Tensor

from ..orderings import inverse

COMPONENTS = (1, 2, 3, 4, 5, 6, 8, 12, 16, 24)
ADDED_ROWS = (1e-6, 0.1, 1.0, 10.0)
STEPS_TO_STACK, STEPS_TO_AVERAGE = 300, 30  # of EM, for the shares of candidates
RESTARTS, FOLDS, ROWS_EACH, STARTS = 2, 4, 5, 3
JUDGED = 1500  # rows by which candidates are judged
FLOOR = 5e-4  # the least standard deviation in any direction, where the columns have 1
LEAST_SHARE = 0.002  # of the mixture, below which a candidate is left out
STEPS, ENOUGH = 50, 1e-3  # of EM, and the gain in nats below which it ends
FAR = 1e-300  # a weight whose logarithm is finite


class Gaussians(NamedTuple):
    """K weights (K,), means (K, D) and Cholesky factors (K, D, D) of the covariances, in the order of the columns."""

    weights: Tensor
    means: Tensor
    factors: Tensor


class Conditionals(NamedTuple):
    """Mixtures of Gaussians: logits of the weights, means and standard deviations, all (..., K)."""

    logits: Tensor
    means: Tensor
    sigmas: Tensor

    def moments(self) -> tuple[Tensor, Tensor]:
        """The mean and the standard deviation of each mixture, (..., 1)."""
        w = self.logits.softmax(-1)
        mean = (w * self.means).sum(-1, keepdim=True)
        return mean, (w * (self.sigmas**2 + (self.means - mean) ** 2)).sum(-1, keepdim=True).sqrt()


def along(g: Gaussians, ordering: Tensor) -> Gaussians:
    """The same density of rows whose columns stand in that ordering (D,)."""
    rows = g.factors[:, ordering]
    return Gaussians(g.weights, g.means[:, ordering], torch.linalg.cholesky(rows @ rows.mT))


def conditionals(g: Gaussians, z: Tensor, ordering: Tensor) -> Conditionals:
    """p(z_i | z_<i) of every dimension of rows (B, D), in the order of z: (B, D, K) each."""
    g, z, back = along(g, ordering), z[:, ordering], inverse(ordering)
    e, sigma = _errors(g, z), _diagonal(g).T
    before = _log_normal(e, sigma).cumsum(1).roll(1, 1)
    before[:, 0] = 0
    logits, means = _log_weights(g) + before, z[..., None] - sigma * e
    return Conditionals(logits[:, back], means[:, back], sigma.expand_as(e)[:, back])


def step(g: Gaussians, z: Tensor, i: int) -> Conditionals:
    """p(z_i | z_<i) of one dimension, given the first i columns of z: (B, K) each. ``g`` stands along the ordering."""
    first = Gaussians(g.weights, g.means[:, :i], g.factors[:, :i, :i])
    e, sigma = _errors(first, z[:, :i]), g.factors[:, i, i]
    logits = _log_weights(g) + _log_normal(e, _diagonal(first).T).sum(1)
    means = g.means[:, i] + torch.einsum("bjk,kj->bk", e, g.factors[:, i, :i])
    return Conditionals(logits, means, sigma.expand_as(means))


def given(g: Gaussians, z: Tensor, known: Tensor) -> Conditionals:
    """p(z_i | z_known) of every dimension that is not among the known (D,) of rows (B, D): (B, D, K) each.

    What stands at the known dimensions is of no use.
    """
    order, k = torch.argsort(~known, stable=True), int(known.sum())
    g = along(g, order)
    first = Gaussians(g.weights, g.means[:, :k], g.factors[:, :k, :k])
    e = _errors(first, z[:, order[:k]])
    logits = _log_weights(g) + _log_normal(e, _diagonal(first).T).sum(1)
    means = g.means.T + torch.einsum("bjk,kij->bik", e, g.factors[:, :, :k])
    sigma = g.factors[:, :, k:].square().sum(-1).clamp(min=FLOOR**2).sqrt().T
    back = inverse(order)
    return Conditionals(logits[:, None].expand_as(means), means[:, back], sigma.expand_as(means)[:, back])


def _errors(g: Gaussians, z: Tensor) -> Tensor:
    """e_k of rows (B, D): (B, D, K)."""
    return torch.linalg.solve_triangular(g.factors, (z - g.means[:, None]).mT, upper=False).permute(2, 1, 0)


def _diagonal(g: Gaussians) -> Tensor:
    return g.factors.diagonal(dim1=1, dim2=2)


def _log_weights(g: Gaussians) -> Tensor:
    return g.weights.clamp(min=FAR).log()


def _log_normal(e: Tensor, sigma: Tensor) -> Tensor:
    return -0.5 * e**2 - sigma.log() - 0.5 * math.log(2 * math.pi)


def log_joint(g: Gaussians, z: Tensor) -> Tensor:
    """log w_k + log N(z; m_k, L_k L_k') of rows (B, D): (B, K)."""
    return _log_weights(g) + _log_normal(_errors(g, z), _diagonal(g).T).sum(1)


def fit(z: Tensor, components: int, added: float, seed: int) -> Gaussians:
    """EM on rows (N, D) of variance 1, ``added`` rows of variance 1 in each component."""
    shares, before = _nearest(z, components, torch.Generator().manual_seed(seed)), -math.inf
    for _ in range(STEPS):
        g = _maximise(z, shares, added)
        joint = log_joint(g, z)
        shares, now = joint.softmax(1), joint.logsumexp(1).mean().item()
        if now - before < ENOUGH:
            break
        before = now
    return g


def _nearest(z: Tensor, components: int, generator: torch.Generator) -> Tensor:
    """To which of k centres each row belongs, (N, K) of 0 and 1: the closest of a few starts of k-means."""
    starts = [_k_means(z, components, generator) for _ in range(STARTS if components > 1 else 1)]
    apart = torch.cdist(z, min(starts, key=lambda centres: torch.cdist(z, centres).amin(1).square().sum().item()))
    return torch.nn.functional.one_hot(apart.argmin(1), components).to(z)


def _k_means(z: Tensor, components: int, generator: torch.Generator) -> Tensor:
    """k centres (K, D): k-means++ (Arthur & Vassilvitskii, 2007), then eight steps."""
    centres = z[torch.randint(len(z), (1,), generator=generator)]
    far = torch.cdist(z, centres)[:, 0] ** 2
    for _ in range(components - 1):
        centres = torch.cat([centres, z[torch.multinomial(far + 1e-12, 1, generator=generator)]])
        far = far.minimum((z - centres[-1]).square().sum(1))
    for _ in range(8):
        member = torch.nn.functional.one_hot(torch.cdist(z, centres).argmin(1), components).to(z)
        n = member.sum(0)[:, None]
        centres = torch.where(n > 0, member.T @ z / n.clamp(min=1), centres)
    return centres


def _maximise(z: Tensor, shares: Tensor, added: float) -> Gaussians:
    """The mixture under which rows (N, D) that belong to the components in those shares (N, K) are likeliest."""
    n, unit = shares.sum(0) + 1e-9, torch.eye(z.shape[1]).to(z)
    means = shares.T @ z / n[:, None]
    apart = z - means[:, None]
    covariances = (apart * shares.T[..., None]).mT @ apart + added * unit
    factors = torch.linalg.cholesky(covariances / (n + added)[:, None, None] + FLOOR**2 * unit)
    return Gaussians(n / n.sum(), means, factors)


class Candidate(NamedTuple):
    """A way to fit: how many components, how many added rows in each, which start."""

    components: int
    added: float
    seed: int


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
    shares = _shares(unseen, STEPS_TO_STACK)
    if not _pays(unseen, shares):
        alike = _alike(candidates, unseen)
        candidates, shares = [candidates[c] for c in alike], _shares(unseen[:, alike], STEPS_TO_AVERAGE)
    return _kept(shares.tolist(), candidates, most)


def fitted(z: Tensor, chosen: list[Chosen], most: int) -> Gaussians:
    """The mixture of what was chosen, learned from rows (N, D), of exactly ``most`` components: those at the end may have
    no weight."""
    fits = [fit(z, *how) for how, _share in chosen]
    weights = torch.cat([share * g.weights for (_how, share), g in zip(chosen, fits, strict=True)])
    left = most - len(weights)
    means = torch.cat([*(g.means for g in fits), torch.zeros(left, z.shape[1]).to(z)])
    unit = torch.eye(z.shape[1]).to(z).expand(left, -1, -1)
    return Gaussians(
        torch.cat([weights, torch.zeros(left).to(z)]), means, torch.cat([*(g.factors for g in fits), unit])
    )


def _judged(z: Tensor, most: int, until: float) -> tuple[list[Candidate], Tensor]:
    """What is tried, and log p of every row (N, D) by each, fitted without that row: (N, C). More and more components,
    until two more sizes have brought nothing, or the time is over."""
    rows = len(z) * (FOLDS - 1) // FOLDS
    if rows < ROWS_EACH:
        return [Candidate(1, max(ADDED_ROWS), 0)], torch.zeros(len(z), 1).to(z)
    candidates: list[Candidate] = []
    unseen: list[Tensor] = []
    best, at = -math.inf, 0
    for i, size in enumerate(k for k in COMPONENTS if k <= most and k * ROWS_EACH <= max(rows, ROWS_EACH)):
        starts = range(RESTARTS if 1 < size <= 8 else 1)
        for how in (Candidate(size, added, start) for added in ADDED_ROWS for start in starts):
            if candidates and time.monotonic() > until:
                return candidates, torch.stack(unseen, 1)
            candidates.append(how)
            unseen.append(_unseen(z, how))
        found = max(log_p.mean().item() for log_p in unseen)
        best, at = (found, i) if found > best else (best, at)
        if i - at == 2:
            break
    return candidates, torch.stack(unseen, 1)


def _unseen(z: Tensor, how: Candidate) -> Tensor:
    """log p of each row (N, D) by a fit to the folds that it is not in: (N,)."""
    fold, log_p = torch.arange(len(z)).to(z.device) % FOLDS, torch.zeros(len(z)).to(z)
    for f in range(FOLDS):
        log_p[fold == f] = log_joint(fit(z[fold != f], *how), z[fold == f]).logsumexp(1)
    return log_p


def _shares(unseen: Tensor, steps: int) -> Tensor:
    """The weights of candidates under whose mixture rows with those log-densities (N, C) are likeliest: (C,), by EM.

    Few steps from equal shares leave candidates beside each other between which the rows hardly decide.
    """
    shares = torch.full_like(unseen[0], 1 / unseen.shape[1])
    for _ in range(steps):
        shares = (unseen + shares.clamp(min=FAR).log()).softmax(1).mean(0)
    return shares


def _pays(unseen: Tensor, shares: Tensor) -> bool:
    """Whether the mixture of candidates beats the best one by more than two standard errors of the difference."""
    gain = (unseen + shares.clamp(min=FAR).log()).logsumexp(1) - unseen[:, unseen.mean(0).argmax()]
    return len(gain) > 1 and bool(gain.mean() > 2 * gain.std() / len(gain) ** 0.5)


def _alike(candidates: list[Candidate], unseen: Tensor) -> list[int]:
    """The best candidate, and those of its size that are worse by no more than a standard error of the difference."""
    best = int(unseen.mean(0).argmax())
    behind = unseen[:, [best]] - unseen
    near = behind.mean(0) <= (behind.std(0) / len(unseen) ** 0.5 if len(unseen) > 1 else 0.0)
    return [c for c, how in enumerate(candidates) if how.components == candidates[best].components and near[c]]


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
