"""Parameter counts against enumeration, and against the parameters of real models."""

import itertools

import pytest

from lesson import counting
from nade_core import NADE, NADEConfig


@pytest.mark.parametrize("dims", range(1, 9))
def test_tables_are_counted_by_writing_them_down(dims):
    rows = [len(list(itertools.product((0, 1), repeat=i))) for i in range(dims)]
    assert counting.full_joint(dims).parameters == len(list(itertools.product((0, 1), repeat=dims))) - 1
    assert counting.chain_tables(dims).parameters == sum(rows) == counting.full_joint(dims).parameters
    assert counting.independent(dims).parameters == dims == counting.markov(dims, 0).parameters
    assert counting.markov(dims, 1).parameters == 2 * dims - 1
    assert counting.markov(dims, dims).parameters == counting.full_joint(dims).parameters
    assert counting.fvsbn(dims).parameters == sum(i + 1 for i in range(dims))


def test_the_figures_of_the_lesson():
    assert counting.rgb_pixel().parameters == 16_777_215 == counting.rgb_chain().parameters
    assert counting.rgb_independent().parameters == 765
    assert counting.categorical(2).parameters == 1
    assert len(str(counting.full_joint(784).parameters)) == 237


@pytest.mark.parametrize(("dims", "hidden"), [(1, 1), (7, 3), (784, 500)])
def test_nade_has_as_many_parameters_as_counted(dims, hidden):
    model = NADE(NADEConfig(dims, hidden))
    assert sum(p.numel() for p in model.parameters()) == counting.nade(dims, hidden).parameters
    assert counting.made(dims, hidden).parameters == dims * hidden + hidden + hidden * dims + dims


@pytest.mark.parametrize("bad", [0, -1, 2.5, True, "3"])
def test_a_count_of_nothing_is_refused(bad):
    with pytest.raises(ValueError, match="integer of at least"):
        counting.full_joint(bad)


def test_every_count_carries_an_id_of_its_own_a_title_and_its_formula():
    of_pixels = [make(4) for make in (counting.full_joint, counting.independent, counting.chain_tables, counting.fvsbn)]
    of_colours = [make() for make in (counting.rgb_pixel, counting.rgb_independent, counting.rgb_chain)]
    counts = [*of_pixels, *of_colours, counting.nade(3, 2), counting.made(3, 2), counting.markov(4, 2)]
    assert len({count.id for count in counts}) == len({count.title for count in counts}) == len(counts)
    assert all(count.formula and count.latex and " " not in count.id for count in counts)
    assert counting.markov(4, 2).title == counting.markov(9, 1).title  # words without numbers can be translated


@pytest.mark.parametrize("hidden", [1, 20, 500])
def test_a_nade_is_smaller_than_the_table_from_one_n_on(hidden):
    first = counting.nade_pays_from(hidden)
    smaller = [counting.nade(n, hidden).parameters < counting.full_joint(n).parameters for n in range(1, 60)]
    assert smaller == [n >= first for n in range(1, 60)]
