"""Chapter 8: NADE opened. One hidden layer, shared by all pixels, answers a question for each of them."""

from functools import partial

import numpy as np
import streamlit as st

from lesson import counting
from nade_core import ModelCard
from nade_core.messages import N_

from .. import cache, stage
from ..cache import sums
from ..chapter import Chapter
from ..components.canvas import canvas
from ..components.engine import plays
from ..components.inside import GENERATE, LOOK, inside
from ..link import linked
from ..numbers import as_power, big, log10
from ..session import choose_model
from ..theme import BLUE, GREEN, GREY, ORANGE, chart, figure, power_ticks
from ..words import _

CHAPTER = Chapter(
    id="nade",
    group="lesson",
    place=8,
    icon=":material/hub:",
    title=N_("What is inside NADE?"),
    short="NADE",
    steps=("draw", "look", "generate", "sum", "count"),
    sentence=N_(
        "One hidden layer, shared by all pixels, answers 784 questions: given those before, is the next pixel on?"
    ),
)
SMALL = 9, 4  # pixels and hidden units of the closing question
MOST_SUMMED = 12  # pixels: 4,096 images
MOST_HIDDEN = 1000  # units that the slider offers; a model with more has its own end


def render() -> None:
    here, above = stage.step(CHAPTER), st.container()
    if here == "sum":  # of a model of its own
        _sum()
    else:
        with stage.below():
            card = choose_model("images", fits=plays)
        with above:
            {"draw": _draw, "look": _look, "generate": _generate, "count": _count}[here](card)
    n, hidden = SMALL
    ask = _("How many parameters has a NADE of {n} pixels and {hidden} hidden units?", n=n, hidden=hidden)
    stage.question(CHAPTER, "nade-parameters", ask, n=n, hidden=hidden)


def _draw(card: ModelCard) -> None:
    left, right = stage.columns()
    with left:
        row = canvas(card, compact=True)
    with right:
        log_p = float(cache.log_prob(card, row[None])[0])
        stage.formula(
            rf"\begin{{aligned}}\log p(x) &= \sum_{{i=1}}^{{{card.dims}}} \log p(x_i \mid x_{{<i}})\\"
            rf"&= {log_p:.2f}\ \text{{{_('nats')}}}\end{{aligned}}"
        )
        stage.figures({"p(x)": "≈ " + as_power(log_p), _("pixels on"): f"{row.sum():,}"})
        stage.words(CHAPTER, "draw")


def _look(card: ModelCard) -> None:
    with stage.whole():
        inside(card, LOOK, _class(card))
        stage.words(CHAPTER, "look")


def _generate(card: ModelCard) -> None:
    with stage.whole():
        inside(card, GENERATE, _class(card))
        stage.words(CHAPTER, "generate")


def _class(card: ModelCard) -> int | None:
    """The class whose hidden units are shown, for a model that has classes."""
    if not card.classes:
        return None
    names = {str(y): _(name) for y, name in enumerate(card.classes)}
    options = {"format_func": names.get, "required": True, "label_visibility": "collapsed"}
    return int(linked(st.segmented_control, _("class y"), list(names), key="label", default="0", **options))


def _sum() -> None:
    """A NADE with random weights, so small that p(x) of all its images can be added up."""
    hidden, seed = SMALL[1], stage.kept("weights", 0, 0, 10**6)
    left, right = stage.columns()
    with left:
        label, on_click = _("other random weights"), partial(stage.keep, "weights", seed + 1, 0)
        st.button(label, key="anew", icon=":material/refresh:", type="primary", on_click=on_click)
        n = linked(st.slider, _("n, pixels of the image"), 1, MOST_SUMMED, key="n", default=SMALL[0])
        p = sums.of_all_images(n, hidden, seed)
        fig = figure(_("images added up, the likeliest first"), _("sum of their p(x)"), 300)
        fig.add_scatter(
            x=np.arange(len(p) + 1), y=[0, *p.cumsum()], line={"color": GREEN, "width": 3}, showlegend=False
        )
        fig.add_hline(y=1, line={"color": GREY, "dash": "dash", "width": 2})
        fig.update_yaxes(range=[0, 1.08])
        chart(fig, _("The sum over all {n:,} images is {total:.9f}.", n=len(p), total=p.sum()), key="sum")
    with right:
        stage.formula(rf"\sum_{{x \in \{{0, 1\}}^{{{n}}}}} p(x) = {p.sum():.9f}")
        stage.figures(
            {
                _("all images"): f"2ⁿ = {len(p):,}",
                _("highest p(x)"): f"{p[0]:.3f}",
                _("lowest p(x)"): f"≈ {as_power(float(np.log(p[-1])))}",
            }
        )
        stage.words(CHAPTER, "sum")


def _count(card: ModelCard) -> None:
    n, classes = card.dims, len(card.classes)
    left, right = stage.columns()
    with left:
        own = card.config.hidden
        hidden = linked(st.slider, _("H, the hidden units"), 1, max(MOST_HIDDEN, own), key="H", default=own)
        nade, table = counting.nade(n, hidden).parameters, counting.full_joint(n).parameters
        rows = {_("independent pixels"): (n, GREY), "NADE": (nade, ORANGE), _("full table"): (table, BLUE)}
        fig = figure(_("parameters (powers of ten)"), "", 300)
        exponents = [log10(count) for count, _colour in rows.values()]
        shown = [big(count) for count, _colour in rows.values()]
        colours = [colour for _count, colour in rows.values()]
        fig.add_bar(x=exponents, y=list(rows), orientation="h", marker_color=colours, text=shown)
        fig.update_yaxes(autorange="reversed", type="category")
        fig.update_xaxes(range=[0, 1.7 * exponents[-1]], **power_ticks(1.7 * exponents[-1]))
        alt = _("Parameters: independent {n:,}, NADE {nade:,}, full table {table}.", n=n, nade=nade, table=shown[-1])
        chart(fig, alt, key="counts")
        with st.popover(_("all {n} digits of 2ⁿ − 1", n=len(str(table)))):
            st.code(str(table), language=None, wrap_lines=True)
    with right:
        numbers = rf"2\cdot {n}\cdot {hidden} + {n} + {hidden}"
        lines = rf"&2nH + n + H\\ &= {numbers}\\ &= {nade:,}".replace(",", "{,}")
        stage.formula(rf"\begin{{aligned}}{lines}\end{{aligned}}")
        more = {_("and K·H for {k} classes", k=classes): f"{classes * hidden:,}"} if classes else {}
        stage.figures({_("this model has"): f"{card.parameters:,}", **more})
        stage.words(CHAPTER, "count")
