"""Train: a model of one's own, in a worker process, while the page stays responsive."""

import streamlit as st

from nade_core.messages import N_
from nade_core.queue import Queue
from nade_core.runs import RunState

from .. import cache, link, stage, visitor
from ..chapter import Chapter
from ..session import friendly_errors
from ..train.form import form
from ..train.queue import label, the_queue
from ..train.sharing import login, teacher
from ..train.watch import NOW, watch
from ..words import _, plain, tell

CHAPTER = Chapter(
    id="train",
    group="lab",
    place=5,
    icon=":material/model_training:",
    title=N_("Train"),
    lead=N_("Learn p(x) from data: every image pulls up its own log p(x), and so pushes down everything else."),
)


def render() -> None:
    queue = the_queue()
    with friendly_errors():
        form(queue)
    run = _choose([run for run in queue.runs() if visitor.sees(run.folder)])
    if run is not None:
        watch(queue, run)
    _faults(queue)
    login()
    teacher()


def _choose(runs: list[RunState]) -> RunState | None:
    """The run to watch: the one that the link names, at first the newest. One that is gone is said to be gone."""
    found = {run.name: run for run in sorted(runs, key=lambda run: run.state == "damaged")}
    wanted = link.arriving("run")
    if wanted is not None:
        st.session_state["run"] = wanted or next(iter(found), None)
    chosen = st.session_state["run"]
    if chosen is None:
        st.session_state.pop("run")
        st.info(_("No runs yet. Choose the data and press **Train**; with few epochs there is soon something to see."))
        return None
    gone = [] if chosen in found else [chosen]
    name = st.selectbox(
        _("Run"),
        [*gone, *found],
        index=[*gone, *found].index(chosen),
        format_func=lambda name: label(found[name]) if name in found else _("{run} (no longer here)", run=name),
        key="run",
        on_change=lambda: stage.keep("replay", NOW, NOW),
        help=_("Every run of this app. The link of this page finds it again."),
    )
    link.say("run", name)
    if name in gone:
        st.warning(_("The run {run} is no longer here: somebody deleted it. Choose another one.", run=plain(name)))
    return found.get(name)


def _faults(queue: Queue) -> None:
    """What cannot be read, file by file, and why."""
    found = [(name, error) for name, error in queue.faults() if not name or visitor.sees(queue.root / name)]
    faults = [(name or _("the folder of runs"), error) for name, error in found]
    faults += [(f"{path.parent.name}/{path.name}", error) for path, error in cache.model_faults()]
    if faults:
        lines = [f"- **{plain(name)}**: {plain(tell(error))}" for name, error in faults]
        st.warning(
            "\n".join([_("These cannot be read, and are left out:"), "", *lines]), icon=":material/broken_image:"
        )
