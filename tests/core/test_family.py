"""Theorems that hold for every model of binary rows, whatever its weights."""

import itertools

import numpy as np
import pytest
import torch

from nade_core import list_models, load_model, save_model
from nade_core.inputs import as_prefix
from nade_core.models import MODELS
from nade_core.orderings import inverse
from nade_core.scoring import ensemble_log_probs

SIZES = {
    "Independent": {},
    "JointTable": {},
    "MarkovChain": {"order": 2},
    "ChowLiu": {},
    "BernoulliMixture": {"components": 3},
    "FVSBN": {"orderings": 3},
    "NADE": {"hidden": 5},
    "MADE": {"hidden": 12, "masks": 3},
    "OrderAgnosticNADE": {"hidden": 6, "layers": 3},
    "PixelCNN": {"channels": 4, "layers": 2},
}
OWN_ORDERING = ("ChowLiu", "PixelCNN")  # the tree and the scans say in which order they generate
BINARY = [name for name, (model_class, _) in MODELS.items() if model_class.values == "binary"]
PUBLISHED = [card for card in list_models() if card.model in BINARY]
DRAWS = 20_000


def every_row(dims):
    return torch.tensor(list(itertools.product([0, 1], repeat=dims)), dtype=torch.float64)


def make(name, dims=4, ordering=None, seed=0):
    """A model in float64 with weights of moderate size; one that counts has counted random rows."""
    model_class, config_class = MODELS[name]
    torch.manual_seed(seed)
    model = model_class(config_class(dims=dims, **SIZES[name]), None if name in OWN_ORDERING else ordering).double()
    for parameter in model.parameters():
        parameter.data.normal_(std=0.4)
    if name in ("MADE", "OrderAgnosticNADE"):
        model.mean.uniform_(0.2, 0.8)  # what its inputs are centred by
    if model.counts:
        rows = (torch.rand(60, dims) < torch.linspace(0.2, 0.8, dims)).byte()
        rows[:, -1] ^= rows[:, 0]
        model.start_from(rows)
        model.fit(rows)
    return model.double().eval().requires_grad_(False)


@pytest.fixture(params=BINARY)
def model(request):
    return make(request.param, ordering=torch.tensor([2, 0, 3, 1]))


def along(model, x):
    """log p of every row along each ordering that the model knows."""
    return [model.log_prob(x, ordering=o) for o in model.orderings(3)]


def scramble(model, seed=0):
    """The model with any state at all: large random parameters, and random integers where it keeps integers."""
    torch.manual_seed(seed)
    for parameter in model.parameters():
        parameter.data.normal_(std=1.5)
    if hasattr(model, "parents"):
        model.parents.random_(model.config.dims)
    return model.double().eval().requires_grad_(False)


def any_model(name, dims, seed, **sizes):
    """A model of that name with any state, in a random ordering where it takes one."""
    model_class, config_class = MODELS[name]
    ordering = None if name == "PixelCNN" else torch.randperm(dims, generator=torch.Generator().manual_seed(seed))
    return scramble(model_class(config_class(dims=dims, **{**SIZES[name], **sizes}), ordering), seed)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*BINARY, "NADE of classes", "PixelCNN of classes"])
def test_whatever_its_parameters_a_model_sums_to_one_and_is_the_sum_of_its_conditionals(name, seed):
    sizes = {"classes": 3} if name.endswith("of classes") else {}
    dims = 4 if name.startswith("PixelCNN") else 4 + seed
    model, x = any_model(name.split()[0], dims, seed, **sizes), every_row(dims)
    for o in model.orderings(3):
        log_p, terms = model.log_prob(x, ordering=o), model.log_conditionals(x, ordering=o)
        assert abs(log_p.exp().sum().item() - 1) < 1e-9
        assert terms.dtype == torch.float64 and terms.shape == x.shape
        torch.testing.assert_close(terms.sum(1), log_p, rtol=0, atol=1e-9)
        torch.testing.assert_close(model.conditionals(x, ordering=o).log_prob(x), terms, rtol=0, atol=1e-9)


@pytest.mark.parametrize("card", PUBLISHED, ids=lambda card: card.name)
def test_conditionals_sum_to_the_density_of_images_of_any_improbability(card):
    """Ten thousand nats, of which probabilities in float32 show the first few dozen a pixel."""
    model, rng = load_model(card.path, "cpu"), np.random.default_rng(0)
    noise = rng.integers(0, 2, (2, 784), dtype=np.uint8)
    x = np.concatenate([np.ones((1, 784), np.uint8), np.zeros((1, 784), np.uint8), noise])
    terms = model.log_conditionals(x)
    assert terms.isfinite().all() and (terms <= 0).all()
    torch.testing.assert_close(terms.sum(1), model.log_prob(x).double(), rtol=0, atol=0.01)


def test_every_model_has_its_theorems():
    assert set(SIZES) == set(BINARY)


def test_the_probabilities_of_all_rows_sum_to_one_along_every_ordering(model):
    for log_p in along(model, every_row(4)):
        assert abs(log_p.exp().sum().item() - 1) < 1e-9
        assert log_p.exp().max() < 0.9  # weights under which every conditional matters


