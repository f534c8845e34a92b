"""Watching a run: how it stands, its curve, its samples, and the buttons that stop it or let it go on."""

import streamlit as st

from lesson.published import PUBLISHED
from nade_core.checkpoint import read_card
from nade_core.images import grid
from nade_core.queue import Queue
from nade_core.runs import RunConfig, RunState, Sheet, keeps_sheets, look, owned, read_replay, visit
from nade_core.runs.folder import stop_requested

from .. import cache, kinds, link
from ..kinds import images
from ..link import linked
from ..session import friendly_errors
from ..take_home import page_button, report_button
from ..theme import BLUE, GREY, ORANGE, chart, figure, text_colour
from ..words import _, duration, explain, plain, tell
from .queue import STATES, log, viewer
from .sharing import audience

EVERY = 1.5  # seconds between two looks at a run under way
MARK = next(result for result in PUBLISHED if result.model.startswith("NADE,"))
LIVE = "queued", "running"
SKETCHED = 25  # images that the model draws as it is now
NOW = 0  # in the replay, the model as it is: epochs count from one


def watch(queue: Queue, run: RunState) -> None:
    """The run, looked at again and again as long as it goes on."""
    if owned(run.folder).owner == viewer().owner:
        visit(run.folder)
    st.fragment(_look, run_every=EVERY if run.state in LIVE else None)(queue, run)


def _look(queue: Queue, seen: RunState) -> None:
    if not (seen.folder / "config.json").exists():
        st.rerun()  # deleted, by anyone: the list says so
    run = look(seen.folder)
    if run.state != seen.state:
        st.rerun()
    reports = log(run)
    _state(queue, run)
    if reports and run.config:
        _progress(run, run.config, reports)
    with friendly_errors():
        if viewer().changes(owned(run.folder)):
            _buttons(queue, run)
            audience(run)
    if reports and run.config:
        left, right = st.columns([3, 2], gap="large")
        with left:
            _curve(run, run.config, reports)
        with right, friendly_errors():
            _samples(run, reports[-1]["trial"])


def _state(queue: Queue, run: RunState) -> None:
    """What is to be said of it in words."""
    if run.state == "queued":
        waiting = [other.name for other in queue.waiting()]
        place = waiting.index(run.name) + 1 if run.name in waiting else 1
        st.info(_("Place {place} in the queue.", place=place), icon=":material/hourglass_empty:")
        if queue.cluster and queue.cluster.fault:
            st.warning(plain(tell(queue.cluster.fault)), icon=":material/info:")
    elif run.error:
        show = st.error if run.state == "failed" else st.warning
        show(plain(tell(run.error)), icon=":material/info:")
    elif run.state == "running" and stop_requested(run.folder):
        st.info(_("Stopping: the run ends within a few seconds, and can go on later."), icon=":material/stop_circle:")
    elif run.state == "running" and not log(run):
        st.progress(0.0, _("Starting the worker: reading the data, loading the kernels…"))
    elif run.state == "done":
        st.success(_("Finished: the model is in the list of the other chapters."), icon=":material/check:")


def _progress(run: RunState, config: RunConfig, reports: list[dict]) -> None:
    last = reports[-1]
    epochs = config.trials[min(last["trial"], len(config.trials) - 1)].epochs
    words = [_(STATES[run.state]), _("epoch {epoch} of {epochs}", epoch=last["epoch"], epochs=epochs)]
    words.append(duration(last["seconds"]))
    if run.state == "running" and last["seconds_left"]:
        words.append(_("about {time} left", time=duration(last["seconds_left"])))
    st.progress(1.0 if run.state == "done" else last["progress"], " · ".join(words))
    if len(config.trials) > 1:
        st.caption(
            _(
                "Training {n} of {all}, each with another weight decay ({decays}); the best on the validation part is "
                "kept.",
                n=last["trial"] + 1,
                all=len(config.trials),
                decays=", ".join(f"{value:g}" for value in config.weight_decays),
            )
        )
    _metrics(reports)


def _metrics(reports: list[dict]) -> None:
    valid = [report["valid_nats"] for report in reports if report["valid_nats"] is not None]
    shown = [(_("training"), reports[-1]["train_nats"], _("Mean −log p(x) over the epoch so far."))]
    if valid:
        shown.append((_("validation"), valid[-1], _("On rows that it does not train on.")))
        shown.append((_("best"), min(valid), _("The weights kept are those of this epoch.")))
    for column, (name, nats, meaning) in zip(st.columns(3), shown, strict=False):
        column.metric(name, _("{value:.2f} nats", value=nats), help=meaning)
    explain(_("In [[nat|nats]] a row of the data: lower is better."), small=True)


def _buttons(queue: Queue, run: RunState) -> None:
    with st.container(horizontal=True):
        if run.state in LIVE:
            _stop(queue, run)
            return
        if run.state not in ("done", "damaged"):
            _resume(queue, run)
        _delete(queue, run)
        _download(run)
        report_button(run)


