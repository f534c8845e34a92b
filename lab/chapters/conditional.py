"""Chapter 10: p(x | y). What it draws, and what Bayes' rule makes of it: a classifier, pixel by pixel."""

from typing import Any

import numpy as np
import streamlit as st

from lesson import reveal as bayes
from lesson import sheet
from nade_core import ModelCard, images
from nade_core.messages import N_

from .. import cache, judging, stage
from ..cache import classes
from ..chapter import Chapter
from ..components.reveal import reveal
from ..link import linked
from ..theme import chart
from ..words import _

CHAPTER = Chapter(
    id="conditional",
    group="lesson",
    place=10,
    icon=":material/category:",
    title=N_("What comes next?"),
    short="p(x | y)",
    steps=("ask", "reveal", "accuracy", "calibration", "next"),
    sentence=N_("p(x | y) draws what you ask for, and [[bayes-rule|Bayes' rule]] turns it into a classifier."),
)
MODELS = {sheet.MODEL: N_("animals"), "nade-mnist-classes": N_("digits")}
DRAWN, ACROSS, IMAGES = 12, 6, 100  # samples, samples in a row, test images to reveal
START, LEVEL, SIDE = 196, 0.9, classes.SIDE  # pixels known at first, what counts as sure, pixels in a row
GIVEN = {"nothing": N_("nothing"), "class": N_("the class"), "half": N_("the upper half"), "both": N_("both")}
LATEX = {
    "nothing": r"x \sim p(x) = \sum_y p(y)\, p(x \mid y)",
    "class": r"x \sim p(x \mid y)",
    "half": r"x \sim p(x \mid x_{\le 392})",
    "both": r"x \sim p(x \mid x_{\le 392}, y)",
}
RULE = (
    r"\begin{aligned}p(y \mid x_{\le i}) &= \frac{p(y)\, p(x_{\le i} \mid y)}{\sum_{y'} p(y')\, p(x_{\le i} \mid y')}"
)
Shown = tuple[str, dict[str, str]]  # the formula and the figures of the board


