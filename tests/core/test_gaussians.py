"""Mixtures of full Gaussians: every way of asking gives the same density, and small tables are fitted by what they are."""

import math
import time

import numpy as np
import pytest
import torch

from nade_core import runs
from nade_core.models import RNADE, RNADEConfig, gaussianfits, gaussians, stacking
from nade_core.models.gaussians import Gaussians


@pytest.fixture
def mixture():
    torch.manual_seed(0)
    factors = torch.randn(3, 4, 4, dtype=torch.float64).tril(-1) + torch.rand(3, 4, 1, dtype=torch.float64) * torch.eye(
        4
    )
    return Gaussians(torch.tensor([0.5, 0.5, 0.0]).double(), torch.randn(3, 4).double(), factors + 0.2 * torch.eye(4))


def exact(g, z, places):
    """log p(z_places), from the covariances."""
    covariances = (g.factors @ g.factors.mT)[:, places][:, :, places]
    joint = torch.distributions.MultivariateNormal(g.means[:, places], covariances)
    return (joint.log_prob(z[:, None, places]) + g.weights.log()).logsumexp(1)


def log_prob(of, z):
    terms = torch.distributions.Normal(of.means, of.sigmas).log_prob(z[..., None]) + of.logits.log_softmax(-1)
    return terms.logsumexp(-1)


def test_conditionals_multiply_to_the_density_along_every_ordering_and_step_by_step(mixture):
    z = torch.randn(5, 4).double()
    for ordering in ([0, 1, 2, 3], [2, 0, 3, 1]):
        o = torch.tensor(ordering)
        terms = log_prob(gaussians.conditionals(mixture, z, o), z)
        torch.testing.assert_close(terms.sum(1), exact(mixture, z, [0, 1, 2, 3]))
        along = gaussians.along(mixture, o)
        for i, d in enumerate(ordering):
            torch.testing.assert_close(log_prob(gaussians.step(along, z[:, o], i), z[:, d]), terms[:, d])


def test_what_is_given_is_the_quotient_of_two_marginals(mixture):
    z = torch.randn(5, 4).double()
    for places in ([], [1], [3, 0], [0, 1, 2]):
        known = torch.tensor([d in places for d in range(4)])
        of = gaussians.given(mixture, torch.where(known, z, torch.nan).nan_to_num(), known)
        for d in (d for d in range(4) if d not in places):
            quotient = exact(mixture, z, [*places, d]) - (exact(mixture, z, places) if places else 0)
            torch.testing.assert_close(log_prob(of, z)[:, d], quotient)
    mean, spread = gaussians.given(mixture, z, torch.zeros(4).bool()).moments()
    torch.testing.assert_close(mean[0, :, 0], mixture.weights @ mixture.means)
    assert (spread > 0).all()


def test_two_clusters_are_found_and_the_floor_holds_where_a_column_repeats_another():
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(200, 2, generator=generator).double() * 0.1 + (torch.arange(200) % 2 * 2 - 1)[:, None]
    z = torch.cat([z, z[:, :1]], 1)
    g = stacking.fitted(z, stacking.stacked(z, 8), 8)
    assert len(g.weights) == 8 and abs(g.weights.sum().item() - 1) < 1e-9
    assert (torch.linalg.eigvalsh(g.factors @ g.factors.mT)[:, 0] > 0.9 * gaussians.FLOOR**2).all()
    one = gaussianfits.several(z, 1, 1e-6, 0)
    gain = (gaussians.log_joint(g, z).logsumexp(1) - gaussians.log_joint(one, z).logsumexp(1)).mean()
    assert gain > math.log(2)


def excess(g, mean, covariance):
    """KL(N(mean, covariance) || g) of one Gaussian, in nats."""
    off, own = mean - g.means[0], torch.cholesky_inverse(g.factors[0])
    return 0.5 * ((own @ covariance).trace() - len(off) - torch.logdet(own @ covariance) + off @ own @ off)


