"""What callers may count on with every model: its verbs, its capabilities, its state, and torch's own tools."""

import pytest
import torch

from nade_core.messages import NadeError
from nade_core.models import MODELS
from nade_core.models.anyorder import AnyOrder
from nade_core.scoring import log_probs

from .test_family import SIZES, any_model, every_row, scramble

CONFIGS = {
    **SIZES,
    "RNADE": {"hidden": 5, "components": 3, "gaussians": 2},
    "OrderAgnosticRNADE": {"hidden": 5, "components": 3, "gaussians": 2},
    "CategoricalNADE": {"hidden": 5, "levels": 4},
}
DIMS = 4


def build(name, ordering=None, **sizes):
    model_class, config_class = MODELS[name]
    return model_class(config_class(dims=DIMS, **{**CONFIGS[name], **sizes}), ordering)


def rows(model):
    """Rows of the values that the model takes: (12, DIMS)."""
    torch.manual_seed(9)
    drawn = {"binary": torch.randint(0, 2, (12, DIMS)), "levels": torch.randint(0, 4, (12, DIMS))}
    return drawn.get(model.values, torch.randn(12, DIMS))


@pytest.fixture(params=MODELS)
def model(request):
    torch.manual_seed(1)
    return build(request.param).eval()


@pytest.mark.parametrize("name", MODELS)
def test_a_state_is_the_same_density_in_a_model_that_was_built_otherwise(name):
    """The orderings differ: whatever a model derives from its own must follow the state that comes in."""
    ordering = torch.tensor([2, 0, 3, 1]) if name != "PixelCNN" else build(name).orderings(8)[5]
    first, second = scramble(build(name, ordering)), build(name).double().eval()
    x = rows(first)
    apart = (first.log_prob(x) - second.log_prob(x)).abs().max()
    second.load_state_dict(first.state_dict())
    assert apart > 0.1
    for a, b in zip(first.orderings(3), second.orderings(3), strict=True):
        assert torch.equal(a, b) and torch.equal(first.log_prob(x, ordering=a), second.log_prob(x, ordering=a))
    draws = [m.sample(6, generator=torch.Generator().manual_seed(0)) for m in (first, second)]
    assert torch.equal(*draws)


def test_a_loaded_state_changes_neither_the_callers_ordering_nor_what_the_model_knows():
    for name in ("NADE", "PixelCNN"):
        ordering, state = torch.arange(DIMS), build(name, build(name).orderings(2)[-1].flip(0)).state_dict()
        model = build(name, None if name == "PixelCNN" else ordering)
        known = [o.clone() for o in model.orderings(8)]
        model.load_state_dict(state)
        assert torch.equal(ordering, torch.arange(DIMS)) and torch.equal(model.orderings()[0], state["ordering"])
        assert name == "NADE" or {tuple(o.tolist()) for o in model.orderings(8)} == {tuple(o.tolist()) for o in known}


def test_a_state_with_no_ordering_in_it_is_refused(model):
    state = {**model.state_dict(), "ordering": torch.tensor([0, 0, 1, 2])}
    with pytest.raises(NadeError, match="each once"):
        model.load_state_dict(state)


def test_every_verb_takes_labels_and_an_ordering_and_gives_its_shape(model):
    x = rows(model)
    for ordering in (None, model.ordering, model.ordering.tolist()):
        assert model.log_prob(x, None, ordering).shape == (12,)
        assert model.conditionals(x, None, ordering).batch_shape == (12, DIMS)
        terms = model.log_conditionals(x, None, ordering)
        assert terms.shape == (12, DIMS) and terms.dtype == torch.float64
        torch.testing.assert_close(terms.sum(1).float(), model.log_prob(x).float())
    assert model.sample(0).shape == (0, DIMS) and model.log_conditionals(x[:0]).shape == (0, DIMS)
    assert model.log_prob(x[:0]).shape == log_probs(model, x[:0]).shape == (0,)


