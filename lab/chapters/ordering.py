"""Chapter 7: in which order? Any ordering is a valid chain rule; what a model makes of it differs."""

from typing import Any

import numpy as np
import streamlit as st

from lesson import orders
from nade_core.data import load_dataset
from nade_core.messages import N_

from .. import cache, stage
from ..chapter import Chapter
from ..components.unfold import clear, stroke, unfold
from ..link import linked
from ..numbers import as_power
from ..spreads import dots, pictures, rows
from ..words import _

CHAPTER = Chapter(
    id="ordering",
    group="lesson",
    place=7,
    icon=":material/route:",
    title=N_("In which order?"),
    short=N_("Ordering"),
    steps=("unfold", "compare", "drawn", "ensemble"),
    sentence=N_("Every [[ordering]] gives a valid p(x); a model may do better along one than along another."),
)
MODEL = "any-order-mnist"
NAMES = {
    "raster": N_("raster"),
    "reverse": N_("reverse"),
    "spiral": N_("spiral"),
    "random": N_("random"),
    "coarse-to-fine": N_("coarse to fine"),
    "drawn": N_("by hand"),
}
GIVEN = orders.ORDERS[:-1]
SEEN = 196  # pixels known in the pictures that are compared


def render() -> None:
    here = stage.step(CHAPTER)
    seed, touched = stage.kept("seed", 0, 0, 10**6), stroke("stroke")
    left, right = stage.columns()
    with left:
        image = _image()
        draw = {"unfold": _unfold, "compare": _compare, "drawn": _drawn, "ensemble": _ensemble}[here]
        draw(image, seed, touched, right)
    one, other = (round(_log_p(image, orders.make_order("random", seed=seed + k)), 1) for k in (1, 2))
    ask = _(
        "Along two random orderings log p(x) is {one:.1f} and {other:.1f} nats. What is log p of their ensemble?",
        one=one,
        other=other,
    )
    stage.question(CHAPTER, "ensemble-of-two", ask, one=one, other=other)


def _image() -> np.ndarray:
    """The test digit on the stage, (784,)."""
    test = load_dataset("mnist").test
    return test[stage.kept("image", 0, 0, len(test) - 1)]


def _buttons(seeded: bool = True) -> None:
    """Another digit; another seed, where orderings are drawn."""
    again = ("seed", st.session_state["seed"] + 1, 0)
    with st.container(horizontal=True, gap="small"):
        _another_digit()
        if seeded:
            st.button(_("another seed"), key="reseed", icon=":material/casino:", on_click=stage.keep, args=again)


def _another_digit() -> None:
    image = (st.session_state["image"] + 1) % len(load_dataset("mnist").test)
    st.button(_("another digit"), key="next", icon=":material/refresh:", on_click=stage.keep, args=("image", image, 0))


def _log_p(image: np.ndarray, ordering: np.ndarray) -> float:
    """log p of the image along the ordering, in nats."""
    return float(cache.log_prob(cache.cards()[MODEL], image[None], ordering=ordering)[0])


def _nats(value: float, digits: int = 1) -> str:
    return _("{value} nats", value=f"{value:.{digits}f}")


def _unfold(image: np.ndarray, seed: int, touched: list[int], board: Any) -> None:
    kind = linked(
        st.pills,
        _("Ordering"),
        list(NAMES),
        key="order",
        default="spiral",
        format_func=lambda id: _(NAMES[id]),
        required=True,
        label_visibility="collapsed",
    )
    log_p = _play(image, kind, seed, touched).sum()
    _buttons(kind in orders.SEEDED)
    with board:
        stage.formula(
            r"\begin{aligned}p(x) &= p(x_{o_1})\, p(x_{o_2} \mid x_{o_1}) \cdots\\"
            rf"\log p(x) &= \textstyle\sum_{{i=1}}^{{784}} \log p(x_{{o_i}} \mid x_{{o_{{<i}}}})\\ &= {log_p:.1f}\end{{aligned}}"
        )
        stage.figures({"log p(x)": _nats(log_p), _("p(x), about"): as_power(log_p)})
        stage.words(CHAPTER, "unfold")


def _play(image: np.ndarray, kind: str, seed: int, touched: list[int]) -> np.ndarray:
    """Let it unfold along the ordering; log p(x_i | x_<i) of each pixel in nats, in that order (784,)."""
    ordering = orders.make_order(kind, seed=seed, touched=touched)
    terms = cache.terms(cache.cards()[MODEL], image, ordering=ordering)
    tall = "34vh" if stage.presenting() else "min(19rem, 41vh)"
    unfold("stroke", image, terms.log_p, ordering, tall, touched if kind == "drawn" else None)
    return terms.log_p[ordering]


