"""Leaderboard: nats against parameters and against training time, ours and published, told apart at a glance."""

import json

import plotly.graph_objects as go
import streamlit as st

from nade_core.checkpoint import PRETRAINED
from nade_core.published import BENCHMARK, PUBLISHED

from .theme import BLUE, GREY, ORANGE, chart, figure, page

TABLE = PRETRAINED / "leaderboard.json"
COMMAND = "python -m benchmarks.leaderboard"


def render() -> None:
    page("Leaderboard", "What does a better p(x) cost? Every model of digits here, from independent coins to deep "
         "networks, beside the results that were published.")  # fmt: skip
    if not TABLE.exists():
        st.info(f"There is no table yet. `{COMMAND}` builds it: it scores every model that comes with the project.")
        return
    table = json.loads(TABLE.read_text())
    rows = sorted(table["rows"], key=lambda row: row["nats"])
    _headline(rows)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Nats against parameters", anchor=False)
        _by_parameters(rows)
    with right:
        st.subheader("Nats against training time", anchor=False)
        _by_time(rows)
    _table(rows)
    _meaning(table)


def _headline(rows: list[dict]) -> None:
    best, worst = rows[0], rows[-1]
    st.markdown(
        f"**{best['title']}** is the best of ours with **{best['nats']:.1f} nats**; {worst['title'].lower()} stand at "
        f"{worst['nats']:.1f}. Each nat less makes a real image e ≈ 2.7 times as probable: from the last to the first, "
        f"10^{(worst['nats'] - best['nats']) / 2.302585:.0f} times."
    )


def _by_parameters(rows: list[dict]) -> None:
    fig = figure("parameters (log scale)", "−log p(x), nats per image (lower is better)", 480, log_x=True)
    known = [p for p in PUBLISHED if p.parameters]
    fig.add_scatter(
        x=[p.parameters for p in known], y=[p.nats for p in known], name="published", mode="markers",
        marker={"symbol": "diamond-open", "size": 13, "color": ORANGE, "line": {"width": 2}},
        customdata=[[p.model, p.source] for p in known],
        hovertemplate="%{customdata[0]}<br>%{y:.2f} nats, %{x:,} parameters<br>%{customdata[1]}"
        "<extra>published</extra>",
    )  # fmt: skip
    _ours(fig, rows, "parameters")
    for p in PUBLISHED:
        if p.model in ("PixelRNN", "NADE-5, 2 layers, 128 orderings"):
            fig.add_hline(y=p.nats, line={"dash": "dot", "color": ORANGE, "width": 1})
            fig.add_annotation(
                x=0, xref="paper", xanchor="left", y=p.nats, yanchor="bottom", showarrow=False,
                text=f"{p.model}: {p.nats:.2f}, published", font={"color": ORANGE, "size": 12},
            )  # fmt: skip
    best = rows[0]
    chart(fig, f"Nats against parameters. Best of ours: {best['title']}, {best['nats']:.1f} nats with "
          f"{best['parameters']:,} parameters.", key="by_parameters")  # fmt: skip
    st.caption("Dotted: published results whose number of parameters their source does not settle.")


def _by_time(rows: list[dict]) -> None:
    timed = [row for row in rows if row["seconds"]]
    fig = figure("training time (seconds, log scale)", "−log p(x), nats per image (lower is better)", 480, log_x=True)
    _ours(fig, timed, "seconds")
    chart(fig, "Nats against training seconds, our models only.", key="by_time")
    st.caption("Seconds on two CPU cores that did other work as well: orders of magnitude, not a race.")


def _ours(fig: go.Figure, rows: list[dict], column: str) -> None:
    """Our models, each named beside its mark; names alternate sides so that neighbours do not collide."""
    ordered = sorted(rows, key=lambda row: row["nats"])
    sides = ["bottom center" if i % 2 == 0 else "top center" for i in range(len(ordered))]
    fig.add_scatter(
        x=[row[column] for row in ordered], y=[row["nats"] for row in ordered], name="ours, measured here",
        mode="markers+text", text=[row["title"] for row in ordered], textposition=sides, textfont={"size": 12},
        marker={"size": 13, "color": BLUE}, cliponaxis=False,
        error_y={"array": [2 * row["standard_error"] for row in ordered], "color": GREY, "thickness": 1},
        customdata=[[row["name"], row["orderings"]] for row in ordered],
        hovertemplate="%{text}<br>%{y:.2f} nats, %{x:,}<br>%{customdata[0]}, orderings: %{customdata[1]}"
        "<extra>ours</extra>",
    )  # fmt: skip


def _table(rows: list[dict]) -> None:
    st.subheader("All figures", anchor=False)
    shown = [
        {"model": row["title"], "whose": "ours", "nats": row["nats"], "± standard error": row["standard_error"],
         "nats, benchmark valid": row["benchmark_valid"], "orderings": row["orderings"],
         "parameters": row["parameters"], "training, s": row["seconds"], "images/s": row["images_per_second"],
         "source": f"{row['name']}: {row['description']}"}
        for row in rows
    ]  # fmt: skip
    shown += [
        {"model": p.model + (" (upper bound)" if p.bound else ""), "whose": "published", "nats": p.nats,
         "parameters": p.parameters, "source": f"{p.source}, {p.how}"}
        for p in PUBLISHED
    ]  # fmt: skip
    st.dataframe(sorted(shown, key=lambda row: row["nats"]), hide_index=True, width="stretch", height=460)


def _meaning(table: dict) -> None:
    threads = table["rows"][0]["threads"]
    with st.expander("What exactly is compared?", expanded=True):
        st.markdown(
            f"**Nats** are means of −log p(x) per image, exact, never bounds unless marked. Ours are measured on "
            f"*{table['data']}*; published ones on *{BENCHMARK}*. Both fix one binary version of every grey digit "
            "(static binarisation), but not the same one. The column *benchmark valid* is on the published "
            "benchmark's own validation part, which the weights kept were selected on, along one ordering. "
            "Results with **dynamic** binarisation draw new pixels each epoch, which is another data set, easier "
            "to generalise on: they stand nowhere here. Where a model knows several orderings, ours is the mean "
            f"**probability** over them. Images/s: one ordering, {threads} CPU threads. Rebuilt by `{COMMAND}`."
        )
