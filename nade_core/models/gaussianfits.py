"""How a mixture of Gaussians (gaussians.py) is learned from a small table: one of them, a Student t, or several.

The likeliest Gaussian is too narrow for new rows (Aitchison, 1975). With S the sum of the squares about the mean, it is

    N(z; mean, c (S + a T)),    c, a: those under which each row is likeliest, given the others

shrunk (Ledoit & Wolf, 2004) towards independent columns, or a few factors, as leave-one-out says (Hoffbeck & Landgrebe,
1996), which is in closed form. Several are learned by expectation-maximisation (Dempster, Laird & Rubin, 1977), with so
many rows of variance 1 added to each covariance, and each as much wider as rows are farther from it without them. All is
computed in float64, on standardised rows.
"""

import math

import torch
from torch import Tensor

from .gaussians import FAR, FLOOR, Gaussians, log_joint

SHRINKAGES = 10.0 ** torch.arange(-1, 4.25, 0.25, dtype=torch.float64)  # the a that are tried, and 0
STEPS_OF_FACTORS, START_OF_FACTORS = 15, 0.7  # and the standard deviation of what no factor explains, at first
SCALES, STEPS_OF_TAILS = 8, 15  # a Student t is so many Gaussians, by so many steps of EM
SWAY = 0.95  # the most of a covariance that is taken to be one row's own
STARTS = 3  # of k-means
STEPS, ENOUGH = 50, 1e-3  # of EM, and the gain in nats below which it ends


def alone(z: Tensor, factors: int = 0) -> Gaussians:
    """One Gaussian for rows (N, D) of variance 1, N > 1: the least shrinkage that is as good as any for rows left out."""
    apart, target = z - z.mean(0), towards(z, factors)
    a = torch.cat([SHRINKAGES.new_zeros(1), SHRINKAGES]).to(z)
    log_p, c = left_out(z, a, target)
    i = int(as_good(log_p).nonzero()[0])
    covariance = c[i] * (apart.T @ apart + _least(z) + a[i] * target)
    return Gaussians(torch.ones(1).to(z), z.mean(0)[None], torch.linalg.cholesky(covariance)[None])


def towards(z: Tensor, factors: int) -> Tensor:
    """The covariance (D, D) of rows (N, D) that so many factors explain, with a variance of each column's own:

        T = F F' + P,    F = P^1/2 V (L - 1)^1/2,    P = diag(C - F F'),    L, V the largest of P^-1/2 C P^-1/2

    the likeliest of that form (Lawley, 1940), by turns of the last two; without factors diag(C).
    """
    C = torch.cov(z.T, correction=0).reshape(z.shape[1], -1)
    own, explained = C.diagonal() * START_OF_FACTORS**2, torch.zeros_like(C)
    for _ in range(STEPS_OF_FACTORS if factors else 0):
        root = own.clamp(min=FLOOR**2).sqrt()
        L, V = torch.linalg.eigh(C / root / root[:, None])
        F = root[:, None] * V[:, -factors:] * (L[-factors:] - 1).clamp(min=0).sqrt()
        explained = F @ F.T
        own = (C - explained).diagonal()
    return explained + torch.diag((C - explained).diagonal().clamp(min=FLOOR**2))


def _least(z: Tensor) -> Tensor:
    """What S is at least, (D, D)."""
    return len(z) * FLOOR**2 * torch.eye(z.shape[1]).to(z)


