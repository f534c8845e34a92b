"""Leaderboard: nats against parameters and against training time, ours and published, told apart at a glance."""

import json
import math

import plotly.graph_objects as go
import streamlit as st

from lesson.published import BENCHMARK, HOW, PUBLISHED
from nade_core.checkpoint import PRETRAINED

from .labels import apart, beside
from .theme import BLUE, GREY, ORANGE, chart, figure, page

TABLE = PRETRAINED / "leaderboard.json"
COMMAND = "python -m benchmarks.leaderboard"
NATS = "−log p(x) (nats per image, lower is better)"
CLOSE = 100  # nats: what the closer look leaves out
HEIGHT = 560
NAMES = 0.48  # the share of the closer look that names of published results take


def render() -> None:
    page(
        "Leaderboard",
        "What does a better p(x) cost? Every model of digits here, from independent coins to deep "
        "networks, beside the results that were published.",
    )
    if not TABLE.exists():
        st.info(f"There is no table yet. `{COMMAND}` builds it: it scores every model that comes with the project.")
        return
    table = json.loads(TABLE.read_text())
    rows = sorted(table["rows"], key=lambda row: row["nats"])
    _headline(rows)
    near = st.toggle(
        f"Only the best, below {CLOSE} nats",
        key="near",
        bind="query-params",
        help="A closer look at both figures, with every published result by name.",
    )
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Nats against parameters", anchor=False)
        _by_parameters(rows, near)
    with right:
        st.subheader("Nats against training time", anchor=False)
        _by_time(rows, near)
    _table(rows)
    _meaning(table, rows)


def _headline(rows: list[dict]) -> None:
    best, worst = rows[0], rows[-1]
    power = (worst["nats"] - best["nats"]) / math.log(10)
    st.markdown(
        f"**{best['title']}** is the best of ours with **{best['nats']:.1f} nats**; the last, {worst['title']}, has "
        f"{worst['nats']:.1f}. Each nat less makes a real image $e$ ≈ 2.7 times as probable (geometric mean); from "
        f"the last to the first that is a factor of $10^{{{power:.0f}}}$."
    )


def front(rows: list[dict], column: str) -> list[dict]:
    """The models that no cheaper one beats, the cheapest first: each is the best that its cost buys."""
    best, kept = math.inf, []
    for row in sorted(rows, key=lambda row: (row[column], row["nats"])):
        if row["nats"] < best:
            kept.append(row)
            best = row["nats"]
    return kept


def _by_parameters(rows: list[dict], near: bool) -> None:
    fig = figure("parameters (log scale)", NATS, HEIGHT, log_x=True)
    sized = [p for p in PUBLISHED if p.parameters]
    names = _names(rows, near)
    marks = [(row["parameters"], row["nats"], name) for row, name in zip(rows, names, strict=True)]
    marks += [(p.parameters, p.nats, p.model if near or p.nats > CLOSE else "") for p in sized]
    sides = _frame(fig, marks, near, [p.nats for p in PUBLISHED], NAMES if near else 0)
    _unsized(fig, near)
    fig.add_scatter(
        x=[p.parameters for p in sized],
        y=[p.nats for p in sized],
        name="published",
        mode="markers+text",
        text=[name for _, _, name in marks[len(rows) :]],
        textposition=sides[len(rows) :],
        textfont={"size": 11, "color": ORANGE},
        marker={"symbol": "diamond-open", "size": 12, "color": ORANGE, "line": {"width": 2, "color": ORANGE}},
        customdata=[[p.model, p.figure, p.source, p.how] for p in sized],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]} nats, %{x:,} parameters<br>%{customdata[2]}, "
        "%{customdata[3]}<extra>published</extra>",
    )
    _ours(fig, rows, "parameters", names, sides)
    chart(
        fig,
        f"Nats against parameters, ours as discs, published as diamonds. Best of ours: {rows[0]['title']}, "
        f"{rows[0]['nats']:.1f} nats with {rows[0]['parameters']:,} parameters.",
        key="by_parameters",
    )
    note = " L counts hidden layers, × masks or orderings." if near else ""
    st.caption(
        _bought(rows, "parameters") + " Dotted: published results whose number of parameters no formula or "
        "source settles." + note
    )


