"""The border: arrays of any layout are taken, and what cannot be meant is refused in our words."""

from dataclasses import fields

import numpy as np
import pytest
import torch

from nade_core.inputs import as_labels, as_levels, as_real
from nade_core.messages import NadeError
from nade_core.models import MODELS

from .test_contract import build

BITS = np.array([[0, 1, 1, 0], [1, 0, 0, 1], [1, 1, 1, 0]], np.uint8)


def read_only(x):
    x = x.copy()
    x.setflags(write=False)
    return x


LAYOUTS = {
    "a list": lambda x: x.tolist(),
    "negative strides": lambda x: np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
    "column by column": np.asfortranarray,
    "read-only": read_only,
    "a list of rows": list,
    **{
        kind: lambda x, kind=kind: x.astype(kind)
        for kind in (">f4", ">i8", ">u2", "u2", "u4", "u8", "i1", "f2", "g", "?")
    },
    "torch uint16": lambda x: torch.from_numpy(x).to(torch.uint16),
    "torch bfloat16": lambda x: torch.from_numpy(x).bfloat16(),
}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
@pytest.mark.parametrize("name", ["NADE", "CategoricalNADE", "RNADE"])
def test_an_array_means_its_numbers_however_it_is_laid_out(name, layout):
    model = build(name).requires_grad_(False)
    kept = BITS.copy()
    assert torch.equal(model.log_prob(layout(BITS)), model.log_prob(torch.from_numpy(BITS)))
    assert torch.equal(model.sample(3, prefix=layout(BITS)).long(), torch.from_numpy(BITS).long())
    assert (kept == BITS).all()


NO_ROWS = [None, "0110", ["a", "b", "c", "d"], [[0, 1, 1, 0], [1, 0]], np.array([[1j, 0, 0, 0]]), [[None] * 4], {}, 3.0]


@pytest.mark.parametrize("bad", [*NO_ROWS, torch.zeros(1, 4, dtype=torch.complex64)], ids=repr)
@pytest.mark.parametrize("name", ["NADE", "CategoricalNADE", "RNADE"])
def test_what_is_no_array_of_numbers_is_refused(name, bad):
    for verb in (build(name).log_prob, build(name).conditionals, build(name).log_conditionals):
        with pytest.raises(NadeError, match="Expected"):
            verb(bad)


@pytest.mark.parametrize(
    "bad", [1.9, 4.9, True, -1, 5, np.nan, "dog", [0, 1, 2.5], [0, 1], [True, False, True], [[0], [1], [2]]]
)
def test_a_label_that_is_none_is_refused_and_never_cut_to_a_whole_one(bad):
    model = build("NADE", classes=5)
    with pytest.raises(NadeError, match="Expected"):
        model.log_prob(BITS, bad)
    with pytest.raises(NadeError, match="Expected"):
        model.sample(3, bad)


def test_labels_are_whole_numbers_of_any_type():
    for good in ([0, 4, 2], np.array([0, 4, 2], ">u2"), np.array([0.0, 4.0, 2.0]), (0, 4, 2)):
        assert as_labels(good, 3, 5).tolist() == [0, 4, 2]
    assert as_labels(np.int64(3), 2, 5).tolist() == as_labels(3.0, 2, 5).tolist() == [3, 3]
    assert as_labels([], 0, 5).tolist() == as_labels(2, 0, 5).tolist() == []


@pytest.mark.parametrize("bad", [2.5, -1, "3", None, True, [2]], ids=repr)
def test_a_number_of_rows_that_is_none_is_refused(bad):
    for name in ("NADE", "BernoulliMixture", "RNADE", "CategoricalNADE", "PixelCNN"):
        with pytest.raises(NadeError, match="number of rows"):
            build(name).sample(bad)
    assert build("NADE").sample(np.int64(2)).shape == (2, 4)


@pytest.mark.parametrize("bad", [0, -1.0, float("nan"), "warm", None], ids=repr)
def test_a_temperature_that_is_none_is_refused(bad):
    with pytest.raises(NadeError, match="temperature above 0"):
        build("NADE").sample(2, temperature=bad)


@pytest.mark.parametrize("bad", ["01", [0, 2], [0.5], [0, 1, 0, 1, 1], [[0, 1]], {}], ids=repr)
def test_a_prefix_that_is_none_is_refused(bad):
    with pytest.raises(NadeError, match="Expected"):
        build("NADE").sample(3, prefix=bad)


def test_a_real_number_is_finite_in_the_models_own_type():
    model = build("RNADE")
    with pytest.raises(NadeError, match=r"at most 3.4e\+38 in size; got 1e\+39"):
        model.log_prob(np.array([[0.0, 1e39, 0.0, 0.0]]))
    with pytest.raises(NadeError, match="at most"):
        model.sample(1, prefix=np.array([1e39]))
    assert as_real([[1e39]], 1).item() == 1e39
    assert model.double().log_prob(np.array([[0.0, 1e39, 0.0, 0.0]])).shape == (1,)


def test_levels_are_whole_numbers_of_any_type():
    assert as_levels(np.array([[255, 0]], np.uint16), 2, 256).tolist() == [[255, 0]]
    for bad in (np.array([[256, 0]], np.uint16), [[-1, 0]], [[1.5, 0]], [[np.nan, 0]]):
        with pytest.raises(NadeError, match="whole numbers from 0 to 255"):
            as_levels(bad, 2, 256)


@pytest.mark.parametrize("bad", [2.5, -1, "x", None, True])
@pytest.mark.parametrize("name", MODELS)
def test_what_is_no_number_of_orderings_no_seed_and_no_generator_is_refused(name, bad):
    model = build(name)
    with pytest.raises(NadeError, match="whole number"):
        model.orderings(bad)
    with pytest.raises(NadeError, match="seed"):
        model.orderings(2, bad)
    if bad is not None:
        with pytest.raises(NadeError, match=r"torch\.Generator"):
            model.sample(2, generator=bad)


@pytest.mark.parametrize("name", MODELS)
def test_a_configuration_holds_values_of_the_types_of_its_defaults(name):
    config_class = MODELS[name][1]
    for field in fields(config_class):
        for bad in (None, "4", [4], 2.5 if type(field.default) is int else True):
            if type(bad) is not type(field.default):
                with pytest.raises(NadeError, match=f"Expected {field.name} to be"):
                    config_class(**{field.name: bad})
