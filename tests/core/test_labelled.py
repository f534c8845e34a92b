"""What must hold for every model with classes: p(x | y) of each class is a density, and p(x) is their mixture."""

import math

import pytest
import torch

from nade_core import load_model, save_model
from nade_core.data import load_dataset
from nade_core.models import MODELS
from nade_core.orderings import inverse
from nade_core.training import TrainConfig, TrainState

from .test_family import SIZES, chi_square, every_row

LABELLED = [name for name, (model_class, _) in MODELS.items() if model_class.labelled]
DIMS, K, DRAWS = 16, 3, 20_000
CPU = torch.device("cpu")
LAST = 4  # pixels of the last block, whose joint distribution given all others can be listed


@pytest.fixture(params=LABELLED)
def model(request):
    """Of 4 x 4 pixels, so that one block of a PixelCNN sees others; weights under which every part matters."""
    model_class, config_class = MODELS[request.param]
    torch.manual_seed(0)
    made = model_class(config_class(dims=DIMS, classes=K, **SIZES[request.param])).double()
    for parameter in made.parameters():
        parameter.data.normal_(std=0.7)
    return made.eval().requires_grad_(False)


def some_rows(n=6):
    return torch.randint(0, 2, (n, DIMS), generator=torch.Generator().manual_seed(3)).double()


def test_every_class_is_a_density_and_p_of_x_their_mixture(model):
    assert math.isclose(model.log_prob(every_row(DIMS), 1).exp().sum().item(), 1, rel_tol=1e-9)
    x = some_rows(50)
    per_class = torch.stack([model.log_prob(x, y) for y in range(K)])
    torch.testing.assert_close(model.log_prob(x).exp(), per_class.exp().mean(0))
    torch.testing.assert_close(model.class_log_prob(x), per_class.T.log_softmax(1))
    assert (per_class[0] - per_class[1]).abs().max() > 0.5


def test_a_label_a_row_is_as_one_label_for_all(model):
    x, y = some_rows(), torch.tensor([0, 1, 2, 2, 1, 0])
    each = torch.stack([model.log_prob(x, int(label))[i] for i, label in enumerate(y)])
    torch.testing.assert_close(model.log_prob(x, y), each)
    torch.testing.assert_close(model.log_conditionals(x, y).sum(1), each)


@pytest.mark.parametrize("y", [None, 1])
def test_conditionals_multiply_to_the_density_and_see_nothing_that_comes_after(model, y):
    for ordering in model.orderings(2):
        x, position = some_rows(), inverse(ordering)
        logits = model.conditionals(x, y, ordering).logits
        terms = model.log_conditionals(x, y, ordering)
        torch.testing.assert_close(terms.sum(1), model.log_prob(x, y, ordering))
        for j in range(DIMS):
            flipped = x.clone()
            flipped[:, j] = 1 - flipped[:, j]
            change = (model.conditionals(flipped, y, ordering).logits - logits).abs().amax(0)
            assert (change[position <= position[j]] == 0).all()
            assert (change[position > position[j]] > 0).any() or position[j] == DIMS - 1


@pytest.mark.parametrize("temperature", [1.0, 0.6])
@pytest.mark.parametrize("y", [None, 2])
def test_the_last_pixels_are_drawn_by_their_exact_probabilities(model, y, temperature):
    """Given all pixels but the last, listed: what a sampler keeps from one pixel to the next must be right."""
    known = some_rows(1)[0, : DIMS - LAST]
    generator, ordering = torch.Generator().manual_seed(0), model.ordering
    drawn = model.sample(DRAWS, y, generator, temperature, prefix=known)
    cases = torch.zeros(2**LAST, DIMS, dtype=torch.float64)
    cases[:, ordering] = torch.cat([known.expand(2**LAST, -1), every_row(LAST)], 1)
    logits = model.conditionals(cases, y).logits / temperature
    exact = torch.distributions.Bernoulli(logits=logits).log_prob(cases)[:, ordering[-LAST:]].sum(1).exp()
    assert abs(exact.sum().item() - 1) < 1e-9
    assert chi_square(drawn, cases, exact) < 37.7  # 99.9 %, 15 degrees of freedom


def test_labels_are_drawn_as_often_as_they_are_said_to_be(model):
    """Of draws without a label, the classes that Bayes' rule finds are as frequent as p(y), here one third each."""
    x = model.sample(4000, generator=torch.Generator().manual_seed(0))
    found = model.class_log_prob(x).exp().mean(0)
    assert (found - 1 / K).abs().max() < 4 * (1 / (4 * 4000)) ** 0.5


def test_a_saved_model_and_a_loaded_state_are_the_same_model(model, tmp_path):
    names = [f"class {y}" for y in range(K)]
    again = load_model(save_model(model.float(), tmp_path / "m.safetensors", classes=names), CPU)
    x = some_rows()
    assert again.classes == K and torch.equal(again.log_prob(x), model.log_prob(x))
    assert torch.equal(again.log_prob(x, 1), model.log_prob(x, 1))
    draws = [m.sample(6, 1, torch.Generator().manual_seed(0)) for m in (model, again)]
    assert torch.equal(*draws)


def test_labels_that_do_not_exist_are_refused(model):
    with pytest.raises(ValueError, match="labels"):
        model.log_prob(some_rows(), 3)
    with pytest.raises(ValueError):
        type(model.config)(dims=DIMS, classes=-1)


def test_no_rows_are_no_error(model):
    assert model.sample(0).shape == (0, DIMS) and model.sample(0, temperature=0.5).shape == (0, DIMS)
    assert model.class_log_prob(torch.zeros(0, DIMS)).shape == (0, K)


def test_pixelcnn_is_chosen_by_a_bound_that_costs_a_pass_instead_of_one_for_each_class():
    torch.manual_seed(0)
    model_class, config_class = MODELS["PixelCNN"]
    model = model_class(config_class(dims=DIMS, channels=4, layers=2, classes=K)).double().eval()
    model.U.data.normal_()
    x, y = some_rows(), torch.tensor([0, 1, 2, 2, 1, 0])
    joint = (model.class_log_prob(x)[torch.arange(6), y] + model.log_prob(x)).mean().item()
    assert math.isclose(model.validation_nats(x, y), -joint) and -joint > model.validation_nats(x)


def test_a_scan_of_its_own_makes_a_model_of_one_ordering():
    model_class, config_class = MODELS["PixelCNN"]
    model = model_class(config_class(dims=DIMS, channels=4, layers=2, scans=1))
    assert len(model.orderings(8)) == 1 and torch.equal(model.orderings(8)[0], model.ordering)
    for wrong in (0, 9):
        with pytest.raises(ValueError, match="1 to 8 scans"):
            config_class(dims=DIMS, scans=wrong)


def test_without_labels_the_loss_is_the_mixtures(model):
    x = some_rows()
    loss = model.loss(x, None, torch.Generator())
    assert math.isclose(loss.item(), -model.log_prob(x).mean().item(), rel_tol=1e-9)


def test_a_step_of_training_moves_what_says_the_class(model):
    data = load_dataset("animals")
    model_class, config_class = MODELS[type(model).__name__]
    sizes = {**SIZES[type(model).__name__], "classes": 10}
    state = TrainState.start(type(model).__name__, config_class(784, **sizes), data, TrainConfig(), CPU)
    x, y = torch.tensor(data.train[:20]).float(), torch.tensor(data.train_labels[:20]).long()
    state.model.loss(x, y, torch.Generator().manual_seed(0)).backward()
    moved = state.model.U.grad.flatten(1).abs().sum(1) > 0
    assert moved.tolist() == [bool((y == label).any()) for label in range(10)]
