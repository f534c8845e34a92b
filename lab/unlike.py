"""A word of warning beside a number: the picture did not become anything like the images that the model knows."""

import numpy as np
import streamlit as st

from nade_core import ModelCard, images, traits
from nade_core.messages import N_

from . import cache
from .words import _

ALL = 0.98  # of its bounding box is filled: a solid block
SAID = {
    traits.ON: N_("{value:.0f} % of its pixels are on; in the data it is {low:.0f} to {high:.0f} %"),
    traits.PIECES: N_("it falls into {value:.0f} pieces; in the data there are {low:.0f} to {high:.0f}"),
    traits.FILL: N_("it fills {value:.0f} % of its bounding box; in the data it is {low:.0f} to {high:.0f} %"),
}
BLANK = images.DOUBTS["blank"]  # which the image itself says
PERCENT = {traits.ON: 100, traits.PIECES: 1, traits.FILL: 100}


def faults(card: ModelCard, image: np.ndarray) -> list[str]:
    """What is odd about an image (28, 28) beside those that the model learned from, in words; nothing without them."""
    ends = cache.usual(card) or {}
    if not image.any():
        return [_("it is blank: not one pixel is on")]
    odd = traits.unusual(image, ends) if ends else {}
    solid = float(traits.traits(image[None])[traits.FILL][0]) > ALL
    if solid and (traits.FILL in odd or not ends):
        return [_("it is one solid block")]
    facts = {name: (PERCENT[name] * value, *(PERCENT[name] * end for end in ends[name])) for name, value in odd.items()}
    return [_(SAID[name], value=value, low=low, high=high) for name, (value, low, high) in facts.items()]


def warn(card: ModelCard, prepared: images.Prepared) -> None:
    """Say so, and which controls help, where there is anything odd, or doubtful in how the picture was read."""
    told = [_(note.message, **note.facts) for note in prepared.notes if note.message != BLANK]
    found = faults(card, prepared.image)
    if found:
        words = "; ".join(found)
        unlike = _(
            "This is unlike the images that the model learned from, so its number says little: {faults}.", faults=words
        )
        told.insert(0, unlike)
    if found or any(note.message in images.DOUBTS.values() for note in prepared.notes):
        told.append(_("Look at the steps, and try **Background**, **Automatic threshold** off, or **Crop** off."))
    if told:
        st.warning(" ".join(told), icon=":material/warning:")