def left_out(z: Tensor, a: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """log p of each of the rows (N, D), given the others, under each of the shrinkages (A,), and the scales: (N, A), (A,).

    Row i is e_i from the mean. Without it there are S - e_i e_i' n / (n - 1) and a mean that is e_i n / (n - 1) from it;
    by Sherman & Morrison (1950), with h_i = e_i' (S + a T)^-1 e_i n / (n - 1),

        q_i = h_i / (1 - h_i) n / (n - 1),    -2 log p(z_i | others) = log |2 pi c (S + a T)| + log(1 - h_i) + q_i / c

    and c is the mean of q_i / D, where D counts no columns that follow from others. One basis is that of all S + a T.
    """
    n, dims = z.shape
    apart, root = z - z.mean(0), torch.linalg.cholesky(target)
    white = torch.linalg.inv(root)
    w, U = torch.linalg.eigh(white @ (apart.T @ apart + _least(z)) @ white.T)
    squares = (apart @ white.T @ U).square()
    h = n / (n - 1) * (squares @ (1 / (w[:, None] + a)))
    q = n / (n - 1) * h / (1 - h)
    c = (q.mean(0) + FAR / n) / ((squares / w).sum() + FAR)
    log_det = dims * (2 * math.pi * c).log() + (w[:, None] + a).log().sum(0) + 2 * root.diagonal().log().sum()
    return -0.5 * (log_det + (-h).log1p() + q / c), c


def as_good(log_p: Tensor) -> Tensor:
    """Which columns of (N, C) are behind the best by no more than a standard error of the difference: (C,)."""
    behind = log_p[:, [int(log_p.mean(0).argmax())]] - log_p
    return behind.mean(0) <= (behind.std(0) / len(log_p) ** 0.5 if len(log_p) > 1 else 0.0)


def tailed(z: Tensor, freedom: float) -> Gaussians:
    """About a Student t of so many degrees of freedom for rows (N, D) of variance 1: SCALES Gaussians of one mean and shape,

        mean over j of N(z; m, C / u_j),    u_j the quantiles of chi^2_freedom / freedom (Wilson & Hilferty, 1931)

    by EM: a row counts as much as its u is expected to be (Liu & Rubin, 1995).
    """
    normal = torch.special.ndtri((torch.arange(SCALES).to(z) + 0.5) / SCALES)
    u = (1 - 2 / (9 * freedom) + normal * (2 / (9 * freedom)) ** 0.5) ** 3

    def around(mean: Tensor, factor: Tensor) -> Gaussians:
        return Gaussians(torch.full_like(u, 1 / SCALES), mean.expand(SCALES, -1), factor / u.sqrt()[:, None, None])

    g = around(z.mean(0), alone(z).factors)
    for _ in range(STEPS_OF_TAILS):
        pull = log_joint(g, z).softmax(1) @ u
        mean = pull @ z / pull.sum()
        g = around(mean, alone(pull.sqrt()[:, None] * (z - mean)).factors)
    return g


def several(z: Tensor, components: int, added: float, seed: int) -> Gaussians:
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
    """The mixture under which rows (N, D) that belong to the components in those shares (N, K) are likeliest, and wider by as
    much as rows left out are farther from it."""
    n, unit = shares.sum(0) + 1e-9, torch.eye(z.shape[1]).to(z)
    means = shares.T @ z / n[:, None]
    apart = z - means[:, None]
    squares = (apart * shares.T[..., None]).mT @ apart + (added + n * FLOOR**2)[:, None, None] * unit
    factors = torch.linalg.cholesky(squares)
    u = torch.linalg.solve_triangular(factors, apart.mT, upper=False).square().sum(1).T
    width = (farther(u, shares) / (n + added)).sqrt()
    return Gaussians(n / n.sum(), means, factors * width[:, None, None])


def farther(u: Tensor, shares: Tensor) -> Tensor:
    """How many times as far, in squares, rows are from components that are learned without them: (K,).

    With u = e' (S + a I)^-1 e of the rows and their shares r, both (N, K), and n = sum r: as in ``left_out``,
    sum r q / sum r u of q = (n / (n - r))^2 u / (1 - r u n / (n - r)).
    """
    n = shares.sum(0)
    without = n / (n - shares).clamp(min=1e-3)
    q = without**2 * u / (1 - (shares * without * u).clamp(max=SWAY))
    return ((shares * q).sum(0) + 1e-9) / ((shares * u).sum(0) + 1e-9)
