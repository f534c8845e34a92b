"""Leaderboard: nats against parameters and against training time, ours and published, told apart at a glance."""

import json
import math

import streamlit as st

from lesson.published import BENCHMARK, EXACT, HOW, PROTOCOL, PUBLISHED, Published
from nade_core.checkpoint import PRETRAINED
from nade_core.messages import N_

from ..chapter import Chapter
from ..costs import CLOSE, by_name, by_parameters, by_time
from ..link import linked
from ..words import _, explain, prose

CHAPTER = Chapter(
    id="leaderboard",
    group="lab",
    place=6,
    icon=":material/leaderboard:",
    title=N_("Leaderboard"),
    lead=N_(
        "What does a better p(x) cost? Every model of digits here, from independent coins to deep networks, beside the "
        "results that were published."
    ),
)
TABLE = PRETRAINED / "leaderboard.json"
COMMAND = "python -m benchmarks.leaderboard"
MEASURED_ON = N_("MNIST digits, test part")  # as the table says it


def render() -> None:
    if not TABLE.exists():
        st.info(
            _(
                "There is no table yet. `{command}` builds it: it scores every model that comes with the project.",
                command=COMMAND,
            )
        )
        return
    table = json.loads(TABLE.read_text("utf-8"))
    rows = sorted(table["rows"], key=lambda row: row["nats"])
    _headline(rows)
    near = linked(
        st.toggle,
        _("Only the best, below {n} nats", n=CLOSE),
        key="near",
        default=False,
        help=_("A closer look at both figures, and every published result by name."),
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.header(_("Nats against parameters"), anchor=False)
        by_parameters(rows, near)
    with right:
        st.header(_("Nats against training time"), anchor=False)
        by_time(rows, near)
    if near:
        st.header(_("Every result below {n} nats, by name", n=CLOSE), anchor=False)
        by_name(rows)
    _table(rows)
    _meaning(table, rows)


def _headline(rows: list[dict]) -> None:
    best, worst = rows[0], rows[-1]
    explain(
        _(
            "**{best}** is the best of ours with **{least:.1f} [[nat|nats]]**; the last, {last}, has {most:.1f}. Each nat less "
            "makes a real image e ≈ 2.7 times as probable (geometric mean); from the last to the first that is a "
            "factor of $10^{{{power:.0f}}}$.",
            best=_(best["title"]),
            least=best["nats"],
            last=_(worst["title"]),
            most=worst["nats"],
            power=(worst["nats"] - best["nats"]) / math.log(10),
        )
    )


COLUMNS = {  # of the table, in its order: the words, what they mean, and the format of a number
    "nats": (
        N_("nats"),
        N_(
            "Mean −log p(x). Ours: on all {all:,} test images, along one ordering; the list of models shows the same "
            "figure."
        ),
        "%.2f",
    ),
    "model": (N_("model"), N_("What it is."), None),
    "whose": (N_("whose"), N_("Trained and measured here, or read in the literature."), None),
    "error": (N_("± standard error"), N_("Of that mean, from one image to another."), "%.2f"),
    "protocol": (
        N_("protocol"),
        N_("Static: every pixel was drawn once and for all. Exact, or an upper bound, or an estimate."),
        None,
    ),
    "ensemble": (
        N_("ensemble, nats"),
        N_("The mean probability over several orderings, where a model knows them."),
        "%.2f",
    ),
    "ensemble error": (N_("± of the ensemble"), N_("Its standard error, from one image to another."), "%.2f"),
    "orderings": (N_("orderings of it"), N_("Over how many orderings the ensemble averages."), None),
    "images": (
        N_("images of it"),
        N_("On how many test images, the first ones, the ensemble was measured."),
        "localized",
    ),
    "valid": (
        N_("benchmark valid, nats"),
        N_("On the published benchmark's own validation part, along one ordering; it chose the weights."),
        "%.2f",
    ),
    "parameters": (N_("parameters"), N_("Numbers that were learned."), "localized"),
    "seconds": (N_("training, s"), N_("Wall-clock seconds of training."), "localized"),
    "speed": (N_("images/s"), N_("Images scored in a second, along one ordering."), "localized"),
    "source": (N_("source"), N_("Where the figure comes from."), None),
}


def _table(rows: list[dict]) -> None:
    st.header(_("All figures"), anchor=False)
    shown = [_our_row(row) for row in rows] + [_published_row(p) for p in PUBLISHED]
    facts = {"all": rows[0]["all"]}
    st.dataframe(
        sorted(shown, key=lambda row: row["nats"]),
        hide_index=True,
        width="stretch",
        height=460,
        placeholder="",
        column_order=list(COLUMNS),
        column_config={name: _column(*words, facts) for name, words in COLUMNS.items()},
    )
    st.caption(_("Click a column to sort by it."))


def _column(title: str, meaning: str, form: str | None, facts: dict):
    """A column of the table, in words."""
    if form is None:
        return st.column_config.Column(_(title), help=_(meaning))
    return st.column_config.NumberColumn(_(title), help=_(meaning, **facts), format=form)


def _our_row(row: dict) -> dict:
    return {
        "model": _(row["title"]),
        "whose": _("ours"),
        "nats": row["nats"],
        "error": row["standard_error"],
        "protocol": _(PROTOCOL[EXACT]),
        "ensemble": row["ensemble"],
        "ensemble error": row["ensemble_error"],
        "orderings": row["orderings"] if row["ensemble"] else None,
        "images": row["n"] if row["ensemble"] else None,
        "valid": row["benchmark_valid"],
        "parameters": row["parameters"],
        "seconds": row["seconds"],
        "speed": row["images_per_second"],
        "source": _("measured here: {name}", name=row["name"]),
    }


def _published_row(p: Published) -> dict:
    return {
        "model": _(p.model),
        "whose": _("published"),
        "nats": p.nats,
        "protocol": _(PROTOCOL[p.protocol]),
        "parameters": p.parameters,
        "source": f"{p.source}, {_(HOW[p.how])}",
    }


def _meaning(table: dict, rows: list[dict]) -> None:
    machines = {(row["threads"], row["device"].upper()) for row in rows}
    threads = ", ".join(_("{n} threads on {device}", n=n, device=device) for n, device in sorted(machines))
    with st.expander(_("What exactly is compared?"), expanded=True):
        st.markdown(
            prose(
                "leaderboard",
                "meaning",
                all=f"{rows[0]['all']:,}",
                data=_(table["data"]),
                binarisation=_(table["binarisation"]),
                benchmark=_(BENCHMARK),
                threads=threads,
                command=COMMAND,
            )
        )
