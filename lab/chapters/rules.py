"""Chapter 6: the rules. The chain rule saves nothing; an assumption of (conditional) independence does."""

import numpy as np
import streamlit as st

from lesson import rules, simplex
from nade_core.messages import N_

from .. import stage
from ..chapter import Chapter
from ..components.bars import bars
from ..link import linked
from ..numbers import big, log10
from ..theme import BLUE, SKY, chart, figure, power_ticks
from ..words import _

CHAPTER = Chapter(
    id="rules",
    group="lesson",
    place=6,
    icon=":material/account_tree:",
    title=N_("Why did 2ⁿ − 1 become n?"),
    short=N_("Rules"),
    steps=("chain", "bayes", "assume", "count"),
    sentence=N_("The [[chain-rule|chain rule]] alone saves nothing; an assumption of (conditional) independence does."),
)
CASES = [f"{a}{b}{c}" for a in (0, 1) for b in (0, 1) for c in (0, 1)]
PRESETS = {
    "chain": N_("chain"),
    "independent": N_("independent"),
    "copy": N_("copies"),
    "xor": N_("x₃ = x₁ xor x₂"),
    "common-effect": N_("x₃ = x₁ or x₂"),
    "uniform": N_("alike"),
}
NAMES = {"markov": N_("Markov chain: one remembered")}
FIRST = simplex.shown(rules.PRESETS["chain"].ravel()).tolist()


def render() -> None:
    here = stage.step(CHAPTER)
    if here == "count":
        _count()
        return
    left, right = stage.columns()
    with left:
        joint = _table()
        if here == "chain":
            ask = _("Your guess: the free numbers of the chain rule")
            stage.guess_among("numbers", ask, list(range(1, 9)), 3)
    with right:
        {"chain": _chain, "bayes": _bayes, "assume": _assume}[here](joint)
        stage.words(CHAPTER, "told" if here == "chain" and stage.is_shown("numbers") else here)
    stage.question(CHAPTER, "first-given-last", _("What is p(x₁ = 1 | x₃ = 1) of the table above?"), joint=joint)


def _table() -> np.ndarray:
    """The joint table, eight bars that stay summing to 1, and tables to start from."""
    with st.container(horizontal=True, gap="small", key="presets"):
        for id, name in PRESETS.items():
            values = simplex.shown(rules.PRESETS[id].ravel()).tolist()
            st.button(_(name), key=f"preset-{id}", on_click=stage.keep, args=("joint", values, FIRST))
    label = _("p(x₁, x₂, x₃) of each case; drag one, the others give way")
    p = bars(
        "joint",
        FIRST,
        CASES,
        label,
        colours=(SKY, SKY, SKY, SKY, BLUE, BLUE, BLUE, BLUE),
        tall="min(19rem, 37vh, 54vw)",
    )
    st.caption(_("Cases as x₁x₂x₃; the four dark bars have x₁ = 1."))
    return p.reshape(2, 2, 2)


def _chain(joint: np.ndarray) -> None:
    case = linked(st.select_slider, _("case x₁x₂x₃"), CASES, key="case", default="111")
    a, b, c = case
    factors, both = rules.chain_rule(joint, (int(a), int(b), int(c)))
    product = r" \cdot ".join("?" if np.isnan(f) else f"{f:.3f}" for f in factors)
    stage.formula(
        rf"\begin{{aligned}}p({a},{b},{c}) &= p({a})\,p({b}\mid {a})\,p({c}\mid {a},{b})\\ &= {product}\\ &= {both.by_rule:.3f}\end{{aligned}}"
    )
    counts = rules.parameters(3)
    found = {_("read off the table"): f"{both.direct:.3f}"}
    if stage.is_shown("numbers"):
        sizes = " + ".join(str(2**known) for known in range(3))  # one for each case of what comes before
        found[_("free numbers")] = f"{sizes} = {counts['chain-tables'].parameters}"
    else:
        found[_("free numbers of the table")] = f"2³ − 1 = {counts['full-joint'].parameters}"
    stage.figures(found)


