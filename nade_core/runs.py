"""A training run is a folder: it can be watched, stopped, killed and resumed, and holds a model at any time.

    config.json         what was asked
    log.jsonl           one JSON object a report, oldest first
    status.json         state (running, done, stopped, failed), message, pid
    last.json           where everything stands that is needed to go on from the last finished epoch:
    last-*.safetensors  weights, averages and moments, in parts of less than 16 MiB
    model.safetensors   the best model so far, an ordinary model file
    lesson.npz          what a teacher said, where there is one
    stop                present: the run ends cleanly at its next report

Every file is written whole or not at all. A kill loses at most the epoch under way, which a resumed run
does again with the same random numbers: it ends with the same weights.

Where several weight decays are given, each is tried in turn from the same start, and the model kept is the
best of all on the validation part.
"""

import json
import math
import os
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from .checkpoint import find_model, load_pretrained, read_header, save_model
from .data import Dataset
from .data.reading import read_data
from .distillation import Classroom, classroom
from .files import write_atomic
from .models import MODELS
from .orderings import make_ordering
from .training import TrainConfig, TrainState, TrainStep, train

PART_BYTES = 12 << 20
STATE_KEYS = ("epoch", "best_nats", "best_epoch")


@dataclass(frozen=True)
class RunConfig:
    """What a run trains, and on what: a model's name and configuration, a data source, and how.

    ``teacher`` is a pretrained name or a model file: a model of one ordering learns the teacher's conditionals,
    along the teacher's ordering; a model of several learns from rows that the teacher draws. ``start``, likewise,
    is a model of the same kind and configuration, whose weights are the first ones.
    """

    data: str
    model: str
    model_config: dict
    train: TrainConfig
    ordering: str = "raster"
    title: str = ""
    key: str | None = None
    weight_decays: tuple[float, ...] = ()
    teacher: str = ""
    start: str = ""

    @property
    def ordered(self) -> bool:
        """Whether the model has one ordering."""
        model_class, config_class = MODELS[self.model]
        return len(model_class(config_class(**self.model_config)).orderings(2)) == 1

    @property
    def trials(self) -> list[TrainConfig]:
        """One training after another: a weight decay each, or the one of ``train``."""
        return [replace(self.train, weight_decay=value) for value in self.weight_decays] or [self.train]


def write_json(path: Path, value) -> None:
    write_atomic(path, json.dumps(value, indent=1).encode())