def _by_time(rows: list[dict], near: bool) -> None:
    timed = [row for row in rows if row["seconds"]]
    fig = figure("training time (seconds, log scale)", NATS, HEIGHT, log_x=True)
    names = _names(timed, near)
    marks = [(row["seconds"], row["nats"], name) for row, name in zip(timed, names, strict=True)]
    _ours(fig, timed, "seconds", names, _frame(fig, marks, near))
    chart(fig, "Nats against training seconds, our models only.", key="by_time")
    st.caption(
        _bought(timed, "seconds") + " Wall-clock seconds on CPU cores that did other work as well: orders of "
        "magnitude, not a race."
    )


def _names(rows: list[dict], near: bool) -> list[str]:
    """Names to stand beside our marks: of the crowd below CLOSE, only the best is named unless one looks closer."""
    return [row["title"] if near or row["nats"] > CLOSE or row is rows[0] else "" for row in rows]


def _bought(rows: list[dict], cost: str) -> str:
    """Which of ours are the best for their cost, in words."""
    names = [f"{row['title']} ({row['nats']:.1f})" for row in front(rows, cost)]
    return f"Filled discs: none of ours with as few {cost} is better. They are {', '.join(names)}."


def _frame(fig: go.Figure, marks: list[tuple], near: bool, others: list[float] = (), free: float = 0) -> list[str]:
    """Sets both axes so that all marks (cost, nats, name) fit, and says where each name stands.

    The share ``free`` of the plot, at its left, is for what has no place on the axis of costs.
    """
    y = [nats for _, nats, _ in marks] + list(others)
    low, high = min(y) - 2, CLOSE if near else max(y) + 8
    inside = [i for i, (_, nats, _) in enumerate(marks) if nats < high]
    logs = [math.log10(marks[i][0]) for i in inside]
    margin = 0.15 * (max(logs, default=0) - min(logs, default=0)) + 0.2
    right, left = max(logs, default=6) + margin + (0.6 if near else 0), min(logs, default=3) - margin
    left = right - (right - left) / (1 - free)
    fig.update_xaxes(range=[left, right], dtick=1, tickformat="~s")
    fig.update_yaxes(range=[low, high])
    x = [(log - left) / (right - left) for log in logs]
    y = [(marks[i][1] - low) / (high - low) for i in inside]
    top = 1 if near else (CLOSE - low) / (high - low)  # the left half below is for the published
    blocked = ((0, 0, NAMES, top),) if others else ()
    found = dict(zip(inside, beside(x, y, [marks[i][2] for i in inside], blocked), strict=True))
    return [found.get(i, "middle right") for i in range(len(marks))]


def _unsized(fig: go.Figure, near: bool) -> None:
    """A horizontal mark for each published result without a certain number of parameters; named if there is room."""
    unsized = [p for p in PUBLISHED if not p.parameters]
    line = {"xref": "paper", "x1": 1, "layer": "below", "line": {"color": ORANGE, "dash": "dot", "width": 1}}
    style = {"xref": "paper", "x": 0, "xanchor": "left", "showarrow": False, "font": {"color": ORANGE, "size": 11}}
    if not near:
        for p in unsized:
            fig.add_shape(type="line", x0=0, y0=p.nats, y1=p.nats, **line)
        low, high = min(p.nats for p in unsized), max(p.nats for p in unsized)
        fig.add_annotation(y=high, yanchor="bottom", text=f"{len(unsized)} published, {low:.1f} to {high:.1f}", **style)
        return
    low, high = fig.layout.yaxis.range
    for p, y in zip(unsized, apart([p.nats for p in unsized], (high - low) * 16 / (HEIGHT - 130)), strict=True):
        fig.add_annotation(y=y, yanchor="middle", text=f"{_short(p.model)}: {p.figure}", **style)
        fig.add_shape(type="line", x0=NAMES, y0=y, y1=p.nats, **line | {"x1": NAMES + 0.03})
        fig.add_shape(type="line", x0=NAMES + 0.03, y0=p.nats, y1=p.nats, **line)