@pytest.mark.parametrize(("independent", "most"), [(True, 0.5), (False, 0.9)])
def test_one_gaussian_predicts_better_than_the_likeliest(independent, most):
    ours = likeliest = 0.0
    for seed in range(12):
        generator = torch.Generator().manual_seed(seed)
        root = torch.eye(8).double() if independent else torch.randn(8, 8, generator=generator).double()
        x = torch.randn(100, 8, generator=generator).double() @ root.T
        mean, scale = x.mean(0), x.std(0, correction=0)
        z, truth = (x - mean) / scale, (-mean / scale, (root / scale[:, None]) @ (root / scale[:, None]).T)
        fit = Gaussians(torch.ones(1), z.mean(0)[None], torch.linalg.cholesky(z.T @ z / len(z))[None])
        ours += excess(stacking.fitted(z, stacking.stacked(z, 1), 1), *truth)
        likeliest += excess(fit, *truth)
    assert 0 < ours < most * likeliest


@pytest.mark.parametrize("factors", [0, 1])
def test_each_row_left_out_is_as_likely_as_without_it(factors):
    z, a = torch.randn(9, 3, generator=torch.Generator().manual_seed(0)).double(), torch.tensor([0.2, 5.0]).double()
    target = gaussianfits.towards(z, factors)
    log_p, c = gaussianfits.left_out(z, a, target)
    for i in range(9):
        rest = torch.cat([z[:i], z[i + 1 :]])
        apart = rest - rest.mean(0)
        for k in range(2):
            alone = torch.distributions.MultivariateNormal(rest.mean(0), c[k] * (apart.T @ apart + a[k] * target))
            torch.testing.assert_close(log_p[i, k], alone.log_prob(z[i]), atol=1e-5, rtol=1e-6)


def test_what_a_few_factors_explain_is_found_and_shrunk_towards():
    loads = torch.tensor([[0.9, 0.8, 0.7, 0.6, 0.9, 0.8, 0.7, 0.6, 0.0, 0.0]]).double()
    truth = loads.T @ loads + torch.diag(1 - loads[0] ** 2)
    z = torch.randn(4000, 11, generator=torch.Generator().manual_seed(0)).double()
    z = z[:, :1] @ loads + z[:, 1:] * (1 - loads[0] ** 2).sqrt()
    torch.testing.assert_close(gaussianfits.towards(z, 1), truth, atol=0.06, rtol=0)
    few = z[:150]
    assert [how.factors for how, _share in stacking.stacked(few, 1)] == [1]
    ours, plain = (excess(gaussianfits.alone(few, k), torch.zeros(10).double(), truth) for k in (1, 0))
    assert ours < 0.6 * plain


def test_components_are_wider_by_what_rows_are_farther_from_them_without_these():
    z, shares = torch.randn(9, 3, generator=torch.Generator().manual_seed(0)).double(), torch.rand(9, 2).double()
    u, q = torch.zeros(2, 9, 2).double()
    for k, own in enumerate(shares.T):
        for i in range(9):
            for to, kept in ((u, own), (q, own * (torch.arange(9) != i))):
                mean = kept @ z / kept.sum()
                squares = (kept[:, None] * (z - mean)).T @ (z - mean) + 0.5 * torch.eye(3)
                to[i, k] = (z[i] - mean) @ torch.linalg.solve(squares, z[i] - mean)
    farther = (shares * q).sum(0) / (shares * u).sum(0)
    assert (farther > 1.2).all()
    torch.testing.assert_close(gaussianfits.farther(u, shares), farther)


