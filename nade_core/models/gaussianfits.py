"""How mixtures of Gaussians (gaussians.py) are learned from a small table, and how many of them.

The likeliest Gaussian is too narrow for new rows (Aitchison, 1975). With S the sum of the squares about the mean, it is

    N(z; mean, c (S + a I)),    c, a: those under which each row is likeliest, given the others

shrunk towards independent columns (Ledoit & Wolf, 2004) as leave-one-out says (Hoffbeck & Landgrebe, 1996), which is in
closed form; a Student t for heavy tails. Several are learned by expectation-maximisation (Dempster, Laird & Rubin, 1977),
with so many rows of variance 1 added to each covariance, and each as much wider as rows are farther from it without them.

Which of all these, is not chosen but stacked: every candidate is judged on rows that it has not seen, and the mixture
of candidates is the one under which those rows are likeliest (Smyth & Wolpert, 1999); where that gains less than two
standard errors, an average of the simplest candidates that are as good as any, within one (Breiman et al., 1984).
All is computed in float64, on standardised rows.
"""

import math
import time
from typing import NamedTuple

import torch
from torch import Tensor

from .gaussians import FAR, FLOOR, Gaussians, diagonal, log_joint

COMPONENTS = (2, 3, 4, 5, 6, 8, 12, 16, 24)
ADDED_ROWS = (1e-6, 0.1, 1.0, 10.0)
AS_LEFT_OUT = 0.0  # in place of them: what leave-one-out says
SHRINKAGES = 10.0 ** torch.arange(-1, 4.25, 0.25, dtype=torch.float64)  # the a that are tried
FREEDOMS = (2.0, 4.0, 8.0, 16.0)  # of a Student t
SCALES, STEPS_OF_TAILS = 8, 15  # it is so many Gaussians, by so many steps of EM
STEPS_TO_STACK, STEPS_TO_AVERAGE = 300, 30  # of EM, for the shares of candidates
RESTARTS, LAST_STARTS, FOLDS, ROWS_EACH, STARTS = 2, 5, 4, 5, 3
JUDGED = 1500  # rows by which candidates are judged
SWAY = 0.95  # the most of a covariance that is taken to be one row's own
LEAST_SHARE = 0.002  # of the mixture, below which a candidate is left out
STEPS, ENOUGH = 50, 1e-3  # of EM, and the gain in nats below which it ends


def alone(z: Tensor) -> Gaussians:
    """One Gaussian for rows (N, D) of variance 1, N > 1: the least shrinkage that is as good as any for rows left out."""
    apart, unit = z - z.mean(0), torch.eye(z.shape[1]).to(z)
    a = torch.cat([SHRINKAGES.new_tensor([len(z) * FLOOR**2]), SHRINKAGES]).to(z)
    log_p, c = left_out(z, a)
    i = int(_as_good(log_p).nonzero()[0])
    covariance = c[i] * (apart.T @ apart + a[i] * unit)
    return Gaussians(torch.ones(1).to(z), z.mean(0)[None], torch.linalg.cholesky(covariance)[None])


def left_out(z: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    """log p of each of the rows (N, D), given the others, under each of the shrinkages (A,), and the scales: (N, A), (A,).

    Row i is e_i from the mean. Without it there are S - e_i e_i' n / (n - 1) and a mean that is e_i n / (n - 1) from it;
    by Sherman & Morrison (1950), with h_i = e_i' (S + a I)^-1 e_i n / (n - 1),

        q_i = h_i / (1 - h_i) n / (n - 1),    -2 log p(z_i | others) = log |2 pi c (S + a I)| + log(1 - h_i) + q_i / c

    and c is the mean of q_i / D, where D counts no columns that follow from others.
    """
    n, dims = z.shape
    apart = z - z.mean(0)
    w, U = torch.linalg.eigh(apart.T @ apart)
    h = n / (n - 1) * ((apart @ U).square() @ (1 / (w[:, None] + a)))
    q = n / (n - 1) * h / (1 - h)
    free = int((w > n * FLOOR**2).sum())
    c = q.mean(0) / free if free else torch.full_like(a, 1 / n)
    log_det = dims * (2 * math.pi * c).log() + (w[:, None] + a).log().sum(0)
    return -0.5 * (log_det + (-h).log1p() + q / c), c


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


def _as_good(log_p: Tensor) -> Tensor:
    """Which columns of (N, C) are behind the best by no more than a standard error of the difference: (C,)."""
    behind = log_p[:, [int(log_p.mean(0).argmax())]] - log_p
    return behind.mean(0) <= (behind.std(0) / len(log_p) ** 0.5 if len(log_p) > 1 else 0.0)


def fit(z: Tensor, components: int, added: float, seed: int, freedom: float = 0.0) -> Gaussians:
    """What a Candidate names, learned from rows (N, D) of variance 1."""
    if added == AS_LEFT_OUT:
        return tailed(z, freedom) if freedom else alone(z)
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


class Candidate(NamedTuple):
    """A way to fit: how many components, how many added rows in each, which start; or of a Student t the degrees of freedom."""

    components: int
    added: float
    seed: int
    freedom: float = 0.0


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
    fits = [fit(z, *how)]
    while how.added != AS_LEFT_OUT and how.components > 1 and len(fits) < LAST_STARTS and time.monotonic() < until:
        fits.append(fit(z, how.components, how.added, RESTARTS + len(fits)))
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
    for i, size in enumerate(_sizes(min(most, rows // ROWS_EACH))):
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


def _sizes(most: int) -> list[list[Candidate]]:
    """The candidates of up to ``most`` components, the simplest first: those of one shape, of two components, of three..."""
    tails = [Candidate(SCALES, AS_LEFT_OUT, 0, freedom) for freedom in FREEDOMS if most >= SCALES]
    starts = {k: range(RESTARTS if k <= 8 else 1) for k in COMPONENTS if k <= most}
    several = [[Candidate(k, added, start) for added in ADDED_ROWS for start in starts[k]] for k in starts]
    return [[Candidate(1, AS_LEFT_OUT, 0), *tails], *several]


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


def _pays(unseen: Tensor, shares: Tensor, alike: Tensor) -> bool:
    """Whether the mixture of candidates beats the best of those alike by more than two standard errors of the difference."""
    gain = (unseen + shares.clamp(min=FAR).log()).logsumexp(1) - alike[:, alike.mean(0).argmax()]
    return len(gain) > 1 and bool(gain.mean() > 2 * gain.std() / len(gain) ** 0.5)


def _alike(candidates: list[Candidate], unseen: Tensor) -> list[int]:
    """The simplest candidate that is as good as any, and those of its size that are."""
    good = [c for c, good in enumerate(_as_good(unseen).tolist()) if good]
    kinds = [(how.components, how.freedom > 0) for how in candidates]
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
