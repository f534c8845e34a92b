"""Count: how many parameters p(x) needs, and why an assumption or a network is unavoidable."""

import numpy as np
import streamlit as st

from lesson import counting

from .theme import AMBER, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, chart, figure, page

ATOMS = 80  # decimal exponent of the number of atoms in the observable universe, a published order of magnitude


def render() -> None:
    page(
        "Count",
        "A distribution over n binary pixels has **2ⁿ cases**. Drag n and watch which ways of writing "
        "p(x) stay affordable.",
    )
    n = st.slider(
        "n, the number of binary pixels",
        1,
        784,
        784,
        key="n",
        bind="query-params",
        help="784 = 28 × 28, one MNIST digit.",
    )
    left, right = st.columns(2)
    hidden = left.slider(
        "H, hidden units of NADE and MADE",
        1,
        1000,
        500,
        key="hidden",
        bind="query-params",
        help="How much the shared network can remember of the earlier pixels.",
    )
    order = right.slider(
        "k, pixels that the Markov chain remembers",
        0,
        20,
        1,
        key="order",
        bind="query-params",
        help="k = 0 is independence, k = n - 1 is the full chain rule.",
    )
    _numbers(n, hidden, order)
    _race(n, hidden, order)
    _table(n, hidden, order)
    _why()
    _pixel_and_die()


def _families(n: int, hidden: int, order: int) -> list[tuple[counting.Count, str, str]]:
    return [
        (counting.full_joint(n), ORANGE, "solid"),
        (counting.chain_tables(n), ORANGE, "dot"),
        (counting.independent(n), BLUE, "solid"),
        (counting.markov(n, order), SKY, "dash"),
        (counting.fvsbn(n), PURPLE, "dashdot"),
        (counting.nade(n, hidden), GREEN, "solid"),
        (counting.made(n, hidden), AMBER, "dot"),
    ]


def _power(exponent: int) -> str:
    """A power of ten with a raised exponent."""
    return "10" + str(exponent).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))


def _short(value: int) -> str:
    """Exact up to a million million, then a power of ten read off the exact integer."""
    digits = str(value)
    if len(digits) <= 12:
        return f"{value:,}"
    return f"{digits[0]}.{digits[1:3]}·{_power(len(digits) - 1)}"


def _numbers(n: int, hidden: int, order: int) -> None:
    columns = st.columns(4)
    columns[0].metric("cases, 2ⁿ", _short(2**n))
    columns[1].metric("full joint", _short(counting.full_joint(n).parameters))
    columns[2].metric("independent", _short(counting.independent(n).parameters))
    columns[3].metric("NADE", _short(counting.nade(n, hidden).parameters))


def _log10(value: int) -> float:
    """log10 of an integer of any size."""
    digits = str(value)
    return len(digits) - 1 + float(np.log10(float(f"{digits[0]}.{digits[1:16]}")))


def _race(n: int, hidden: int, order: int) -> None:
    near = st.toggle("Zoom to what fits in a computer (up to 10¹⁰ parameters)", key="zoom", bind="query-params")
    fig = figure("n, binary pixels", "parameters, as a power of ten: log₁₀", height=430)
    sizes = sorted({*range(1, 785, 9), 784, n})
    curves = [_families(m, hidden, order) for m in sizes]
    for i, (count, colour, dash) in enumerate(_families(n, hidden, order)):
        y = [_log10(max(1, row[i][0].parameters)) for row in curves]
        fig.add_scatter(
            x=sizes,
            y=y,
            name=count.title,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 3},
            hovertemplate="n = %{x}: 10^%{y:.1f}",
        )
    fig.add_vline(x=n, line_color=GREY, line_dash="dash", annotation_text=f"n = {n}")
    fig.add_hline(
        y=ATOMS,
        line_color=GREY,
        line_dash="dot",
        annotation_text="atoms in the universe, about 10⁸⁰",
        annotation_position="top left",
    )
    if near:
        fig.update_yaxes(range=[0, 10])
    fig.update_layout(legend={"y": -0.25, "yanchor": "top"})
    full, nade = counting.full_joint(n), counting.nade(n, hidden)
    chart(
        fig,
        f"Parameters against n on a logarithmic scale. At n = {n} the full joint table needs "
        f"{_short(full.parameters)}, independence {n}, NADE {nade.parameters:,}.",
        key="race",
    )
    st.caption(
        "The full table and the chain rule with tables are one straight line on this logarithmic axis: "
        "exponential growth. Everything else bends under it. The 10⁸⁰ atoms are an estimate, not "
        "computed here: the baryon density published by the Particle Data Group times the volume of the "
        "observable universe."
    )


