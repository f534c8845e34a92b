"""Chapter 1: what p(x) is for. Two halves, generation and density, both alive before any model is asked."""

from typing import Any

import numpy as np
import streamlit as st

from lesson import sheet
from nade_core.messages import N_

from .. import cache, stage
from ..cache import classes
from ..chapter import Chapter
from ..components.draw import draw
from ..components.order import order
from ..link import linked
from ..numbers import as_power
from ..theme import BLUE, GREY, ORANGE, chart, figure
from ..words import _

CHAPTER = Chapter(
    id="home",
    group="lesson",
    place=1,
    icon=":material/pets:",
    title=N_("What is p(x) for?"),
    short="p(x)",
    steps=("both", "typical"),
    sentence=N_(
        "A model that draws new images and gives any image its exact probability is an [[explicit-model|explicit model]]."
    ),
    home=True,
)
FIRST, BLOCK, LAST = 4, 20, 10**6  # the seed one arrives with; draws that are sent together
NAMES = {
    "real": N_("a real dog"),
    "damaged": N_("10 % flipped"),
    "noise": N_("coin-flip noise"),
    "blank": N_("blank"),
    "draw": N_("a draw of the model"),
}
ASKED = {
    "real": N_("the real dog"),
    "one-pixel": N_("blank but for one pixel"),
    "all-on": N_("all pixels on"),
    "pixel-means": N_("noise with the data's pixel means"),
}


def render() -> None:
    data = sheet.load()
    seed, lot = stage.kept("seed", FIRST, 0, LAST), stage.kept("lot", 0, 0, sheet.LOTS - 1)
    guess = stage.kept("order", [])
    ranked = sorted(guess) == sorted(sheet.FOUR)
    if stage.step(CHAPTER) == "both":
        left, right, under = stage.halves()
        with left:
            _generation(data, seed)
        with right:
            _density(data, lot, guess if ranked else [])
        with under:
            stage.words(CHAPTER, "ranked" if ranked else "both")
    else:
        label = stage.kept("class", sheet.SHOWN)
        _typical(data, seed, lot, label if label in data.classes else sheet.SHOWN)
    log_p = dict(zip(ASKED, [data.four_log_p[lot, 0], *data.asked_log_p], strict=True))
    ask = _("Which of these has the highest p(x)?")
    stage.question(CHAPTER, "most-probable", ask, {id: _(name) for id, name in ASKED.items()}, log_p=log_p)


def _generation(data: sheet.Sheet, seed: int) -> None:
    """The first half: a class, and its draws one after the other."""
    names = sorted(data.classes.tolist(), key=lambda name: name != sheet.SHOWN)
    with st.container(horizontal=True, vertical_alignment="center", key="generation"):
        with st.container(width="stretch"):
            slot = st.empty()
        name = linked(
            st.selectbox,
            _("Class"),
            names,
            key="class",
            default=names[0],
            format_func=_,
            label_visibility="collapsed",
            width=stage.wide(150),
        )
    with slot:
        stage.formula(rf"x \sim p(x \mid \text{{{_(name)}}})", "draw")
    label, first = data.classes.tolist().index(name), seed // BLOCK * BLOCK
    if first + BLOCK <= sheet.SEEDS:
        rows, log_p = (part[label, first : first + BLOCK] for part in (data.draws, data.given))
    else:
        rows, log_p = classes.draws(cache.cards()[sheet.MODEL], label, first, BLOCK)
    another = _("draw another {name}", name=_(name))
    draw(rows, log_p, first, seed, data.ordering, _(name), another, lambda to: stage.keep("seed", to, FIRST))


def _density(data: sheet.Sheet, lot: int, guess: list[str]) -> None:
    """The second half: four images in disorder, to be ranked before their log p appear."""
    log_p = dict(zip(sheet.FOUR, data.four_log_p[lot], strict=True))
    told = [rf"\underbrace{{{log_p[id]:.1f}}}_{{\text{{{_(NAMES[id])}}}}}" for id in ("blank", "real")]
    known = rf"\log p(x) = {told[0]} > {told[1]}"
    stage.formula(known if guess else r"\log p(x) =\ ?", "density")
    mixed = np.random.default_rng(lot).permutation(len(sheet.FOUR))
    ids = [sheet.FOUR[i] for i in mixed]
    names = {id: _(NAMES[id]) for id in ids}
    shown = data.four[lot][mixed], data.four_log_p[lot][mixed]
    order(*shown, ids, names, guess, lambda to: stage.keep("order", to, []), lambda: _other_four(lot))


