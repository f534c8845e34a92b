"""Chapter 4: counting. 2^n cases with all their digits, which patches of real digits a table knows, and the race."""

import numpy as np
import streamlit as st

from lesson import counting, coverage
from nade_core.messages import N_

from .. import patches, race, stage
from ..chapter import Chapter
from ..components import image_grid
from ..link import linked
from ..numbers import big, grouped, latex, log10, power
from ..theme import BLUE, GREY, PURPLE, chart, figure
from ..words import _

CHAPTER = Chapter(
    id="cases",
    group="lesson",
    place=4,
    icon=":material/tag:",
    title=N_("Why can't we just count?"),
    short=N_("Counting"),
    steps=("digits", "patch", "coverage", "race"),
    sentence=N_("n binary pixels have 2ⁿ cases, and no data set visits them all."),
    aliases=("count",),
)
FEW = 12  # groups of digits that fit in large type


def render() -> None:
    {"digits": _digits, "patch": _patch, "coverage": _coverage, "race": _race}[stage.step(CHAPTER)]()
    _closing()


def _n() -> int:
    return linked(st.slider, _("n, binary pixels"), 1, patches.PIXELS, key="n", default=patches.PIXELS)


def _digits() -> None:
    left, right = stage.columns()
    with left:
        n = _n()
        cases = coverage.cases(n)
        groups = [f"<span>{group}</span>" for group in grouped(cases)]
        name = _("2 to the power of {n}, all {digits} digits", n=n, digits=len(str(cases)))
        size = "digits few" if len(groups) <= FEW else "digits"
        st.html(
            f'<div class="power">2<sup>{n}</sup> =</div><div class="{size}" role="img" aria-label="{name}">{"".join(groups)}</div>'
        )
        if n <= patches.SMALL:
            st.image(patches.all_cases(n), alt=_("all {cases} images of {n} pixels", cases=cases, n=n))
    with right:
        stage.formula(
            rf"\begin{{aligned}}2^n = 2^{{{n}}} &= {latex(cases)}\\ 2^n - 1 &= {latex(cases - 1)}\end{{aligned}}"
        )
        known = {_("free parameters"): big(int(coverage.digits(n)))}
        if log10(cases) > race.ATOMS:
            times = power(round(log10(cases)) - race.ATOMS)
            known = {_("times the atoms in the universe"): _("about {power}", power=times)}
        stage.figures({_("digits of 2ⁿ"): f"{len(str(cases))}", **known})
        stage.words(CHAPTER, "digits")
    if log10(cases) > race.ATOMS:
        race.cited()


def _seed() -> int:
    return stage.kept("seed", 0, 0, 10**6)


def _anew(label: str) -> None:
    st.button(label, key="anew", icon=":material/refresh:", on_click=lambda: stage.keep("seed", _seed() + 1, 0))


def _patch() -> None:
    left, right = stage.columns()
    seed = _seed()
    with left:
        k = linked(st.slider, _("k, pixels of the patch"), 1, patches.WIDEST**2, key="k", default=16)
        with st.container(horizontal=True, gap="medium"):
            where = patches.choose()
            _anew(_("other digits"))
        rows, counts = patches.known(seed, where)
        counts = counts[:, k - 1]
        marked = np.zeros(patches.PIXELS, np.uint8)
        marked[patches.where(seed, where)[:k]] = 1
        captions = [[f"{n:,} ×" if n else _("never")] for n in counts]
        label = _("digits never seen in training, and how often their patch was")
        chosen = image_grid(rows, captions, "digit", label, marked=marked, default=0)
    with right:
        n, train = int(counts[chosen]), len(patches.digits().train)
        about = rf"\hat p(\text{{{_('patch')}}}) = \frac{{{latex(n)}}}{{{latex(train)}}}"
        stage.formula(f"{about} = {n / train:.5f}")
        stage.figures(
            {
                _("cases of {k} pixels", k=k): big(coverage.cases(k)),
                _("of {n} patches, seen", n=patches.SHOWN): f"{(counts > 0).sum()}",
            }
        )
        stage.words(CHAPTER, "patch", train=f"{train:,}")


