"""Densities over the plane: drawn and scored one coordinate at a time, p(x₁) and then p(x₂ | x₁)."""

import numpy as np
import streamlit as st
import torch

from nade_core import ModelCard, measures, scoring

from . import state
from .theme import BLUE, ORANGE, chart, figure

CELLS = 120  # a side of the map
REACH = 2.5  # standard deviations from the mean to the edge of the map
NAMES = ("x₁", "x₂")
Key = tuple[str, float]


def axes(key: Key) -> tuple[np.ndarray, np.ndarray]:
    """The middles of the cells of the map along x₁ and x₂: (CELLS,) each."""
    model = state._load(*key)
    reach = REACH * model.scale
    ends = torch.stack([model.mean - reach, model.mean + reach]).double().cpu().numpy()
    steps = (np.arange(CELLS) + 0.5) / CELLS
    return tuple(low + steps * (high - low) for low, high in ends.T)


@st.cache_data(max_entries=16, show_spinner="Scoring the plane…")
def density_map(key: Key) -> np.ndarray:
    """p(x) at the middle of each cell: (CELLS, CELLS), x₂ by rows."""
    grid = np.stack(np.meshgrid(*axes(key)), -1).reshape(-1, 2).astype(np.float32)
    return np.exp(scoring.log_probs(state._load(*key), grid)).reshape(CELLS, CELLS)


@st.cache_data(max_entries=32, show_spinner="Drawing…")
def draw(key: Key, n: int, seed: int, temperature: float) -> tuple[np.ndarray, np.ndarray]:
    """n points (n, 2) and their log p(x) under the model at temperature 1."""
    model = state._load(*key)
    x = model.sample(n, generator=torch.Generator().manual_seed(seed), temperature=temperature)
    return x.cpu().numpy(), scoring.log_probs(model, x)


def samples(card: ModelCard, n: int, seed: int, temperature: float) -> None:
    """The body of Generate: points over the density they were drawn from, and how one of them came about."""
    key = state.model_key(card)
    x, log_p = draw(key, n, seed, temperature)
    left, right = st.columns([3, 2], gap="large")
    with right:
        st.subheader("One point, coordinate by coordinate", anchor=False)
        chosen = (
            st.number_input(
                f"Point, 1 to {n}",
                1,
                n,
                1,
                key="point",
                bind="query-params",
                help="Which of the points to look into; it is marked on the map.",
            )
            - 1
        )
        _steps(key, x[chosen])
    with left:
        st.subheader(f"{n} points x ~ p(x)", anchor=False)
        _map(key, x[chosen], x)
        st.caption(f"Mean log p of these points: {log_p.mean():.2f} nats{_beside(card)}. {_whole(key)}")


def _beside(card: ModelCard) -> str:
    """The mean log p of points that the model never saw, in words, where there are any."""
    test = state.test_log_probs(card)
    return "" if test is None else f"; of {len(test):,} real ones that it never saw: {test.mean():.2f}"


def _whole(key: Key) -> str:
    """What the density sums to over the map, in words."""
    cell = np.prod([axis[1] - axis[0] for axis in axes(key)])
    return f"Over the {CELLS} × {CELLS} cells of the map p(x) sums to {density_map(key).sum() * cell:.3f}."


def report(card: ModelCard) -> None:
    """The body of Density: log p of a point that is chosen with two sliders."""
    key = state.model_key(card)
    x, model = _choose(card, key), state.get_model(card)
    with torch.no_grad():
        parts = model.conditionals(x[None]).log_prob(model.as_rows(x[None]))[0].double().tolist()
    columns = st.columns(4)
    columns[0].metric(
        "log p(x)",
        f"{sum(parts):.2f} nats",
        help="Of the density, per unit of area: above 0 it is larger than 1, which a probability "
        "cannot be and a density can.",
    )
    for column, (d, name) in zip(columns[1:3], _names(model).items(), strict=True):
        column.metric(f"log {name}", f"{parts[d]:.2f} nats", help="One coordinate; the two add up to log p(x).")
    test = state.test_log_probs(card)
    if test is not None:
        columns[3].metric(
            "percentile",
            f"{measures.percentile(sum(parts), test):.1f} %",
            help=f"Which share of {len(test):,} real points that the model never saw is less probable.",
        )
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Where it falls", anchor=False)
        _map(key, x, None)
        st.caption(f"{_whole(key)} The brightest cell has p(x) = {density_map(key).max():.2f} per unit of area.")
    with right:
        st.subheader("One coordinate at a time", anchor=False)
        _steps(key, x)


def _choose(card: ModelCard, key: Key) -> np.ndarray:
    """A point (2,) by two sliders; at first a real one that the model never saw, or the middle of the map."""
    ends = np.array([_ends(axis) for axis in axes(key)])
    rows = state.held_out(card.data, "real")
    first = ends.mean(1) if rows is None else np.clip(rows[0], ends[:, 0], ends[:, 1])
    point = []
    for column, name, (low, high), value in zip(st.columns(2), NAMES, ends.tolist(), first.tolist(), strict=True):
        point.append(
            column.slider(
                name,
                low,
                high,
                value,
                (high - low) / 500,
                format="%.2f",
                key=f"{name}-{card.name}",  # one for each model: each map has ends of its own
                help="A coordinate of the point to score.",
            )
        )
    return np.array(point, np.float32)


