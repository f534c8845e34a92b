"""The mixture of chapter 9: by hand and so many steps of EM on, as a formula, and what is plotted of it."""

import math

import numpy as np
import streamlit as st

from lesson import mixture
from lesson.mixture import Mixture

from . import stage
from .components.bumps import keep_mixture, kept_mixture
from .numbers import power
from .theme import BLUE, GREEN, GREY, ORANGE, behind, chart, figure
from .words import _

FLOOR = 1.0  # in levels or pixels: the measurements are whole numbers
MOST_STEPS = 200


Path = list[tuple[Mixture, float]]  # after every step of EM, the mixture and its log-likelihood in nats


def measured() -> tuple[np.ndarray, np.ndarray]:
    """The measurements that were chosen, as different values and their counts: (M,) each."""
    return mixture.measurements(st.session_state["data"])


def by_em(x: np.ndarray, counts: np.ndarray) -> Path:
    """From the bumps that were made by hand, step by step. Every data set and every K has bumps of its own."""
    made = kept_mixture(_key(), mixture.shown(mixture.start(x, counts, st.session_state["K"])))
    return list(mixture.em(made, x, counts, FLOOR, MOST_STEPS))


def taken(path: Path) -> int:
    """How many steps of EM the viewer has taken."""
    return min(stage.kept("em", 0, 0, MOST_STEPS), len(path) - 1)


def set_by_hand(made: Mixture) -> None:
    """The bumps as the viewer left them."""
    keep_mixture(_key(), made)
    begin_em_anew()


def begin_em_anew() -> None:
    stage.keep("em", 0, 0)


def _key() -> str:
    return f"{st.session_state['data']}{st.session_state['K']}"


def in_tex(value: float) -> str:
    """A positive number with three figures, as a power of ten where it is large."""
    if value < 1000:
        return f"{value:.3g}"
    exponent = math.floor(math.log10(value))
    return rf"{value / 10**exponent:.2f} \cdot 10^{{{exponent}}}"


def as_sum(now: Mixture) -> str:
    """The density as a formula with the mixture's numbers, one bump a line."""
    terms = [
        rf"{w:.3f}\,\mathcal N(x;\, {m:.1f},\, {s:.1f})"
        for w, m, s in zip(now.weights, now.means, now.sigmas, strict=True)
    ]
    lines = r"\\ &+ ".join(terms)
    return rf"\begin{{aligned}}p(x) &= \textstyle\sum_k \pi_k\, \mathcal N(x;\, \mu_k, \sigma_k)\\ &= {lines}\end{{aligned}}"


def climb(heights: np.ndarray, n: int) -> None:
    """The log-likelihood (nats) after every step of EM up to the n-th."""
    fig = figure(_("steps of EM"), _("log L (nats)"), 150 if stage.presenting() else 190)
    look = {"color": [BLUE] * n + [ORANGE], "size": [7] * n + [13]}
    fig.add_scatter(
        x=list(range(n + 1)), y=heights[: n + 1], mode="lines+markers", marker=look, line_color=BLUE, showlegend=False
    )
    fig.update_xaxes(range=[-0.5, max(10, n) + 0.5])
    fig.update_layout(margin_t=8)
    room = max(10.0, 0.1 * (heights[n] - heights[0]))  # nats: no two ticks round to the same number
    fig.update_yaxes(tickformat=",.0f", range=[heights[0] - room, heights[n] + room])
    facts = {"n": n, "first": heights[0], "now": heights[n]}
    chart(fig, _("log L after {n} steps of EM: from {first:,.1f} to {now:,.1f} nats.", **facts), key="climb")


def density_in_units(now: Mixture, x: np.ndarray, counts: np.ndarray, factor: float, axis: str) -> float:
    """The density with x measured in other units, over the measurements; its highest value on the plot."""
    at = np.linspace(x.min(), x.max(), 801) * factor
    p = np.exp(now.log_density(at))
    fig = figure(axis, _("p(x), per unit of x"), 280)
    share = np.bincount((x - x.min()).astype(int), counts) / counts.sum()  # of every whole number, measured or not
    fig.add_scatter(x=(x.min() + np.arange(len(share))) * factor, y=share / factor, name=_("measured"), **behind(BLUE))
    fig.add_scatter(x=at, y=p, line={"color": GREEN, "width": 3}, name=_("the mixture that EM found"))
    fig.add_hline(y=1, line={"color": GREY, "dash": "dash", "width": 2})
    fig.add_annotation(text="1", x=1, xref="paper", y=1, showarrow=False, xanchor="right", yanchor="bottom", xshift=-3)
    fig.update_layout(showlegend=True)
    chart(fig, _("The density in these units; its highest value is {top:.4g}.", top=p.max()), key="units")
    return float(p.max())


def gain_of_a_shrinking_bump(exponents: list[int], gains: np.ndarray, at: int) -> None:
    """log L over that of one bump alone, against the width of a second one; ``at`` is the width's power of ten now."""
    fig = figure(_("σ of the small bump (narrower to the right)"), _("log L gained (nats)"), 280)
    sigmas = [10.0**k for k in exponents]
    fig.add_scatter(x=sigmas, y=gains, mode="lines+markers", line_color=BLUE, showlegend=False)
    now = gains[exponents.index(at)]
    look = {"size": 16, "color": ORANGE}
    fig.add_scatter(x=[10.0**at], y=[now], mode="markers", marker=look, showlegend=False)
    fig.add_vline(x=FLOOR, line={"color": GREY, "dash": "dash", "width": 2})
    fig.add_annotation(
        text=_("a floor"), x=np.log10(FLOOR), y=1, yref="paper", showarrow=False, xanchor="left", xshift=4
    )
    fig.update_xaxes(
        type="log", autorange="reversed", tickvals=sigmas[::2], ticktext=[power(k) for k in exponents[::2]]
    )
    alt = _(
        "With a small bump of width {sigma:g}, log L is {now:.1f} nats above that of one bump.", sigma=10.0**at, now=now
    )
    chart(fig, alt, key="shrinking")
