"""The worker: trains in a run folder from where it stands, and keeps the folder up to date."""

import copy
import hashlib
import json
import math
import os
import time
from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import torch

from .. import together
from ..checkpoint import find_model, load_pretrained, read_header, save_model
from ..data import SOURCES, Dataset
from ..data.reading import read_data
from ..distillation import Classroom, classroom
from ..files import write_atomic
from ..messages import NadeError
from ..models import MODELS, DensityModel
from ..orderings import make_ordering
from ..training import TrainState, TrainStep, train_by_batches
from .conclusion import conclude
from .config import RunConfig
from .folder import clear_stop, read_config, read_log, stop_requested, working_on, write_status
from .replay import keep_sheet
from .standing import Standing, load_state, read_standing, save_state


def run(
    folder: str | Path, device: torch.device, time_budget: float | None = None, started: float | None = None
) -> Iterator[dict]:
    """Train in a run folder from where it stands, yielding what goes into the log.

    Ends when training is done, within a batch of ``request_stop``, or after ``time_budget`` seconds, which the weight
    decays share: each one's last epoch under way is finished. The budget counts from ``started``, a time.monotonic()
    (now, if None). NadeError if another worker has the folder, or if the loss is no longer a number. Of several processes
    that train together, the leader alone holds the folder and writes into it.
    """
    folder = Path(folder)
    deadline = None
    if time_budget is not None:
        deadline = (time.monotonic() if started is None else started) + time_budget
    config = read_config(folder)
    with ExitStack() as held:
        together.led(lambda: held.enter_context(working_on(folder)))
        try:
            end, why = yield from _attempt(folder, config, device, deadline)
        except BaseException as error:
            left, lost = isinstance(error, KeyboardInterrupt | GeneratorExit), together.lost(error)
            state = "stopped" if left else "interrupted" if lost else "failed"
            if together.leads():
                with suppress(OSError):  # a full disk: the error itself is what matters
                    write_status(folder, state, None if left else lost or error)
            if lost:
                raise lost from error
            raise
        if together.leads():
            write_status(folder, end, why)
            clear_stop(folder)


def read_run_data(folder: Path, config: RunConfig) -> Dataset:
    """The data that the run of a folder trains on, of the values that its model takes."""
    source = config.data if config.data in SOURCES else folder / config.data
    data = read_data(source, config.key, config.train.seed, values=MODELS[config.model][0].values, how=config.how)
    return replace(data, name=config.data_name or data.name)


def fingerprint(rows: np.ndarray) -> str:
    """A hash of training rows (N, D), of their type and values: the same rows, the same 64 digits."""
    rows = np.ascontiguousarray(rows)
    return hashlib.sha256(f"{rows.dtype.name} {rows.shape} ".encode() + rows.tobytes()).hexdigest()


@dataclass
class Work:
    """All that the trainings of one attempt share. ``done`` is the part of each that is behind it."""

    folder: Path
    config: RunConfig
    device: torch.device
    room: Classroom
    standing: Standing
    done: list[float]
    facts: dict  # what the model file says of the data
    before: float  # seconds that earlier attempts took
    began: float
    deadline: float | None
    fresh: DensityModel | None = None  # where each of the trainings begins

    def seconds_left(self, done_before: float) -> float | None:
        """An estimate from the pace of this attempt; ``done_before`` of all work was behind it at the start."""
        elapsed, done = time.monotonic() - self.began, sum(self.done) / len(self.done)
        if done <= done_before:
            return None
        left = (1 - done) * elapsed / (done - done_before)
        return left if self.deadline is None else max(0.0, min(left, self.deadline - time.monotonic()))


def _attempt(
    folder: Path, config: RunConfig, device: torch.device, deadline: float | None
) -> Generator[dict, None, tuple[str, NadeError | None]]:
    """From where the run stands until it ends; returns the state it ends in, and why, where there is a reason."""
    if together.agreed(stop_requested(folder)):
        return "stopped", None
    together.led(partial(_begin, folder))
    work = _prepare(folder, config, device, deadline)
    together.led(partial(_cut_log, folder, work.standing))
    end = yield from _trainings(work, deadline)
    if together.leads() and not stop_requested(folder):  # who stops a run waits for nothing
        conclude(folder, work.room.data, device)
    return end


def _begin(folder: Path) -> None:
    write_status(folder, "running")
    for leftover in folder.glob(".*.part"):  # of a worker that was killed as it wrote
        leftover.unlink(missing_ok=True)


def _trainings(work: Work, deadline: float | None) -> Generator[dict, None, tuple[str, NadeError | None]]:
    """All trainings that are not over, in turn; returns the state that the run ends in, and why."""
    done_before = sum(work.done) / len(work.done)
    path = work.folder / "log.jsonl" if together.leads() else Path(os.devnull)
    with path.open("a", buffering=1, encoding="utf-8") as log:
        first = True
        while open_trials := _open_trials(work):
            if not first and deadline is not None and together.agreed(time.monotonic() >= deadline):
                return "stopped", NadeError("The time limit is over. The best model so far is kept; the run can go on.")
            for place, trial in enumerate(open_trials):
                until = None
                if deadline is not None:  # what time is left is shared by the trainings that are left
                    now = time.monotonic()
                    until = now + (deadline - now) / (len(open_trials) - place)
                if (yield from _train(work, trial, until, log, done_before)):
                    return "stopped", None
            first = False
    return "done", None


