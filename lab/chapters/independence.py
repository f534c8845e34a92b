"""Chapter 5: what if pixels were independent? As many cases as before, n parameters, and fog."""

import numpy as np
import streamlit as st

from lesson import counting, independence
from nade_core import images
from nade_core.messages import N_

from .. import cache, stage
from ..chapter import Chapter
from ..link import linked
from ..numbers import as_power, big
from ..theme import BLUE, GREEN, GREY, ORANGE, chart, figure
from ..words import _

CHAPTER = Chapter(
    id="independence",
    group="lesson",
    place=5,
    icon=":material/blur_on:",
    title=N_("What if pixels were independent?"),
    short=N_("Independence"),
    steps=("fog", "price", "coins"),
    sentence=N_("Independence keeps the 2ⁿ cases, needs only n parameters, and forgets every shape."),
)
FOG, SHARP = "independent-mnist", "nade-mnist"
DRAWN, ACROSS = 12, 4


def render() -> None:
    here = stage.step(CHAPTER)
    if here == "coins":
        p1, p2 = _coins()
    else:
        {"fog": _fog, "price": _price}[here]()
        p1, p2 = stage.kept("p1", 0.3, 0.0, 1.0), stage.kept("p2", 0.8, 0.0, 1.0)
    ask = _("Two independent coins have p(x₁ = 1) = {p1:.2f} and p(x₂ = 1) = {p2:.2f}. What is p(1, 1)?", p1=p1, p2=p2)
    stage.question(CHAPTER, "both-on", ask, p1=p1, p2=p2)


def _fog() -> None:
    seed = stage.kept("seed", 0, 0, 10**6)
    left, right = stage.columns()
    with left:
        st.button(
            _("draw again"), icon=":material/refresh:", type="primary", on_click=stage.keep, args=("seed", seed + 1, 0)
        )
        for column, name, title in zip(
            st.columns(2),
            (FOG, SHARP),
            (_("independent pixels"), _("NADE: each pixel knows those before")),
            strict=True,
        ):
            x, log_p = cache.samples(cache.cards()[name], DRAWN, seed)
            mean = _("mean log p under its own model: {value:.1f} nats", value=log_p.mean())
            with column:
                st.image(images.grid(x, columns=ACROSS, scale=4), width="stretch", alt=f"{title}. {mean}")
                st.caption(f"**{title}**  \n{mean}")
    with right:
        stage.formula(r"p(x) = p(x_1)\,p(x_2)\cdots p(x_{784})")
        count = counting.independent(784)
        stage.figures({_("cases"): big(2**784), _("parameters"): f"n = {count.parameters}"})
        stage.words(CHAPTER, "fog")


def _price() -> None:
    left, right = stage.columns()
    with left:
        fog, sharp = (cache.test_log_probs(cache.cards()[name]) for name in (FOG, SHARP))
        assert fog is not None and sharp is not None, "both come with the project, and so do their data"
        guess = stage.guess("nats", _("Your guess: what independence costs, in nats an image"), 0, 300, 1, 20)
        cost, error = independence.price_on_images(fog, sharp)
        fig = figure(_("−log p(x) of real digits (nats)"), _("share of images (%)"), 300)
        edges = np.linspace(0, 450, 91)
        shown = [(sharp, GREEN, _("NADE"), "solid")]
        if guess is not None:
            shown.append((fog, GREY, _("independent pixels"), "dash"))
        for values, colour, name, dash in shown:
            share = 100 * np.histogram(-values, edges)[0] / len(values)
            fig.add_scatter(
                x=edges[:-1], y=share, name=name, line={"shape": "hv", "color": colour, "dash": dash, "width": 3}
            )
        fig.update_layout(showlegend=True)
        alt = _(
            "−log p of {n:,} real digits; the mean under NADE is {sharp:.1f} nats.", n=len(sharp), sharp=-sharp.mean()
        )
        chart(fig, alt, key="price")
    with right:
        stage.formula(
            rf"\overline{{\log p_{{\text{{NADE}}}}(x)}} - \overline{{\log p_{{\text{{{_('indep.')}}}}}(x)}}"
            + (rf" = {cost:.1f}" if guess is not None else " = \\ ?")
        )
        if guess is not None:
            found = _("{value:.1f} ± {error:.1f} nats", value=cost, error=error)
            stage.figures({_("the price"): found, _("your guess"): _("{value} nats", value=f"{guess:g}")})
        if guess is None:
            stage.words(CHAPTER, "price", n=f"{len(sharp):,}")
        else:
            stage.words(CHAPTER, "paid", cost=f"{cost:.1f}", power=as_power(cost))


def _coins() -> tuple[float, float]:
    left, right = stage.columns()
    with left:
        one, other = st.columns(2)
        with one:
            p1 = linked(st.slider, _("p(x₁ = 1)"), 0.0, 1.0, key="p1", default=0.3, step=0.01)
        with other:
            p2 = linked(st.slider, _("p(x₂ = 1)"), 0.0, 1.0, key="p2", default=0.8, step=0.01)
        joint = independence.two_coins(p1, p2)
        fig = figure("p(0, 0)", "p(1, 1)", 330)
        x = np.linspace(0, 1, 101)
        fig.add_scatter(
            x=x,
            y=[independence.reach(v) for v in x],
            fill="tozeroy",
            line={"color": BLUE},
            name=_("what two coins can do"),
        )
        fig.add_scatter(
            x=[joint[0, 0]], y=[joint[1, 1]], mode="markers", name=_("your coins"), marker={"size": 16, "color": ORANGE}
        )
        fig.add_scatter(
            x=[0.5],
            y=[0.5],
            mode="markers",
            name=_("two pixels that agree"),
            marker={"size": 16, "symbol": "star", "color": GREY},
        )
        fig.update_xaxes(range=[-0.02, 1.02])
        fig.update_yaxes(range=[-0.02, 1.02])
        alt = _(
            "Your coins reach p(0, 0) = {a:.3f} and p(1, 1) = {b:.3f}; the aim, 0.5 and 0.5, is out of reach.",
            a=joint[0, 0],
            b=joint[1, 1],
        )
        chart(fig, alt, key="reach")
    with right:
        stage.formula(
            rf"\begin{{array}}{{c|cc}} & x_2{{=}}0 & x_2{{=}}1\\ \hline x_1{{=}}0 & {joint[0, 0]:.3f} & {joint[0, 1]:.3f}\\"
            rf" x_1{{=}}1 & {joint[1, 0]:.3f} & {joint[1, 1]:.3f}\end{{array}}"
        )
        aim = np.diag([0.5, 0.5])
        stage.figures(
            {
                _("the nearest coins cost"): _("{value:.3f} nats", value=independence.price(aim)),
                _("parameters"): "2",
                _("cases"): "4",
            }
        )
        stage.words(CHAPTER, "coins")
    return p1, p2
