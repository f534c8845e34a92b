"""RNADE: a density over real numbers that integrates to one, whatever its weights."""

import math

import numpy as np
import pytest
import torch

from nade_core import load_model, runs, save_model
from nade_core.data import EMBEDDED, load_dataset
from nade_core.data.reading import read_data, read_rows
from nade_core.data.shapes import SHAPES
from nade_core.models import MODELS, RNADE, RNADEConfig
from nade_core.orderings import inverse
from nade_core.scoring import ensemble_log_probs
from nade_core.training import TrainConfig

FAMILIES = ("gaussian", "laplace")


def make(dims, family="gaussian", ordering=None, **options):
    torch.manual_seed(0)
    model = RNADE(RNADEConfig(dims, 6, components=3, family=family, **options), ordering).double()
    for parameter in model.parameters():
        parameter.data.normal_(std=0.5)
    model.start_from(torch.randn(50, dims) * torch.linspace(0.5, 2, dims) + 1)
    return model.eval().requires_grad_(False)


def cells(low, high, n):
    """The midpoints of n cells, and their width."""
    width = (high - low) / n
    return low + width * (torch.arange(n, dtype=torch.float64) + 0.5), width


@pytest.mark.parametrize("family", FAMILIES)
def test_the_density_integrates_to_one_on_a_line(family):
    x, width = cells(-60, 60, 40_000)
    assert abs(make(1, family).log_prob(x[:, None]).exp().sum().item() * width - 1) < 1e-5


