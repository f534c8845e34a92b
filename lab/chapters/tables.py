"""Tables: a table of one's own, or an invented one: what a model makes of it, row by row and column by column."""

from pathlib import Path

import streamlit as st

from nade_core import ModelCard
from nade_core.data.filetypes import suffixes
from nade_core.messages import N_
from nade_core.queue import MAX_UPLOAD_MB
from nade_core.runs import Request

from .. import cache, link
from ..chapter import Chapter
from ..kinds import tables
from ..link import linked
from ..session import choose_model, friendly_errors
from ..tables import rows
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
        "A table is rows x of numbers, and p(x) is as good a question to it as to a picture: which rows are strange, and "
        "why; what the other columns could be once some are known."
    ),
)
MODEL = "OrderAgnosticRNADE"  # which can be asked for any columns given any others
VIEWS = {
    "pairs": N_("Real and drawn"),
    "strange": N_("Strange rows"),
    "given": N_("If this is known"),
}
DRAWN, MOST = 500, 5000


def render() -> None:
    wanted = link.arriving("run")
    if wanted is not None:
        st.session_state["run"] = wanted
    open_now = bool(st.session_state["run"])
    with st.expander(_("A table of your own"), icon=":material/upload_file:", expanded=open_now), friendly_errors():
        _own()
    card = choose_model(tables.ID)
    _head(card)
    with friendly_errors():
        _view(card)


def _own() -> None:
    """A table is dropped, what was understood of it is told, and a model learns from it."""
    about = _("Text, Parquet, Excel or arrays: a row for each example, a column for each variable.")
    ends = [end[1:] for end in suffixes("real") if end != ".zip"]
    look = {"key": "own_table", "max_upload_size": MAX_UPLOAD_MB, "help": about}
    file = st.file_uploader(_("Drop a table here"), ends, **look)
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
    of = _("Of a table that comes with the project those that it never saw.")
    mean = _("The mean over rows that it did not learn from; lower is better.")
    if split == "valid" and card.header.get("rows_in_the_end"):
        mean = _("The mean over rows before the model learned from these too, once all was chosen; lower is better.")
    with st.container(horizontal=True, gap="medium"):
        st.metric(_("columns"), card.dims, width="content")
        st.metric(_("rows here"), "–" if here is None else f"{len(here):,}", help=of, width="content")
        if split:
            name = _("−log p, test") if split == "test" else _("−log p, validation")
            st.metric(name, _("{value:.2f} nats", value=card.nats[split]), help=mean, width="content")
        if split in card.standardised_nats:
            same = _("The same for columns of variance 1: without their units.")
            value = _("{value:.2f} nats", value=card.standardised_nats[split])
            st.metric(_("standardised"), value, help=same, width="content")


def _view(card: ModelCard) -> None:
    """One of the three looks at the table."""
    view = linked(
        st.segmented_control,
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
        _pairs(card)


def _pairs(card: ModelCard) -> None:
    left, right = st.columns(2)
    n = linked(left.slider, _("Rows drawn"), 100, MOST, key="n", default=DRAWN, step=100, help=_("How many to draw."))
    same = _("The same seed gives the same samples, on any machine.")
    seed = linked(right.number_input, _("Seed"), 0, 10**6, key="seed", default=0, help=same)
    tables.samples(card, n, seed, None, 1.0)
