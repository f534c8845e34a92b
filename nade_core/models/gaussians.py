"""A mixture of Gaussians with full covariances, in closed form: what a small table of real values teaches at once.

    p(z) = sum_k w_k N(z; m_k, L_k L_k'),    e_k = L_k^-1 (z - m_k)

Its conditionals are mixtures of Gaussians themselves. With L_k the Cholesky factor along the ordering,

    p(z_i | z_<i) = sum_k w_k(z_<i) N(z_i; z_i - L_ii e_i, L_ii^2),   w_k(z_<i) ~ w_k prod_{j<i} N(e_j; 0, 1) / L_jj

How it is learned stands in gaussianfits.py.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ..orderings import inverse

FLOOR = 1e-4  # the least standard deviation in any direction, where the columns have 1: what float32 still tells apart
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
    e, sigma = _errors(g, z), diagonal(g).T
    before = _log_normal(e, sigma).cumsum(1).roll(1, 1)
    before[:, 0] = 0
    logits, means = _log_weights(g) + before, z[..., None] - sigma * e
    return Conditionals(logits[:, back], means[:, back], sigma.expand_as(e)[:, back])


def step(g: Gaussians, z: Tensor, i: int) -> Conditionals:
    """p(z_i | z_<i) of one dimension, given the first i columns of z: (B, K) each. ``g`` stands along the ordering."""
    first = Gaussians(g.weights, g.means[:, :i], g.factors[:, :i, :i])
    e, sigma = _errors(first, z[:, :i]), g.factors[:, i, i]
    logits = _log_weights(g) + _log_normal(e, diagonal(first).T).sum(1)
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
    logits = _log_weights(g) + _log_normal(e, diagonal(first).T).sum(1)
    means = g.means.T + torch.einsum("bjk,kij->bik", e, g.factors[:, :, :k])
    sigma = g.factors[:, :, k:].square().sum(-1).clamp(min=FLOOR**2).sqrt().T
    back = inverse(order)
    return Conditionals(logits[:, None].expand_as(means), means[:, back], sigma.expand_as(means)[:, back])


def _errors(g: Gaussians, z: Tensor) -> Tensor:
    """e_k of rows (B, D): (B, D, K)."""
    return torch.linalg.solve_triangular(g.factors, (z - g.means[:, None]).mT, upper=False).permute(2, 1, 0)


def diagonal(g: Gaussians) -> Tensor:
    return g.factors.diagonal(dim1=1, dim2=2)


def _log_weights(g: Gaussians) -> Tensor:
    return g.weights.clamp(min=FAR).log()


def _log_normal(e: Tensor, sigma: Tensor) -> Tensor:
    return -0.5 * e**2 - sigma.log() - 0.5 * math.log(2 * math.pi)


def log_joint(g: Gaussians, z: Tensor) -> Tensor:
    """log w_k + log N(z; m_k, L_k L_k') of rows (B, D): (B, K)."""
    return _log_weights(g) + _log_normal(_errors(g, z), diagonal(g).T).sum(1)