def test_an_ensemble_averages_probabilities_and_sums_to_one(model):
    x = every_row(4)
    ensemble = ensemble_log_probs(model, x, 3)
    torch.testing.assert_close(torch.tensor(ensemble).exp(), torch.stack(along(model, x)).exp().mean(0))
    assert abs(torch.tensor(ensemble).exp().sum().item() - 1) < 1e-9


def test_conditionals_multiply_to_the_density(model):
    x = every_row(4)
    torch.testing.assert_close(model.conditionals(x).log_prob(x).sum(-1), model.log_prob(x))


@pytest.mark.parametrize("ordering", [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]], ids=str)
@pytest.mark.parametrize("name", BINARY)
def test_a_conditional_sees_nothing_that_comes_after_it(name, ordering):
    """Flipping pixel j leaves the conditionals at and before j as they are, along every ordering tried."""
    model, x = make(name, ordering=torch.tensor(ordering)), every_row(4)
    several = len(model.orderings(3)) > 1
    for o in model.orderings(3):
        kwargs = {"ordering": o} if several else {}
        position, moved = inverse(o), 0.0
        for j in range(4):
            flipped = x.clone()
            flipped[:, j] = 1 - flipped[:, j]
            change = model.conditionals(x, **kwargs).logits - model.conditionals(flipped, **kwargs).logits
            change = change.abs().amax(0)
            assert (change[position <= position[j]] == 0).all()
            moved += change.sum()
        assert (moved > 1e-3) == (name != "Independent")  # and what comes before does matter


@pytest.mark.parametrize("name", [name for name in BINARY if not MODELS[name][0].counts])
def test_the_jacobian_of_the_conditionals_is_zero_outside_the_ordering(name):
    model, x = make(name, ordering=torch.tensor([2, 0, 3, 1])), torch.rand(1, 4, dtype=torch.float64)
    model.as_rows = lambda x: x  # values between 0 and 1, so that derivatives exist
    if name == "PixelCNN":
        x = x.round()  # its table is looked up by the bits themselves
    jacobian = torch.autograd.functional.jacobian(lambda x: model.conditionals(x).logits[0], x)[:, 0]
    position = inverse(model.ordering)
    assert (jacobian[position[:, None] <= position] == 0).all()


def chi_square(drawn, cases, probs):
    counts, expected = (drawn[:, None] == cases).all(-1).sum(0), probs * len(drawn)
    assert counts.sum() == len(drawn)
    return ((counts - expected) ** 2 / expected).sum().item()


def test_sample_frequencies_match_exact_probabilities(model):
    cases = every_row(4)
    drawn = model.sample(DRAWS, generator=torch.Generator().manual_seed(0))
    assert chi_square(drawn, cases, model.log_prob(cases).exp()) < 37.7  # 99.9 %, 15 degrees of freedom


def test_sampling_from_a_prefix_follows_the_conditional(model):
    prefix = torch.tensor([1, 0])
    drawn = model.sample(DRAWS, generator=torch.Generator().manual_seed(0), prefix=prefix)
    cases = every_row(4)
    cases = cases[(cases[:, model.ordering[:2]] == prefix).all(1)]
    assert chi_square(drawn, cases, model.log_prob(cases).softmax(0)) < 16.3  # 99.9 %, 3 degrees of freedom
    assert as_prefix(prefix, 2, 4).shape == (2, 2)


@pytest.mark.parametrize("temperature", [0.5, 1e-6])
def test_a_temperature_divides_the_logits_of_the_conditionals(model, temperature):
    cases, generator = every_row(4), torch.Generator().manual_seed(0)
    drawn = model.sample(DRAWS, generator=generator, temperature=temperature)
    logits = model.conditionals(cases).logits / temperature
    exact = torch.distributions.Bernoulli(logits=logits).log_prob(cases).sum(1).exp()
    seen = exact * DRAWS > 1e-3
    assert chi_square(drawn, cases[seen], exact[seen]) < 37.7


def test_the_same_seed_draws_the_same_rows_and_zero_rows_are_no_error(model):
    first, second = (model.sample(5, generator=torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, second) and model.sample(0).shape == (0, 4)
    assert model.log_prob(torch.zeros(0, 4)).shape == (0,)


def test_a_saved_model_is_the_same_model(model, tmp_path):
    path, x = save_model(model.float(), tmp_path / "m.safetensors"), every_row(4)
    again = load_model(path, "cpu")
    assert torch.equal(model.log_prob(x), again.log_prob(x)) and torch.equal(model.ordering, again.ordering)


def test_bad_rows_and_unwanted_labels_are_told(model):
    with pytest.raises(ValueError, match="4 values"):
        model.log_prob(torch.zeros(2, 5))
    with pytest.raises(ValueError, match="0 and 1 only"):
        model.log_prob(torch.full((2, 4), 0.5))
    with pytest.raises(ValueError, match="without classes"):
        model.log_prob(torch.zeros(2, 4), 1)
    with pytest.raises(ValueError, match="temperature"):
        model.sample(2, temperature=0)
