"""Points of the plane: drawn and scored one coordinate at a time, p(x₁) and then p(x₂ | x₁), over a map of p(x)."""

import math
from contextlib import nullcontext
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from nade_core import ModelCard, measures
from nade_core.messages import N_

from .. import cache
from ..cache import tables
from ..link import linked
from ..pairs import pair_plot
from ..theme import BLUE, ORANGE, chart, figure
from ..words import _, explain

ID, PLACE = "points", 1
HOW_MANY = [60, 120, 240, 480, 960, 1920], 480
CELLS = 120  # a side of the map
LOW = 400  # pixels of the map's height, where numbers stand beside it
REACH = 2.5  # standard deviations from the mean to the edge of the map
NAMES, KEYS = ("x₁", "x₂"), ("x1", "x2")
BELLS = {
    "gaussian": N_("A mixture of {n} Gaussians for each coordinate."),
    "laplace": N_("A mixture of {n} Laplacians for each coordinate."),
}


def holds(card: ModelCard) -> bool:
    return cache.model_class(card).values == "real" and card.dims == 2


def axes(card: ModelCard) -> tuple[np.ndarray, np.ndarray]:
    """The middles of the cells of the map along x₁ and x₂: (CELLS,) each."""
    mean, scale = cache.location(card)
    steps = (np.arange(CELLS) + 0.5) / CELLS
    along = [low + steps * (high - low) for low, high in zip(mean - REACH * scale, mean + REACH * scale, strict=True)]
    return along[0], along[1]


def density_map(card: ModelCard) -> np.ndarray:
    """p(x) at the middle of each cell: (CELLS, CELLS), x₂ by rows."""
    grid = np.stack(np.meshgrid(*axes(card)), -1).reshape(-1, 2)
    return cache.density(card, grid).reshape(CELLS, CELLS)


def samples(card: ModelCard, n: int, seed: int, label: int | None, temperature: float) -> None:
    """Points over the density that they were drawn from, and how one of them came about."""
    with st.spinner(_("Drawing…")):
        x, log_p = cache.samples(card, n, seed, None, temperature)
    left, right = st.columns([3, 2], gap="large")
    with right:
        st.header(_("One point, coordinate by coordinate"), anchor=False)
        about = _("Which of the points to look into; it is marked on the map.")
        chosen = linked(st.number_input, _("Point, 1 to {n}", n=n), 1, n, key="point", default=1, help=about) - 1
        _steps(card, x[chosen])
    with left:
        st.header(_("{n} points x ~ p(x)", n=n), anchor=False)
        _map(card, x[chosen], x)
        st.caption(f"{_mean(card, log_p)} {_whole(card)}")


def sketch(card: ModelCard, n: int, key: str) -> None:
    pair_plot(tables.rows(card), cache.samples(card, n, 0)[0], NAMES, (0, 1), 380, key)
    st.caption(_("Real points in blue, drawn ones in green, as the model is now."))


def _mean(card: ModelCard, log_p: np.ndarray) -> str:
    """The mean log p of the points drawn, beside that of real ones where there are any."""
    test = cache.test_log_probs(card)
    if test is None:
        return _("Mean log p of these points: {mean:.2f} nats.", mean=log_p.mean())
    return _(
        "Mean log p of these points: {mean:.2f} nats; of {n:,} real ones that it never saw: {real:.2f}.",
        mean=log_p.mean(),
        n=len(test),
        real=test.mean(),
    )


def _whole(card: ModelCard) -> str:
    """What the density sums to over the map, in words."""
    cell = np.prod([axis[1] - axis[0] for axis in axes(card)])
    total = density_map(card).sum() * cell
    return _("Over the {cells} × {cells} cells of the map p(x) sums to {total:.3f}.", cells=CELLS, total=total)


def report(card: ModelCard) -> None:
    """log p of a point that is chosen with two sliders, beside the map; below, how its two coordinates came to it."""
    left, right = st.columns([3, 2], gap="large")
    with right:
        x = _choose(card)
        parts, test = cache.terms(card, x).log_p, cache.test_log_probs(card)
        _numbers(parts, _conditionals(card), test)
        about = _(
            "[[density-real|A density]], in [[nat|nats]], by the [[chain-rule]]: the two coordinates add up to log p(x)."
        )
        explain(about, small=True)
    with left:
        _map(card, x, None, LOW)
        top = _("The brightest cell has p(x) = {top:.2f} per unit of area.", top=density_map(card).max())
        st.caption(f"{_whole(card)} {top}")
    st.header(_("One coordinate at a time"), anchor=False)
    _steps(card, x, *st.columns(2, gap="large"))


