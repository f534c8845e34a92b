"""The engine in the browser against the library: made at test time, in Node and in Chromium, number by number."""

import functools
import itertools

import pytest
import torch

from nade_core import load_model, orderings
from nade_core.checkpoint import find_model, save_model
from nade_core.data import load_dataset
from nade_core.models import NADE, NADEConfig

PRETRAINED = {"nade-mnist": "mnist", "nade-mnist-classes": "mnist", "nade-animals": "animals"}
SIZES = list(itertools.product((1, 7, 30), (1, 5, 33), ("sigmoid", "relu")))


def exact(model):
    """The model in float64 by the defining loop: what the engine, float32 in weights alone, has to reach."""
    model = model.double()
    model.backend = "reference"
    return model


def random_nade(path, dims, hidden, activation="sigmoid", classes=0, scale=1.0):
    """A model file of random weights and a random ordering, and its path."""
    torch.manual_seed(dims * hidden + classes)
    model = NADE(NADEConfig(dims, hidden, activation, classes), orderings.random(1, dims, dims))
    for parameter in model.parameters():
        parameter.data.normal_(0, scale)
    return save_model(model, path / f"{dims}-{hidden}-{activation}-{classes}.safetensors", title="random")


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Model files at odd sizes, with 0, 1 or 3 classes, every ordering a permutation."""
    folder = tmp_path_factory.mktemp("models")
    return [random_nade(folder, *size, classes=(0, 3, 1)[k % 3]) for k, size in enumerate(SIZES)]


def digits(name="mnist"):
    return torch.tensor(load_dataset(name).test[:8]).int()


def images(dims, real=None):
    """Real ones of a data set where one is named, coin flips, a blank image, and one that is all on."""
    noise = (torch.rand(2, dims, generator=torch.Generator().manual_seed(dims)) < 0.5).int()
    made = torch.cat([noise, torch.zeros(1, dims).int(), torch.ones(1, dims).int()])
    return made if real is None else torch.cat([digits(real)[:2], made])


def labels_of(model):
    return [None, model.config.classes - 1] if model.config.classes else [None]


def close(got, wanted, atol=1e-8):
    torch.testing.assert_close(torch.tensor(got, dtype=torch.float64), wanted.double(), rtol=1e-8, atol=atol)


@functools.cache
def golden(path, real=None):
    """Questions and answers: log p(x), logits, log p(x_i | x_<i) and p(y | x) of images, with and without a label."""
    model = exact(load_model(path, "cpu"))
    x, calls, wanted = images(model.config.dims, real), [], []
    for y in labels_of(model):
        conditionals = model.conditionals(x.double(), y)
        of_each = zip(
            model.log_prob(x.double(), y), conditionals.logits, conditionals.log_prob(x.double()), strict=True
        )
        for row, values in zip(x, of_each, strict=True):
            calls += [(name, row, y) for name in ("logProb", "logits", "logConditionals")]
            wanted += values
    if model.config.classes:
        calls += [("classLogProb", row) for row in x]
        wanted += list(model.class_log_prob(x.double()))
    return calls, wanted


def check_values(engine, path, atol, real=None):
    calls, wanted = golden(path, real)
    for got, value in zip(engine([(path, calls)])[0], wanted, strict=True):
        close(got, value, atol)


@pytest.mark.parametrize("name", PRETRAINED)
def test_every_pretrained_nade_gives_the_librarys_numbers(engine, name):
    path, x = find_model(name), images(784, PRETRAINED[name])
    check_values(engine, path, 1e-7, PRETRAINED[name])
    public = load_model(path, "cpu").log_prob(x)  # what the pages show, in float32
    answers = engine([(path, [("logProb", row) for row in x])])[0]
    torch.testing.assert_close(torch.tensor(answers[:2]), public[:2], rtol=0, atol=1e-3)
    torch.testing.assert_close(torch.tensor(answers), public, rtol=1e-5, atol=1e-3)  # noise has thousands of nats


def test_any_size_ordering_and_activation_gives_the_librarys_numbers(engine, files):
    for path in files:
        check_values(engine, path, 1e-8)


def test_weights_too_steep_for_the_odds_stay_exact(engine, tmp_path):
    path = random_nade(tmp_path, 60, 40, classes=2, scale=300.0)
    check_values(engine, path, 1e-6)
    model, x = exact(load_model(path, "cpu")), images(60)[0]
    got = engine([(path, [("session", x, 1, "flipLogProb", i) for i in range(60)])])[0]
    close(got, model.log_prob(flipped(x).double(), 1), 1e-6)


def test_hidden_units_and_weights_are_the_models(engine, files):
    for path in files:
        model = exact(load_model(path, "cpu"))
        x, y = images(model.config.dims)[:1], 0 if model.config.classes else None
        answers = engine(
            [(path, [("hidden", x[0], i, y) for i in model.ordering] + [("row", i) for i in model.ordering])]
        )
        states, rows = answers[0][: model.config.dims], answers[0][model.config.dims :]
        close(states, model.hidden(x.double(), y)[0])
        close([row["W"] for row in rows], model.W[model.ordering])
        close([row["V"] for row in rows], model.V[model.ordering])
        close([row["b"] for row in rows], model.b[model.ordering])


def agree(got, wanted, uniforms, model, y, temperature=1.0):
    """The same images, but where a uniform number and its probability are within 1e-6 of each other."""
    for image, expected, u in zip(got, wanted, uniforms, strict=True):
        if torch.equal(image, expected):
            continue
        t = int((image != expected)[model.ordering].nonzero()[0])
        logits = exact(model).conditionals(expected[None].double(), y).logits[0, model.ordering]
        assert abs(torch.sigmoid(logits[t] / temperature) - u[t + 1]) < 1e-6


def check_samples(engine, path, n, **how):
    model = load_model(path, "cpu")
    uniforms = torch.rand(n, model.config.dims + 1, generator=torch.Generator().manual_seed(3))
    wanted = model.sample(n, generator=torch.Generator().manual_seed(3), **how).int()
    y, temperature, prefix = (how.get(name, other) for name, other in (("y", None), ("temperature", 1), ("prefix", [])))
    got = engine([(path, [("sample", uniforms.flatten(), y, temperature, prefix)])])[0][0]
    agree(torch.tensor(got).view(n, -1), wanted, uniforms, model, y, temperature)


@pytest.mark.parametrize("name", PRETRAINED)
def test_the_same_uniforms_give_the_librarys_images(engine, name):
    check_samples(engine, find_model(name), 6)
    check_samples(engine, find_model(name), 2, temperature=0.8)


def test_samples_with_a_label_a_temperature_or_a_prefix(engine, files):
    for path in files:
        classes, dims = load_model(path, "cpu").config.classes, load_model(path, "cpu").config.dims
        check_samples(engine, path, 9, temperature=0.7, prefix=[1, 0, 1][: dims // 2])
        check_samples(engine, path, 9, prefix=[0, 1, 1][: dims // 2])
        if classes:
            check_samples(engine, path, 9, y=classes - 1, temperature=1.3)


def test_a_drawn_image_is_followed_on(engine, files):
    """What a session knows after a draw is what a fresh one on the same image knows."""
    for path in files:
        dims = load_model(path, "cpu").config.dims
        u = torch.rand(dims, generator=torch.Generator().manual_seed(1))
        assert engine([(path, [("drawn", u, y) for y in labels_of(load_model(path, "cpu"))])])[0] in ([0], [0, 0])


def test_a_prefix_chooses_the_class(engine):
    half = digits()[0, :392].tolist()
    check_samples(engine, find_model("nade-mnist-classes"), 4, prefix=half)


@pytest.mark.parametrize("name", ["nade-mnist", "nade-mnist-classes"])
def test_an_edit_leaves_exactly_what_a_fresh_start_gives(engine, name):
    data, generator = digits(), torch.Generator().manual_seed(1)
    edits = [torch.where(torch.rand(784, generator=generator) < 0.004, 1 - row, row) for row in data[:1].expand(6, -1)]
    pixels = torch.randint(784, (9,), generator=generator)
    label = None if name == "nade-mnist" else 3
    calls = [
        ("follow", [*edits, *data], None),
        ("follow", [*edits, *data[:2]], label),
        ("flips", data[0], None, pixels),
    ]
    assert engine([(find_model(name), calls)]) == [[0, 0, 0]]


def test_edits_in_any_ordering(engine, files):
    for path in files:
        dims = load_model(path, "cpu").config.dims
        rows = (torch.rand(20, dims, generator=torch.Generator().manual_seed(0)) < 0.5).int()
        assert engine([(path, [("follow", rows, None), ("flips", rows[0], None, list(range(dims)))])]) == [[0, 0]]


def flipped(x):
    """x (D,) with each pixel flipped in turn: (D, D)."""
    return (x + torch.eye(len(x)).int()) % 2


def check_flips(engine, path, x, y, pixels, atol):
    """Flips of single pixels: log p, p(x_i | the others), and what they do to the pixel that comes last."""
    model, last, n = exact(load_model(path, "cpu")), int(load_model(path, "cpu").ordering[-1]), len(pixels)
    rows = torch.cat([flipped(x)[pixels], x[None]]).double()
    conditionals = model.conditionals(rows, y)
    *after, now = conditionals.log_prob(rows).sum(1)
    after = torch.stack(after)
    calls = [("session", x, y, name, i) for name in ("flipLogProb", "given") for i in pixels]
    answers = engine([(path, [*calls, ("flipEffects", x, last, y)])])[0]
    close(answers[:n], after, atol)
    close(answers[n:-1], torch.where(x[pixels] == 1, now - after, after - now).sigmoid(), atol)
    effects = conditionals.probs[:-1, last] - conditionals.probs[-1, last]
    close([answers[-1][i] for i in pixels], torch.where(torch.tensor(pixels) == last, 0, effects), atol)


def check_best_flip(engine, path, x, y):
    model = load_model(path, "cpu")
    after, now = model.log_prob(flipped(x), y), model.log_prob(x[None], y)[0]
    best = engine([(path, [("session", x, y, "bestFlip")])])[0][0]
    if best is None:
        assert after.max() < now + 1e-3
    else:
        assert after[best["pixel"]] >= after.max() - 1e-3
        assert best["logProb"] == pytest.approx(after.max().item(), abs=1e-3)
        assert best["gain"] == pytest.approx((after.max() - now).item(), abs=1e-3)


def test_flips_at_odd_sizes_are_exact(engine, files):
    for path in files:
        model = load_model(path, "cpu")
        for y in labels_of(model):
            x = images(model.config.dims)[0]
            check_flips(engine, path, x, y, list(range(len(x))), 1e-8)
            check_best_flip(engine, path, x, y)


@pytest.mark.parametrize("name", ["nade-mnist", "nade-mnist-classes"])
def test_flips_of_a_digit_are_exact(engine, name):
    check_flips(
        engine, find_model(name), digits()[3], None if name == "nade-mnist" else 7, list(range(3, 784, 31)), 1e-7
    )
    check_best_flip(engine, find_model(name), digits()[5], None)


@pytest.mark.parametrize("seed", range(4))
def test_the_way_to_what_is_likelier_ends_on_a_top_that_the_blank_image_does_not_outrank(engine, tmp_path, seed):
    path = random_nade(tmp_path, 12, 6, classes=(0, 2)[seed % 2], scale=0.7)
    model, x = exact(load_model(path, "cpu")), images(12)[seed]
    [walk] = engine([(path, [("likelier", x)])])[0]
    steps = [x.tolist(), *(step["x"] for step in walk["steps"])]
    log_p = model.log_prob(torch.tensor(steps).double())
    close([step["logProb"] for step in walk["steps"]], log_p[1:])
    assert all(sum(a != b for a, b in itertools.zip_longest(*pair)) == 1 for pair in itertools.pairwise(steps))
    for step, (before, after) in zip(walk["steps"], itertools.pairwise(log_p.tolist()), strict=True):
        assert after > before or step["erased"]
    end = torch.tensor(steps[-1])
    assert model.log_prob(flipped(end).double()).max() <= log_p[-1]
    assert model.log_prob(torch.zeros(1, 12).double())[0] <= log_p[-1] + 1e-9
    told, erased = walk["told"], [step["logProb"] for step in walk["steps"] if step["erased"]]
    assert (told["on"], told["erased"], told["value"]) == (int(end.sum()), len(erased), walk["steps"][-1]["logProb"])
    assert told.get("lowest") == (min(erased) if erased else None)


def test_an_image_on_a_lesser_top_goes_through_a_valley_to_the_blank_one(engine):
    """A digit from which no single flip leads up, though the blank image is more probable."""
    path, x = find_model("nade-mnist"), digits()[2]
    [walk] = engine([(path, [("likelier", x)])])[0]
    told, blank = walk["told"], load_model(path, "cpu").log_prob(torch.zeros(1, 784)).item()
    assert told["lowest"] < told["top"] < blank - 5
    assert told["value"] >= blank - 1e-3 and told["erased"] > 10


def test_contributions_add_up_to_the_preactivation(engine, files):
    for path in files:
        model = exact(load_model(path, "cpu"))
        x, i, k = images(model.config.dims)[0], int(model.ordering[-1]), model.config.hidden - 1
        unit, along = engine([(path, [("contributions", x, i, k), ("contributions", x, i)])])[0]
        before = x.double().clone()
        before[i] = 0
        close(unit, before * model.W[:, k])
        close(along, before * (model.W @ model.V[i]))
