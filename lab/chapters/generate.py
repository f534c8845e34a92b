"""Generate: x ~ p(x), with the density of each sample, and the drawing of one of them step by step."""

import numpy as np
import streamlit as st

from nade_core.messages import N_

from .. import kinds, link
from ..chapter import Chapter
from ..link import linked
from ..session import by_dog, choose_class, choose_model
from ..words import _

CHAPTER = Chapter(
    id="generate",
    group="lab",
    place=0,
    icon=":material/auto_awesome:",
    title=N_("Generate"),
    lead=N_("A model of p(x) can be **sampled**: one variable at a time, each given all before it."),
)
TEMPERATURES = 0.2, 1.5


def render() -> None:
    card = choose_model(*kinds.all_kinds())
    kind = kinds.kind_of(card)
    with st.container(key="knobs"):
        columns = st.columns([2, 2, 2, 3] if card.classes else [2, 2, 3])
    about = _("x ~ p(x | class). 'any' draws the class first, so x ~ p(x).")
    label = None
    if card.classes:
        label = choose_class(card, columns[0], _("Class"), "label", by_dog(card.classes)[0], about)
    (left, middle, right), (offered, first) = columns[-3:], kind.HOW_MANY
    n = linked(left.select_slider, _("Samples"), offered, key="n", default=first, help=_("How many to draw."))
    seed = linked(
        middle.number_input,
        _("Seed"),
        0,
        10**6,
        key="seed",
        default=0,
        help=_("The same seed gives the same samples, on any machine."),
    )
    about, off = _("Other random numbers."), link.fixed("seed")
    middle.button(_("New seed"), help=about, icon=":material/casino:", on_click=_new_seed, disabled=off)
    temperature = linked(
        right.slider,
        _("Temperature"),
        *TEMPERATURES,
        key="temperature",
        default=1.0,
        step=0.05,
        help=_(
            "Divides the logit, log p / (1 − p), of every conditional. 1 samples from p(x) itself. Below 1 each pixel leans to its "
            "likelier side: cleaner images, less variety, and no longer a sample of p(x). Above 1: wilder. Of a mixture "
            "it also multiplies the widths."
        ),
    )
    kind.samples(card, n, seed, label, temperature)


def _new_seed() -> None:
    st.session_state["seed"] = int(np.random.default_rng().integers(1_000_000))
