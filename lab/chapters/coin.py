"""Chapter 2: a coin and a die. What a distribution is, and that learning one is choosing its parameters."""

import math

import streamlit as st

from lesson import coin, simplex
from nade_core.messages import N_

from .. import stage
from ..chapter import Chapter
from ..components.bars import bars
from ..link import linked
from ..theme import BLUE, GREEN, ORANGE, SKY, chart, figure
from ..words import _

CHAPTER = Chapter(
    id="coin",
    group="lesson",
    place=2,
    icon=":material/casino:",
    title=N_("What does it mean to learn a distribution?"),
    short=N_("Coin"),
    steps=("throw", "curve", "die", "never"),
    sentence=N_(
        "Learning is choosing the [[parameter|parameters]] under which what we saw was [[likelihood|most likely]]; a coin has one, an "
        "m-sided die m − 1."
    ),
)
MOST = 10_000
NEVER = 12  # throws after which a side of the loaded die below has not come yet
LOADED = (0.3, 0.25, 0.2, 0.15, 0.095, 0.005)


def render() -> None:
    {"throw": _throw, "curve": _curve, "die": _die, "never": _never}[stage.step(CHAPTER)]()
    _closing()


def _coin() -> tuple[float, int, int]:
    """The hidden p, the number of throws, and how many came up 1."""
    seed, n = _state("seed", 0), _state("n", 10)
    p = coin.hidden_coin(seed)
    return p, n, int(coin.throw_coin(p, n, seed).sum())


def _state(key: str, default: int) -> int:
    return stage.kept(key, default, 0, MOST)


def _buttons() -> None:
    """Throw by the one or by the thousand, or take another coin."""
    with st.container(horizontal=True, gap="small"):
        for more in (1, 10, 100, 1000):
            st.button(_("throw {n:,}", n=more), key=f"throw-{more}", on_click=_more, args=(more,), type="primary")
        st.button(_("another coin"), key="other", icon=":material/refresh:", on_click=_other)


def _more(n: int) -> None:
    stage.keep("n", min(MOST, st.session_state["n"] + n), 10)


def _other() -> None:
    stage.keep("seed", st.session_state["seed"] + 1, 0)
    stage.keep("n", 0, 10)
    stage.keep("guess-shown", False, False)


def _throw() -> None:
    left, right = stage.columns()
    with left:
        p, n, heads = _coin()
        _buttons()
        share = heads / n if n else 0.0
        shown = stage.is_shown("guess")
        fig = figure(_("side"), _("share of the throws"), 300)
        fig.add_bar(x=["0", "1"], y=[1 - share if n else 0, share], marker_color=SKY, name=_("thrown"), width=0.5)
        if shown:
            fig.add_scatter(
                x=["0", "1"], y=[1 - p, p], mode="markers", name=_("the coin's own p"), marker=_diamond(BLUE)
            )
        fig.update_xaxes(type="category")
        fig.update_yaxes(range=[0, 1])
        fig.update_layout(showlegend=True)
        alt = _("{n:,} throws, of which {heads:,} showed 1: a share of {share:.3f}.", n=n, heads=heads, share=share)
        chart(fig, alt, key="thrown")
        guess = stage.guess("guess", _("Your guess: this coin's p(1)"), 0.0, 1.0, 0.01, 0.5)
    with right:
        found = coin.estimate(heads, n)
        stage.formula(
            rf"\hat p = \frac{{\text{{{_('ones')}}}}}{{n}} = \frac{{{heads}}}{{{n}}}" + (f" = {share:.3f}" if n else "")
        )
        interval = {_("95 % interval"): f"{found.low:.3f} – {found.high:.3f}"}
        if guess is None:
            stage.figures(interval | {_("free parameters"): "2 − 1 = 1"})
        else:
            stage.figures({_("hidden p"): f"{p:.2f}", _("your guess"): f"{guess:.2f}"} | interval)
        stage.words(CHAPTER, "throw" if guess is None else "thrown")


def _diamond(colour: str) -> dict:
    return {"symbol": "diamond", "size": 16, "color": colour, "line": {"color": "white", "width": 1.5}}