def _stop(queue: Queue, run: RunState) -> None:
    """The button; as long as the run has not ended, it says that the run is stopping."""
    stopping = stop_requested(run.folder)
    words = _("Stopping…") if stopping else _("Stop")
    if st.button(words, icon=":material/stop:", key=f"stop-{run.name}", disabled=stopping):
        queue.stop(run.folder)
        st.rerun()


def _resume(queue: Queue, run: RunState) -> None:
    if st.button(_("Resume"), icon=":material/resume:", key=f"resume-{run.name}"):
        queue.resume(run.folder)
        st.rerun()


def _delete(queue: Queue, run: RunState) -> None:
    if st.button(_("Delete"), icon=":material/delete:", key=f"delete-{run.name}"):
        queue.delete(run.folder)
        link.say("run", None)
        st.session_state.pop("run", None)
        st.rerun()


def _download(run: RunState) -> None:
    model = run.folder / "model.safetensors"
    if model.exists():
        name, key = f"{run.name}.safetensors", f"get-{run.name}"
        st.download_button(_("Download"), model.read_bytes, name, key=key, icon=":material/download:")
        page_button(read_card(run.folder))


def _curve(run: RunState, config: RunConfig, reports: list[dict]) -> None:
    """Nats by epoch of the training under way, and for digits the published mark."""
    shown = [report for report in reports if report["trial"] == reports[-1]["trial"]]
    ends = [report for report in shown if report["valid_nats"] is not None]
    epochs = config.train.epochs
    fig = figure(_("epochs"), _("−log p(x) (nats)"), height=380)
    for name, points, column, line in (
        (_("training"), shown, "train_nats", {"color": GREY}),
        (_("validation"), ends, "valid_nats", {"color": BLUE, "width": 3}),
    ):
        x, y = [point["progress"] * epochs for point in points], [point[column] for point in points]
        fig.add_scatter(x=x, y=y, name=name, line=line, mode="lines+markers" if points is ends else "lines")
    marked = config.data == "mnist"
    if marked:
        _mark(fig)
    latest, lowest = shown[-1]["train_nats"], min(report["train_nats"] for report in shown)
    top = max(ends[0]["valid_nats"] if ends else latest, latest)
    bottom = min(lowest, MARK.nats) if marked else lowest
    room = 0.1 * (top - bottom) + 0.1
    fig.update_yaxes(range=[bottom - room, top + room])
    alt = _("Training and validation nats by epoch; the latest training value is {nats:.2f}.", nats=latest)
    chart(fig, alt, key=f"curve-{run.name}")
    if marked:
        st.caption(
            _(
                "The dashed line is a published result ({source}), on the test part of another static binarisation of "
                "the same digits: a mark to look at, not the same measurement.",
                source=MARK.source,
            )
        )


def _mark(fig) -> None:
    fig.add_hline(
        y=MARK.nats,
        line_dash="dash",
        line_color=ORANGE,
        annotation_text=_("published NADE, test: {nats}", nats=MARK.figure),
        annotation_position="bottom left",
        annotation_font={"color": text_colour(ORANGE), "size": 14},
    )


def _samples(run: RunState, trial: int) -> None:
    """What the model draws now, or drew after an epoch of the training under way."""
    if not (run.folder / "model.safetensors").exists():
        st.caption(_("Samples appear after the first epoch."))
        return
    card = read_card(run.folder)
    of = kinds.of(card)
    if of is None:
        st.caption(_("No chapter shows rows of this size, so there is no picture of them here."))
        return
    if of == images.ID and not keeps_sheets(cache.model_class(card), card.shape):
        st.caption(_("This model draws slowly, so no samples of its epochs are kept to go back to."))
    sheet = _replayed([sheet for sheet in read_replay(run.folder) if sheet.trial == trial])
    if sheet is not None:
        facts = {"epoch": sheet.epoch, "nats": sheet.valid_nats, "n": len(sheet.rows)}
        words = _("Samples after epoch {epoch}, at {nats:.2f} nats on validation", **facts)
        alt = _("{n} samples after epoch {epoch}", **facts)
        st.image(grid(sheet.rows, columns=4, scale=5), caption=words, width="stretch", alt=alt)
        return
    kind = kinds.all_kinds()[of]
    kind.sketch(card, SKETCHED if of == images.ID else kind.HOW_MANY[1], f"drawn-{run.name}")


def _replayed(sheets: list[Sheet]) -> Sheet | None:
    """The sheet that the viewer goes back to; None as long as the slider stands at its end, at the model as it is."""
    if not sheets:
        return None
    by_epoch = {sheet.epoch: sheet for sheet in sheets}
    epoch = linked(
        st.select_slider,
        _("Replay"),
        [*by_epoch, NOW],
        key="replay",
        default=NOW,  # also where the epoch was thinned away, or is of another training
        format_func=lambda epoch: _("now") if epoch == NOW else _("epoch {epoch}", epoch=epoch),
        help=_("Samples after earlier epochs, drawn from the same random numbers each time."),
    )
    return by_epoch.get(epoch)
