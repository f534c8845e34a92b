"""Colours: p(r) p(g | r) p(b | r, g) of the pixels of a photo, drawn and scored one channel after another."""

import math
import re
from typing import Any

import numpy as np
import streamlit as st

from nade_core import ModelCard, measures
from nade_core.messages import N_

from .. import cache, link
from ..theme import BLUE, GREEN, ORANGE, chart, figure
from ..words import _, explain

ID, PLACE = "colours", 2
HOW_MANY = [60, 120, 240, 480, 960, 1920], 480
CHANNELS = N_("red"), N_("green"), N_("blue")
LETTERS = "r", "g", "b"
LINES = ORANGE, GREEN, BLUE  # each curve is named, and stands in a figure of its own
LEVELS = np.arange(256)
HEX = re.compile(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
TABLE = 256**3 - 1  # parameters of p(r, g, b) as one table


def holds(card: ModelCard) -> bool:
    # a table of three columns holds colours only where it is known to come from a photo
    return bool(card.embedded) and card.dims == 3


def middle(card: ModelCard, levels: np.ndarray) -> np.ndarray:
    """Levels as rows that the model takes; a real-valued one is asked at the middle of a level's interval."""
    if cache.model_class(card).values == "levels":
        return levels
    return levels.astype(np.float32) + np.float32(0.5)


SORTS = {
    "real": N_("real"),
    "samples": N_("model samples"),
    "channels-shuffled": N_("channels shuffled"),
    "any-colour": N_("any colour"),
}


def sort_name(sort: str) -> str:
    return _(SORTS[sort])


def parts(card: ModelCard, n: int, seed: int, temperature: float = 1.0) -> dict[str, np.ndarray]:
    """By sort, n colours (n, 3) of levels: real ones, the model's, and ones that miss something."""
    rng, rows = np.random.default_rng(seed), cache.held_out(card.embedded, "levels")
    drawn = cache.samples(card, n, seed, None, temperature)[0]
    return {
        "real": rows[rng.choice(len(rows), n)],
        "samples": np.clip(np.floor(drawn), 0, 255).astype(np.uint8),
        "channels-shuffled": np.stack([rng.choice(rows[:, d], n, replace=len(rows) < n) for d in range(3)], 1),
        "any-colour": rng.integers(0, 256, (n, 3), np.uint8),
    }


def together(card: ModelCard, n: int, seed: int, temperature: float = 1.0) -> cache.Gallery:
    """n colours of every sort, scored by the model."""
    found = parts(card, n, seed, temperature)
    return cache.together(card, found, middle(card, np.concatenate(list(found.values()))))


def samples(card: ModelCard, n: int, seed: int, label: int | None, temperature: float) -> None:
    """Sheets of colours, the model's beside real ones and ones that miss something."""
    with st.spinner(_("Drawing…")):
        shown = together(card, n, seed, temperature)
    for column, sort in zip(st.columns(4), SORTS, strict=True):
        levels, name, mean = shown.rows[shown.sorts == sort], sort_name(sort), shown.of(sort).mean()
        alt = _("{n} colours: {name}; mean log p {mean:.2f} nats", n=n, name=name, mean=mean)
        column.image(sheet(levels[brightness(levels)]), width="stretch", alt=alt)
        column.markdown(f"**{name[:1].upper()}{name[1:]}**  \n" + _("mean log p: {mean:.2f} nats", mean=mean))
    st.caption(
        _(
            "{n} colours each, sorted by brightness; the real ones are pixels that the model never saw. Shuffled, every "
            "channel keeps its own distribution and loses what it knows of the others: p(r) p(g) p(b) instead of p(r) "
            "p(g | r) p(b | r, g). As one table, p(r, g, b) would need 256³ − 1 = {table:,} parameters; this model has "
            "{parameters:,}.",
            n=n,
            table=TABLE,
            parameters=card.parameters,
        )
    )


def sketch(card: ModelCard, n: int, key: str) -> None:
    levels = parts(card, n, 0)["samples"]
    alt = _("{n} colours that the model draws as it is now, by brightness", n=n)
    st.image(sheet(levels[brightness(levels)]), width="stretch", alt=alt, caption=alt)


def brightness(levels: np.ndarray) -> np.ndarray:
    """Colours (n, 3) from dark to bright: their places, (n,)."""
    return np.argsort(levels.astype(int).sum(1), kind="stable")


def sheet(levels: np.ndarray, rows: int | None = None) -> np.ndarray:
    """Colours (n, 3) as a picture of squares, down the columns in their order: a square unless rows are given."""
    rows = rows or math.ceil(math.sqrt(len(levels)))
    columns = math.ceil(len(levels) / rows)
    padded = np.concatenate([levels, np.repeat(levels[-1:], columns * rows - len(levels), 0)]).astype(np.uint8)
    return padded.reshape(columns, rows, 3).transpose(1, 0, 2).repeat(16, 0).repeat(16, 1)


def gallery(card: ModelCard, n: int, seed: int) -> cache.Gallery:
    with st.spinner(_("Drawing colours and scoring them…")):
        return together(card, n, seed)


def show(card: ModelCard, shown: cache.Gallery, looks: dict[str, dict]) -> list[str]:
    """Colours of all sorts in one picture, the most probable at the left."""
    facts = {"n": len(shown.rows), "kinds": ", ".join(map(sort_name, looks))}
    st.image(
        sheet(shown.rows[np.argsort(-shown.log_p, kind="stable")], rows=8),
        width="stretch",
        alt=_("{n} colours, the most probable at the left: {kinds}", **facts),
    )
    st.caption(
        _(
            "{n} colours ({kinds}), down the columns from the most probable at the left, {high:.1f} nats, to the least at "
            "the right, {low:.1f} nats.",
            high=shown.log_p.max(),
            low=shown.log_p.min(),
            **facts,
        )
    )
    return list(looks)


def report(card: ModelCard) -> None:
    """log p of a colour, one channel after another."""
    row = st.container(horizontal=True, gap="medium", vertical_alignment="bottom")
    with row:
        text = _pick(first=cache.held_out(card.embedded, "levels")[0])
    level = np.array([int(text[i : i + 2], 16) for i in (1, 3, 5)], np.int64)
    x = middle(card, level)
    log_p = cache.terms(card, x).log_p
    _numbers(row, card, float(log_p.sum()))
    explain(
        " · ".join(f"{_(name)} **{value}**" for name, value in zip(CHANNELS, level, strict=True))
        + "  \n"
        + _(
            "In [[nat|nats]], by the [[chain-rule]]: log p(r), log p(g | r) and log p(b | r, g) add up to log p(r, g, b)."
        )
    )
    for column, d in zip(st.columns(3), cache.ordering(card).tolist(), strict=True):
        with column:
            _curve(card, x, level, d, log_p[d])
    st.caption(
        _(
            "Each curve is one conditional, with the level of the colour marked; what it says depends on the channels "
            "before. The three marked values multiply to p(r, g, b)."
        )
    )


def _pick(first: np.ndarray) -> str:
    """A colour such as "#a06040"; at first one that is there, and that the model never saw."""
    default, text = "#" + bytes(first.tolist()).hex(), link.arriving("colour")
    if text is not None:
        st.session_state["colour"] = full_hex(text) or default
    about = _("The colour whose density is read.")
    value = st.color_picker(_("Colour"), key="colour", help=about)
    link.say("colour", None if value == default else value)
    return full_hex(value) or default


def full_hex(text: str) -> str | None:
    """A colour as links write it ("#fff", "ffffff", "#FFFFFF") as "#ffffff"; None if it is none."""
    found = HEX.fullmatch(text.strip())
    if not found:
        return None
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(2 * digit for digit in digits))


