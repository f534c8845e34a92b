"""What a better p(x) costs: nats against parameters and against training time, ours and published."""

import math
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from lesson.published import HOW, PUBLISHED, Published
from nade_core.messages import N_

from .labels import BREAK, LETTER, LONGEST, PLOT, Box, beside, letters, wrapped
from .theme import BLUE, GREY, ORANGE, chart, figure, text_colour
from .words import _

NATS = N_("−log p(x) (nats per image, lower is better)")
CLOSE = 100  # nats: what the closer look leaves out
HEIGHT = 560
RUG, SAID = (
    0.05,
    0.1,
)  # the shares of the width that ticks at the left edge take, and of the height the words below them
TYPE = 14  # pixels
NARROW = 10  # letters in a line of the best one's name, which stands in the crowd
LISTED = 26  # letters in a line of a name at an axis, which has more room than one beside a mark


def front(rows: list[dict], column: str) -> list[dict]:
    """The models that no cheaper one beats, the cheapest first: each is the best that its cost buys."""
    best, kept = math.inf, []
    for row in sorted(rows, key=lambda row: (row[column], row["nats"])):
        if row["nats"] < best:
            kept.append(row)
            best = row["nats"]
    return kept


def by_parameters(rows: list[dict], near: bool) -> None:
    """Our models and the published ones of known size; the others as ticks at the left edge."""
    fig = figure(_("parameters (log scale)"), _(NATS), HEIGHT, log_x=True)
    sized = [p for p in PUBLISHED if p.parameters]
    names = _names(rows, near, NARROW)
    marks = [(row["parameters"], row["nats"], name) for row, name in zip(rows, names, strict=True)]
    marks += [(p.parameters, p.nats, wrapped(_(p.model)) if near or p.nats > CLOSE else "") for p in sized]
    sides = _frame(fig, marks, near, _unsized())
    _rug(fig)
    fig.add_scatter(
        x=[p.parameters for p in sized],
        y=[p.nats for p in sized],
        name=_("published"),
        mode="markers+text",
        cliponaxis=False,
        text=[name for _cost, _nats, name in marks[len(rows) :]],
        textposition=sides[len(rows) :],
        textfont={"size": TYPE, "color": text_colour(ORANGE)},
        marker={"symbol": "diamond-open", "size": 12, "color": ORANGE, "line": {"width": 2, "color": ORANGE}},
        customdata=[[_published_hover(p)] for p in sized],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )
    _ours(fig, rows, "parameters", names, sides)
    alt = _(
        "Nats against parameters, ours as discs, published as diamonds. Best of ours: {title}, {nats:.1f} nats with "
        "{n:,} parameters.",
        title=_(rows[0]["title"]),
        nats=rows[0]["nats"],
        n=rows[0]["parameters"],
    )
    chart(fig, alt, key="by_parameters")
    best = _bought(rows, "parameters")
    bought = _("Filled discs: none of ours with as few parameters is better. They are {names}.", names=best)
    rug = _("Ticks at the left edge: published results whose number of parameters no formula or source settles.")
    st.caption(f"{bought} {rug}")


def by_time(rows: list[dict], near: bool) -> None:
    """Our models against the seconds that they took to train."""
    timed = [row for row in rows if row["seconds"]]
    fig = figure(_("training time (seconds, log scale)"), _(NATS), HEIGHT, log_x=True)
    names = _names(timed, near)
    marks = [(row["seconds"], row["nats"], name) for row, name in zip(timed, names, strict=True)]
    _ours(fig, timed, "seconds", names, _frame(fig, marks, near))
    chart(fig, _("Nats against training seconds, our models only."), key="by_time")
    best = _bought(timed, "seconds")
    bought = _("Filled discs: none of ours with as few seconds is better. They are {names}.", names=best)
    clock = _("Wall-clock seconds on CPU cores that did other work as well: orders of magnitude, not a race.")
    st.caption(f"{bought} {clock}")


def _names(rows: list[dict], near: bool, best: int = LONGEST) -> list[str]:
    """Names to stand beside our marks: of the crowd below CLOSE, only the best is named unless one looks closer,
    in lines of at most so many letters as ``best`` says."""
    titles = [wrapped(_(row["title"]), LONGEST if i else best) for i, row in enumerate(rows)]
    return [
        title if near or row["nats"] > CLOSE or row is rows[0] else "" for row, title in zip(rows, titles, strict=True)
    ]


def _bought(rows: list[dict], cost: str) -> str:
    """Which of ours are the best for their cost, in words."""
    return ", ".join(f"{_(row['title'])} ({row['nats']:.1f})" for row in front(rows, cost))


def _published_hover(p: Published) -> str:
    figures = _("{figure} nats, {n:,} parameters", figure=p.figure, n=p.parameters)
    return "<br>".join((_(p.model), figures, f"{p.source}, {_(HOW[p.how])}"))