def test_heavy_tails_are_those_of_a_student_t_and_not_of_clusters():
    generator = torch.Generator().manual_seed(0)
    normal, rest = torch.randn(2300, 14, generator=generator).double().split([6, 8], 1)
    x = normal / rest.square().mean(1, keepdim=True).sqrt()  # of 8 degrees of freedom
    z, fresh = x[:300], x[300:]
    exact = math.lgamma(7) - math.lgamma(4) - 3 * math.log(8 * math.pi) - 7 * (fresh.square().sum(1) / 8).log1p()
    fit = stacking.fitted(z, stacking.stacked(z, 8), 8)
    behind = [(exact - gaussians.log_joint(g, fresh).logsumexp(1)).mean() for g in (fit, gaussianfits.alone(z))]
    assert 0 < behind[0] < 0.4 * behind[1]


@pytest.mark.parametrize("seed", [3, 7])
def test_rows_of_one_gaussian_are_left_to_one(seed):
    z = torch.randn(150, 2, generator=torch.Generator().manual_seed(seed)).double()
    z[:, 1] += z[:, 0]
    z = (z - z.mean(0)) / z.std(0, correction=0)
    assert [how.components for how, _share in stacking.stacked(z, 4)] == [1]


@pytest.mark.parametrize("rows", [1, 3, 9])
def test_a_handful_of_rows_is_no_fault(rows):
    z = torch.randn(rows, 3, generator=torch.Generator().manual_seed(0)).double()
    g = stacking.fitted(z, stacking.stacked(z, 4), 4)
    assert gaussians.log_joint(g, torch.zeros(2, 3).double()).logsumexp(1).isfinite().all()


def test_once_the_time_is_over_no_candidate_is_tried_any_more(monkeypatch):
    z, times = torch.randn(200, 3, generator=torch.Generator().manual_seed(0)).double(), iter(range(1000))
    monkeypatch.setattr(stacking.time, "monotonic", lambda: next(times))
    tried = []
    monkeypatch.setattr(stacking, "_unseen", lambda z, how: tried.append(how) or torch.zeros(len(z)).to(z))
    assert stacking.stacked(z, 8, until=-1) == [stacking.Chosen(tried[0], 1.0)] and len(tried) == 1
    stacking.stacked(z, 8, until=4)
    assert len(tried) == 1 + 5


def test_a_run_with_a_time_limit_starts_from_what_half_of_it_finds(tmp_path, monkeypatch):
    until = []
    monkeypatch.setattr(RNADE, "start_from", lambda self, train, end: until.append(end))
    np.save(tmp_path / "a.npy", np.random.default_rng(0).normal(size=(60, 2)))
    config = runs.plan(runs.Request(str(tmp_path / "a.npy"), "RNADE", train_options={"epochs": 1}), torch.device("cpu"))
    for name, budget in (("limited", 100.0), ("free", None)):
        runs.create(tmp_path / name, config)
        next(runs.run(tmp_path / name, torch.device("cpu"), budget, started=time.monotonic()))
    assert 0 < until[0] - time.monotonic() <= 50 and until[1] == math.inf


def test_a_network_that_adds_nothing_is_silenced_and_one_that_does_stays():
    torch.manual_seed(0)
    model = RNADE(RNADEConfig(2, 8, components=3, gaussians=4))
    rows = torch.randn(400, 2)
    model.start_from(rows)
    model.V.data.normal_()  # a network that knows nothing
    valid = torch.randn(200, 2)
    before = model.log_prob(valid).mean()
    assert model.settle(valid) and model.log_prob(valid).mean() > before
    z = (valid - model.mean) / model.scale
    alone = gaussians.log_joint(model._gaussians(), z.double()).logsumexp(1) - model.scale.log().sum()
    torch.testing.assert_close(model.log_prob(valid).double(), alone, atol=1e-4, rtol=0)
    knows = RNADE(RNADEConfig(2, 8, components=3, gaussians=4))
    knows.load_state_dict(model.state_dict())
    knows.means.fill_(3)  # Gaussians that know nothing
    knows.b.data[:, :3] = 0
    knows.V.data.zero_()
    knows.b.data[:, 3:6] = -1.0  # about where the rows are, from the means of the Gaussians
    assert not knows.settle(valid)
