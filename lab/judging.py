"""Figures of a classifier: how often it is right while an image is revealed, and whether it is as often as it says."""

from typing import Any

import numpy as np

from nade_core import ModelCard
from nade_core.measures import Classifier

from .theme import BLUE, GREY, PURPLE, figure
from .words import _

SIDE, FIRST = 28, 7  # pixels in a row of an image; rows that are shown before the guess
DASHED = {"color": GREY, "dash": "dash", "width": 2}


def accuracy(right: np.ndarray, chance: float, guess: float | None) -> tuple[Any, str]:
    """The share that is right, in percent, after 0, 1 .. 28 rows (29,), and in words; only its start before a guess."""
    rows = np.arange(1, len(right) if guess is not None else FIRST + 1)
    fig = figure(_("i, pixels known"), _("right (%)"), 290)
    fig.add_scatter(x=SIDE * rows, y=right[rows], line={"color": BLUE, "width": 3}, name=_("most probable class"))
    fig.add_scatter(x=[0, SIDE**2], y=[chance] * 2, mode="lines", line=DASHED, name=_("chance"))
    if guess is not None:
        look = {"size": 15, "symbol": "diamond", "color": PURPLE}
        fig.add_scatter(x=[SIDE**2 / 2], y=[guess], mode="markers", name=_("your guess"), marker=look)
    fig.update_xaxes(range=[0, SIDE**2 + 8], tickvals=[0, 196, 392, 588, 784])
    fig.update_yaxes(range=[0, 102])
    fig.update_layout(showlegend=True)
    share, i = right[rows[-1]], SIDE * rows[-1]
    return fig, _("After {i} pixels {share:.0f} % are right.", share=share, i=i)


def reliability(found: Classifier) -> tuple[Any, str]:
    """The share that is right in each bin of confidence, with the images in it; and in words."""
    confidence, right, n = (np.array(part) for part in zip(*found.bins, strict=True))
    fig = figure(_("p of the most probable class"), _("share that is right"), 290)
    fig.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=DASHED, name=_("calibrated"))
    fig.add_scatter(
        x=confidence,
        y=right,
        mode="markers",
        marker={"size": 8 + 30 * np.sqrt(n / n.sum()), "color": BLUE},
        cliponaxis=False,
        name=_("test images, in bins of their p"),
    )
    fig.add_scatter(
        x=[0.04, *confidence],
        y=[-0.08] * (len(n) + 1),
        mode="text",
        text=["n =", *map(str, n)],
        textfont={"size": 13},
        showlegend=False,
        hoverinfo="skip",
    )
    fig.update_xaxes(range=[-0.02, 1.05])
    fig.update_yaxes(range=[-0.16, 1.1], tickvals=[0, 0.25, 0.5, 0.75, 1])
    fig.update_layout(showlegend=True)
    bins = ", ".join(f"{c:.2f} → {r:.2f} (n = {k})" for c, r, k in found.bins)
    return fig, _("Confidence and the share that is right, by bin: {bins}.", bins=bins)


def whole(card: ModelCard, what: str) -> dict[str, str]:
    """The accuracy, or the calibration_error, that the model's file says of all pixels of the whole test part."""
    found = card.header["classifier"]
    if what == "accuracy":
        return {_("right, all pixels, n = {n:,}", n=found["n"]): f"{100 * found[what]:.1f} %"}
    return {_("error, all pixels, n = {n:,}", n=found["n"]): f"{found[what]:.3f}"}