def _compare(image: np.ndarray, seed: int, touched: list[int], board: Any) -> None:
    made = {kind: orders.make_order(kind, seed=seed) for kind in GIVEN}
    found = {kind: _log_p(image, ordering) for kind, ordering in made.items()}
    names = {kind: _(NAMES[kind]) for kind in made}
    known = [orders.unfold(image, ordering, SEEN) for ordering in made.values()]
    if not stage.is_shown("guess"):
        pictures(known, list(names.values()))
    guess = _guess(names)
    if guess:
        rows(found, names, guess)
        if not stage.presenting():  # a hall has seen them, and needs the room
            pictures(known, list(names.values()))
    _buttons()
    with board:
        stage.formula(r"\log p_o(x) = \sum_{i=1}^{784} \log p(x_{o_i} \mid x_{o_{<i}})")
        if guess:
            best, spread = max(found, key=lambda kind: found[kind]), orders.spread(list(found.values()))
            stage.figures(
                {
                    _("highest: {name}", name=names[best]): _nats(found[best]),
                    _("your guess: {name}", name=names[guess]): _nats(found[guess]),
                    _("highest − lowest"): _nats(spread.highest - spread.lowest),
                }
            )
        stage.words(CHAPTER, "compare", n=SEEN)


def _guess(names: dict[str, str]) -> str | None:
    """The ordering that the viewer holds to be the best for this image; None until the viewer commits to it."""
    shown, ask = stage.is_shown("guess"), _("Your guess: which ordering gives this image the highest log p?")
    with st.container(horizontal=True, vertical_alignment="bottom", key="guess-row"):
        look = {"format_func": names.get, "required": True, "disabled": shown}
        given = linked(st.pills, ask, list(names), key="guess", default="raster", **look)
        if not shown:
            shows = ("guess-shown", True, False)
            st.button(_("Show the answer"), key="guess-button", type="primary", on_click=stage.keep, args=shows)
    return given if shown else None


def _drawn(image: np.ndarray, seed: int, touched: list[int], board: Any) -> None:
    log_p = _play(image, "drawn", seed, touched)
    with st.container(horizontal=True, gap="small"):
        _another_digit()
        off, icon = not touched, ":material/ink_eraser:"
        st.button(_("clear the stroke"), key="clear", icon=icon, on_click=clear, args=("stroke",), disabled=off)
    with board:
        first, rest = log_p[: (k := len(touched))].sum(), log_p[k:].sum()
        stage.formula(
            r"\begin{aligned}\log p_o(x) &= \textstyle\sum_{i=1}^{784} \log p(x_{o_i} \mid x_{o_{<i}})\\"
            rf" &= \underbrace{{{first:.1f}}}_{{\text{{{_('{n} drawn', n=k)}}}}}"
            rf"\; \underbrace{{{rest:+.1f}}}_{{\text{{{_('{n} by the rule', n=784 - k)}}}}}\\ &= {first + rest:.1f}\end{{aligned}}"
        )
        raster = _log_p(image, orders.make_order("raster"))
        stage.figures({_("along yours"): _nats(first + rest) if touched else "–", _("along raster"): _nats(raster)})
        stage.words(CHAPTER, "drawn")


def _ensemble(image: np.ndarray, seed: int, touched: list[int], board: Any) -> None:
    M = linked(st.select_slider, _("M, the number of random orderings"), [1, 2, 4, 8, 16, 32], key="m", default=8)
    found = np.array([_log_p(image, orders.make_order("random", seed=seed + k)) for k in range(M)])
    spread = orders.spread(found)
    dots(found, spread)
    _buttons()
    with board:
        stage.formula(
            rf"\begin{{aligned}}\textstyle\log \frac1M \sum_m p_{{o_m}}(x) &= {spread.ensemble:.2f}\\"
            rf"\ge\; \textstyle\frac1M \sum_m \log p_{{o_m}}(x) &= {spread.mean:.2f}\end{{aligned}}"
        )
        stage.figures(
            {
                _("ensemble"): _nats(spread.ensemble, 2),
                _("highest of {n}", n=M): _nats(spread.highest, 2),
                _("at most this far below it"): f"log {M} = {np.log(M):.2f}",
            }
        )
        stage.words(CHAPTER, "ensemble")
