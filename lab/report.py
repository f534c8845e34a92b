"""What a model says of an image: log p(x), where it falls among real images, and which pixels surprise."""

import csv
import io
from typing import Any

import numpy as np
import streamlit as st

from nade_core import ModelCard, measures

from . import cache
from .link import linked
from .numbers import as_power
from .pictures import Picture
from .surprise import surprise_map
from .theme import BLUE, GREY, ORANGE, chart, figure, log_ticks
from .unlike import faults, warn
from .words import _, class_name, explain, plain

LIKELIEST = 3  # classes named


def report_image(
    card: ModelCard, pictures: list[Picture], beside: Any, opposite: Any, label: int | None = None
) -> None:
    """The body of Density for images: the numbers ``beside`` the choice, the surprise map ``opposite`` both, and below
    the steps and the histogram."""
    with st.spinner(_("Scoring…")):
        log_p = cache.log_prob(card, np.stack([picture.row for picture in pictures]))
        reference = cache.test_log_probs(card)
    with beside:
        chosen = _choose(card, pictures, log_p, reference) if len(pictures) > 1 else 0
        picture, value = pictures[chosen], float(log_p[chosen])
        left, right = st.columns([1, 5])
        told = picture.name if picture.was_prepared else f"{picture.name}. {picture.prepared.steps[0].explanation}"
        left.image(_large(picture.prepared.image * np.uint8(255)), width="stretch", alt=told)
        left.caption(plain(picture.name))
        with right:
            numbers(card, picture.row, value, reference, label)
            if picture.was_prepared:
                warn(card, picture.prepared)
    with opposite:
        _surprise(card, picture.row, label)
        if card.classes:
            _bayes(card, picture.row)
    if picture.was_prepared:
        _steps(picture)
    _histogram(card, value, reference)


def look_into(
    card: ModelCard, image: np.ndarray, log_p: float, reference: np.ndarray | None, label: int | None = None
) -> None:
    """Where an image (784,) falls among real ones and noise, beside its surprise map, that of a class if one is given."""
    left, right = st.columns(2, gap="large")
    with left:
        _histogram(card, log_p, reference)
    with right:
        _surprise(card, image, label)
        if card.classes:
            _bayes(card, image)


def given(card: ModelCard, label: int | None) -> str:
    """What p is a probability of, in words: "x", or "x | dog"."""
    return "x" if label is None else f"x | {class_name(card, label)}"