def read_json(path: Path) -> dict:
    """The JSON object of a file, {} where there is none."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def read_log(folder: Path) -> list[dict]:
    """The reports of a run, oldest first."""
    try:
        lines = (folder / "log.jsonl").read_text().splitlines()
    except OSError:
        return []
    return [json.loads(line) for line in lines if line.endswith("}")]


def is_alive(pid: int | None) -> bool:
    """Whether a process of that number runs."""
    try:
        os.kill(pid or -1, 0) if pid else None
    except (ProcessLookupError, PermissionError):
        return False
    return bool(pid)


def read_config(folder: Path) -> RunConfig:
    """The configuration of a run folder. ValueError if there is none."""
    values = read_json(folder / "config.json")
    if not values:
        raise ValueError(f"{folder} is no run to resume: it has no readable config.json.")
    try:
        return RunConfig(
            **{**values, "train": TrainConfig(**values["train"]), "weight_decays": tuple(values["weight_decays"])}
        )
    except (TypeError, KeyError) as error:
        raise ValueError(f"{folder}/config.json does not fit this version of the program: {error}.") from error


def read_run_data(config: RunConfig) -> Dataset:
    """The data that a run trains on, of the values that its model takes."""
    return read_data(config.data, config.key, config.train.seed, values=MODELS[config.model][0].values)


def create(folder: str | Path, config: RunConfig) -> Path:
    """A new run folder. ValueError if it already holds a run."""
    folder = Path(folder)
    if (folder / "config.json").exists():
        raise ValueError(f"{folder} already holds a run: add --resume to go on with it, or choose another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", asdict(config))
    return folder


@dataclass
class Progress:
    """Where a run stands: which trial, how long it took, and the best validation nats of all trials."""

    trial: int = 0
    seconds: float = 0.0
    best_nats: float = math.inf


def _save_state(folder: Path, state: TrainState, progress: Progress) -> None:
    """New parts, then last.json that names them, then the old parts go: a kill leaves one whole state."""
    tensors = {f"model.{k}": v for k, v in state.model.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in state.average.state_dict().items()}
    for i, moments in (state.optimizer.state_dict()["state"] if state.optimizer else {}).items():
        tensors |= {f"optimizer.{i}.{k}": torch.as_tensor(v) for k, v in moments.items()}
    old, names = set(folder.glob("last-*.safetensors")), []
    for i, part in enumerate(_parts(tensors)):
        names.append(f"last-{progress.trial}-{state.epoch}-{i}.safetensors")
        write_atomic(folder / names[-1], save(part))
    values = {"epoch": state.epoch, "best_nats": state.best_nats, "best_epoch": state.best_epoch}
    write_json(folder / "last.json", {"state": values, "progress": asdict(progress), "parts": names})
    for path in old - {folder / name for name in names}:
        path.unlink()


def _parts(tensors: dict) -> Iterator[dict]:
    """The tensors in groups of at most PART_BYTES; one that is larger is cut along its first dimension."""
    part, size = {}, 0
    for name, tensor in tensors.items():
        tensor = tensor.detach().cpu()
        rows = max(1, PART_BYTES // tensor[:1].nbytes) if tensor.ndim else 1
        for piece in tensor.split(rows) if tensor.ndim else [tensor]:
            if name in part or size + piece.nbytes > PART_BYTES:
                yield part
                part, size = {}, 0
            part[name] = piece.contiguous()
            size += piece.nbytes
    yield part


def _load_parts(folder: Path, names: list[str]) -> dict:
    """The tensors that _parts cut, whole again."""
    pieces = defaultdict(list)
    for name in names:
        for key, piece in load((folder / name).read_bytes()).items():
            pieces[key].append(piece)
    return {key: found[0] if len(found) == 1 else torch.cat(found) for key, found in pieces.items()}


def _load_state(folder: Path, config: RunConfig, device: torch.device) -> tuple[TrainState, Progress]:
    """The state at the end of the last finished epoch, and where the run stood."""
    saved = read_json(folder / "last.json")
    try:
        progress = Progress(**saved["progress"])
        tensors = _load_parts(folder, saved["parts"])
        model_class, config_class = MODELS[config.model]
        model = model_class(config_class(**config.model_config), tensors["model.ordering"]).to(device)
        model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
        state = TrainState.of(model, config.trials[progress.trial])
        state.average.load_state_dict({k[8:]: v for k, v in tensors.items() if k.startswith("average.")})
        if state.optimizer:
            _load_optimizer(state.optimizer, tensors)
        state.epoch, state.best_nats, state.best_epoch = (saved["state"][k] for k in STATE_KEYS)
    except (SafetensorError, OSError, RuntimeError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"The state in {folder} is damaged: {str(error).splitlines()[0]}.") from error
    return state, progress


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict) -> None:
    values = optimizer.state_dict()
    for key, tensor in tensors.items():
        if key.startswith("optimizer."):
            _, i, name = key.split(".")
            values["state"].setdefault(int(i), {})[name] = tensor
    optimizer.load_state_dict(values)


def run(folder: str | Path, device: torch.device, time_budget: float | None = None) -> Iterator[dict]:
    """Train in a run folder from where it stands, yielding what goes into the log.

    Ends when training is done, when ``folder/stop`` appears, or after ``time_budget`` seconds at the end of an
    epoch. A loss that is no longer a number is reported as failed, and raised as ValueError.
    """
    folder = Path(folder)
    config = read_config(folder)
    (folder / "stop").unlink(missing_ok=True)
    write_json(folder / "status.json", {"state": "running", "message": "", "pid": os.getpid()})
    try:
        state_name = yield from _run(folder, config, device, time_budget)
    except BaseException as error:
        stopped = isinstance(error, (KeyboardInterrupt, GeneratorExit))
        write_json(folder / "status.json", {"state": "stopped" if stopped else "failed", "message": str(error)})
        raise
    write_json(folder / "status.json", {"state": state_name, "message": ""})


def _run(folder: Path, config: RunConfig, device: torch.device, time_budget: float | None):
    started = time.monotonic()
    room, trials, ordering = Classroom(read_run_data(config)), config.trials, None
    if config.teacher:
        teacher, how = load_pretrained(config.teacher, device), config.train
        room = classroom(teacher, room.data, config.ordered, how.shift, how.flip, how.seed, folder / "lesson.npz")
        ordering = teacher.ordering.cpu() if config.ordered else None
    data = room.data
    if (folder / "last.json").exists():
        state, progress = _load_state(folder, config, device)
    else:
        state, progress = _fresh(config, trials[0], data, device, ordering), Progress(seconds=room.seconds)
        if config.start:  # what a model took to train is what all of its trainings took
            progress.seconds += read_header(find_model(config.start)).get("seconds", 0.0)
    _cut_log(folder, progress.trial, state.epoch)
    before, began = progress.seconds, time.monotonic()
    done_before = (progress.trial + state.epoch / trials[progress.trial].epochs) / len(trials)
    with (folder / "log.jsonl").open("a", buffering=1) as file:
        while True:
            for step in train(state, room, trials[progress.trial]):
                elapsed = time.monotonic() - began
                progress.seconds = round(before + elapsed, 2)
                if step.valid_nats is not None:
                    step = replace(step, improved=step.valid_nats < progress.best_nats)
                    _save(folder, config, data, state, step, progress)
                done = (progress.trial + step.progress) / len(trials)
                left = (1 - done) * elapsed / (done - done_before) if done > done_before else None
                report = {**asdict(step), "trial": progress.trial, "seconds": progress.seconds, "seconds_left": left}
                file.write(json.dumps(report) + "\n")
                yield report
                over = time_budget is not None and time.monotonic() - started > time_budget
                if step.progress < 1 and (over and step.valid_nats is not None or (folder / "stop").exists()):
                    (folder / "stop").unlink(missing_ok=True)
                    return "stopped"
            if progress.trial + 1 == len(trials):
                return "done"
            progress.trial += 1
            state = _fresh(config, trials[progress.trial], data, device, ordering)


def _cut_log(folder: Path, trial: int, epoch: int) -> None:
    """Drop the reports of an epoch that did not end: it is done again."""
    log = [
        r
        for r in read_log(folder)
        if (r["trial"], r["epoch"]) < (trial, epoch)
        or ((r["trial"], r["epoch"]) == (trial, epoch) and r["valid_nats"] is not None)
    ]
    write_atomic(folder / "log.jsonl", "".join(json.dumps(line) + "\n" for line in log).encode())


def _fresh(config: RunConfig, trial: TrainConfig, data, device: torch.device, ordering) -> TrainState:
    if config.start:
        return TrainState.of(load_pretrained(config.start, device).requires_grad_(True), trial)
    config_class, shape = MODELS[config.model][1], data.shape or (1, data.dims)
    if ordering is None and config.ordering != "raster":  # else a model may have a first ordering of its own
        ordering = make_ordering(config.ordering, *shape, seed=trial.seed)
    return TrainState.start(config.model, config_class(**config.model_config), data, trial, device, ordering)


def _save(folder: Path, config: RunConfig, data, state: TrainState, step: TrainStep, progress: Progress) -> None:
    """The best model first, then the state: a kill between the two repeats an epoch and writes the same."""
    if step.improved:
        progress.best_nats = step.valid_nats
        nats = {"train": step.train_nats, "valid": step.valid_nats}
        classes = list(data.class_names) if getattr(state.model.config, "classes", 0) else []
        save_model(
            state.average,
            folder / "model.safetensors",
            title=config.title or folder.name,
            data=data.name,
            binarisation=data.binarisation,
            shape=data.shape,
            classes=classes,
            nats=nats,
            ordering=config.ordering,
            teacher=config.teacher,
            start=Path(config.start).name,
            train=asdict(config.trials[progress.trial]),
            epoch=state.epoch,
            seconds=round(progress.seconds, 1),
        )
    _save_state(folder, state, progress)