def test_rows_drawn_together_are_those_drawn_alone_each_from_its_own_seed(model):
    model.double()
    alone = torch.cat([model.sample(1, generator=torch.Generator().manual_seed(seed)) for seed in range(5)])
    together = model.sample(5, generator=[torch.Generator().manual_seed(seed) for seed in range(5)])
    torch.testing.assert_close(together, alone)
    assert model.sample(0, generator=[]).shape == (0, DIMS)
    with pytest.raises(NadeError, match="one a row; got 1 for 2 rows"):
        model.sample(2, generator=[torch.Generator()])


def test_rows_are_drawn_in_any_shape_as_torch_distributions_draw_them(model):
    flat, shaped = (model.sample(n, generator=torch.Generator().manual_seed(0)) for n in (6, (2, 3)))
    assert torch.equal(flat, shaped.reshape(6, DIMS)) and model.event_shape == (DIMS,)
    assert model.sample(()).shape == model.event_shape and model.sample(torch.Size([0, 2])).shape == (0, 2, DIMS)
    for bad in ((2, -1), (1.5,), "ab"):
        with pytest.raises(NadeError, match="number of rows"):
            model.sample(bad)


def test_an_ordering_that_a_model_does_not_know_is_refused_in_a_sentence(model):
    other = torch.tensor([0, 3, 1, 2])
    for verb in (model.log_prob, model.conditionals, model.log_conditionals):
        if not model.completes:
            with pytest.raises(NadeError, match="leave out any other"):
                verb(rows(model), ordering=other)
        for bad in ([0, 1, 2], [0, 1, 2, 2], [0.5, 1, 2, 3], "abc"):
            with pytest.raises(NadeError, match="Expected"):
                verb(rows(model), ordering=bad)


def test_a_label_for_a_model_without_classes_is_refused_by_every_verb(model):
    for verb in (model.log_prob, model.conditionals, model.log_conditionals):
        with pytest.raises(NadeError, match="without classes"):
            verb(rows(model), 1)
    with pytest.raises(NadeError, match="without classes"):
        model.sample(2, 1)
    with pytest.raises(NadeError, match="without classes"):
        model.class_log_prob(rows(model))


EVERY_ORDERING = ("OrderAgnosticNADE", "OrderAgnosticRNADE")
ABLE = {"FVSBN": {}, "MADE": {}, "PixelCNN": {}, "RNADE": {"order_agnostic": True}, **dict.fromkeys(EVERY_ORDERING, {})}


def test_capabilities_say_what_a_model_can_do(model):
    name = type(model).__name__
    assert model.many_orderings == (name in ABLE)
    assert (len(build(name, **ABLE.get(name, {})).orderings(3)) > 1) == model.many_orderings
    assert model.completes == isinstance(model, AnyOrder) == (name in EVERY_ORDERING)
    assert model.fills == (name == "PixelCNN") == (hasattr(model, "fill"))
    assert model.classes == 0 and model.labelled == hasattr(model.config, "classes")
    assert not model.labelled or build(name, classes=3).classes == 3
    assert model.description and {"mean", "scale"} <= set(dir(model)) or model.values != "real"
    assert all("weight" not in name for name in model.undecayed)


def test_torchs_own_tools_find_the_density(model):
    x, expected = rows(model), model.log_prob(rows(model))
    doubled = {name: 2 * p for name, p in model.named_parameters()}
    assert torch.equal(torch.nn.DataParallel(model)(x), expected)
    moved = torch.func.functional_call(model, doubled, (x,))
    model.load_state_dict(doubled, strict=False)
    assert torch.equal(moved, model.log_prob(x)) and torch.equal(moved, model(x))


@pytest.mark.parametrize("name", ["NADE", "MADE"])
def test_a_compiled_model_is_the_model(name):
    model, x = any_model(name, DIMS, 0).float(), every_row(DIMS)
    torch._dynamo.reset()
    torch.testing.assert_close(torch.compile(model, backend="eager")(x), model.log_prob(x))


def test_parents_that_do_not_exist_are_refused():
    model = build("ChowLiu")
    with pytest.raises(NadeError, match="parents"):
        model.load_state_dict({**model.state_dict(), "parents": torch.tensor([0, 1, 2, 9])})