@pytest.mark.parametrize("agnostic", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_density_integrates_to_one_in_the_plane_along_every_ordering(family, agnostic):
    model = make(2, family, order_agnostic=agnostic)
    (x, dx), (y, dy) = cells(-15, 15, 300), cells(-50, 50, 500)
    points = torch.cartesian_prod(x, y)
    for ordering in [torch.tensor([0, 1]), torch.tensor([1, 0])][: 2 if agnostic else 1]:
        total = sum(model.log_prob(part, ordering=ordering).exp().sum().item() for part in points.split(100_000))
        assert abs(total * dx * dy - 1) < 2e-3
    if agnostic:
        ensemble = sum(np.exp(ensemble_log_probs(model, part, 2)).sum() for part in points.split(100_000))
        assert abs(ensemble * dx * dy - 1) < 2e-3


def test_the_scale_of_the_data_enters_by_the_jacobian():
    model, x = make(3), torch.randn(20, 3, dtype=torch.float64)
    z = (x - model.mean) / model.scale
    plain = make(3)
    plain.mean.zero_()
    plain.scale.fill_(1)
    torch.testing.assert_close(model.log_prob(x), plain.log_prob(z) - model.scale.log().sum())


@pytest.mark.parametrize("ordering", [[0, 1, 2], [2, 1, 0], [1, 2, 0]], ids=str)
def test_the_jacobian_of_the_conditionals_is_zero_outside_the_ordering(ordering):
    model, x = make(3, ordering=torch.tensor(ordering)), torch.randn(1, 3, dtype=torch.float64)
    position = inverse(model.ordering)
    for parameter in (
        lambda d: d.component_distribution.mean,
        lambda d: d.component_distribution.stddev,
        lambda d: d.mixture_distribution.logits,
    ):
        outputs = torch.autograd.functional.jacobian(lambda x, f=parameter: f(model.conditionals(x))[0].sum(-1), x)[
            :, 0
        ]
        assert (outputs[position[:, None] <= position] == 0).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_samples_put_through_their_own_cdf_are_uniform(family):
    model, n = make(2, family, ordering=torch.tensor([1, 0])), 20_000
    x = model.sample(n, generator=torch.Generator().manual_seed(0))
    distribution = model.conditionals(x)
    components = distribution.component_distribution.cdf(x[..., None])
    u = (components * distribution.mixture_distribution.probs).sum(-1)
    gap = (u.sort(0).values - (torch.arange(n, dtype=torch.float64)[:, None] + 0.5) / n).abs().max()
    assert gap < 1.95 / math.sqrt(n)  # Kolmogorov-Smirnov, 99.9 %


def test_a_prefix_is_kept_and_bad_rows_are_told():
    model = make(3, ordering=torch.tensor([2, 0, 1]))
    x = model.sample(5, prefix=torch.tensor([7.5]))
    torch.testing.assert_close(x[:, 2], torch.full((5,), 7.5, dtype=torch.float64))
    for bad in (math.nan, math.inf):
        with pytest.raises(ValueError, match="finite"):
            model.log_prob(torch.tensor([[0.0, bad, 1.0]]))
    with pytest.raises(ValueError, match="one ordering"):
        model.log_prob(torch.zeros(1, 3), ordering=torch.tensor([0, 1, 2]))


def test_the_floor_bounds_the_density_even_of_a_column_that_never_changes():
    model = make(2, floor=0.05)
    model.start_from(torch.tensor([[1.0, 3.0]] * 9 + [[2.0, 3.0]]))
    bound = 2 * math.log(0.3989423 / 0.05) - model.scale.log().sum()
    model.b.data[:, 6:] = -1e3  # sigma = floor + softplus(s), and s as low as it can be
    points = torch.cartesian_prod(*[torch.linspace(-5, 5, 300, dtype=torch.float64)] * 2)
    assert model.scale[1] == 1 and model.log_prob(points).max() <= bound


def test_values_that_float32_cannot_tell_apart_are_standardised_before_they_are_cut(tmp_path):
    times = np.arange(40, dtype=np.float64)[:, None] * [1, 3]
    np.save(tmp_path / "times.npy", times + 1.7e9)
    rows = read_rows(tmp_path / "times.npy", values="real")
    assert rows.dtype == np.float64 and len(np.unique(rows.astype(np.float32))) < 10
    near, far = (RNADE(RNADEConfig(2, 6, components=3)) for _ in range(2))
    near.start_from(torch.tensor(times))
    far.load_state_dict(near.state_dict())
    far.mean.copy_(torch.tensor(rows).mean(0))
    moved = times + (far.mean.double() - 1.7e9 - near.mean).numpy()  # the mean itself is kept in float32
    torch.testing.assert_close(far.log_prob(rows + moved - times), near.log_prob(times), atol=1e-3, rtol=1e-4)


def test_a_shape_is_learned_resumed_and_reloaded_to_the_same_density(tmp_path):
    model = {"dims": 2, "hidden": 30, "components": 5}
    config = runs.RunConfig("rings", "RNADE", model, TrainConfig(epochs=2, batch_size=200, learning_rate=5e-3))
    for name in ("whole", "parts"):
        runs.create(tmp_path / name, config)
    log = list(runs.run(tmp_path / "whole", torch.device("cpu")))
    list(runs.run(tmp_path / "parts", torch.device("cpu"), time_budget=0))
    list(runs.run(tmp_path / "parts", torch.device("cpu")))
    models = [load_model(tmp_path / name / "model.safetensors", "cpu") for name in ("whole", "parts")]
    x = torch.tensor(load_dataset("rings").test)
    assert torch.equal(*(m.log_prob(x) for m in models))
    again = load_model(save_model(models[0], tmp_path / "again.safetensors"), "cpu")
    assert torch.equal(again.log_prob(x), models[0].log_prob(x))
    gaussian = torch.distributions.MultivariateNormal(x.mean(0), x.T.cov())
    assert log[-1]["valid_nats"] < -gaussian.log_prob(x).mean().item() - 0.1


def test_real_tables_are_read_and_what_is_wrong_is_told(tmp_path):
    rows = np.random.default_rng(0).normal(size=(40, 3))
    np.savetxt(tmp_path / "t.csv", rows, delimiter=",")
    data = read_data(tmp_path / "t.csv", values="real")
    assert data.train.shape == (36, 3) and data.train.dtype == np.float32
    assert np.allclose(read_rows(tmp_path / "t.csv", values="real"), rows, atol=1e-6)
    np.save(tmp_path / "bad.npy", np.array([[1.0, np.nan]]))
    with pytest.raises(ValueError, match="nan"):
        read_rows(tmp_path / "bad.npy", values="real")
    with pytest.raises(ValueError, match="no rows of 0 and 1"):
        read_data("moons")
    with pytest.raises(ValueError, match="no rows of real numbers"):
        read_data("mnist", values="real")
    assert all(load_dataset(name).train.shape == (10_000, 2) for name in SHAPES)


def test_the_pixels_of_a_photo_are_levels_or_real_numbers_above_them():
    levels, real = (load_dataset("cat", values) for values in ("levels", "real"))
    assert levels.train.shape == (7680, 3) and levels.train.dtype == np.uint8 and levels.train.max() > 200
    assert real.train.dtype == np.float32 and (np.floor(real.train) == levels.train).all()
    assert len(levels.valid) == len(levels.test) == 960 and "CC0" in levels.source
    picture = EMBEDDED / "cat.png"
    assert read_rows(picture, values="levels").shape == read_rows(picture, values="real").shape == (9600, 3)
    with pytest.raises(ValueError, match="no rows of 0 and 1"):
        read_data("cat")


@pytest.mark.parametrize("name", ["RNADE", "OrderAgnosticRNADE"])
@pytest.mark.parametrize("gaussians", [0, 3])
def test_no_finite_row_has_a_density_that_is_no_number(name, gaussians):
    torch.manual_seed(0)
    model = MODELS[name][0](MODELS[name][1](dims=3, hidden=6, components=2, gaussians=gaussians))
    model.start_from(torch.randn(50, 3))
    rows = torch.tensor([[a, b, c] for a in FAR for b in FAR for c in FAR])
    log_p = model.log_prob(rows)
    assert not log_p.isnan().any() and log_p[0].isfinite() and (log_p < 1e3).all()


FAR = (0.0, 1e5, 1e20, -1e38, 3e38)