def _curve() -> None:
    left, right = stage.columns()
    with left:
        _p, n, heads = _coin()
        _buttons()
        mine = linked(st.slider, _("Your p"), 0.01, 0.99, key="p", default=0.3, step=0.01)
        x, y = coin.curve(heads, n)
        best, top = coin.top(heads, n) if n else (math.nan, 0.0)
        value = float(coin.log_likelihood([n - heads, heads], [1 - mine, mine]))
        fig = figure(_("p, the coin's one parameter"), _("log-likelihood (nats)"), 300)
        fig.add_scatter(x=x, y=y, line={"color": BLUE, "width": 3}, showlegend=False)
        fig.add_scatter(x=[mine], y=[value], mode="markers", name=_("your p"), marker={"size": 15, "color": ORANGE})
        if n:
            fig.add_scatter(x=[best], y=[top], mode="markers", name=_("the top: ones / n"), marker=_diamond(GREEN))
        fig.update_yaxes(range=[top - max(8.0, 1.5 * (top - value)), top + max(1.0, 0.1 * (top - value))])
        alt = _(
            "The log-likelihood of {n:,} throws over p; its top is at {best:.3f}, your p is {mine:.2f}.",
            n=n,
            best=best,
            mine=mine,
        )
        chart(fig, alt, key="likelihood")
    with right:
        numbers = rf"{heads}\log {mine:.2f} + {n - heads}\log {1 - mine:.2f}"
        stage.formula(
            rf"\begin{{aligned}}\log L(p) &= k\log p + (n-k)\log(1-p)\\ &= {numbers}\\ &= {value:.2f}\end{{aligned}}"
        )
        below = {_("below the top"): _("{value:.2f} nats", value=top - value)} if n else {}
        stage.figures({_("the top is at"): f"{best:.3f}" if n else "–", **below})
        stage.words(CHAPTER, "curve")


def _die() -> None:
    left, right = stage.columns()
    with left:
        m = linked(st.slider, _("m, the sides of the die"), 2, 8, key="m", default=6)
        p = bars(
            f"die{m}",
            simplex.shown([1 / m] * m).tolist(),
            [str(side + 1) for side in range(m)],
            _("p of each side; drag all but the last"),
            free=m - 1,
            colours=(BLUE,) * (m - 1) + (ORANGE,),
        )
    with right:
        free = " + ".join(f"{value:.3f}" for value in p[:-1])
        stage.formula(
            rf"p_{m} = 1 - ({free}) = {p[-1]:.3f}" if m < 5 else rf"p_{m} = 1 - (p_1 + \dots + p_{m - 1}) = {p[-1]:.3f}"
        )
        stage.figures({_("bars you drag"): f"m − 1 = {m - 1}", _("the sum"): f"{p.sum():.3f}"})
        stage.words(CHAPTER, "die")


def _never() -> None:
    left, right = stage.columns()
    with left:
        one, other = st.columns(2)
        with one:
            throws = linked(st.select_slider, _("throws"), [NEVER, 50, 200, 1000, 5000], key="throws", default=NEVER)
        with other:
            alpha = linked(st.slider, _("α, added to every count"), 0.0, 2.0, key="alpha", default=0.0, step=0.1)
        counts = coin.count(coin.throw_die(LOADED, throws, 0), len(LOADED))
        p = coin.smoothed(counts, alpha)
        fig = figure(_("side, and its estimated p"), _("estimated p"), 300)
        sides = [f"{side + 1}<br>{v:.3f}" for side, v in enumerate(p)]
        fig.add_bar(x=sides, y=p, marker_color=[GREEN] * 5 + [ORANGE], showlegend=False)
        fig.add_scatter(x=sides, y=LOADED, mode="markers", name=_("the die's own p"), marker=_diamond(BLUE))
        chart(fig, _("Estimates of the six sides: {p}.", p=", ".join(f"{v:.3f}" for v in p)), key="sides")
    with right:
        cost = coin.cost(counts, 5, alpha)
        shown = r"\infty" if math.isinf(cost) else f"{cost:.2f}"
        stage.formula(
            rf"-\log \frac{{{counts[5]} + {alpha:g}}}{{{throws} + 6 \cdot {alpha:g}}} = {shown}\ \text{{{_('nats')}}}"
        )
        stage.figures(
            {
                _("times that side 6 came"): f"{counts[5]}",
                _("if it comes next"): _("{cost} nats", cost="∞" if math.isinf(cost) else f"{cost:.2f}"),
            }
        )
        stage.words(CHAPTER, "came" if counts[5] else "never", k=counts[5], n=f"{throws:,}")


def _closing() -> None:
    _p, n, heads = _coin()
    if n:
        ask = _("At which p is the likelihood of {heads:,} ones in {n:,} throws highest?", heads=heads, n=n)
        stage.question(CHAPTER, "top-of-the-curve", ask, heads=heads, throws=n)
