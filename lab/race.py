"""The race of the parameter counts: every way of writing p(x) over n binary pixels, on a logarithmic axis."""

import streamlit as st

from lesson import counting

from .labels import wrapped
from .link import linked, presenting
from .numbers import big, log10, power
from .theme import BLUE, GREEN, GREY, ORANGE, chart, figure
from .words import _, explain

ATOMS = 80  # decimal exponent of the number of atoms in the observable universe, a published order of magnitude
SIZES = (*range(1, 785, 9), 784)
FEWER = 8  # of so many sizes one is marked, where a line lies under the marks
NOTE = 22  # letters in a line of a note in the figure
NEAR = 10  # decimal exponent of the parameters that fit in a computer
LOOKS = {  # tables blue, networks green
    "full-joint": (BLUE, "solid", None),
    "chain-tables": (BLUE, None, "circle-open"),
    "markov": (BLUE, "dash", None),
    "independent": (BLUE, "dot", None),
    "fvsbn": (GREEN, "dashdot", None),
    "nade": (GREEN, "solid", None),
    "made": (GREEN, None, "diamond-open"),
}


def families(n: int, hidden: int, order: int) -> list[counting.Count]:
    """The counts of n pixels, H hidden units, and a Markov chain that remembers k pixels, in the order of LOOKS."""
    tables = [counting.full_joint(n), counting.chain_tables(n), counting.markov(n, order), counting.independent(n)]
    return [*tables, counting.fvsbn(n), counting.nade(n, hidden), counting.made(n, hidden)]


def lines(n: int, hidden: int, order: int) -> None:
    """All counts over n, with this n marked, and a switch to what fits in a computer."""
    fig = figure(_("n, binary pixels"), _("log₁₀ of the parameters"), 450)
    sizes = sorted({*SIZES, n})
    curves = [families(m, hidden, order) for m in sizes]
    for i, count in enumerate(families(n, hidden, order)):
        colour, dash, symbol = LOOKS[count.id]
        look = {"mode": "lines", "line": {"color": colour, "dash": dash, "width": 3}}
        if symbol:
            look = {"mode": "markers", "marker": {"color": colour, "symbol": symbol, "size": 9}}
        y, every = [log10(row[i].parameters) for row in curves], FEWER if symbol else 1
        fig.add_scatter(
            x=sizes[::every], y=y[::every], name=_(count.title), hovertemplate="n = %{x}: 10^%{y:.1f}", **look
        )
    fig.add_vline(x=n, line={"color": ORANGE, "width": 3}, annotation_text=f"n = {n}", annotation_position="top")
    note = wrapped(_("atoms in the universe, about {power}", power=power(ATOMS)), NOTE)
    fig.add_hline(y=ATOMS, line={"color": GREY, "dash": "dot"})
    left = SIZES[-1] - 20  # of the n that one arrives with
    fig.add_annotation(text=note, x=left, y=ATOMS, xanchor="right", yanchor="top", showarrow=False)
    label = _("Zoom to what fits in a computer (up to {power} parameters)", power=power(NEAR))
    place = st.container()
    if linked(st.toggle, label, key="zoom", default=False):
        fig.update_yaxes(range=[0, NEAR])
    if presenting():
        fig.update_layout(legend={"orientation": "v", "x": 1.02, "y": 1, "yanchor": "top"})
    else:
        fig.update_layout(legend={"yref": "container", "y": 0, "yanchor": "bottom"}, margin_r=32)
    at = sizes.index(n)
    said = "; ".join(f"{_(count.title)}: {big(count.parameters)}" for count in curves[at])
    with place:
        chart(fig, _("Parameters at n = {n}: {said}.", n=n, said=said), key="race")


def table(counts: list[counting.Count]) -> None:
    """The counts one by one with their formulas, each beside the full table."""
    full = counts[0].parameters
    rows = [
        {
            _("factorisation"): f"{_(count.title)}  \n${count.latex}$",
            _("parameters"): big(count.parameters),
            _("beside the full table"): _beside(count.parameters, full),
        }
        for count in counts
    ]
    st.table(rows)
    explain(_("What they are: [[markov]] · [[fvsbn]] · [[made]]"), small=True)


def _beside(parameters: int, full: int) -> str:
    if parameters == full:
        return _("as many")
    return _("fewer") if parameters < full else _("more")


def cited() -> None:
    """Where the number of atoms is from."""
    st.caption(
        _(
            "The {power} atoms are an estimate, not computed here: the baryon density published by the Particle Data "
            "Group times the volume of the observable universe.",
            power=power(ATOMS),
        )
    )
