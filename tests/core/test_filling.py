"""What a PixelCNN draws of an image given the rest of it, against enumeration of small images."""

import math

import pytest
import torch

from nade_core import load_model
from nade_core.data import load_dataset
from nade_core.messages import NadeError
from nade_core.models import PixelCNN, PixelCNNConfig
from nade_core.models.canvas import CELLS, log_table
from nade_core.models.filling import too_late
from nade_core.scoring import log_probs

from .test_family import chi_square, every_row

SIDE, DIMS, DRAWS = 4, 16, 4000
IMAGE = torch.tensor([0, 1, 1, 0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 1])


def model_of(classes=0):
    """Of 4 x 4 pixels, four blocks; weights under which every part matters."""
    torch.manual_seed(0)
    model = PixelCNN(PixelCNNConfig(DIMS, channels=4, layers=2, classes=classes)).double()
    for parameter in model.parameters():
        parameter.data.normal_(std=0.4)
    if classes:
        model.U.data.mul_(4)  # so that it matters much of which class a particle is
    return model.eval().requires_grad_(False)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def first_of(model, scan, k):
    """The mask of the first k pixels of a scan."""
    known = torch.zeros(DIMS, dtype=torch.bool)
    known[model.scans[scan][:k]] = True
    return known


def agreeing(known):
    """All images that agree with IMAGE where it is known."""
    rows = IMAGE.double().repeat(2 ** int((~known).sum()), 1)
    rows[:, ~known] = every_row(int((~known).sum()))
    return rows


# Wherever no scan has the known pixels first: the pixels of a ring are known, the middle is not, and others.
RING = torch.ones(SIDE, SIDE, dtype=torch.bool)
RING[1:3, 1:3] = False
SPREAD = torch.tensor([0, 1, 0, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 1]).bool()


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize(("scan", "k"), [(0, 12), (5, 11), (3, 10), (6, 13)])
def test_where_a_scan_has_the_known_first_draws_are_exact(classes, scan, k):
    model = model_of(classes)
    known = first_of(model, scan, k)
    found = model.fill(IMAGE, known, DRAWS, seeded())
    assert found.exact and found.effective == pytest.approx(DRAWS) and (found.rows[:, known] == IMAGE[known]).all()
    cases = agreeing(known)
    log_p = model.log_prob(cases, ordering=found.ordering)
    assert found.log_p_known == pytest.approx(log_p.logsumexp(0).item(), abs=1e-9)
    limit = torch.distributions.Chi2(len(cases) - 1.0)
    assert limit.cdf(torch.tensor(chi_square(found.rows, cases, log_p.softmax(0)))) < 0.999


@pytest.mark.parametrize("classes", [0, 3])
@pytest.mark.parametrize("known", [RING.flatten(), SPREAD], ids=["ring", "spread"])
def test_many_particles_follow_the_conditional_and_a_few_are_said_to_be_few(classes, known):
    model = model_of(classes)
    found = model.fill(IMAGE, known, 10_000, seeded(), particles=10_000)
    assert not found.exact and found.particles == 10_000 and 1 < found.effective < 10_000
    assert (found.rows[:, known] == IMAGE[known]).all()
    cases = agreeing(known)
    exact = model.log_prob(cases, ordering=found.ordering)
    assert found.log_p_known == pytest.approx(exact.logsumexp(0).item(), abs=0.05)
    places = (found.rows[:, ~known].long() * 2 ** torch.arange(int((~known).sum()) - 1, -1, -1)).sum(1)
    drawn = places.bincount(minlength=len(cases)) / len(found.rows)
    limit = math.sqrt(len(cases) / len(found.rows))  # twice what independent draws differ by at most, on average
    assert (drawn - exact.softmax(0)).abs().sum() / 2 < limit  # in total variation


@pytest.mark.parametrize("classes", [0, 3])
def test_the_estimate_of_what_is_known_is_unbiased_however_few_the_particles(classes):
    model, known = model_of(classes), RING.flatten()
    ordering = model.fill(IMAGE, known, 1).ordering
    exact = model.log_prob(agreeing(known), ordering=ordering).logsumexp(0)
    ratios = torch.tensor([model.fill(IMAGE, known, 1, seeded(s), particles=4).log_p_known for s in range(100)])
    ratios = (ratios - exact).exp()
    assert ratios.std() > 0.05 and abs(ratios.mean() - 1) < 3.3 * ratios.std() / math.sqrt(100)


