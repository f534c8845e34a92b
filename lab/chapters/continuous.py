"""Chapter 9: when x is not 0 or 1. A mixture of Gaussians by hand and by EM, its units, its fall; then RNADE."""

import math
from typing import Any, Literal

import numpy as np
import streamlit as st

from lesson import mixture
from nade_core.messages import N_

from .. import cache, mixtures, stage
from ..chapter import Chapter
from ..components.bumps import bumps
from ..components.plane import kept_point, plane
from ..kinds import points
from ..link import linked
from ..numbers import power
from ..words import _

CHAPTER = Chapter(
    id="continuous",
    group="lesson",
    place=9,
    icon=":material/show_chart:",
    title=N_("And when x is not 0 or 1?"),
    short=N_("Real values"),
    steps=("bumps", "em", "units", "collapse", "plane"),
    sentence=N_(
        "A [[mixture]] of Gaussians for each conditional; a [[density-real|density]] may exceed 1, a probability may not."
    ),
)
DATA = {"red": N_("photo: red"), "ink": N_("digits: ink")}
AXES = {"red": N_("x, the red level of a pixel (0 to 255)"), "ink": N_("x, the number of white pixels of 784")}
UNITS = {
    "red": {"1": N_("levels, 0 to 255"), "percent": N_("per cent, 0 to 100"), "share": N_("share, 0 to 1")},
    "ink": {"1": N_("pixels, 0 to 784"), "percent": N_("per cent, 0 to 100"), "share": N_("share, 0 to 1")},
}
WHOLE = {"red": 255, "ink": 784}
PLACES = {"on": N_("on one measured value"), "between": N_("between two values")}
EXPONENTS = list(range(1, -13, -1))  # of ten, the widths of the bump that shrinks
CLOUDS = {"rings": N_("rings"), "moons": N_("moons"), "spirals": N_("spirals"), "dog": N_("a dog")}
DRAWN = 200


def render() -> None:
    here = stage.step(CHAPTER)
    left, right = stage.columns()
    with left:
        _choose(here)
    x, counts = mixtures.measured()
    path = mixtures.by_em(x, counts)
    if here == "plane":
        _plane(left, right)
    else:
        {"bumps": _bumps, "em": _em, "units": _units, "collapse": _collapse}[here](x, counts, path, left, right)
    sigma = round(float(path[-1][0].sigmas.min()) / WHOLE[st.session_state["data"]], 3)
    ask = _("A Gaussian has the width σ = {sigma:.3f}. How high is it at its top, per unit of x?", sigma=sigma)
    stage.question(CHAPTER, "highest-density", ask, sigma=sigma)


def _choose(here: str) -> None:
    """The measurements and the number of bumps, chosen in the first step."""
    if here != "bumps":
        if stage.kept("data", "red") not in DATA:
            stage.keep("data", "red", "red")
        stage.kept("K", 2, 1, 4)
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="choices"):
        look = {"format_func": lambda id: _(DATA[id]), "required": True, "width": "content"}
        again = {"on_change": mixtures.begin_em_anew}
        linked(st.segmented_control, _("Measurements"), list(DATA), key="data", default="red", **look, **again)
        linked(st.slider, _("K, the number of bumps"), 1, 4, key="K", default=2, width=200, **again)


def _nats(value: float, digits: int = 2) -> str:
    return _("{value} nats", value=f"{value:,.{digits}f}")


def _tall(page: str, hall: str) -> str:
    """How high a component is, on a page and in presentation."""
    return hall if stage.presenting() else page


def _axis() -> str:
    return _(AXES[st.session_state["data"]])


def _bumps(x: np.ndarray, counts: np.ndarray, path: mixtures.Path, left: Any, right: Any) -> None:
    now = path[mixtures.taken(path)][0]
    with left:
        bumps("by-hand", now, x, counts, _axis(), _tall("min(20rem, 36vh)", "38vh"), mixtures.set_by_hand)
    with right:
        stage.formula(mixtures.as_sum(now))
        stage.figures({_("numbers to learn"): f"3K − 1 = {3 * len(now.means) - 1}"})
        stage.words(CHAPTER, "bumps", n=f"{counts.sum():,}")


def _em(x: np.ndarray, counts: np.ndarray, path: mixtures.Path, left: Any, right: Any) -> None:
    n, last, heights = mixtures.taken(path), len(path) - 1, np.array([height for _now, height in path])
    jumps = {_("one step"): n + 1, _("ten steps"): n + 10, _("to the end"): last, _("back to the start"): 0}
    with left:
        with st.container(horizontal=True, gap="small"):
            for label, to in jumps.items():
                to = min(to, last)
                look: Literal["primary", "secondary"] = "primary" if to > n else "secondary"
                st.button(label, on_click=stage.keep, args=("em", to, 0), type=look, disabled=to == n)
        bumps("by-em", path[n][0], x, counts, _axis(), _tall("min(12rem, 22vh)", "20vh"))
        mixtures.climb(heights, n)
    with right:
        stage.formula(
            r"\begin{aligned}r_k(x) &= \pi_k\, \mathcal N(x;\, \mu_k, \sigma_k) \,/\, p(x)\\"
            r"\mu_k &\leftarrow \textstyle\sum_x r_k(x)\, x \,/\, \sum_x r_k(x)\end{aligned}"
        )
        gained = {_("step {n} gained", n=n): _nats(heights[n] - heights[n - 1], 3)} if n else {}
        stage.figures({"log L": _nats(heights[n], 1), **gained})
        stage.words(CHAPTER, "em", floor=f"{mixtures.FLOOR:g}")


