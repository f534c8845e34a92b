"""Orderings compared, as figures: what is known of an image along each, and how log p differs between them."""

import numpy as np
import streamlit as st

from lesson.orders import Spread

from . import stage
from .theme import BLUE, GREY, ORANGE, PURPLE, chart, figure
from .words import _


def pictures(known: list[np.ndarray], names: list[str]) -> None:
    """What each ordering knows of an image, (784,) of -1 (unknown, grey), 0, 1, by its name."""
    shades = np.array([96, 0, 255], np.uint8)
    seen = int((known[0] >= 0).sum())
    with st.container(horizontal=True, gap="small", key="thumbnails"):
        for name, one in zip(names, known, strict=True):
            shown = shades[one + 1].reshape(28, 28).repeat(4, 0).repeat(4, 1)
            alt = _("{name}: the first {n} of 784 pixels", name=name, n=seen)
            with st.container(width=96):
                st.image(shown, caption=name, width="stretch", alt=alt)


def rows(found: dict[str, float], names: dict[str, str], guess: str) -> None:
    """log p along each ordering; the highest is orange, the guess has a purple ring."""
    best = max(found, key=lambda kind: found[kind])
    fig = figure(_("log p(x) along the ordering (nats)"), "", 300 if stage.presenting() else 225)
    look = {"size": 15, "color": [ORANGE if kind == best else BLUE for kind in found]}
    values = list(found.values())
    text = {
        "text": [f"\u2003{value:.1f}".replace("-", "−") for value in values],
        "textposition": "middle right",
        "mode": "markers+text",
    }
    fig.add_scatter(x=values, y=list(names.values()), marker=look, showlegend=False, cliponaxis=False, **text)
    ring = {"size": 24, "symbol": "circle-open", "color": PURPLE, "line": {"width": 4}}
    fig.add_scatter(x=[found[guess]], y=[names[guess]], mode="markers", marker=ring, name=_("your guess"))
    fig.update_yaxes(type="category", dtick=1, autorange="reversed", title=None)
    room = max(1.0, 0.15 * (max(values) - min(values)))
    fig.update_xaxes(range=[min(values) - room, max(values) + 2 * room])
    fig.update_layout(showlegend=True)
    told = ", ".join(f"{names[kind]} {value:.1f}" for kind, value in found.items())
    chart(fig, _("log p(x) in nats along each ordering: {told}.", told=told), key="rows")


def dots(found: np.ndarray, spread: Spread) -> None:
    """log p along each of M orderings, their mean, and the log of their mean probability."""
    fig = figure(_("log p(x) along one random ordering (nats)"), _("ordering"), 300)
    places = list(range(1, len(found) + 1))
    fig.add_scatter(x=found, y=places, mode="markers", marker={"size": 11, "color": BLUE}, name=_("one ordering"))
    for value, colour, dash, name in (
        (spread.mean, GREY, "dash", _("mean of log p")),
        (spread.ensemble, ORANGE, "solid", _("ensemble: log of the mean p")),
    ):
        line = {"color": colour, "dash": dash, "width": 3}
        fig.add_scatter(x=[value, value], y=[0, len(found) + 1], mode="lines", line=line, name=name)
    fig.update_yaxes(range=[0, len(found) + 1], showticklabels=False)
    fig.update_layout(showlegend=True)
    alt = _(
        "log p along {n} orderings, from {lowest:.1f} to {highest:.1f} nats; their mean is {mean:.2f}, the ensemble {ensemble:.2f}.",
        n=len(found),
        lowest=spread.lowest,
        highest=spread.highest,
        mean=spread.mean,
        ensemble=spread.ensemble,
    )
    chart(fig, alt, key="dots")