def test_the_scan_with_the_fewest_known_pixels_after_missing_ones_is_taken():
    model = model_of()
    for scan in range(8):
        assert too_late(first_of(model, scan, 7), model.scans[scan]) == 0
    known = ~first_of(model, 0, 1)  # a missing corner: any scan that ends there
    assert model.fill(IMAGE, known, 3).exact
    assert too_late(torch.tensor([False, True, True, False]), torch.tensor([0, 3, 1, 2])) == 4
    assert too_late(torch.tensor([False, True, True, False]), torch.tensor([1, 0, 3, 2])) == 2


def test_a_block_is_the_full_table_of_its_tree():
    model = model_of()
    trees = torch.randn(3, 15, dtype=torch.float64)
    table = log_table(trees)
    assert torch.allclose(table.logsumexp(1), torch.zeros(3, dtype=torch.float64), atol=1e-12)
    x = agreeing(first_of(model, 0, 12))  # the last block of the first scan, in the order of CELLS
    last = model.log_conditionals(x)[:, model.ordering[12:]].sum(1)
    assert torch.equal(x[:, model.ordering[12:]].long(), CELLS)
    found = model.fill(x[5], first_of(model, 0, 12), 1)
    torch.testing.assert_close(model.log_prob(x) - found.log_p_known, last)


def test_everything_known_nothing_known_and_no_draws_are_completions_too():
    for model in (model_of(), model_of(3)):
        nothing, everything = torch.zeros(DIMS, dtype=torch.bool), torch.ones(DIMS, dtype=torch.bool)
        whole = model.fill(IMAGE, everything, 3)
        assert (whole.rows == IMAGE).all() and whole.exact and whole.rows.shape == (3, DIMS)
        assert whole.log_p_known == pytest.approx(model.log_prob(IMAGE[None]).item(), abs=1e-9)
        free = model.fill(torch.full((DIMS,), torch.nan), nothing, 3)
        assert free.exact and free.log_p_known == pytest.approx(0, abs=1e-9) and free.rows.shape == (3, DIMS)
        assert model.complete(IMAGE, RING.flatten(), 0).shape == model.complete(IMAGE, nothing, 0).shape == (0, DIMS)


def test_the_seed_decides_and_a_low_temperature_takes_the_likelier_side():
    model, known = model_of(), RING.flatten()
    one, same, other = (model.complete(IMAGE, known, 40, seeded(s)) for s in (0, 0, 1))
    assert torch.equal(one, same) and not torch.equal(one, other)
    first = first_of(model, 0, 8)
    cold = model.complete(IMAGE, first, 40, seeded(), temperature=1e-9)
    assert (cold == cold[0]).all()
    logits = model.conditionals(cold[:1]).logits[0]
    assert ((logits > 0) == cold[0].bool())[~first].all()


def test_a_published_model_fills_a_half_exactly_and_a_box_by_particles():
    model, image = load_model("pixelcnn-mnist", "cpu"), torch.tensor(load_dataset("mnist").test[0])
    half = torch.arange(784) < 392
    found = model.fill(image, half, 2, seeded())
    missing = model.log_conditionals(found.rows, ordering=found.ordering)[:, ~half].sum(1)
    log_p = torch.tensor(log_probs(model, found.rows, ordering=found.ordering)) - found.log_p_known
    assert found.exact and torch.allclose(missing, log_p, atol=1e-3)
    box = torch.ones(28, 28, dtype=torch.bool)
    box[8:12, 8:12] = False
    assert not model.fill(image, box.flatten(), 2, seeded(), particles=3).exact


def test_what_cannot_be_filled_is_told():
    model, known = model_of(), RING.flatten()
    for call in (
        lambda: model.fill(IMAGE[:7], known, 2),
        lambda: model.fill(IMAGE, known[:7], 2),
        lambda: model.fill(IMAGE, known, 2.5),
        lambda: model.fill(IMAGE, known, 2, temperature=0),
        lambda: model.fill(IMAGE * 0.5, known, 2),
        lambda: model.fill(IMAGE, known, 2, particles=0),
        lambda: model.complete(IMAGE, known * 0.5, 2),
        lambda: model.complete(IMAGE, known, 2, generator=3),
    ):
        with pytest.raises(NadeError, match="Expected"):
            call()
