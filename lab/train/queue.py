"""The queue of this app, one for all viewers, and what is known of a run without reading a file twice."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from nade_core.messages import N_, NadeError
from nade_core.queue import LARGE, Queue
from nade_core.runs import Request, RunState, Viewer, read_log

from .. import cache, visitor
from ..turns import turn
from ..words import _

STATES = {
    "queued": N_("waiting"),
    "running": N_("training"),
    "done": N_("finished"),
    "stopped": N_("stopped"),
    "failed": N_("failed"),
    "interrupted": N_("interrupted"),
    "damaged": N_("damaged"),
}


def the_queue() -> Queue:
    """The queue over the folder of runs. NadeError where that folder cannot be made."""
    try:
        return _queue(cache.RUNS)
    except OSError as error:
        raise NadeError("The folder of runs cannot be used: {reason}.", reason=str(error)) from error


@st.cache_resource(show_spinner=False)
def _queue(root: Path) -> Queue:
    return Queue(root, visitor.HOSTING)


def viewer() -> Viewer:
    """Who looks."""
    return visitor.viewer(cache.RUNS)


def submit(request: Request, files: Sequence[tuple[str, bytes]]) -> RunState:
    """Put a run into the queue, in the name of who looks; says what it waits for, while the data are read.

    What is large is read in a process of its own: nobody else waits for it.
    """
    size = sum(len(content) for _name, content in files)
    words = _("Reading the data…")
    if size > LARGE:
        words = _("Reading {size} MB and looking at every row, in a process of its own…", size=size >> 20)
    with st.spinner(words, show_time=True), turn():
        return the_queue().submit(request, files, owner=viewer().owner)


def title(run: RunState) -> str:
    """What the viewer who asked for it called the run: anybody's words, to be shown as plain text."""
    return (run.config.title if run.config else "") or run.name


def label(run: RunState) -> str:
    """One line on a run, for a list. It stays the same while the run goes on: the browser knows an option by it."""
    return f"{title(run)} · {run.name}"


def log(run: RunState) -> list[dict]:
    """The reports of a run, oldest first; its file is read again only when it has changed."""
    try:
        known = (run.folder / "log.jsonl").stat()
    except OSError:
        return []
    return _log(run.folder, known.st_mtime_ns, known.st_size)


@st.cache_resource(max_entries=16, show_spinner=False)
def _log(folder: Path, changed: int, size: int) -> list[dict]:
    return read_log(folder)
