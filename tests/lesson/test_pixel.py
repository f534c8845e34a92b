"""One pixel: a split without leaks, rivals that are distributions, a table by its rule, and figures that hold."""

import itertools
import math

import numpy as np
import pytest

from lesson import channels, pixel
from nade_core.messages import NadeError

RNG = np.random.default_rng(0)
SMALL = RNG.integers(0, 4, (400, 3)) // np.array([1, 2, 1])


def everything(levels):
    return np.array(list(itertools.product(range(levels), repeat=3)))


@pytest.fixture(scope="module")
def contests():
    return [pixel.compete(pixel.split(pixel.photo()), levels) for levels in (2, 256)]


def test_no_scored_pixel_touches_a_training_pixel():
    where = np.moveaxis(np.mgrid[:45, :61], 0, -1)
    split = pixel.split(np.concatenate([where, np.zeros((45, 61, 1), int)], -1).astype(np.uint8), 1)
    train, test = split.train[:, :2].astype(int), split.test[:, :2].astype(int)
    apart = abs(train[:, None] - test).max(-1).min(0)
    assert apart.min() == 2 and len(train) > 4 * len(test) > 0
    assert (split.block == test[:, 0] // 8 * 8 + test[:, 1] // 8).all() and set(split.part) == {1, 2, 3, 4}


def test_the_squares_hold_just_the_scored_pixels():
    where = np.moveaxis(np.mgrid[:45, :61], 0, -1)
    image = np.concatenate([where, np.zeros((45, 61, 1), int)], -1).astype(np.uint8)
    split = pixel.split(image, 1)
    squares = pixel.scored_squares(split, image.shape)
    inside = {(row, column) for x, y, w, h in squares for row in range(y, y + h) for column in range(x, x + w)}
    assert inside == {(row, column) for row, column, _ in split.test.tolist()} and len(inside) == len(split.test)


def test_a_large_picture_is_thinned_and_keeps_its_colours(tmp_path):
    from PIL import Image

    Image.fromarray(np.tile(pixel.photo(), (3, 3, 1))).save(tmp_path / "large.png")
    image = pixel.picture(tmp_path / "large.png")
    assert pixel.MOST / 4 < image.shape[0] * image.shape[1] <= pixel.MOST
    assert set(map(tuple, image.reshape(-1, 3))) <= set(map(tuple, pixel.photo().reshape(-1, 3)))


@pytest.mark.parametrize("levels", [2, 3, 7, 64, 256])
def test_levels_are_in_order_and_all_used(levels):
    values = np.arange(256)
    bins = pixel.quantise(values, levels)
    assert (np.diff(bins) >= 0).all() and set(bins) == set(range(levels))


@pytest.mark.parametrize("levels", [2, 256])
def test_unseen_is_the_share_of_colours_that_training_lacks(levels):
    split = pixel.split(pixel.photo())
    seen = set(map(tuple, pixel.quantise(split.train, levels)))
    missing = [tuple(colour) not in seen for colour in pixel.quantise(split.test, levels)]
    assert pixel.unseen(split, levels) == pytest.approx(np.mean(missing))


def test_the_table_adds_the_alpha_that_its_parts_choose_and_sums_to_1():
    codes, part = RNG.geometric(0.1, 90) % 64, RNG.integers(1, 5, 90)
    log_p, alpha = pixel.table_log_probs(codes, part, np.arange(64), 64)
    expected = (np.bincount(codes, minlength=64) + alpha) / (90 + 64 * alpha)
    assert np.exp(log_p).sum() == pytest.approx(1) and np.exp(log_p) == pytest.approx(expected)

    def left_out(a):
        others = [codes[part != own] for own in part]
        chances = [((o == code).sum() + a) / (len(o) + 64 * a) for o, code in zip(others, codes, strict=True)]
        return sum(map(math.log, chances))

    assert left_out(alpha) == pytest.approx(max(map(left_out, pixel.ALPHAS)))


@pytest.mark.parametrize("levels", [2, 5])
def test_the_chain_is_a_distribution_given_by_its_seed(levels):
    train = np.minimum(SMALL, levels - 1)
    log_p, size = channels.chain_log_probs(train, everything(levels), levels, 3)
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-5) and size == channels.parameters() == 536
    assert (log_p == channels.chain_log_probs(train, everything(levels), levels, 3)[0]).all()


def test_the_chain_comes_close_to_the_frequencies_of_what_it_saw():
    seen = SMALL % 2
    frequency = np.bincount(seen @ [4, 2, 1], minlength=8) / len(seen)
    entropy = -(frequency * np.log(frequency)).sum()
    cost = -channels.chain_log_probs(seen, seen, 2)[0].mean()
    assert entropy <= cost + 1e-6 < entropy + 0.01


def test_at_two_levels_table_and_chain_are_equal_and_at_256_the_table_drowns(contests):
    two, all_colours = contests
    assert abs(two.bits["table"] - two.bits["chain"]) < 0.01 and two.bits["independent"] > two.bits["table"] + 0.1
    assert all_colours.bits["chain"] < all_colours.bits["independent"] < all_colours.bits["table"] < 24
    assert two.parameters == {"table": 7, "independent": 3, "chain": 536}
    assert all_colours.parameters["table"] == 16_777_215 and all_colours.parameters["independent"] == 765


def test_bits_at_full_resolution_add_what_is_left_inside_a_bin(contests):
    assert contests[0].full["table"] == pytest.approx(contests[0].bits["table"] + 3 * 7)
    assert contests[1].full == pytest.approx(contests[1].bits)


def test_the_crossing_is_where_the_table_begins_to_lose_for_good():
    def contest(levels, table, chain):
        return pixel.Contest(levels, {"table": table, "chain": chain}, {}, {}, 1.0, {"chain": 0.1})

    made = [
        contest(2, 1.0, 0.5),
        contest(4, 2.0, 2.0),
        contest(8, 4.0, 3.9),
        contest(16, 6.0, 5.7),
        contest(32, 9.0, 8.0),
    ]
    assert pixel.crossing(made) == 16 and pixel.crossing(made[::-1]) == 16
    assert pixel.crossing(made[:3]) is None and pixel.crossing(made[:1]) == 2


def test_the_error_counts_a_block_as_one_draw():
    differences = np.repeat([1.0, 3.0, 2.0, 6.0], 5)
    assert pixel._error(differences, np.repeat(np.arange(4), 5)) == pytest.approx(np.std([1, 3, 2, 6]) / 2)


def test_what_cannot_be_split_or_quantised_is_refused():
    with pytest.raises(NadeError, match="too small to hold a part of it out: 8 x 40 pixels"):
        pixel.split(np.zeros((8, 40, 3), np.uint8))
    with pytest.raises(NadeError, match="2 to 256 levels"):
        pixel.quantise(np.arange(256), 1)