def _numbers(parts: np.ndarray, names: dict[int, str], test: np.ndarray | None) -> None:
    """log p(x) and what each coordinate adds to it, ``parts`` (2,) in nats."""
    value, row = float(parts.sum()), st.container(horizontal=True, gap="medium")
    row.metric(
        "log p(x)",
        _("{value:.2f} nats", value=value),
        help=_(
            "Of the density, per unit of area: above 0 it is larger than 1, which a probability cannot be and a density "
            "can."
        ),
        width="content",
    )
    for d, name in names.items():
        about = _("One coordinate; the two add up to log p(x).")
        row.metric(f"log {name}", _("{value:.2f} nats", value=parts[d]), help=about, width="content")
    if test is not None:
        about = _("Which share of {n:,} real points that the model never saw is less probable.", n=len(test))
        row.metric(_("percentile"), f"{measures.percentile(value, test):.1f} %", help=about, width="content")


def _choose(card: ModelCard) -> np.ndarray:
    """A point (2,) by two sliders; at first a real one that the model never saw, or the middle of the map."""
    rows = cache.held_out(card.embedded, "real") if card.embedded else None
    point = []
    for d in range(2):
        low, high, step, decimals = _slider(*_ends(axes(card)[d]))
        first = (low + high) / 2 if rows is None else min(max(float(rows[0, d]), low), high)
        value = linked(
            st.slider,
            NAMES[d],
            low,
            high,
            key=KEYS[d],
            default=round(round(first / step) * step, decimals),
            step=step,
            format=f"%.{decimals}f",
            help=_("A coordinate of the point to score."),
        )
        point.append(value)
    return np.array(point, np.float32)


def _slider(low: float, high: float) -> tuple[float, float, float, int]:
    """Ends within the given ones, a step that is a power of ten (200 to 2,000 of them), and its decimals."""
    power = math.floor(math.log10((high - low) / 200))
    step, decimals = 10.0**power, max(0, -power)
    return (
        round(math.ceil(low / step) * step, decimals),
        round(math.floor(high / step) * step, decimals),
        step,
        decimals,
    )


def _map(card: ModelCard, marked: np.ndarray, x: np.ndarray | None, height: int = 520) -> None:
    """The density as a map, points (N, 2) on it, and one of them marked."""
    fig = figure(*NAMES, height)
    _heat(fig, card)
    if x is not None:
        look = {"color": "white", "size": 4, "opacity": 0.7}
        fig.add_scatter(x=x[:, 0], y=x[:, 1], mode="markers", showlegend=False, hoverinfo="skip", marker=look)
    line = {"color": ORANGE, "width": 2, "dash": "dot"}
    if cache.ordering(card)[0] == 0:
        fig.add_vline(x=marked[0], line=line)
    else:
        fig.add_hline(y=marked[1], line=line)
    look = {"color": ORANGE, "size": 14, "line": {"color": "white", "width": 2}}
    fig.add_scatter(x=marked[:1], y=marked[1:], mode="markers", showlegend=False, hoverinfo="skip", marker=look)
    facts = {"first": float(marked[0]), "second": float(marked[1])}
    chart(
        fig, _("Map of p(x) over the plane; the marked point is x₁ = {first:.2f}, x₂ = {second:.2f}.", **facts), "plane"
    )


def _heat(fig: go.Figure, card: ModelCard) -> None:
    horizontal, vertical = axes(card)
    bar = {"title": {"text": _("p(x), per unit of area"), "side": "top"}, "orientation": "h", "thickness": 12}
    fig.add_heatmap(
        x=horizontal,
        y=vertical,
        z=density_map(card),
        colorscale="Cividis",
        zmin=0,
        colorbar={**bar, "y": 1.02, "yanchor": "bottom"},
        showlegend=False,
        hovertemplate="x₁ = %{x:.2f}, x₂ = %{y:.2f}<br>p(x) = %{z:.3f}<extra></extra>",
    )
    look = {"showgrid": False, "zeroline": False, "constrain": "domain"}
    fig.update_xaxes(range=_ends(horizontal), title=None, **look)
    fig.update_yaxes(range=_ends(vertical), scaleanchor="x", constraintoward="top", **look)
    # plotly sets the title of an axis without regard to a domain that is constrained: the name goes below by hand
    fig.add_annotation(text=NAMES[0], x=0.5, xref="x domain", y=0, yref="y domain", yshift=-48, showarrow=False)
    fig.update_layout(margin_b=60)