def _prepare(folder: Path, config: RunConfig, device: torch.device, deadline: float | None) -> Work:
    """Read the data, hear the teacher, find where the run stands."""
    began, data = time.monotonic(), read_run_data(folder, config)
    facts = {
        "data": data.name,
        "embedded": data.embedded,
        "fingerprint": fingerprint(data.train),
        "layout": asdict(data.layout) if data.layout else None,
        "found": _found(folder),
    }
    room = together.after_leader(partial(_classroom, folder, config, data, device))
    standing = read_standing(folder, config)
    if standing is None:
        standing = Standing(room.seconds)
        if config.start:  # what a model took to train is what all of its trainings took
            standing.seconds += read_header(find_model(config.start)).get("seconds", 0.0)
        began = time.monotonic()
    done = [
        1.0 if how.over(stand.epoch, stand.best_epoch) else stand.epoch / how.epochs
        for how, stand in ((how, standing.of(i)) for i, how in enumerate(config.trials))
    ]
    return Work(folder, config, device, room, standing, done, facts, standing.seconds, began, deadline)


def _found(folder: Path) -> list:
    """What an earlier attempt computed before its first step, as its model file says."""
    path = folder / "model.safetensors"
    return read_header(path).get("found", []) if path.is_file() else []


def _classroom(folder: Path, config: RunConfig, data: Dataset, device: torch.device) -> Classroom:
    """What there is to learn from."""
    if not config.teacher:
        return Classroom(data)
    how, cache = config.train, folder / "lesson.npz"
    find = partial(load_pretrained, config.teacher, device)
    return classroom(find, data, config.ordered, how.shift, how.flip, how.seed, cache)


def _open_trials(work: Work) -> list[int]:
    return [i for i, part in enumerate(work.done) if part < 1]


def _train(
    work: Work, trial: int, until: float | None, log: IO[str], done_before: float
) -> Generator[dict, None, bool]:
    """One training, to its end or to the end of an epoch after ``until``; returns whether a stop was asked for."""
    state, how = _state(work, trial), work.config.trials[trial]
    for step in train_by_batches(state, work.room, how):
        if step is not None:
            yield _report(work, trial, state, step, log, done_before)
        if work.done[trial] < 1 and together.agreed(stop_requested(work.folder)):
            return True
        ended = step is not None and step.valid_nats is not None
        if ended and until is not None and together.agreed(time.monotonic() > until):
            break
    return False


def _report(work: Work, trial: int, state: TrainState, step: TrainStep, log: IO[str], done_before: float) -> dict:
    """Write a step into the log, and after an epoch where the run stands; returns what was written."""
    work.standing.seconds = round(work.before + time.monotonic() - work.began, 2)
    valid, over = step.valid_nats, False
    if valid is not None:
        over = work.config.trials[trial].over(state.epoch, state.best_epoch)
        step = replace(step, improved=valid < work.standing.best_nats)
        work.standing.best_nats = min(valid, work.standing.best_nats)
    work.done[trial] = 1.0 if over else step.progress
    left = work.seconds_left(done_before)
    report = {**asdict(step), "trial": trial, "seconds": work.standing.seconds, "seconds_left": left}
    if valid is None:
        log.write(json.dumps(report) + "\n")
    else:
        work.standing = together.led(partial(_keep, work, trial, state, step, log, report))
    return report


def _keep(work: Work, trial: int, state: TrainState, step: TrainStep, log: IO[str], report: dict) -> Standing:
    """Put an epoch that has ended on disk; where the run stands comes last: a kill before it repeats the epoch."""
    if step.improved:
        _save_best(work, trial, state, step)
    log.write(json.dumps(report) + "\n")
    keep_sheet(work.folder, trial, state.epoch, state.average, work.room.data)
    save_state(work.folder, trial, state, work.standing)
    return work.standing


def _state(work: Work, trial: int) -> TrainState:
    """A training as it stands, or a fresh one."""
    config, how = work.config, work.config.trials[trial]
    if trial in work.standing.trials:
        return load_state(work.folder, config, trial, work.standing.of(trial), work.device)
    if config.start:
        return TrainState.of(load_pretrained(config.start, work.device).requires_grad_(True), how)
    data, ordering = work.room.data, work.room.ordering
    if ordering is None and config.ordering != "raster":  # else a model may have a first ordering of its own
        ordering = make_ordering(config.ordering, *(data.shape or (1, data.dims)), seed=how.seed)
    if work.fresh is None:
        now, until = time.monotonic(), math.inf
        if work.deadline is not None:  # half of the time left is for what the first step starts from
            until = now + (work.deadline - now) / 2
        work.fresh = TrainState.start(config.model, config.sizes, data, how, work.device, ordering, until).model
        work.facts["found"] = work.fresh.found
    return TrainState.of(copy.deepcopy(work.fresh), how)


def _cut_log(folder: Path, standing: Standing) -> None:
    """Drop the reports of an epoch that did not end: it is done again."""

    def stays(report: dict) -> bool:
        epoch = standing.of(report["trial"]).epoch
        return report["epoch"] < epoch or (report["epoch"] == epoch and report["valid_nats"] is not None)

    lines = [json.dumps(report) + "\n" for report in read_log(folder) if stays(report)]
    write_atomic(folder / "log.jsonl", "".join(lines).encode())


def _save_best(work: Work, trial: int, state: TrainState, step: TrainStep) -> None:
    """The best model so far, as a model file."""
    config, data = work.config, work.room.data
    save_model(
        state.average,
        work.folder / "model.safetensors",
        **work.facts,
        title=config.title or work.folder.name,
        binarisation=data.binarisation,
        shape=data.shape,
        classes=list(data.class_names) if getattr(config.sizes, "classes", 0) else [],
        nats={"train": step.train_nats, "valid": step.valid_nats},
        ordering=config.ordering,
        teacher=config.teacher,
        start=Path(config.start).name,
        train=asdict(config.trials[trial]),
        epoch=state.epoch,
        seconds=round(work.standing.seconds, 1),
    )
