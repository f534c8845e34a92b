"""Tables: a table of one's own, or an invented one: what a model makes of it, row by row and column by column."""

from pathlib import Path
from typing import Any

import streamlit as st

from nade_core import ModelCard
from nade_core.data.filetypes import suffixes
from nade_core.messages import N_
from nade_core.queue import MAX_UPLOAD_MB
from nade_core.runs import Request

from .. import cache, link
from ..cache.tables import rows
from ..chapter import Chapter
from ..kinds import tables
from ..link import linked
from ..session import choose_model, friendly_errors
from ..train.queue import submit, the_queue
from ..train.understood import panel
from ..train.watch import watch
from ..words import _

CHAPTER = Chapter(
    id="tables",
    group="lab",
    place=4,
    icon=":material/table_chart:",
    title=N_("Tables"),
    lead=N_(
        "A row x of a table has a p(x) too. Which rows are strange, and why? If some columns are known, what of the rest?"
    ),
)
MODEL = "OrderAgnosticRNADE"  # which can be asked for any columns given any others
VIEWS = {
    "pairs": N_("Real and drawn"),
    "strange": N_("Strange rows"),
    "given": N_("If known"),
}
DRAWN, MOST = 500, 5000


def render() -> None:
    wanted = link.arriving("run")
    if wanted is not None:
        st.session_state["run"] = wanted
    link.say("run", st.session_state["run"] or None)
    open_now = bool(st.session_state["run"])
    above, below = st.container(), st.container()  # a run that is watched stands above the table that is looked at
    with below:
        card = choose_model(tables.ID)
        _head(card)
        with friendly_errors():
            _view(card)
    place, words = above if open_now else st.container(), _("A table of your own")
    with place, st.expander(words, icon=":material/upload_file:", expanded=open_now), friendly_errors():
        _own()


def _own() -> None:
    """A table is dropped, what was understood of it is told, and a model learns from it."""
    about = _("Text, Parquet, Excel or arrays: a row for each example, a column for each variable.")
    ends = [end[1:] for end in suffixes("real") if end != ".zip"]
    file = st.file_uploader(_("Drop a table here"), ends, key="own_table", max_upload_size=MAX_UPLOAD_MB, help=about)
    if file is not None:
        key, reading = panel([file], "real")
        st.button(
            _("Learn from it"),
            type="primary",
            icon=":material/play_arrow:",
            key="learn",
            on_click=_learn,
            args=(file.name, file.getvalue(), key, reading),
        )
    queue = the_queue()
    run = next((run for run in queue.runs() if run.name == st.session_state["run"]), None)
    if run is not None:
        watch(queue, run)
        if run.state in ("done", "stopped") and run.name in cache.cards():
            st.button(_("Look at it"), on_click=_use, args=(run.name,), icon=":material/arrow_downward:", key="look")


def _learn(name: str, content: bytes, key: str | None, reading: dict) -> None:
    """Put a run into the queue."""
    with friendly_errors():
        request = Request("own", MODEL, title=Path(name).stem[:60], key=key, reading=reading)
        _watch_run(submit(request, [(name, content)]).name)


def _watch_run(name: str) -> None:
    """The run that is watched stands in the link; "" for none."""
    st.session_state["run"] = name
    link.say("run", name or None)


def _use(name: str) -> None:
    """The model of the run is the one in use, and the form makes room."""
    st.session_state["model"] = name
    link.say(link.MODEL, name)
    _watch_run("")


def _head(card: ModelCard) -> None:
    """What the model was trained on, and what it reaches."""
    here, split = rows(card), next((split for split in ("test", "valid") if split in card.nats), None)
    said = [_("columns: {n}", n=card.dims)]
    if here is not None:
        n = len(here)
        said.append(_("rows that it never saw: {n:,}", n=n) if card.embedded else _("rows here: {n:,}", n=n))
    if split:
        name = _("−log p, test") if split == "test" else _("−log p, validation")
        said.append(f"{name}: " + _("{value:.2f} nats", value=card.nats[split]))
    if split in card.standardised_nats:
        said.append(_("in columns of variance 1: {value:.2f} nats", value=card.standardised_nats[split]))
    mean = _("The mean over rows that it did not learn from; lower is better.")
    if split == "valid" and card.header.get("rows_in_the_end"):
        mean = _("The mean over rows before the model learned from these too, once all was chosen; lower is better.")
    st.caption(" · ".join(said), help=mean if split else None)


def _view(card: ModelCard) -> None:
    """One of the three looks at the table."""
    with st.container(key="knobs-view"):
        row = st.columns([5, 4, 2], vertical_alignment="bottom")
    view = linked(
        row[0].segmented_control,
        _("What to look at"),
        list(VIEWS),
        key="view",
        default="pairs",
        format_func=lambda id: _(VIEWS[id]),
        required=True,
        label_visibility="collapsed",
    )
    if view == "strange":
        tables.strange(card)
    elif view == "given":
        tables.asked(card)
    else:
        _pairs(card, *row[1:])


def _pairs(card: ModelCard, left: Any, right: Any) -> None:
    n = linked(left.slider, _("Rows drawn"), 100, MOST, key="n", default=DRAWN, step=100, help=_("How many to draw."))
    same = _("The same seed gives the same samples, on any machine.")
    seed = linked(right.number_input, _("Seed"), 0, 10**6, key="seed", default=0, help=same)
    tables.samples(card, n, seed, None, 1.0)