def _frame(
    fig: go.Figure, marks: list[tuple[float, float, str]], near: bool, others: tuple[float, ...] = ()
) -> list[str]:
    """Sets both axes so that all marks (cost, nats, name) fit, and says where each name stands.

    ``others`` are nats of what has no place on the axis of costs: they keep the left edge, the RUG, for themselves.
    """
    y = [nats for _cost, nats, _name in marks] + list(others)
    high = CLOSE if near else max(y) + 8
    low = min(y) - SAID * (high - min(y)) if others else min(y) - 2
    inside = [i for i, (_cost, nats, _name) in enumerate(marks) if nats < high]
    logs = [math.log10(marks[i][0]) for i in inside]
    margin = 0.3 * (max(logs, default=0) - min(logs, default=0)) + 0.3
    right, left = max(logs, default=6) + margin, min(logs, default=3) - margin
    fig.update_xaxes(range=[left, right], dtick=1, exponentformat="power")  # not 100m for 0.1
    fig.update_yaxes(range=[low, high])
    x = [(log - left) / (right - left) for log in logs]
    y = [(marks[i][1] - low) / (high - low) for i in inside]
    top, bottom = ((end(others) - low) / (high - low) for end in (max, min)) if others else (0, 0)
    blocked: tuple[Box, ...] = ((0, bottom, RUG, top), (0, 0, _rug_width(), bottom)) if others else ()
    found = dict(zip(inside, beside(x, y, [marks[i][2] for i in inside], blocked), strict=True))
    return [found.get(i, "middle right") for i in range(len(marks))]


def _rug(fig: go.Figure) -> None:
    """A tick at the left edge for each published result without a certain number of parameters."""
    nats = _unsized()
    line = {"color": ORANGE, "width": 2}
    for value in nats:
        fig.add_shape(type="line", xref="paper", x0=0, x1=RUG, y0=value, y1=value, line=line)
    fig.add_annotation(
        text=_rug_words(),
        xref="paper",
        x=0,
        xanchor="left",
        y=min(nats),
        yanchor="top",
        showarrow=False,
        font={"color": text_colour(ORANGE), "size": TYPE},
    )


def _rug_words() -> str:
    nats = _unsized()
    return _("{n} published, {low:.1f} to {high:.1f}", n=len(nats), low=min(nats), high=max(nats))


def _rug_width() -> float:
    """The share of the plot's width that these words take."""
    return LETTER * letters(_rug_words()) / PLOT[0]


def _unsized() -> tuple[float, ...]:
    return tuple(p.nats for p in PUBLISHED if not p.parameters)


def _ours(fig: go.Figure, rows: list[dict], column: str, names: list[str], sides: list[str]) -> None:
    """Our models, each named beside its mark; filled where no cheaper one is better."""
    best = [row["name"] for row in front(rows, column)]
    fig.add_scatter(
        x=[row[column] for row in rows],
        y=[row["nats"] for row in rows],
        name=_("ours, measured here"),
        mode="markers+text",
        cliponaxis=False,
        text=names,
        textposition=sides[: len(rows)],
        textfont={"size": TYPE, "color": text_colour(BLUE)},
        error_y={"array": [2 * row["standard_error"] for row in rows], "color": GREY, "thickness": 1, "width": 0},
        marker={
            "size": 12,
            "color": BLUE,
            "line": {"width": 2, "color": BLUE},
            "symbol": ["circle" if row["name"] in best else "circle-open" for row in rows],
        },
        customdata=[[_hover(row, column)] for row in rows],
        hovertemplate="%{customdata[0]}<extra></extra>",
    )


def _hover(row: dict, column: str) -> str:
    costs = {"parameters": N_("{nats:.2f} nats, {cost:,} parameters"), "seconds": N_("{nats:.2f} nats, {cost:,.0f} s")}
    lines = [_(row["title"]), _(costs[column], nats=row["nats"], cost=row[column]), row["name"]]
    if row["ensemble"]:
        facts = {"n": row["orderings"], "nats": row["ensemble"], "images": row["n"]}
        lines.append(_("as an ensemble of {n} orderings, on the first {images:,} images: {nats:.2f} nats", **facts))
    return "<br>".join(lines)


def by_name(rows: list[dict]) -> None:
    """Every result below CLOSE by name, the best at the top: ours with two standard errors, and the published."""
    ours = [
        (wrapped(_(row["title"]), LISTED), row["nats"], _hover(row, "parameters"), 2 * row["standard_error"])
        for row in rows
    ]
    theirs = [
        (wrapped(_(p.model), LISTED), p.nats, f"{p.figure} · {p.source}, {_(HOW[p.how])}", 0.0) for p in PUBLISHED
    ]
    known = [("ours", *one) for one in ours] + [("published", *one) for one in theirs]
    ranked = sorted((one for one in known if one[2] < CLOSE), key=lambda one: one[2])
    fig = figure(_("nats per image"), "", 120 + 36 * len(ranked))
    looks: dict[str, tuple[str, dict[str, Any]]] = {
        "ours": (_("ours, measured here"), {"symbol": "circle", "color": BLUE}),
        "published": (_("published"), {"symbol": "diamond-open", "color": ORANGE, "line": {"width": 2}}),
    }
    for whose, (title, look) in looks.items():
        places = [i for i, one in enumerate(ranked) if one[0] == whose]
        fig.add_scatter(
            x=[ranked[i][2] for i in places],
            y=places,
            name=title,
            mode="markers",
            marker={"size": 12, **look},
            error_x={"array": [ranked[i][4] for i in places], "color": GREY, "thickness": 1, "width": 0},
            customdata=[[ranked[i][3]] for i in places],
            hovertemplate="%{customdata[0]}<extra></extra>",
        )
    names = [one[1] for one in ranked]
    fig.update_yaxes(
        tickvals=list(range(len(names))), ticktext=names, range=[len(names) - 0.5, -0.5], tickfont_size=TYPE
    )
    listed = ", ".join(f"{name} {nats:.2f}" for _whose, name, nats, *_rest in ranked).replace(BREAK, " ")
    chart(fig, _("Nats of every result below {n}: {listed}.", n=CLOSE, listed=listed), key="by_name")
