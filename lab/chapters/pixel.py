"""Chapter 3: one RGB pixel. How many numbers its distribution needs, and what a table of them costs on a photo."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from lesson import channels, counting, pixel
from nade_core.messages import N_

from .. import contests, numbers, stage
from ..chapter import Chapter
from ..components.photo import own_photo, photo
from ..link import linked
from ..theme import BLUE, GREEN, GREY, ORANGE, PURPLE, chart, figure
from ..words import _, explain, prose

CHAPTER = Chapter(
    id="pixel",
    group="lesson",
    place=3,
    icon=":material/palette:",
    title=N_("How many numbers does one RGB pixel need?"),
    short=N_("RGB pixel"),
    steps=("cube", "contest", "full"),
    sentence=N_("256 × 256 × 256 cases, 16,777,215 [[parameter|parameters]]: a table that no single photo can fill."),
)
LOOKS = {  # of each rival: its name, colour, dash and mark
    "table": (N_("full table"), BLUE, "solid", "circle"),
    "independent": (N_("independent channels"), GREY, "dash", "square"),
    "chain": (N_("chain, by a network"), GREEN, "dot", "diamond"),
}
IN_BITS = {"table": N_("table, bits"), "chain": N_("chain, bits"), "independent": N_("independent, bits")}


def render() -> None:
    {"cube": _cube, "contest": _contest, "full": _full}[stage.step(CHAPTER)]()


def _controls() -> tuple[np.ndarray, int]:
    """The photo, ours or the viewer's own, and L."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        label = _("L, levels a channel")
        levels = linked(st.select_slider, label, list(pixel.LEVELS), key="levels", default=256)
        with st.popover(_("Photo"), icon=":material/add_a_photo:"):
            return own_photo(), levels


def _cube() -> None:
    left, right = stage.columns()
    with left:
        place = st.container()
        image, levels = _controls()
        with place:
            x, y = photo(image, levels, _("A photo; touch it to pick a pixel."), "cube")
    with right:
        r, g, b = pixel.quantise(image[y, x], levels)
        cases = numbers.latex(levels**3)
        stage.formula(
            rf"\begin{{aligned}}(r, g, b) &= ({r}, {g}, {b})\\ {levels} \times {levels} \times {levels} &= {cases}"
            rf"\\ L^3 - 1 &= {numbers.latex(counting.rgb_pixel(levels).parameters)}\end{{aligned}}"
        )
        stage.figures(
            {
                _("full table, chain of tables"): f"{counting.rgb_chain(levels).parameters:,}",
                _("independent channels"): f"{counting.rgb_independent(levels).parameters:,}",
            }
        )
        stage.words(CHAPTER, "cube")
    _closing(image, levels)


def _contest() -> None:
    left, right = stage.columns()
    shown = stage.is_shown("guess")
    with left:
        place = st.container()
        image, levels = _controls()
        race = contests.race(image)
        label = _("Your guess: from which L on does the table lose to the chain?")
        guess = stage.guess_among("guess", label, list(pixel.LEVELS), 16)
        with place:
            if shown:
                _curves(race, levels, lambda contest: contest.bits, _("held-out bits per pixel"), guess)
            else:
                squares = pixel.scored_squares(race.split, image.shape)
                photo(image, levels, _("The photo; the pixels in the frames are held out."), "split", squares)
    with right:
        if shown and race.contests[levels].done():
            _verdict(race, race.contests[levels].result())
        else:
            _before(race.split, levels)
    _measured(race)
    _closing(image, levels)


def _before(split: pixel.Split, levels: int) -> None:
    """What there is to guess from: how much was seen, and how many cases there are."""
    n, cases = numbers.latex(len(split.train)), numbers.latex(levels**3)
    stage.formula(rf"\hat p(x) = \frac{{\text{{{_('count')}}}(x) + \alpha}}{{{n} + \alpha \cdot {cases}}}")
    stage.figures(
        {
            _("held-out pixels"): f"{len(split.test):,}",
            _("of these, colour never seen"): f"{pixel.unseen(split, levels):.1%}",
        }
    )
    stage.words(CHAPTER, "contest")