def _choose(card: ModelCard, pictures: list[Picture], log_p: np.ndarray, reference: np.ndarray | None) -> int:
    """The table of several pictures, to look into one and to take along as CSV."""
    rows = [
        {
            _("picture"): picture.name,
            _("log p(x), nats"): round(value, 2),
            _("bits/dim"): round(measures.bits_per_dim(-value, 784), 4),
            _("percentile"): None if reference is None else round(measures.percentile(value, reference), 1),
            _("unlike the data"): "; ".join(faults(card, picture.prepared.image)) if picture.was_prepared else "",
        }
        for picture, value in zip(pictures, log_p.tolist(), strict=True)
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    st.dataframe(rows, hide_index=True, width="stretch")
    name = _("densities") + ".csv"
    content = text.getvalue().encode("utf-8-sig")  # with a mark, so that spreadsheets read Hangul
    st.download_button(_("Download as CSV"), content, name, "text/csv", icon=":material/download:")
    names = [picture.name for picture in pictures]
    return linked(st.selectbox, _("Look into"), range(len(names)), key="look", default=0, format_func=names.__getitem__)


def numbers(
    card: ModelCard, image: np.ndarray, log_p: float, reference: np.ndarray | None, label: int | None = None
) -> None:
    """log p of an image (784,) in several units, beside that given a class, and where it stands among real images that
    the model never saw."""
    row = st.container(horizontal=True, gap="medium")
    exact = _("The natural logarithm of the exact probability.")
    row.metric("log p(x)", _("{value:.2f} nats", value=log_p), help=exact, width="content")
    if label is not None:
        within = float(cache.log_prob(card, image[None], label)[0])
        about = _("The same image, if it is known to be of this class: {power}.", power=f"≈ {as_power(within)}")
        row.metric(f"log p({given(card, label)})", _("{value:.2f} nats", value=within), help=about, width="content")
    bits = f"{measures.bits_per_dim(-log_p, 784):.4f}"
    row.metric(_("bits/dim"), bits, help=_("-log₂ p(x) / 784: what a pixel costs to code."), width="content")
    if reference is not None:
        _among(row, log_p, reference)
    _amounts(log_p)
    if reference is None:
        st.caption(
            _("The data that this model learned from are not here, so there are no real images to compare with.")
        )


def _among(row: Any, log_p: float, reference: np.ndarray) -> None:
    """Where log p stands among that of real images, and how far from their mean."""
    row.metric(
        _("percentile"),
        f"{measures.percentile(log_p, reference):.1f} %",
        help=_("Which share of real images that the model never saw is less probable."),
        width="content",
    )
    entropy = float(-reference.mean())
    row.metric(
        "|−log p − H|",
        _("{value:.1f} nats", value=abs(-log_p - entropy)),
        help=_(
            "Typicality: the distance from the mean {entropy:.1f} nats of real images that the model never saw. High "
            "density is not the same as typical.",
            entropy=entropy,
        ),
        width="content",
    )


def _amounts(log_p: float) -> None:
    """What log p amounts to, with the words for its units."""
    explain(
        _(
            "{value:.2f} [[nat|nats]] are a probability of about **{power}**. [[bits-dim|Bits/dim]] say the same for one "
            "pixel.",
            value=log_p,
            power=as_power(log_p),
        ),
        small=True,
    )


def _steps(picture: Picture) -> None:
    st.header(_("Step by step to what the model sees"), anchor=False)
    with st.container(horizontal=True, gap="medium"):
        for step in picture.prepared.steps:
            shown = step.image if max(step.image.shape[:2]) > 28 else _large(step.image)
            name, explanation = _(step.name), _(step.explanation, **step.facts)
            with st.container(width=170):
                st.image(shown, width="stretch", alt=f"{name}: {explanation}")
                st.caption(f"**{name}**. {explanation}")


def _large(image: np.ndarray) -> np.ndarray:
    """A small picture with its pixels to be seen."""
    return image.repeat(8, 0).repeat(8, 1)


def _histogram(card: ModelCard, log_p: float, real: np.ndarray | None) -> None:
    st.header(_("Among real images and noise"), anchor=False)
    noise = cache.noise_log_probs(card)
    cost = max(-log_p, 1e-3)  # on a logarithmic axis
    fig = figure(_("−log p(x) (nats, log scale)"), _("share of images (%)"), 380, log_x=True)
    shown = [(_("coin-flip noise"), noise, GREY)]
    if real is not None:
        shown.insert(0, (_("real images it never saw"), real, BLUE))
    low = min(float(-values.max()) for _name, values, _colour in shown)
    edges = np.geomspace(0.9 * min(low, cost, 10), 1.1 * max(-noise.min(), cost), 120)
    for name, values, colour in shown:
        share = 100 * np.histogram(-values, edges)[0] / len(values)
        fig.add_scatter(x=edges[:-1], y=share, name=name, line={"shape": "hv", "color": colour}, fill="tozeroy")
    fig.update_xaxes(autorange="reversed", **log_ticks())
    fig.add_vline(x=cost, line_color=ORANGE, line_width=3)
    place = {"x": np.log10(cost), "y": 1, "yref": "paper", "xanchor": "left"}  # annotations count in exponents
    fig.add_annotation(text=_("this image"), showarrow=False, **place)
    means = "; ".join(
        _("{n:,} × {name}, mean {mean:.1f} nats", n=len(values), name=name, mean=values.mean())
        for name, values, _colour in shown
    )
    alt = _("Histograms of log p: {means}; this image: {value:.1f} nats.", means=means, value=log_p)
    chart(fig, alt, key="histogram")
    st.caption(_("{means}. More probable to the right.", means=means))


def _surprise(card: ModelCard, image: np.ndarray, label: int | None) -> None:
    st.header(_("The surprise map"), anchor=False)
    terms = cache.terms(card, image, label)
    log_p = float(cache.log_prob(card, image[None], label)[0])
    total, largest = -terms.log_p.sum(), -terms.log_p.min()
    alt = _(
        "Heat map of the surprise of each of the 784 pixels; the sum is {total:.2f} nats and the largest is "
        "{largest:.2f}.",
        total=total,
        largest=largest,
    )
    chart(surprise_map(image, terms), alt, key="surprise")
    explain(
        _(
            "{term} of every pixel, given [[x-before|those before it]]. All 784 sum to {total:.2f}, and −log p({of}) = "
            "{value:.2f}: the [[chain-rule]], on your picture.",
            term=r"$-\log p(x_i \mid x_{<i})$" if label is None else r"$-\log p(x_i \mid x_{<i}, y)$",
            of=given(card, label),
            total=total,
            value=-log_p,
        ),
        small=True,
    )


def _bayes(card: ModelCard, image: np.ndarray) -> None:
    posterior = cache.class_probs(card, image)
    best = np.argsort(-posterior)[:LIKELIEST]
    text = ", ".join(f"{class_name(card, int(i))} {100 * posterior[i]:.1f} %" for i in best)
    st.markdown(_("**Bayes' rule**, p(y | x) ∝ p(x | y) p(y): {text}.", text=text))
    if judged := card.header.get("classifier"):
        st.caption(
            _(
                "On {n:,} test images the likeliest class is the right one for {right:.1f} %. Calibration: p(y | x) of "
                "the likeliest class is off by {off:.1f} % on average.",
                n=judged["n"],
                right=100 * judged["accuracy"],
                off=100 * judged["calibration_error"],
            )
        )
