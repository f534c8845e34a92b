"""Densities over colours: p(r) p(g | r) p(b | r, g) of the pixels of a photo."""

import math

import numpy as np
import streamlit as st
import torch

from nade_core import ModelCard, measures, scoring

from . import state
from .theme import BLUE, GREEN, ORANGE, chart, figure

CHANNELS = ("red", "green", "blue")
LETTERS = ("r", "g", "b")
LINES = (ORANGE, GREEN, BLUE)  # each curve is named, and stands in a figure of its own
LEVELS = np.arange(256)
Key = tuple[str, float]


def middle(levels: np.ndarray, values: str) -> np.ndarray:
    """Levels as rows that a model takes; a real-valued one is asked at the middle of a level's interval."""
    return levels if values == "levels" else levels.astype(np.float32) + np.float32(0.5)


def kinds(card: ModelCard, n: int, seed: int, temperature: float = 1.0) -> dict[str, np.ndarray]:
    """By kind, n colours (n, 3) of levels: the model's, real ones, and ones that miss something."""
    rng, rows = np.random.default_rng(seed), state.held_out(card.data, "levels")
    return {
        "real": rows[rng.choice(len(rows), n)],
        "model samples": draw(state.model_key(card), n, seed, temperature),
        "channels shuffled": np.stack([rng.permutation(rows[:, d])[:n] for d in range(3)], 1),
        "any colour": rng.integers(0, 256, (n, 3), np.uint8),
    }


@st.cache_data(max_entries=32, show_spinner="Drawing…")
def draw(key: Key, n: int, seed: int, temperature: float) -> np.ndarray:
    """n colours (n, 3) of levels, x ~ p(x)."""
    x = state._load(*key).sample(n, generator=torch.Generator().manual_seed(seed), temperature=temperature)
    return np.clip(np.floor(x.cpu().numpy()), 0, 255).astype(np.uint8)


def samples(card: ModelCard, n: int, seed: int, temperature: float) -> None:
    """The body of Generate: sheets of colours, the model's beside real ones and ones that miss something."""
    for column, (name, levels) in zip(st.columns(4), kinds(card, n, seed, temperature).items(), strict=True):
        mean = score(card, levels).mean()
        with column:
            st.image(
                sheet(levels[brightness(levels)]),
                width="stretch",
                alt=f"{n} colours: {name}; mean log p {mean:.2f} nats",
            )
            st.markdown(f"**{name.capitalize()}**  \nmean log p: {mean:.2f} nats")
    st.caption(
        f"{n} colours each, sorted by brightness; the real ones are pixels that the model never saw. Shuffled, every "
        "channel keeps its own distribution and loses what it knows of the others: p(r) p(g) p(b) instead of "
        f"p(r) p(g | r) p(b | r, g). As one table, p(r, g, b) would need 256³ − 1 = {256**3 - 1:,} parameters; this "
        f"model has {card.parameters:,}."
    )


def brightness(levels: np.ndarray) -> np.ndarray:
    """Colours (n, 3) from dark to bright: their places, (n,)."""
    return np.argsort(levels.astype(int).sum(1), kind="stable")


def sheet(levels: np.ndarray, rows: int | None = None) -> np.ndarray:
    """Colours (n, 3) as a picture of squares, down the columns in their order: a square unless rows are given."""
    rows = rows or math.ceil(math.sqrt(len(levels)))
    columns = math.ceil(len(levels) / rows)
    padded = np.concatenate([levels, np.repeat(levels[-1:], columns * rows - len(levels), 0)]).astype(np.uint8)
    return padded.reshape(columns, rows, 3).transpose(1, 0, 2).repeat(16, 0).repeat(16, 1)


def score(card: ModelCard, levels: np.ndarray) -> np.ndarray:
    """log p of colours (N, 3): (N,)."""
    return scoring.log_probs(state.get_model(card), middle(levels, state.values(card)))


def show(rows: np.ndarray, names: np.ndarray, log_p: np.ndarray, looks: dict[str, dict]) -> None:
    """Colours (N, 3) of many kinds, all in one picture, the most probable at the left."""
    st.image(
        sheet(rows[np.argsort(-log_p, kind="stable")], rows=8),
        width="stretch",
        alt=f"{len(rows)} colours of {len(looks)} kinds, the most probable at the left",
    )
    st.caption(
        f"{len(rows)} colours ({', '.join(looks)}), down the columns from the most probable at the left, "
        f"{log_p.max():.1f} nats, to the least at the right, {log_p.min():.1f} nats."
    )


def report(card: ModelCard) -> None:
    """The body of Density: log p of a colour, one channel after another."""
    left, right = st.columns([1, 4], vertical_alignment="bottom")
    real = state.held_out(card.data, "levels")[0]  # at first a colour that is there, and that the model never saw
    text = left.color_picker(
        "Colour",
        "#" + bytes(real.tolist()).hex(),
        key="colour",
        bind="query-params",
        help="The colour whose density is read.",
    )
    level = np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], np.int64)
    right.markdown("  ".join(f"{name} **{value}**" for name, value in zip(CHANNELS, level, strict=True)))
    values, model = state.values(card), state.get_model(card)
    x = middle(level, values)
    with torch.no_grad():
        parts = model.conditionals(x[None]).log_prob(model.as_rows(x[None]))[0].double().tolist()
    test = state.test_log_probs(card)
    columns = st.columns(4)
    columns[0].metric(
        "log p(r, g, b)",
        f"{sum(parts):.2f} nats",
        help="Of the level itself."
        if values == "levels"
        else "Of the density at the middle of the level's unit cube, close to the probability of the level.",
    )
    columns[1].metric(
        "bits per pixel", f"{-sum(parts) / math.log(2):.2f}", help="−log₂ p. Any colour, equally likely, costs 24 bits."
    )
    columns[2].metric(
        "percentile",
        f"{measures.percentile(sum(parts), test):.1f} %",
        help=f"Which share of {len(test):,} real pixels that the model never saw is less probable.",
    )
    columns[3].metric("real pixels, on average", f"{test.mean():.2f} nats", help="Their mean log p.")
    st.subheader("Channel by channel", anchor=False)
    for column, d in zip(st.columns(3), model.ordering.tolist(), strict=True):
        with column:
            _curve(model, x, level, d, values, parts[d])
    st.caption(
        "Each curve is one conditional, with the level of the colour marked; what it says depends on the "
        "channels before. The three marked values multiply to p(r, g, b)."
    )


def _curve(model, x: np.ndarray, level: np.ndarray, d: int, values: str, log_p: float) -> None:
    order = model.ordering.tolist()
    given = ", ".join(f"{LETTERS[j]} = {level[j]}" for j in order[: order.index(d)])
    name = f"p({LETTERS[d]} | {given})" if given else f"p({LETTERS[d]})"
    fig = figure(f"{CHANNELS[d]} (level, 0 to 255)", f"{name} per level", 300)
    p = scoring.conditional_curve(model, x, d, middle(LEVELS, values))
    fig.add_scatter(
        x=LEVELS,
        y=p,
        line={"color": LINES[d], "shape": "hvh"},
        fill="tozeroy",
        showlegend=False,
        hovertemplate=f"{CHANNELS[d]} %{{x}}<br>{name} = %{{y:.4f}}<extra></extra>",
    )
    fig.add_vline(x=int(level[d]), line={"width": 2, "dash": "dot", "color": LINES[d]})
    fig.update_yaxes(rangemode="tozero")
    chart(fig, f"The curve of {name}; at {level[d]} it is {p[level[d]]:.4f}.", key=f"channel{d}")
    st.caption(f"log {name} = {log_p:.2f} nats")
