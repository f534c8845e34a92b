"""Models of any ordering: whatever is asked of them, binary or real, is a quotient of their own densities."""

import numpy as np
import pytest
import torch

from nade_core.messages import NadeError
from nade_core.models import RNADE, OrderAgnosticRNADE, OrderAgnosticRNADEConfig, RNADEConfig

from .test_contract import DIMS, EVERY_ORDERING, build, rows
from .test_family import every_row, make, scramble


def model_of(name):
    model = make(name) if name == "OrderAgnosticNADE" else scramble(build(name, torch.tensor([2, 0, 3, 1])))
    return model.double().eval()


def real(dims=2):
    """A model whose Gaussians and network both matter."""
    torch.manual_seed(3)
    model = OrderAgnosticRNADE(OrderAgnosticRNADEConfig(dims, 5, components=2, gaussians=2)).double()
    model.means.normal_()
    model.factors.add_(torch.randn_like(model.factors).tril(-1))
    model.b.data.normal_()
    return model.eval().requires_grad_(False)


@pytest.fixture(params=EVERY_ORDERING)
def model(request):
    return model_of(request.param)


def test_what_is_given_is_the_conditional_along_an_ordering_that_begins_with_the_known(model):
    x = rows(model).double()
    for known, o in (([1, 3], [3, 1, 0, 2]), ([], [0, 1, 2, 3]), ([0, 1, 2], [2, 1, 0, 3])):
        mask = torch.tensor([d in known for d in range(DIMS)])
        holes = torch.where(mask, x, torch.nan)
        asked, first = model.given(holes, mask).log_prob(x), o[len(known)]
        torch.testing.assert_close(asked[:, first], model.log_conditionals(x, ordering=o)[:, first])
        found = model.marginals(holes, mask)
        assert torch.equal(found[:, known], x[:, known]) and found.isfinite().all()
    each = torch.rand(12, DIMS) < 0.5
    torch.testing.assert_close(model.marginals(x, each)[3], model.marginals(x[3:4], each[3])[0])


def test_a_row_with_holes_has_the_density_of_what_is_known(model):
    x = rows(model).double()
    x[0, 1] = x[0, 3] = x[1, 1] = x[1, 3] = x[2, 0] = torch.nan
    log_p, mask = model.log_prob(x), torch.tensor([True, False, True, False])
    along = model.log_conditionals(
        x[:2].nan_to_num(), ordering=[2, 0, 1, 3] if model.ordering[0] == 2 else [0, 2, 1, 3]
    )
    torch.testing.assert_close(log_p[:2].double(), along[:, mask].sum(1))
    torch.testing.assert_close(log_p[3:], model.log_prob(x[3:]))
    assert torch.equal(model.log_prob(np.full((1, DIMS), np.nan)), torch.zeros(1).to(log_p))


def test_holes_of_binary_rows_are_summed_over():
    model, x = model_of("OrderAgnosticNADE"), every_row(DIMS)
    last = int(model.ordering[-1])
    holes = x.clone()
    holes[:, last] = torch.nan
    other = x.clone()
    other[:, last] = 1 - other[:, last]
    torch.testing.assert_close(model.log_prob(holes), torch.logaddexp(model.log_prob(x), model.log_prob(other)))


def test_the_density_of_real_rows_integrates_to_one_along_both_orderings():
    model, side = real(), torch.linspace(-25, 25, 600, dtype=torch.float64)
    points = torch.cartesian_prod(side, side)
    for o in ([0, 1], [1, 0]):
        total = sum(model.log_prob(part, ordering=o).exp().sum() for part in points.split(50_000))
        assert abs(total.item() * (side[1] - side[0]).item() ** 2 - 1) < 5e-3


def test_completions_follow_the_conditional_and_keep_what_is_known():
    model, row = real(), torch.tensor([0.7, 99.0])
    mask = torch.tensor([True, False])
    drawn = model.complete(row, mask, 20_000, torch.Generator().manual_seed(0))
    assert torch.allclose(drawn[:, 0], torch.tensor(0.7).double())
    given = model.given(row[None], mask)
    components = given.component_distribution.cdf(drawn[..., None])
    u = (components * given.mixture_distribution.probs).sum(-1)[:, 1].sort().values
    assert (u - (torch.arange(20_000) + 0.5) / 20_000).abs().max() < 1.95 / 20_000**0.5  # Kolmogorov-Smirnov, 99.9 %
    missing = model.log_prob_missing(drawn[:5], mask)
    torch.testing.assert_close(missing, given.log_prob(drawn[:5])[:, 1])


def test_holes_are_refused_by_a_model_of_one_ordering():
    with pytest.raises(NadeError, match="finite"):
        RNADE(RNADEConfig(2)).log_prob(torch.tensor([[0.0, torch.nan]]))