def _map(key: Key, marked: np.ndarray, x: np.ndarray | None) -> None:
    """The density as a map, points (N, 2) on it, and one of them marked."""
    horizontal, vertical = axes(key)
    fig = figure(*NAMES, 520)
    fig.add_heatmap(
        x=horizontal,
        y=vertical,
        z=density_map(key),
        colorscale="Cividis",
        zmin=0,
        colorbar={
            "title": {"text": "p(x), per unit of area", "side": "top"},
            "orientation": "h",
            "thickness": 12,
            "y": 1.02,
            "yanchor": "bottom",
        },
        showlegend=False,
        hovertemplate="x₁ = %{x:.2f}, x₂ = %{y:.2f}<br>p(x) = %{z:.3f}<extra></extra>",
    )
    if x is not None:
        fig.add_scatter(
            x=x[:, 0],
            y=x[:, 1],
            mode="markers",
            name="samples",
            showlegend=False,
            hoverinfo="skip",
            marker={"color": "white", "size": 4, "opacity": 0.7},
        )
    line = {"color": ORANGE, "width": 2, "dash": "dot"}
    if state._load(*key).ordering[0] == 0:
        fig.add_vline(x=marked[0], line=line)
    else:
        fig.add_hline(y=marked[1], line=line)
    fig.add_scatter(
        x=marked[:1],
        y=marked[1:],
        mode="markers",
        showlegend=False,
        hoverinfo="skip",
        marker={"color": ORANGE, "size": 14, "line": {"color": "white", "width": 2}},
    )
    look = {"showgrid": False, "zeroline": False, "constrain": "domain"}
    fig.update_xaxes(range=_ends(horizontal), title=None, **look)
    fig.update_yaxes(range=_ends(vertical), scaleanchor="x", constraintoward="top", **look)
    # plotly sets the title of an axis without regard to a domain that is constrained: the name goes below by hand
    fig.add_annotation(text=NAMES[0], x=0.5, xref="x domain", y=0, yref="y domain", yshift=-58, showarrow=False)
    chart(
        fig, f"Map of p(x) over the plane; the marked point is x₁ = {marked[0]:.2f}, x₂ = {marked[1]:.2f}.", key="plane"
    )


def _ends(axis: np.ndarray) -> list[float]:
    half = (axis[1] - axis[0]) / 2
    return [axis[0] - half, axis[-1] + half]


def _names(model) -> dict[int, str]:
    """The conditional of each dimension, in the order in which they are drawn: {0: "p(x₁)", 1: "p(x₂ | x₁)"}."""
    first, second = model.ordering.tolist()
    return {first: f"p({NAMES[first]})", second: f"p({NAMES[second]} | {NAMES[first]})"}


def _steps(key: Key, x: np.ndarray) -> None:
    """Both conditionals of a point (2,), each a mixture, with its coordinate marked."""
    model = state._load(*key)
    for d, name in _names(model).items():
        values = np.linspace(*_ends(axes(key)[d]), 400)
        _curve(values, scoring.conditional_curve(model, x, d, values), float(x[d]), NAMES[d], name)
    bells = "Gaussians" if model.config.family == "gaussian" else "Laplacians"
    st.caption(
        f"A mixture of {model.config.components} {bells} for each coordinate; a network makes the second one's "
        "weights, means and widths from the first coordinate. Dotted on the map: the line along which the "
        "second one runs."
    )


def _curve(values: np.ndarray, p: np.ndarray, at: float, axis: str, name: str) -> None:
    fig = figure(axis, f"{name} (per unit of {axis})", 240)
    fig.add_scatter(
        x=values,
        y=p,
        fill="tozeroy",
        line={"color": BLUE},
        showlegend=False,
        hovertemplate=f"{axis} = %{{x:.2f}}<br>{name} = %{{y:.3f}}<extra></extra>",
    )
    fig.add_vline(x=at, line={"color": ORANGE, "width": 3})
    fig.update_xaxes(range=[values[0], values[-1]])
    fig.update_yaxes(rangemode="tozero")
    chart(fig, f"The curve of {name}; at {axis} = {at:.2f} it is {np.interp(at, values, p):.3f}.", key=f"curve{axis}")


def kinds(card: ModelCard, n: int, seed: int) -> dict[str, np.ndarray]:
    """By kind, n points (n, 2) for Rank: real ones, samples, and ones that should look less and less likely."""
    rng, key = np.random.default_rng(seed), state.model_key(card)
    rows = state.held_out(card.data, "real")
    low, high = np.array([_ends(axis) for axis in axes(key)]).T
    return {
        "real": rows[rng.choice(len(rows), n, replace=False)],
        "model samples": draw(key, n, seed, 1.0)[0],
        "coordinates shuffled": np.stack([rng.permutation(rows[:, d])[:n] for d in range(2)], 1),
        "anywhere on the map": rng.uniform(low, high, (n, 2)).astype(np.float32),
        "the mean point": rows.mean(0, keepdims=True),
    }


def score(card: ModelCard, rows: np.ndarray) -> np.ndarray:
    """log p of points (N, 2): (N,)."""
    return scoring.log_probs(state.get_model(card), rows)


def show(rows: np.ndarray, names: np.ndarray, log_p: np.ndarray, looks: dict[str, dict]) -> None:
    """Points (N, 2) of many kinds on the plane, in the look of their kind."""
    fig = figure(*NAMES, 560)
    for name, look in looks.items():
        x, y = rows[names == name].T
        fig.add_scatter(
            x=x,
            y=y,
            mode="markers",
            name=name,
            marker={**look, "size": 8, "opacity": 0.8},
            customdata=log_p[names == name],
            hovertemplate=name + "<br>log p = %{customdata:.2f} nats<extra></extra>",
        )
    fig.update_yaxes(scaleanchor="x")
    chart(fig, f"{len(rows)} points of {len(looks)} kinds on the plane.", key="cloud")
    st.caption("Each point by its kind; its log p(x) shows when you point at it.")