def _units(x: np.ndarray, counts: np.ndarray, path: mixtures.Path, left: Any, right: Any) -> None:
    data, (fitted, height) = st.session_state["data"], path[-1]
    factors = {"1": 1.0, "percent": 100 / WHOLE[data], "share": 1 / WHOLE[data]}
    with left:
        ask = _("Your guess: what mean log p gains if x is a share from 0 to 1 (nats)")
        guess, unit = stage.guess("gain", ask, -10.0, 10.0, 0.1, 0.0), "1"
        if guess is not None:
            look = {"format_func": lambda id: _(UNITS[data][id]), "required": True, "label_visibility": "collapsed"}
            unit = linked(st.segmented_control, _("Unit of x"), list(factors), key="unit", default="share", **look)
        c, axis = factors[unit], _("x in {unit}", unit=_(UNITS[data][unit]))
        top = mixtures.density_in_units(mixture.rescaled(fitted, c), x, counts, c, axis)
    with right:
        before, change = height / counts.sum(), -math.log(c) + 0.0  # + 0.0: no −0.00
        stage.formula(
            rf"\begin{{aligned}}\log p_{{cx}}(c\,x) &= \log p_x(x) - \log c\\"
            rf" &= {before:.2f} {change:+.2f} = {before + change:.2f}\end{{aligned}}"
        )
        said = {_("mean log p(x)"): _nats(before + change)}
        if guess is not None:
            said = {_("gained"): _nats(math.log(WHOLE[data])), _("your guess"): _nats(guess)}
        stage.figures({_("highest p(x)"): f"{top:.3g}", **said})
        stage.words(CHAPTER, "units")


def _collapse(x: np.ndarray, counts: np.ndarray, path: mixtures.Path, left: Any, right: Any) -> None:
    rare = float(x[counts == counts.min()][-1])
    with left:
        look = {"format_func": lambda id: _(PLACES[id]), "required": True}
        where = linked(
            st.segmented_control, _("The small bump stands"), list(PLACES), key="where", default="on", **look
        )
        ask = _("σ of the small bump: drag it narrower")
        k = linked(st.select_slider, ask, EXPONENTS, key="sigma", default=1, format_func=power)
        point = rare if where == "on" else rare + 0.5
        alone = mixture.em_step(mixture.start(x, counts, 1), x, counts, mixtures.FLOOR).log_likelihood(x, counts)
        gains = mixture.collapse(x, counts, point, [10.0**e for e in EXPONENTS]) - alone
        mixtures.gain_of_a_shrinking_bump(EXPONENTS, gains, k)
    with right:
        peak = rf"\frac{{1}}{{\sigma\sqrt{{2\pi}}}} = {mixtures.in_tex(mixture.peak(10.0**k))}"
        stage.formula(rf"\mathcal N(\mu;\, \mu, \sigma) = {peak}")
        stage.figures({_("log L gained"): _nats(gains[EXPONENTS.index(k)]), _("its centre"): f"{point:g}"})
        stage.words(CHAPTER, "collapse", n=f"{counts.sum():,}")


def _plane(left: Any, right: Any) -> None:
    with left:
        with st.container(horizontal=True, vertical_alignment="center", key="clouds"):
            look = {"format_func": lambda id: _(CLOUDS[id]), "required": True, "label_visibility": "collapsed"}
            cloud = linked(st.segmented_control, _("Points"), list(CLOUDS), key="cloud", default="rings", **look)
            seed = stage.kept("seed", 0, 0, 10**6)
            st.button(_("draw again"), icon=":material/refresh:", on_click=stage.keep, args=("seed", seed + 1, 0))
        card = cache.cards()[f"rnade-{cloud}"]
        (x1, x2), (drawn, _log_p) = points.axes(card), cache.samples(card, DRAWN, seed)
        point = kept_point(f"at-{cloud}", cache.held_out(card.embedded, "real")[0], x1, x2)
        tall = _tall("min(17rem, 37vh)", "40vh")
        plane(f"at-{cloud}", point, points.density_map(card), cache.curve(card, point, 0, x1), x1, x2, drawn, tall)
    with right:
        first, second = cache.terms(card, point).log_p
        factors = rf"{math.exp(first):.3f} \cdot {math.exp(second):.3f} = {math.exp(first + second):.3f}"
        stage.formula(
            r"\begin{aligned}p(x_2 \mid x_1) &= \textstyle\sum_k \pi_k\, \mathcal N(x_2;\, \mu_k, \sigma_k)\\"
            rf"p(x) &= p(x_1)\, p(x_2 \mid x_1)\\ &= {factors}\end{{aligned}}"
        )
        stage.figures({"log p(x)": _nats(first + second), _("the point"): f"({point[0]:.2f}, {point[1]:.2f})"})
        stage.words(CHAPTER, "plane", n=DRAWN, K=card.config.components)