def _verdict(race: contests.Race, contest: pixel.Contest) -> None:
    """The contest at L, and from where on the table loses, once it is known."""
    table, chain, error = contest.bits["table"], contest.bits["chain"], 2 * contest.errors["chain"]
    about, numbers_of = rf"\text{{{_('table')}}} - \text{{{_('chain')}}}", f"{table:.2f} - {chain:.2f}"
    result = rf"{table - chain:+.3f} \pm {error:.3f}"
    stage.formula(rf"\begin{{aligned}}{about} &= {numbers_of}\\ &= {result}\end{{aligned}}")
    _bits(contest.bits)
    rivals = ("chain", "independent") if race.is_over else ()
    found = {rival: _from(pixel.crossing(race.done(), rival)) for rival in rivals}
    stage.words(CHAPTER, "shown" if found else "contest", **found)


def _bits(values: dict[str, float]) -> None:
    stage.figures({_(title): f"{values[name]:.2f}" for name, title in IN_BITS.items()})


def _from(first: int | None) -> str:
    return _("at no L") if first is None else _("from L = {levels} on", levels=first)


def _full() -> None:
    left, right = stage.columns()
    with left:
        place = st.container()
        image, levels = _controls()
        race = contests.race(image)
        with place:
            _curves(race, levels, lambda contest: contest.full, _("bits per pixel of the photo as it is"))
    with right:
        if race.contests[levels].done():
            contest = race.contests[levels].result()
            bits, full = contest.bits["table"], contest.full["table"]
            stage.formula(
                rf"{bits:.2f} + 3 \log_2 \frac{{256}}{{{levels}}} = {bits:.2f} + {full - bits:.0f} = {full:.2f}"
            )
            _bits(contest.full)
        stage.words(CHAPTER, "full", values=256 // levels)
        if race.is_over:
            best = {name: min((c.full[name], c.levels) for c in race.done())[1] for name in pixel.RIVALS}
            stage.words(CHAPTER, "best", **best)
    _measured(race)
    _closing(image, levels)


def _curves(race: contests.Race, levels: int, value: Callable, y: str, guess: int | None = None) -> None:
    """Bits over L, a line for each rival, as far as they are decided; what is not yet is said."""
    done = race.done()
    fig = figure(_("L, levels a channel"), y, 300 if guess is None else 270)
    for name, (title, colour, dash, mark) in LOOKS.items():
        fig.add_scatter(
            x=[str(contest.levels) for contest in done],
            y=[value(contest)[name] for contest in done],
            name=_(title),
            line={"color": colour, "dash": dash, "width": 3},
            marker={"symbol": mark, "size": [15 if c.levels == levels else 8 for c in done], "opacity": 1},
        )
        fig.data[-1].marker.line = {"color": ORANGE, "width": [3 if c.levels == levels else 0 for c in done]}
    if guess is not None and done:
        top = max(max(value(contest).values()) for contest in done)
        look = {"color": PURPLE, "width": 4, "dash": "dashdot"}
        fig.add_scatter(x=[str(guess)] * 2, y=[0, top], mode="lines", name=_("your guess"), line=look)
    fig.update_xaxes(type="category", categoryorder="array", categoryarray=[str(n) for n in pixel.LEVELS])
    fig.update_xaxes(range=[-0.4, len(pixel.LEVELS) - 0.6])
    if not done:
        fig.update_yaxes(range=[0, 3 * 8])  # bits that a pixel has in the file
    facts = [(c.levels, *(value(c)[name] for name in pixel.RIVALS)) for c in done]
    said = [_("L = {n}: table {a:.2f}, independent {b:.2f}, chain {c:.2f}", n=n, a=a, b=b, c=c) for n, a, b, c in facts]
    chart(fig, f"{y}. {'; '.join(said)}.", key="bits")
    if not race.is_over:
        contests.wait(race, len(done))


def _measured(race: contests.Race) -> None:
    with st.expander(_("How is this measured?")):
        alphas = ", ".join(f"{contest.levels}: {contest.alpha:.3g}" for contest in race.done())
        train, test = f"{len(race.split.train):,}", f"{len(race.split.test):,}"
        layout = {"side": pixel.SIDE, "inner": pixel.SIDE - 2, "parts": pixel.PARTS, "others": pixel.PARTS - 2}
        network = {"mixture": channels.MIXTURE, "size": channels.parameters()}
        facts = {"train": train, "test": test, "alphas": alphas or "…", **layout, **network}
        explain(prose(CHAPTER.id, "measured", **facts))


def _closing(image: np.ndarray, levels: int) -> None:
    pixels = image.shape[0] * image.shape[1]
    ask = _(
        "This photo has {pixels:,} pixels. How many of the {levels}³ colours stay without one, at least?",
        pixels=pixels,
        levels=levels,
    )
    stage.question(CHAPTER, "colours-without-a-pixel", ask, levels=levels, pixels=pixels)