def _short(name: str) -> str:
    """ "EoNADE, 2 layers, 128 orderings" as "EoNADE 2L ×128"."""
    parts = name.replace("ConvNADE + ", "Conv+").split(", ")
    counted = [f"{part.split()[0]}L" if "layer" in part else f"×{part.split()[0]}" for part in parts[1:]]
    return " ".join([parts[0], *counted])


def _ours(fig: go.Figure, rows: list[dict], column: str, names: list[str], sides: list[str]) -> None:
    """Our models, each named beside its mark; filled where no cheaper one is better."""
    best = [row["name"] for row in front(rows, column)]
    fig.add_scatter(
        x=[row[column] for row in rows],
        y=[row["nats"] for row in rows],
        name="ours, measured here",
        mode="markers+text",
        text=names,
        textposition=sides[: len(rows)],
        textfont={"size": 12},
        error_y={"array": [2 * row["standard_error"] for row in rows], "color": GREY, "thickness": 1, "width": 0},
        marker={
            "size": 12,
            "color": BLUE,
            "line": {"width": 2, "color": BLUE},
            "symbol": ["circle" if row["name"] in best else "circle-open" for row in rows],
        },
        customdata=[[row["name"], row["orderings"], row["title"]] for row in rows],
        hovertemplate="%{customdata[2]}<br>%{y:.2f} nats, %{x:,}<br>%{customdata[0]}, orderings: %{customdata[1]}"
        "<extra>ours</extra>",
    )


def _table(rows: list[dict]) -> None:
    st.subheader("All figures", anchor=False)
    shown = [
        {
            "model": row["title"],
            "whose": "ours",
            "nats": row["nats"],
            "± standard error": row["standard_error"],
            "benchmark valid, nats": row["benchmark_valid"],
            "parameters": row["parameters"],
            "training, s": row["seconds"],
            "images/s": row["images_per_second"],
            "orderings": row["orderings"],
            "source": f"measured here: {row['name']}",
        }
        for row in rows
    ]
    kinds = {True: " (upper bound)", False: ""}
    shown += [
        {
            "model": p.model + kinds[p.bound] + (" (estimate)" if p.estimate else ""),
            "whose": "published",
            "nats": p.nats,
            "parameters": p.parameters,
            "source": f"{p.source}, {HOW[p.how]}",
        }
        for p in PUBLISHED
    ]
    two, whole = st.column_config.NumberColumn(format="%.2f"), st.column_config.NumberColumn(format="localized")
    st.dataframe(
        sorted(shown, key=lambda row: row["nats"]),
        hide_index=True,
        width="stretch",
        height=460,
        placeholder="",
        column_config={
            "nats": two,
            "± standard error": two,
            "benchmark valid, nats": two,
            "parameters": whole,
            "training, s": whole,
            "images/s": whole,
        },
    )
    st.caption("Click a column to sort by it.")


def _meaning(table: dict, rows: list[dict]) -> None:
    threads = ", ".join(sorted({f"{row['threads']} threads on {row['device'].upper()}" for row in rows}))
    with st.expander("What exactly is compared?", expanded=True):
        st.markdown(
            f"**Nats** are means of −log p(x) per image, exact unless marked as a bound or an estimate. **Ours** are "
            f"measured on the first {rows[0]['n']:,} images of *{table['data']}* ({table['binarisation']}); "
            f"**published** ones on *{BENCHMARK}*. Both turn every grey digit into black and white once and for all "
            "(static binarisation), but with different draws: tenths of a nat between ours and theirs mean nothing. "
            "The column *benchmark valid* is on the published benchmark's own validation part, without an ensemble; "
            "it chose the weights, which flatters it a little.\n\n"
            "Results with **dynamic** binarisation stand nowhere here: they draw the pixels anew in every epoch, so "
            "that a model sees far more data, and their test images are other images. Their nats answer another "
            "question.\n\n"
            "Where a model knows several orderings, ours is the mean **probability** over them. The published results "
            "say where the figure comes from: read in the paper, read in a secondary source, or *reported*, which is "
            f"from memory of the literature. Images/s: one ordering, {threads}. Rebuilt by `{COMMAND}`."
        )
