"""Corruptions against what they promise."""

import numpy as np
import pytest

from lesson import corruptions
from nade_core.messages import NadeError

RNG = np.random.default_rng(0)
IMAGES = (RNG.random((30, 784)) < 0.2).astype(np.uint8)
MADE = {kind: corruptions.corrupt(kind, IMAGES, (28, 28), IMAGES.mean(0), 1) for kind in corruptions.KINDS}


@pytest.mark.parametrize("percent", (1, 2, 5, 10, 20))
def test_a_share_of_the_pixels_is_flipped(percent):
    assert ((MADE[f"flipped-{percent}"] != IMAGES).sum(1) == round(7.84 * percent)).all()


def test_the_others_do_what_their_ids_say():
    assert (MADE["pixels-shuffled"].sum(1) == IMAGES.sum(1)).all() and (MADE["pixels-shuffled"] != IMAGES).any()
    assert (MADE["inverted"] + IMAGES == 1).all()
    assert (MADE["shifted"].sum(1) <= IMAGES.sum(1)).all() and (MADE["shifted"] != IMAGES).any(1).all()
    assert MADE["all-off"].sum() == 0 and MADE["all-on"].tolist() == [[1] * 784]
    assert abs(MADE["coin-flips"].mean() - 0.5) < 0.02
    assert abs(MADE["pixel-means"].mean() - IMAGES.mean()) < 0.02


def test_every_kind_has_a_title_and_no_other_id_is_taken():
    assert list(corruptions.TITLES) == list(corruptions.KINDS)
    with pytest.raises(NadeError, match="Unknown kind 'rain': expected one of flipped-1, "):
        corruptions.corrupt("rain", IMAGES, (28, 28), IMAGES.mean(0))