def _table(n: int, hidden: int, order: int) -> None:
    rows = [
        {"factorisation": c.title, "parameters": _short(c.parameters), "formula": c.formula}
        for c, *_ in _families(n, hidden, order)
    ]
    st.dataframe(rows, hide_index=True, width="stretch")
    with st.expander("The formulas"):
        for c, *_ in _families(n, hidden, order):
            st.latex(rf"\text{{{c.title}}}:\quad {c.latex}")
    if st.toggle("Show 2ⁿ - 1 digit by digit", key="exact", bind="query-params"):
        digits = str(counting.full_joint(n).parameters)
        st.code(digits, wrap_lines=True)
        text = f"**{len(digits)} digits**, exact."
        if len(digits) > ATOMS + 1:
            text += f" About {_power(len(digits) - 1 - ATOMS)} times the atoms in the observable universe."
        st.markdown(text)


STEPS = (
    (
        "Two pixels, all cases",
        r"""Two binary pixels have four cases: $p(0,0), p(0,1), p(1,0), p(1,1)$. They sum to
one, so the last follows from the others: **$2^2 - 1 = 3$ parameters**.""",
    ),
    (
        "The chain rule alone",
        r"""$p(x_1, x_2) = p(x_1)\,p(x_2 \mid x_1)$. One number for $p(x_1 = 1)$, and *two* for
$p(x_2 = 1 \mid x_1)$: one for each value of $x_1$. **$1 + 2 = 3$**. Nothing is saved: with $n$ pixels
$1 + 2 + 4 + \dots + 2^{n-1} = 2^n - 1$.""",
    ),
    (
        "Assume independence",
        r"""If $x_1$ says nothing about $x_2$, both rows of that table are equal:
$p(x_2 \mid x_1) = p(x_2)$. One number replaces two: **$1 + 1 = 2$**.""",
    ),
    (
        "n pixels",
        r"""Under independence every conditional $p(x_i \mid x_{<i})$ is one number instead of $2^{i-1}$:
$\sum_i 2^{i-1} = 2^n - 1$ becomes $\sum_i 1 = n$. There are still **$2^n$ cases**, each with a probability: the
product of $n$ numbers. What went is not the cases but the freedom to set them apart.""",
    ),
    (
        "The middle way",
        r"""Remember one pixel: $p(x_i \mid x_{i-1})$ has two rows, $2n - 1$ parameters. Remember *all*
pixels, through one shared network: NADE, $2nH + n + H$. It assumes no independence; it assumes that the
$2^{i-1}$ rows of a table follow a rule that a network can learn.""",
    ),
)


def _why() -> None:
    st.subheader("Why did 2ⁿ - 1 become n?", anchor=False)
    names = [f"{i + 1}. {title}" for i, (title, _) in enumerate(STEPS)]
    chosen = st.segmented_control(
        "Step", names, default=names[0], key="why", bind="query-params", required=True, label_visibility="collapsed"
    )
    st.markdown(STEPS[names.index(chosen)][1])
    with st.container(border=True):
        st.markdown("**Try it on two pixels.** Set both coins; under independence they fill all four cases.")
        one, two = st.columns(2)
        p = one.slider("p(x₁ = 1)", 0.0, 1.0, 0.3, key="p1", bind="query-params", help="One parameter.")
        q = two.slider("p(x₂ = 1)", 0.0, 1.0, 0.8, key="p2", bind="query-params", help="The other parameter.")
        cases = {(0, 0): (1 - p) * (1 - q), (0, 1): (1 - p) * q, (1, 0): p * (1 - q), (1, 1): p * q}
        columns = st.columns(4)
        for column, ((a, b), value) in zip(columns, cases.items(), strict=True):
            column.metric(f"p({a}, {b})", f"{value:.3f}")
        st.caption(f"2 numbers, 4 cases, sum {sum(cases.values()):.3f}. Try to make p(0,0) = p(1,1) = 0.5: you cannot.")


def _pixel_and_die() -> None:
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("One RGB pixel", anchor=False)
        levels = st.select_slider(
            "levels a channel",
            [2, 4, 8, 16, 32, 64, 128, 256],
            256,
            key="levels",
            bind="query-params",
            help="8 bits a channel make 256 levels.",
        )
        for count in (counting.rgb_pixel(levels), counting.rgb_chain(levels), counting.rgb_independent(levels)):
            st.metric(f"{count.title}: {count.formula}", f"{count.parameters:,}")
        st.caption("p(r) p(g|r) p(b|r,g) with tables costs exactly as much as one table of all colours.")
    with right:
        st.subheader("A die with m sides", anchor=False)
        sides = st.slider("m, sides", 2, 256, 6, key="sides", bind="query-params", help="A Bernoulli coin is m = 2.")
        count = counting.categorical(sides)
        st.metric(f"categorical: {count.formula}", f"{count.parameters:,}")
        st.caption("m probabilities that sum to one leave m - 1 free. A coin, m = 2, has one: p(x = 1).")