def render() -> None:
    here = stage.step(CHAPTER)
    image = stage.kept("image", 0, 0, IMAGES - 1)
    left, right = stage.columns()
    with left:
        top = st.container(horizontal=True, vertical_alignment="center", key="choice")
        with top:
            card = _model()
    with right:
        told = st.container()
        answered = here == "accuracy" and stage.is_shown("share")
        stage.words(CHAPTER, "judged" if answered else here, n=classes.judged(card))  # first: to judge takes a while
    with left:
        steps = {"ask": _ask, "reveal": _reveal, "accuracy": _accuracy, "calibration": _calibration, "next": _next}
        latex, figures = steps[here](card, image, top)
    with told:
        stage.formula(latex)
        stage.figures(figures)
    _closing(card, (image + IMAGES // 2) % IMAGES)


def _model() -> ModelCard:
    """Animals or digits."""
    look = {"format_func": lambda name: _(MODELS[name]), "required": True, "label_visibility": "collapsed"}
    name = linked(st.segmented_control, _("images of"), list(MODELS), key="of", default=sheet.MODEL, **look)
    return cache.cards()[name]


def _label(card: ModelCard) -> int:
    """The class that one asks for, dogs first."""
    names = sorted(card.classes, key=lambda name: name != sheet.SHOWN)
    look = {"label_visibility": "collapsed", "width": stage.wide(150)}
    chosen = linked(st.selectbox, _("Class"), names, key="y", default=names[0], format_func=_, **look)
    return card.classes.index(chosen)


def _pictures(x: np.ndarray, what: str) -> None:
    st.image(images.grid(x, columns=ACROSS, scale=4), width="stretch", alt=what)


def _again() -> int:
    """The seed of the samples, and a button for another one."""
    seed = stage.kept("seed", 0, 0, 10**6)
    st.button(
        _("draw again"), icon=":material/refresh:", type="primary", on_click=stage.keep, args=("seed", seed + 1, 0)
    )
    return seed


def _ask(card: ModelCard, image: int, top: Any) -> Shown:
    with top:
        label, seed = _label(card), _again()
    x, log_p = cache.samples(card, DRAWN, seed, label)
    name = _(card.classes[label])
    _pictures(x, _("{n} samples of p(x | {name})", n=DRAWN, name=name))
    latex = rf"x \sim p(x \mid y{{=}}\text{{{name}}}) = \prod_{{i=1}}^{{784}} p(x_i \mid x_{{<i}}, y)"
    figures = {
        _("mean log p(x | y)"): _("{value:.1f} nats", value=log_p.mean()),
        _("classes"): str(len(card.classes)),
    }
    return latex, figures


def _reveal(card: ModelCard, image: int, top: Any) -> Shown:
    (row, truth), names = classes.test_image(card, image), [_(name) for name in card.classes]
    path = bayes.posterior(classes.terms(card, row[None])[0])
    i, at, said = stage.kept("i", START, 0, 784), stage.kept("at", 0, 0, 784), stage.kept("guess", "")
    guess = card.classes.index(said) if said in card.classes else -1

    def guessed(label: int, known: int) -> None:
        for key, value, default in (("guess", card.classes[label], ""), ("at", known, 0), ("i", known, START)):
            stage.keep(key, value, default)

    shown = f"{card.name}-{image}", row, cache.ordering(card), path, names, truth, i, guess
    reveal(*shown, lambda to: stage.keep("i", to, START), guessed)
    with top:
        st.button(_("another image"), icon=":material/refresh:", on_click=_other_image, args=(image,))
    if guess < 0:
        return rf"{RULE}\\ p(y \mid x_{{\le {i}}}) &=\ ?\end{{aligned}}", {_("pixels known"): f"{i} / 784"}
    lead = int(path[i].argmax())
    latex = rf"{RULE}\\ p(\text{{{names[lead]}}} \mid x_{{\le {i}}}) &= {path[i, lead]:.3f}\end{{aligned}}"
    sure = bayes.sure_at(path, LEVEL)
    figures = {
        _("your guess, at i = {i}", i=at): names[guess],
        _("p ≥ {level} from", level=LEVEL): "–" if sure is None else f"i = {sure}",
        _("changes of mind"): str(len(bayes.changes_of_mind(path))),
    }
    return latex, figures


def _other_image(image: int) -> None:
    for key, value, default in (
        ("image", (image + 1) % IMAGES, 0),
        ("guess", "", ""),
        ("at", 0, 0),
        ("i", START, START),
    ):
        stage.keep(key, value, default)


def _judged(card: ModelCard) -> tuple[np.ndarray, np.ndarray]:
    with st.spinner(_("Revealing {n} test images…", n=classes.judged(card))):
        return classes.paths(card)


def _accuracy(card: ModelCard, image: int, top: Any) -> Shown:
    paths, labels = _judged(card)
    right, n = 100 * bayes.accuracy_along(paths, labels), len(labels)
    guess = stage.guess("share", _("Your guess: right after half of the pixels (%)"), 0, 100, 1, 50)
    chart(*judging.accuracy(right, 100 / len(card.classes), guess), key="accuracy")
    latex = r"\hat y = \arg\max_y\ p(y \mid x_{\le i})"
    if guess is None:
        return latex, judging.whole(card, "accuracy")
    half, error = right[14], np.sqrt(right[14] * (100 - right[14]) / n)
    figures = {_("right, i = {i}", i=392): f"{half:.0f} ± {error:.0f} %", _("your guess"): f"{guess} %"}
    return latex, figures | judging.whole(card, "accuracy")


def _calibration(card: ModelCard, image: int, top: Any) -> Shown:
    paths, labels = _judged(card)
    rows = linked(st.slider, _("rows of the image that are known"), 2, 28, key="rows", default=14, step=2)
    found = bayes.judge(paths, labels, rows)
    chart(*judging.reliability(found), key="calibration")
    error = rf"\sum_b \tfrac{{n_b}}{{n}}\,\bigl|\text{{{_('right')}}}_b - \bar p_b\bigr|"
    latex = rf"\begin{{aligned}}{error} &= {found.calibration_error:.3f}\\ i &= {SIDE * rows}\end{{aligned}}"
    figures = {_("right, i = {i}", i=SIDE * rows): f"{100 * found.accuracy:.0f} %"}
    return latex, figures | judging.whole(card, "calibration_error")


def _next(card: ModelCard, image: int, top: Any) -> Shown:
    look = {"format_func": lambda id: _(GIVEN[id]), "required": True}
    what = linked(st.pills, _("What is given?"), list(GIVEN), key="given", default="class", **look)
    with top:
        label = _label(card) if what in ("class", "both") else None
        seed = _again()
    row = classes.test_image(card, image)[0]
    known = row[cache.ordering(card)][: 392 if what in ("half", "both") else 0]
    x = classes.given(card, DRAWN, seed, label, known)
    _pictures(x, _("{n} samples; given: {what}", n=DRAWN, what=_(GIVEN[what])))
    return LATEX[what], {_("given"): _(GIVEN[what]), _("pixels drawn"): f"{784 - len(known)} / 784"}


def _closing(card: ModelCard, image: int) -> None:
    """Of another test image: the three highest log p(x | y)."""
    terms = classes.terms(card, classes.test_image(card, image)[0][None])[0]
    log_p = terms.sum(-1)
    top = sorted(np.argsort(-log_p)[:3].tolist())
    told = ", ".join(f"log p(x | {_(card.classes[k])}) = {log_p[k]:.1f}".replace("-", "−") for k in top)
    ask = _(
        "Of another test image: {told}. All classes are alike in number. Which one does Bayes' rule choose?", told=told
    )
    stage.question(CHAPTER, "winner", ask, {str(k): _(card.classes[k]) for k in top}, conditionals=terms)