def _ends(axis: np.ndarray) -> tuple[float, float]:
    half = (axis[1] - axis[0]) / 2
    return float(axis[0] - half), float(axis[-1] + half)


def _conditionals(card: ModelCard) -> dict[int, str]:
    """The conditional of each dimension, in the order in which they are drawn: {0: "p(x₁)", 1: "p(x₂ | x₁)"}."""
    first, second = cache.ordering(card).tolist()
    return {first: f"p({NAMES[first]})", second: f"p({NAMES[second]} | {NAMES[first]})"}


def _steps(card: ModelCard, x: np.ndarray, *places: Any) -> None:
    """Both conditionals of a point (2,) as curves, each with its coordinate marked, in places of their own if given."""
    for k, (d, name) in enumerate(_conditionals(card).items()):
        values = np.linspace(*_ends(axes(card)[d]), 400)
        with places[k] if places else nullcontext():
            _curve(values, cache.curve(card, x, d, values), float(x[d]), d, name)
    config = card.config
    mixture = _(BELLS[config.family], n=config.components) + " " if hasattr(config, "family") else ""
    st.caption(
        mixture
        + _(
            "A network makes the second one's density from the first coordinate. Dotted on the map: the line along which "
            "the second one runs."
        )
    )


def _curve(values: np.ndarray, p: np.ndarray, at: float, d: int, name: str) -> None:
    axis = NAMES[d]
    fig = figure(axis, _("{name} (per unit of {axis})", name=name, axis=axis), 240)
    hover = f"{axis} = %{{x:.2f}}<br>{name} = %{{y:.3f}}<extra></extra>"
    fig.add_scatter(x=values, y=p, fill="tozeroy", line={"color": BLUE}, showlegend=False, hovertemplate=hover)
    fig.add_vline(x=at, line={"color": ORANGE, "width": 3})
    fig.update_xaxes(range=[values[0], values[-1]])
    fig.update_yaxes(rangemode="tozero")
    facts = {"name": name, "axis": axis, "at": at, "p": float(np.interp(at, values, p))}
    chart(fig, _("The curve of {name}; at {axis} = {at:.2f} it is {p:.3f}.", **facts), f"curve-{KEYS[d]}")


SORTS = {
    "real": N_("real"),
    "samples": N_("model samples"),
    "coordinates-shuffled": N_("coordinates shuffled"),
    "anywhere": N_("anywhere on the map"),
    "mean-point": N_("the mean point"),
}


def sort_name(sort: str) -> str:
    return _(SORTS[sort])


def parts(card: ModelCard, n: int, seed: int) -> dict[str, np.ndarray]:
    """By sort, n points (n, 2): real ones, samples, and ones that should look less and less likely."""
    rng, rows = np.random.default_rng(seed), cache.held_out(card.embedded, "real")
    low, high = np.array([_ends(axis) for axis in axes(card)]).T
    return {
        "real": rows[rng.choice(len(rows), n, replace=len(rows) < n)],
        "samples": cache.samples(card, n, seed)[0],
        "coordinates-shuffled": np.stack([rng.choice(rows[:, d], n, replace=len(rows) < n) for d in range(2)], 1),
        "anywhere": rng.uniform(low, high, (n, 2)).astype(np.float32),
        "mean-point": rows.mean(0, keepdims=True),
    }


def gallery(card: ModelCard, n: int, seed: int) -> cache.Gallery | None:
    if not card.embedded:
        return None
    with st.spinner(_("Drawing points and scoring them…")):
        return cache.together(card, parts(card, n, seed))


def show(card: ModelCard, shown: cache.Gallery, looks: dict[str, dict]) -> list[str]:
    """Points of all sorts on the plane."""
    fig = figure(*NAMES, 560)
    for sort, look in looks.items():
        x, y = shown.rows[shown.sorts == sort].T
        fig.add_scatter(
            x=x,
            y=y,
            mode="markers",
            name=sort_name(sort),
            marker={**look, "size": 8, "opacity": 0.8},
            customdata=shown.of(sort),
            hovertemplate=sort_name(sort)
            + "<br>log p = "
            + _("{value} nats", value="%{customdata:.2f}")
            + "<extra></extra>",
        )
    fig.update_yaxes(scaleanchor="x")
    chart(fig, _("{n} points of {kinds} kinds on the plane.", n=len(shown.rows), kinds=len(looks)), "cloud")
    st.caption(_("Each point by its kind; its log p(x) shows when you point at it."))
    return list(looks)
