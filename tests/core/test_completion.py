"""Completion and marginals of the order-agnostic model, against enumeration."""

import itertools

import pytest
import torch

from nade_core.messages import NadeError
from nade_core.models import orderagnostic

from .test_family import chi_square, every_row, make

KNOWN = torch.tensor([False, True, False, False])
IMAGE = torch.tensor([0, 1, 0, 1])


@pytest.fixture
def model():
    return make("OrderAgnosticNADE", ordering=torch.tensor([2, 0, 3, 1]))


def completions():
    """All rows that agree with IMAGE where it is known."""
    rows = every_row(4)
    return rows[(rows[:, KNOWN] == IMAGE[KNOWN]).all(1)]


def exact(model):
    """p(x_missing | x_known), the mean over all orderings of the missing pixels, by enumeration."""
    missing = (~KNOWN).nonzero()[:, 0].tolist()
    orderings = [torch.tensor([1, *order]) for order in itertools.permutations(missing)]
    return torch.stack([model.log_prob(completions(), ordering=o).softmax(0) for o in orderings]).mean(0)


def test_a_completion_keeps_what_is_known_and_follows_the_exact_conditional(model):
    drawn = model.complete(IMAGE, KNOWN, 20_000, torch.Generator().manual_seed(0))
    assert (drawn[:, KNOWN] == IMAGE[KNOWN]).all()
    assert chi_square(drawn, completions(), exact(model)) < 24.3  # 99.9 %, 7 degrees of freedom


def test_the_density_of_what_is_missing_is_the_exact_conditional(model):
    log_p = model.log_prob_missing(completions(), KNOWN, torch.Generator().manual_seed(0), orderings=200)
    assert abs(log_p.exp().sum().item() - 1) < 1e-9
    torch.testing.assert_close(log_p.exp(), exact(model), atol=0.02, rtol=0)


def test_marginals_are_the_first_conditional_after_what_is_known(model):
    x, known = completions(), KNOWN.expand(8, 4)
    marginals = model.marginals(x, known)
    assert torch.equal(marginals[:, KNOWN], x[:, KNOWN])
    for d in (0, 2, 3):
        rest = [j for j in (0, 2, 3) if j != d]
        first = model.conditionals(x, ordering=torch.tensor([1, d, *rest])).probs[:, d]
        torch.testing.assert_close(marginals[:, d], first)


def test_marginals_do_not_look_at_what_is_missing(model):
    x, other = torch.tensor([[0, 1, 0, 1]]), torch.tensor([[1, 1, 1, 0]])
    assert torch.equal(model.marginals(x, KNOWN[None])[:, ~KNOWN], model.marginals(other, KNOWN[None])[:, ~KNOWN])


def test_everything_known_and_nothing_known_are_completions_too(model):
    nothing, everything = torch.zeros(4, dtype=torch.bool), torch.ones(4, dtype=torch.bool)
    assert (model.complete(IMAGE, everything, 3) == IMAGE).all()
    assert model.complete(torch.full((4,), torch.nan), nothing, 3).shape == (3, 4)  # as a table has its holes
    assert (model.log_prob_missing(IMAGE[None], everything) == 0).all()


def test_the_loss_estimates_the_mean_over_orderings(model):
    rows = every_row(4)[:6]
    orderings = [torch.tensor(o) for o in itertools.permutations(range(4))]
    mean = -torch.stack([model.log_prob(rows, ordering=o) for o in orderings]).mean(0).mean()
    generator = torch.Generator().manual_seed(0)
    estimate = model.loss(rows.repeat(20_000, 1), None, generator)
    assert abs(estimate - mean) < 0.02


def test_one_mask_may_serve_all_rows(model):
    x = completions()
    assert torch.equal(model.marginals(x, KNOWN), model.marginals(x, KNOWN.expand(8, 4)))
    generators = [torch.Generator().manual_seed(0) for _ in range(2)]
    one, same = (model.log_prob_missing(x, m, g) for m, g in zip((KNOWN, KNOWN[None]), generators, strict=True))
    assert torch.equal(one, same)


def test_what_is_no_mask_and_no_image_is_told(model):
    for call in (
        lambda: model.marginals(IMAGE[None], torch.ones(1, 3)),
        lambda: model.marginals(completions(), KNOWN.expand(7, 4)),
        lambda: model.complete(IMAGE, torch.ones(3), 2),
        lambda: model.log_prob_missing(IMAGE[None], "all"),
    ):
        with pytest.raises(NadeError, match="mask|numbers"):
            call()
    for call in (
        lambda: model.marginals(IMAGE[None], torch.full((4,), 0.5)),
        lambda: model.complete(IMAGE[:3], KNOWN, 2),
        lambda: model.complete(IMAGE, KNOWN, 2.5),
        lambda: model.complete(IMAGE, KNOWN, 2, temperature=0),
        lambda: model.log_prob_missing(IMAGE[None], KNOWN, orderings=0),
    ):
        with pytest.raises(NadeError, match="Expected"):
            call()


@pytest.mark.parametrize("batch", [1, 6, 2048], ids=["a place at a time", "two", "all"])
def test_along_an_ordering_each_conditional_is_the_marginal_given_those_before(model, batch, monkeypatch):
    """However many places are computed at once; in the model's own order and any other."""
    monkeypatch.setattr(orderagnostic, "BATCH", batch)
    x = every_row(4)[[1, 6, 11]]
    for o in (torch.tensor([3, 1, 0, 2]), model.ordering):
        probs = model.conditionals(x, ordering=o).probs
        for i, d in enumerate(o.tolist()):
            known = torch.zeros(4, dtype=torch.bool)
            known[o[:i]] = True
            torch.testing.assert_close(probs[:, d], model.marginals(x, known)[:, d])
        torch.testing.assert_close(model.log_prob(x[:1], ordering=o), model.log_prob(x, ordering=o)[:1])
    nothing = torch.zeros(4, dtype=torch.bool)
    found = model.log_prob_missing(x, nothing, torch.Generator().manual_seed(0), orderings=1)
    order = torch.rand(4, generator=torch.Generator().manual_seed(0)).argsort()
    torch.testing.assert_close(found, model.log_prob(x, ordering=order))
