"""Rank: real rows against samples, damaged ones, other data and noise, sorted by log p(x)."""

from typing import Any

import numpy as np
import streamlit as st

from nade_core import ModelCard
from nade_core.messages import N_

from .. import cache, kinds
from ..chapter import Chapter
from ..link import linked
from ..session import choose_model, describe
from ..telling import REAL, Scored, table
from ..theme import AMBER, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, chart, figure, log_ticks
from ..words import _, title

CHAPTER = Chapter(
    id="rank",
    group="lab",
    place=2,
    icon=":material/sort:",
    title=N_("Rank"),
    lead=N_(
        "A good p(x) should be high for what is real and low for everything else. Is it? Ranked by the exact log p(x):"
    ),
)
NONE = "none"
COLOURS = (BLUE, GREEN, ORANGE, AMBER, PURPLE, SKY, GREY)
SYMBOLS = ("circle", "square", "diamond", "cross", "x", "triangle-up", "star")


def render() -> None:
    card = choose_model(*kinds.all_kinds())
    kind = kinds.kind_of(card)
    with st.container(key="knobs"):
        columns = st.columns([2, 2, 3], vertical_alignment="bottom")
    n, seed = _controls(columns)
    other = _other(card, columns[2]) if kind.ID == "images" else None
    shown = kind.gallery(card, n, seed)
    if shown is None:
        st.info(_("This model was trained on data of your own, which is not here to rank: choose another one."))
        return
    both = [(card, shown)]
    if other:
        with st.spinner(_("Scoring the same images with the other model…")):
            both.append((other, cache.rescored(other, shown)))
    sorts = list(dict.fromkeys(shown.sorts.tolist()))
    chosen = kind.show(card, shown, {sort: _look(i) for i, sort in enumerate(sorts)})
    _violins(both, chosen, kind)
    if other and chosen:
        _compare(both, chosen, kind)
    table(both, sorts, kind)


def _controls(columns: list[Any]) -> tuple[int, int]:
    n = linked(
        columns[0].select_slider,
        _("How many of each kind"),
        [20, 50, 100, 200],
        key="each",
        default=50,
        help=_("More of them, narrower confidence intervals."),
    )
    seed = linked(
        columns[1].number_input,
        _("Seed"),
        0,
        10**6,
        key="seed",
        default=0,
        help=_("Chooses the real ones, the damage and the noise."),
    )
    return n, seed


def _look(i: int) -> dict[str, str]:
    """The colour and the symbol of the i-th sort."""
    return {"color": COLOURS[i % len(COLOURS)], "symbol": SYMBOLS[i % len(SYMBOLS)]}


def _other(card: ModelCard, where: Any) -> ModelCard | None:
    """A second model of the same data to rank the same images with, or None."""
    found = {
        name: c for name, c in cache.cards().items() if cache.same_data(c, card) and name != card.name and kinds.of(c)
    }
    name = linked(
        where.selectbox,
        _("Compare with"),
        [NONE, *found],
        key="compare",
        default=NONE,
        help=_("A second model ranks the same images."),
        format_func=lambda name: describe(found[name]) if name in found else _("no other model"),
    )
    return found.get(name)


def _compare(both: Scored, sorts: list[str], kind: kinds.Kind) -> None:
    """Every image of those sorts by its density under both models."""
    (card, ours), (other, theirs) = both
    st.header(_("The same images under two models"), anchor=False)
    x, y = (_("−log p under {title} (nats, log scale)", title=_(c.title)) for c in (card, other))
    fig = figure(x, y, 520)
    for i, sort in enumerate(sorts):
        fig.add_scatter(
            x=-ours.of(sort),
            y=-theirs.of(sort),
            name=kind.sort_name(sort),
            mode="markers",
            marker={**_look(i), "size": 8, "opacity": 0.8},
        )
    inside = np.isin(ours.sorts, sorts)
    ends = np.concatenate([-ours.log_p[inside], -theirs.log_p[inside]])
    line = [float(ends.min()), float(ends.max())]
    fig.add_scatter(x=line, y=line, mode="lines", name=_("equal"), line={"color": GREY, "dash": "dot"})
    fig.update_xaxes(type="log", autorange="reversed", **log_ticks())
    fig.update_yaxes(type="log", autorange="reversed", **log_ticks())
    above = 100 * (theirs.of(REAL) > ours.of(REAL)).mean()
    facts = {"first": title(card), "second": title(other), "share": above}
    alt = _(
        "−log p of each image under {first} and under {second}; {share:.0f} % of the real images are more probable under "
        "the second.",
        **facts,
    )
    chart(fig, alt, key="two_models")
    st.caption(
        _(
            "More probable to the right and upwards. Above the dotted line the second model, {second}, gives an image "
            "more probability than the first: so for {share:.0f} % of the real images.",
            **facts,
        )
    )


def _violins(both: Scored, sorts: list[str], kind: kinds.Kind) -> None:
    """log p by sort: one violin each, or with two models the first above the line and the second below it."""
    shown = both[0][1]
    chosen = [sort for sort in sorts if (shown.sorts == sort).sum() > 1]
    if not chosen:
        return
    names = {sort: kind.sort_name(sort) for sort in chosen}
    fig = figure(_("log p(x) (nats)"), _("kind"), height=130 + 46 * len(chosen) * len(both))
    look = {"orientation": "h", "points": False, "spanmode": "hard"}  # no density drawn where there is no image
    if len(both) == 1:
        for i, sort in enumerate(chosen):
            colour = COLOURS[i % len(COLOURS)]
            of = {"x": shown.of(sort), "name": names[sort], "line_color": colour}
            fig.add_violin(side="positive", width=1.6, showlegend=False, **of, **look)
    else:
        for (card, scored), side, colour in zip(both, ("positive", "negative"), (BLUE, ORANGE), strict=True):
            for sort in chosen:
                of = {"x": scored.of(sort), "y0": names[sort], "name": _(card.title), "line_color": colour}
                once = {"legendgroup": side, "showlegend": sort == chosen[0]}
                fig.add_violin(side=side, width=1, **of, **once, **look)
        fig.update_layout(violinmode="overlay")
    means = "; ".join(
        f"{title(card)}: " + ", ".join(f"{names[sort]} {scored.of(sort).mean():.0f}" for sort in chosen)
        for card, scored in both
    )
    chart(fig, _("Distribution of log p by kind, in nats. Means: {means}.", means=means), key="by_kind")