def _coverage() -> None:
    left, right = stage.columns()
    seed, shown = _seed(), stage.is_shown("guess")
    shares = {where: patches.shares(seed, where) for where in patches.PLACES} if shown else {}
    halves = {where: _half(share) for where, share in shares.items()}
    with left:
        place = st.container()
        label = _("Your guess: the k at which half of the blocks are new")
        guess = stage.guess("guess", label, 1, patches.WIDEST**2, 1, 50)
        with place:
            _curves(shares, halves, st.session_state["guess"], shown)
        if shown:
            _anew(_("other random places"))
    with right:
        if shown:
            _seen(shares["block"], halves, guess)
        else:
            k, data = st.session_state["guess"], patches.digits()
            stage.formula(rf"2^k = 2^{{{k}}} = {latex(coverage.cases(k))}")
            stage.figures({_("training digits"): f"{len(data.train):,}", _("new digits"): f"{len(data.test):,}"})
            stage.words(CHAPTER, "coverage")


def _half(shares: np.ndarray) -> str:
    """The k from which on less than half is seen."""
    return str(coverage.first_below(shares) or f"> {len(shares)}")


def _seen(shares: np.ndarray, halves: dict[str, str], guess: float | None) -> None:
    """Where half of the blocks are new, beside the guess."""
    k, new = int(halves["block"]), len(patches.digits().test)
    about = rf"\frac{{\text{{{_('patches seen')}}}}}{{\text{{{_('new patches')}}}}}"
    stage.formula(rf"{about} = \frac{{{latex(round(shares[k - 1] * new))}}}{{{latex(new)}}} = {shares[k - 1]:.3f}")
    stage.figures(
        {
            _("block"): f"k = {k}",
            _("random places"): f"k = {halves['random']}",
            _("your guess"): f"k = {guess}",
        }
    )
    facts = {"quiet": f"{patches.quiet():.0%}", "least": f"{patches.QUIET:.0%}"}
    stage.words(CHAPTER, "shown", k=k, cases=big(coverage.cases(k)), **facts)


def _curves(shares: dict[str, np.ndarray], halves: dict[str, str], guess: int, shown: bool) -> None:
    fig = figure(_("k, pixels of the patch"), _("share seen in training (%)"), 290)
    mine = {"color": PURPLE, "width": 4, "dash": "dashdot"}
    fig.add_scatter(x=[guess] * 2, y=[0, 100], mode="lines", name=_("your guess"), line=mine)
    looks = {"block": (BLUE, "solid"), "random": (GREY, "dash")}
    for where, (colour, dash) in looks.items() if shown else ():
        y = 100 * shares[where]
        look = {"color": colour, "dash": dash, "width": 3}
        fig.add_scatter(x=np.arange(1, len(y) + 1), y=y, mode="lines", name=_(patches.PLACES[where]), line=look)
    fig.add_hline(y=50, line={"color": GREY, "dash": "dot"})
    fig.update_xaxes(range=[0, patches.REACH])
    fig.update_yaxes(range=[0, 102])
    fig.update_layout(showlegend=True)
    alt = _("Your guess is k = {guess}.", guess=guess)
    if shown:
        alt += " " + _(
            "Less than half is seen from k = {block} on for the block, from k = {random} on at random places.", **halves
        )
    chart(fig, alt, key="curves")


def _race() -> None:
    left, right = stage.columns()
    with left:
        one, two, three = st.columns(3)
        with one:
            n = _n()
        with two:
            hidden = linked(
                st.slider, _("H, hidden units"), 1, 1000, key="hidden", default=500, help=_("Of NADE and MADE.")
            )
        with three:
            note = _("What the Markov chain remembers: k = 0 is independence, k = n − 1 the full chain rule.")
            order = linked(st.slider, _("k, pixels remembered"), 0, 20, key="order", default=1, help=note)
        race.lines(n, hidden, order)
    counts = race.families(n, hidden, order)
    full, nade = counts[0].parameters, counts[5].parameters
    with right:
        stage.formula(rf"\begin{{aligned}}2^n - 1 &= {latex(full)}\\ 2nH + n + H &= {latex(nade)}\end{{aligned}}")
        stage.figures({_("full joint table"): big(full), "NADE": big(nade)})
        first = counting.nade_pays_from(hidden)
        stage.words(CHAPTER, "race", hidden=hidden, first=first, n=n, nade=big(nade), full=big(full))
    with stage.below():
        race.table(counts)
        race.cited()


def _closing() -> None:
    seed = _seed()
    ask = _(
        "From how many pixels on is less than half of the new patches seen, at random places (draw {seed})?", seed=seed
    )
    stage.question(CHAPTER, "half-covered", ask, shares=patches.shares(seed, "random"))