def _other_four(lot: int) -> None:
    stage.keep("lot", (lot + 1) % sheet.LOTS, 0)
    stage.keep("order", [], [])


def _typical(data: sheet.Sheet, seed: int, lot: int, name: str) -> None:
    """The four and a draw among real images, by -log p; how far each is from H."""
    left, right = stage.columns()
    values = dict(zip(sheet.FOUR, -data.four_log_p[lot], strict=True)) | {"draw": -_log_p_of_draw(data, seed, name)}
    nats = {id: float(value) for id, value in values.items()}
    with left:
        one = linked(
            st.pills,
            _("Which image?"),
            list(nats),
            key="one",
            default="blank",
            format_func=lambda id: _(NAMES[id]),
            required=True,
            wrap=True,
            label_visibility="collapsed",
        )
        chart(*_histogram(data, nats, one), key="typical")
    with right:
        H = data.entropy
        gap = abs(nats[one] - H)
        stage.formula(
            rf"\begin{{aligned}}|-\log p(x) - H| &= |{nats[one]:.1f} - {H:.1f}|\\ &= {gap:.1f}\ \text{{{_('nats')}}}\end{{aligned}}"
        )
        beyond = float((np.abs(-data.test_log_p - H) > gap).mean())
        figures = {
            "log p(x)": _("{value:.1f} nats", value=-nats[one]),
            _("p(x), about"): as_power(-nats[one]),
            _("real, further from H"): f"{100 * beyond:.1f} %",
        }
        stage.figures(figures)
        each = np.exp(-nats["blank"] / data.draws.shape[-1])
        stage.words(CHAPTER, "typical", each=f"{each:.2f}", n=f"{len(data.test_log_p):,}")


def _log_p_of_draw(data: sheet.Sheet, seed: int, name: str) -> float:
    """log p(x) of the draw that the first step shows."""
    label = data.classes.tolist().index(name)
    if seed < sheet.SEEDS:
        return data.log_p[label, seed]
    card = cache.cards()[sheet.MODEL]
    return cache.log_prob(card, classes.draws(card, label, seed // BLOCK * BLOCK, BLOCK)[0][seed % BLOCK][None])[0]


def _histogram(data: sheet.Sheet, nats: dict[str, float], one: str) -> tuple[Any, str]:
    """-log p of real images, with the chosen image and the others as lines across; and what it says in words."""
    fig = figure(_("−log p(x) (nats)"), _("real test images"), 380)
    count, edges = np.histogram(-data.test_log_p, np.arange(0, 20 + max(nats.values()), 10))
    fig.add_bar(x=(edges[:-1] + edges[1:]) / 2, y=count, width=10, marker_color=BLUE, showlegend=False)
    lines = sorted({**{_(NAMES[id]): nats[id] for id in nats}, "H": data.entropy}.items(), key=lambda item: item[1])
    heights = count.max() * _heights([value < edges[-1] / 2 for _name, value in lines])
    for (name, value), height in zip(lines, heights, strict=True):
        chosen = name == _(NAMES[one])
        fig.add_scatter(
            x=[value, value],
            y=[0, height],
            mode="lines+markers+text",
            text=["", f"{name}: {value:.1f}"],
            textposition="middle right" if value < edges[-1] / 2 else "middle left",
            textfont={"size": 14},
            line={
                "color": ORANGE if chosen else GREY,
                "width": 4 if chosen else 2,
                "dash": "dash" if name == "H" else "solid",
            },
            marker={"size": [0, 11], "opacity": 1},
            cliponaxis=False,
            showlegend=False,
            hoverinfo="skip",
        )
    fig.update_yaxes(range=[0, 2.1 * count.max()], tickvals=[0, 50, 100, 150])
    told = ", ".join(f"{_(NAMES[id])}: {value:.1f}" for id, value in nats.items())
    alt = _("−log p in nats of {told}; real images have {H:.1f} on average.", told=told, H=data.entropy)
    return fig, alt


def _heights(left: list[bool]) -> np.ndarray:
    """How high lines with names stand, in units of the highest bar: at the left from high to low, at the right back up."""
    near = sum(left)
    return np.concatenate([np.linspace(1.95, 1.15, near), np.linspace(0.55, 0.95, len(left) - near)])