def _numbers(row: Any, card: ModelCard, log_p: float) -> None:
    test, look = cache.test_log_probs(card), {"width": "content"}
    assert test is not None, "colours are of a photo that comes with the project"
    exact = cache.model_class(card).values == "levels"
    row.metric(
        "log p(r, g, b)",
        _("{value:.2f} nats", value=log_p),
        help=_("Of the level itself.")
        if exact
        else _("Of the density at the middle of the level's unit cube, close to the probability of the level."),
        **look,
    )
    row.metric(
        _("bits per pixel"),
        f"{-log_p / math.log(2):.2f}",
        help=_("−log₂ p. Any colour, equally likely, costs 24 bits."),
        **look,
    )
    row.metric(
        _("percentile"),
        f"{measures.percentile(log_p, test):.1f} %",
        help=_("Which share of {n:,} real pixels that the model never saw is less probable.", n=len(test)),
        **look,
    )
    mean = _("{value:.2f} nats", value=test.mean())
    row.metric(_("real pixels, on average"), mean, help=_("Their mean log p."), **look)


def _curve(card: ModelCard, x: np.ndarray, level: np.ndarray, d: int, log_p: float) -> None:
    order, channel = cache.ordering(card).tolist(), _(CHANNELS[d])
    given = ", ".join(f"{LETTERS[j]} = {level[j]}" for j in order[: order.index(d)])
    name = f"p({LETTERS[d]} | {given})" if given else f"p({LETTERS[d]})"
    fig = figure(_("{channel} (level, 0 to 255)", channel=channel), _("{name} per level", name=name), 260)
    p = cache.curve(card, x, d, middle(card, LEVELS))
    look = {"color": LINES[d], "shape": "hvh"}
    hover = f"{channel} %{{x}}<br>{name} = %{{y:.4f}}<extra></extra>"
    fig.add_scatter(x=LEVELS, y=p, line=look, fill="tozeroy", showlegend=False, hovertemplate=hover)
    fig.add_vline(x=int(level[d]), line={"width": 2, "dash": "dot", "color": LINES[d]})
    fig.update_yaxes(rangemode="tozero")
    facts = {"name": name, "at": level[d], "p": p[level[d]]}
    chart(fig, _("The curve of {name}; at {at} it is {p:.4f}.", **facts), f"channel{d}")
    st.caption(_("log {name} = {value:.2f} nats", name=name, value=log_p))
