"""What must hold for an autoregressive density, whatever its weights."""

import itertools
import math

import pytest
import torch

from nade_core import orderings
from nade_core.models import MODELS

ALL_ORDERINGS = [orderings.make_ordering(name, 2, 3, seed=1) for name in orderings.ORDERINGS]


def every_image(dims):
    return torch.tensor(list(itertools.product([0, 1], repeat=dims)), dtype=torch.float64)


@pytest.mark.parametrize("activation", ["sigmoid", "relu"])
@pytest.mark.parametrize("dims", [1, 2, 6, 10])
@pytest.mark.parametrize("classes", [0, 3])
def test_the_probabilities_of_all_images_sum_to_one(make_nade, dims, activation, classes):
    model = make_nade(dims, 4, activation, classes)
    assert math.isclose(model.log_prob(every_image(dims)).exp().sum().item(), 1.0, rel_tol=1e-10)


def test_a_class_conditional_density_sums_to_one_for_each_class_and_mixes_them(make_nade):
    model = make_nade(classes=3)
    x = every_image(6)
    per_class = torch.stack([model.log_prob(x, y) for y in range(3)])
    torch.testing.assert_close(per_class.exp().sum(1), torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(model.log_prob(x).exp(), per_class.exp().mean(0))
    torch.testing.assert_close(model.class_log_prob(x), per_class.T.log_softmax(1))


@pytest.mark.parametrize("ordering", ALL_ORDERINGS, ids=orderings.ORDERINGS)
@pytest.mark.parametrize("classes", [0, 3])
def test_conditionals_multiply_to_the_density(make_nade, ordering, classes):
    model, x = make_nade(classes=classes, ordering=ordering), every_image(6)
    torch.testing.assert_close(model.conditionals(x).log_prob(x).sum(-1), model.log_prob(x))


@pytest.mark.parametrize("ordering", ALL_ORDERINGS, ids=orderings.ORDERINGS)
@pytest.mark.parametrize("classes", [0, 2])
def test_a_conditional_sees_only_what_comes_before_it(make_nade, ordering, classes):
    """Flipping pixel j changes the conditional of pixel i only where j comes before i, and there it does."""
    model, x = make_nade(classes=classes, ordering=ordering), every_image(6)
    position = orderings.inverse(ordering)
    for j in range(6):
        flipped = x.clone()
        flipped[:, j] = 1 - flipped[:, j]
        change = (model.conditionals(x).logits - model.conditionals(flipped).logits).abs().amax(0)
        after = position > position[j]
        assert (change[~after] == 0).all() and (change[after] > 1e-6).all()


@pytest.mark.parametrize("classes", [0, 2])
def test_sample_frequencies_match_exact_probabilities(make_nade, classes):
    model, n = make_nade(dims=4, classes=classes, ordering=torch.tensor([2, 0, 3, 1])), 40_000
    drawn = model.sample(n, generator=torch.Generator().manual_seed(0))
    cases = every_image(4)
    counts = (drawn[:, None] == cases).all(-1).sum(0).double()
    expected = model.log_prob(cases).exp() * n
    chi_square = ((counts - expected) ** 2 / expected).sum().item()
    assert chi_square < 37.7  # the 99.9 % point of chi-square with 15 degrees of freedom


@pytest.mark.parametrize("classes", [0, 2])
def test_sampling_from_a_prefix_follows_the_conditional(make_nade, classes):
    ordering = torch.tensor([2, 0, 3, 1])
    model, n, prefix = make_nade(dims=4, classes=classes, ordering=ordering), 40_000, torch.tensor([1, 0])
    drawn = model.sample(n, generator=torch.Generator().manual_seed(0), prefix=prefix)
    assert (drawn[:, ordering[:2]] == prefix).all()
    cases = every_image(4)
    cases = cases[(cases[:, ordering[:2]] == prefix).all(1)]
    exact = model.log_prob(cases).softmax(0)
    frequency = (drawn[:, None] == cases).all(-1).double().mean(0)
    assert (frequency - exact).abs().max() < 5 * (0.25 / n) ** 0.5


@pytest.mark.parametrize("classes", [0, 3])
def test_a_low_temperature_draws_the_likelier_side_of_each_conditional(make_nade, classes):
    model = make_nade(classes=classes)
    x = model.sample(200, generator=torch.Generator().manual_seed(0), temperature=1e-6)
    assert ((model.conditionals(x).probs > 0.5) == x.bool()).all()


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("prefix", [[], [1, 0]], ids=str)
def test_a_temperature_divides_the_logits_of_the_conditionals(make_nade, classes, prefix):
    model = make_nade(dims=4, classes=classes, ordering=torch.tensor([2, 0, 3, 1]))
    generator, prefix = torch.Generator().manual_seed(0), torch.tensor(prefix)
    drawn = model.sample(40_000, generator=generator, temperature=0.6, prefix=prefix)
    cases = every_image(4)
    cases = cases[(cases[:, model.ordering[: len(prefix)]] == prefix).all(1)]
    tempered = torch.distributions.Bernoulli(logits=model.conditionals(cases).logits / 0.6)
    exact = tempered.log_prob(cases)[:, model.ordering[len(prefix) :]].sum(1).exp()
    assert abs(exact.sum().item() - 1) < 1e-9
    counts = (drawn[:, None] == cases).all(-1).sum(0)
    assert ((counts - exact * 40_000) ** 2 / (exact * 40_000)).sum() < 37.7  # 99.9 %, at most 15 degrees of freedom


def test_every_model_is_registered_under_its_name_with_a_frozen_configuration():
    for name, (model_class, config_class) in MODELS.items():
        config = config_class(dims=4)
        assert model_class.__name__ == name and config.dims == 4 and hash(config) == hash(config_class(dims=4))
        with pytest.raises(AttributeError):
            config.dims = 5


def test_hidden_states_give_the_logits(make_nade):
    ordering = torch.tensor([2, 0, 3, 1])
    model, x = make_nade(dims=4, ordering=ordering), every_image(4)
    logits = model.b[ordering] + (model.hidden(x) * model.V[ordering]).sum(-1)
    torch.testing.assert_close(logits, model.conditionals(x).logits[:, ordering])
