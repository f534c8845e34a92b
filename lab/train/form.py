"""The form: what to learn from, which model, and how. What is left automatic is decided where the run is planned."""

from pathlib import Path

import streamlit as st

from nade_core.data import load_dataset
from nade_core.data.filetypes import suffixes
from nade_core.devices import as_device
from nade_core.hosting import Hosting
from nade_core.messages import N_
from nade_core.queue import MAX_UPLOAD_MB, Queue
from nade_core.runs import Request, estimate, models_for, plan, sources, usual

from .. import link
from ..link import linked
from ..session import device
from ..words import _, duration
from .queue import submit
from .understood import panel

OWN, AUTO = "own", "auto"
HIDDEN = (AUTO, "16", "32", "64", "128", "256", "500", "1000")
EPOCHS = (AUTO, "1", "2", "5", "10", "20", "50", "100", "200")
RATES = (AUTO, "0.0001", "0.0003", "0.001", "0.002", "0.003", "0.01", "0.03")
FIRST = "NADE"  # the model at first, where the data are binary
LONGEST = 60  # letters of a title


def form(queue: Queue) -> None:
    """Ask for a run, and put it into the queue. NadeError if the data, or the model of such data, is not possible."""
    with st.container(border=True):
        source, files = _data()
        left, right = st.columns(2)
        with left:
            model = _model(source)
        title = linked(
            right.text_input,
            _("Name"),
            key="title",
            default="",
            placeholder=_("how the model is called in the other chapters"),
            max_chars=LONGEST,
        )
        key, reading = panel(files, usual(model, source).values)
        model_options, train_options, seed = _how(source, model)
        if source != OWN:
            _estimate(queue.hosting, source, model, model_options, train_options.get("epochs"))
        asked = st.button(_("Train"), type="primary", icon=":material/play_arrow:", width="stretch", key="go")
    if queue.cluster:
        st.caption(_("Trains on a cluster, as many runs at once as it holds; the others wait their turn."))
    else:
        st.caption(_("Trains on {device}. One run at a time; the others wait their turn.", device=device()))
    _limits(queue.hosting)
    if asked:
        title = title.strip()[:LONGEST] or f"{model}, {_called(source, files)}"
        request = Request(source, model, model_options, train_options, title, key=key, seed=seed, reading=reading)
        _submit(request, files)


def _estimate(hosting: Hosting, source: str, model: str, model_options: dict, epochs: int | None) -> None:
    """How long the run will take on this machine, before it is asked for; and that it may not last so long."""
    epoch, usual_epochs = _epoch(source, model, tuple(model_options.items()))
    seconds = epoch * (epochs or usual_epochs)
    words = _("About {time} on this machine, as measured by a few batches.", time=duration(seconds))
    if hosting.seconds and seconds > hosting.seconds:
        words += " " + _("It pauses at the time limit, with the best model so far, and can go on after that.")
    st.caption(words)


@st.cache_data(max_entries=128, show_spinner=False)
def _epoch(source: str, model: str, model_options: tuple) -> tuple[float, int]:
    """Seconds that an epoch of all trainings of a run takes, and how many epochs there are where none were chosen."""
    request = Request(source, model, dict(model_options))
    config = plan(request, as_device(None))
    data = load_dataset(source, usual(model, source).values)
    epochs = config.train.epochs
    return estimate(config, data, as_device(None)) / epochs, epochs


def _limits(hosting: Hosting) -> None:
    """What the host allows, where there are limits."""
    if hosting.hosted:
        words = _(
            "Only you see your runs, in this browser. A run trains for {minutes:g} minutes at a time, and {n} of yours may "
            "wait; after {days:g} days without a visit it is deleted, with what was uploaded for it.",
            minutes=hosting.run_minutes,
            n=hosting.waiting,
            days=hosting.keep_days,
        )
        st.caption(words)


def _data() -> tuple[str, list]:
    """The id of the data, and the files of a viewer's own."""
    offered = {**sources(), OWN: N_("My own data")}
    source = linked(
        st.segmented_control,
        _("Data"),
        list(offered),
        key="data",
        default="mnist",
        format_func=lambda source: _(offered[source]),
        required=True,
        help=_("What p(x) is learned from."),
    )
    if source != OWN:
        return source, []
    return source, st.file_uploader(
        _("A table, an archive of pictures, or several pictures"),
        [end[1:] for end in suffixes()],
        key="own_data",
        accept_multiple_files=True,
        max_upload_size=MAX_UPLOAD_MB,
        help=_("A table of any width, as text, Parquet or arrays, or pictures, which become 28 × 28 black and white."),
    )


def _model(source: str) -> str:
    """The name of the model, among those that can learn from the data."""
    models = models_for(source)
    if st.session_state.get("architecture") not in models:
        st.session_state.pop("architecture", None)  # the data have changed, and it cannot learn from these
    return linked(
        st.selectbox,
        _("Model"),
        list(models),
        key="architecture",
        default=FIRST if FIRST in models else next(iter(models)),
        format_func=lambda name: f"{name}: {_(models[name])}",
        help=_("The models that can learn from rows of this kind."),
    )


def _how(source: str, model: str) -> tuple[dict, dict, int]:
    """Only what the viewer chose of the model's sizes and of its training; the seed."""
    automatic = usual(model, source)
    with st.container(key="knobs-how"):
        columns = st.columns(4)
    counts, hidden = automatic.counts, automatic.hidden
    passes = _("Passes over the training data.")
    epochs = _choice(columns[0], _("Epochs"), "epochs", EPOCHS, automatic.epochs, passes, counts)
    far = _("How far a step goes; it falls to zero along a cosine.")
    rate = _choice(columns[1], _("Learning rate"), "rate", RATES, automatic.learning_rate, far, counts)
    more = _("More units, more to remember, slower steps.")
    units = _choice(columns[2], _("Hidden units H"), "hidden", HIDDEN, hidden, more, hidden is None)
    same = _("The same seed, the same model.")
    seed = linked(columns[3].number_input, _("Seed"), 0, 10**6, key="seed", default=0, help=same)
    given = {"epochs": epochs and int(epochs), "learning_rate": rate and float(rate)}
    return {"hidden": int(units)} if units else {}, {name: value for name, value in given.items() if value}, seed


def _choice(
    column, label: str, key: str, options: tuple[str, ...], usual: float | None, help: str, off: bool
) -> str | None:
    """What the viewer chose; None where it is left automatic, or where the model has no such thing."""
    automatic = _("automatic") if usual is None or off else _("automatic: {value:,}", value=usual)
    chosen = linked(
        column.selectbox,
        label,
        list(options),
        key=key,
        default=AUTO,
        format_func=lambda value: automatic if value == AUTO else value,
        help=help,
        disabled=off,
    )
    return None if off or chosen == AUTO else chosen


def _called(source: str, files: list) -> str:
    """What the data are called in a title, in any language."""
    return Path(files[0].name).stem if source == OWN and len(files) == 1 else source


def _submit(request: Request, files: list) -> None:
    run = submit(request, [(file.name, file.getvalue()) for file in files])
    st.session_state["run"] = run.name
    link.say("run", run.name)
    st.toast(_("The run is in the queue."))