def _bayes(joint: np.ndarray) -> None:
    both = rules.bayes(joint, {1: 1}, {3: 1})
    prior, evidence = rules.probability(joint, {1: 1}), rules.probability(joint, {3: 1})
    likelihood = rules.conditional(joint, {3: 1}, {1: 1})
    stage.formula(
        rf"\begin{{aligned}}p(x_1 \mid x_3) &= p(x_3 \mid x_1)\, p(x_1)\, /\, p(x_3)\\"
        rf" &= {_shown(likelihood)} \cdot {prior:.3f}\, /\, {evidence:.3f}\\ &= {_shown(both.by_rule)} \qquad (x_1 = x_3 = 1)\end{{aligned}}"
    )
    stage.figures({_("read off the table"): _shown(both.direct), _("before x₃ was seen"): f"{prior:.3f}"})


def _shown(value: float) -> str:
    return "?" if np.isnan(value) else f"{value:.3f}"


def _assume(joint: np.ndarray) -> None:
    last, price = rules.conditionals_of_last(joint), rules.price(joint)
    rows = [[_shown(last[a, b]) for b in (0, 1)] for a in (0, 1)]
    stage.formula(
        rf"\begin{{array}}{{c|cc}} p(x_3{{=}}1 \mid x_1, x_2) & x_2{{=}}0 & x_2{{=}}1\\ \hline x_1{{=}}0 & {rows[0][0]} & {rows[0][1]}\\"
        rf" x_1{{=}}1 & {rows[1][0]} & {rows[1][1]}\end{{array}}"
    )
    by_rule, direct = (round(value, 3) + 0.0 for value in (price.by_rule, price.direct))  # + 0.0: no −0.000
    stage.formula(
        rf"\begin{{aligned}}q(x) &= p(x_1)\,p(x_2 \mid x_1)\,p(x_3 \mid x_2)\\ "
        rf"\mathrm{{KL}}(p \,\|\, q) &= {by_rule:.3f}\ \text{{{_('nats')}}}\end{{aligned}}",
        "price",
    )
    counts = rules.parameters(3)
    numbers = f"{counts['full-joint'].parameters} → {counts['markov'].parameters} → {counts['independent'].parameters}"
    stage.figures({_("free numbers"): numbers, _("the price, computed twice"): f"{direct:.3f} = {by_rule:.3f}"})


def _count() -> None:
    left, right = stage.columns()
    with left:
        n = linked(st.slider, _("n, the number of binary variables"), 2, 784, key="n", default=3)
        counts = rules.parameters(n)
        names = {
            id: _(NAMES.get(id, counts[id].title)) for id in ("full-joint", "chain-tables", "markov", "independent")
        }
        fig = figure(_("free numbers<br>(powers of ten)"), "", 300)
        size = [log10(counts[id].parameters) for id in names]
        shown = [big(counts[id].parameters) for id in names]
        fig.add_bar(x=size, y=list(names.values()), orientation="h", marker_color=[BLUE, BLUE, SKY, SKY], text=shown)
        fig.update_yaxes(autorange="reversed", title=None)
        fig.update_xaxes(range=[0, 1.7 * max(size)], **power_ticks(1.7 * max(size)))
        alt = ", ".join(f"{name}: {count}" for name, count in zip(names.values(), shown, strict=True))
        chart(fig, alt, key="counts")
    with right:
        stage.formula(r"\sum_{i=1}^{n} 2^{i-1} = 2^n - 1 \;\to\; 2n - 1 \;\to\; n")
        stage.figures(
            {
                _("table or chain rule"): big(counts["full-joint"].parameters),
                _("one remembered"): big(counts["markov"].parameters),
                _("independent"): big(counts["independent"].parameters),
            }
        )
        stage.words(CHAPTER, "count")
