"""A training run is a folder: it can be watched, stopped, killed and resumed, and holds a model at any time.

    config.json         what was asked
    log.jsonl           one JSON object a report, oldest first
    status.json         state (running, done, stopped, failed), message, pid
    last.safetensors    everything needed to go on from the last finished epoch
    model.safetensors   the best model so far, an ordinary model file
    stop                present: the run ends cleanly at its next report

Every file is written whole or not at all. A kill loses at most the epoch under way, which a resumed run
does again with the same random numbers: it ends with the same weights.
"""

import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from .checkpoint import FORMAT_VERSION, read_header, save_model
from .data.reading import read_data
from .files import write_atomic
from .models import MODELS
from .training import TrainConfig, TrainState, TrainStep, train


@dataclass(frozen=True)
class RunConfig:
    """What a run trains, and on what: a model's name and configuration, a data source, and how."""

    data: str
    model: str
    model_config: dict
    train: TrainConfig
    ordering: str = "raster"
    title: str = ""
    key: str | None = None


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
        return RunConfig(**{**values, "train": TrainConfig(**values["train"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"{folder}/config.json does not fit this version of the program: {error}.") from error


def create(folder: str | Path, config: RunConfig) -> Path:
    """A new run folder. ValueError if it already holds a run."""
    folder = Path(folder)
    if (folder / "config.json").exists():
        raise ValueError(f"{folder} already holds a run: add --resume to go on with it, or choose another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / "config.json", asdict(config))
    return folder


def _save_state(folder: Path, state: TrainState, seconds: float) -> None:
    tensors = {f"model.{k}": v for k, v in state.model.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in state.average.state_dict().items()}
    for i, moments in state.optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{i}.{k}": torch.as_tensor(v) for k, v in moments.items()}
    values = {"epoch": state.epoch, "best_nats": state.best_nats, "best_epoch": state.best_epoch, "seconds": seconds}
    header = {"format_version": FORMAT_VERSION, "model": type(state.model).__name__, **values}
    content = {k: v.detach().cpu().contiguous() for k, v in tensors.items()}
    write_atomic(folder / "last.safetensors", save(content, metadata={"nade": json.dumps(header)}))


def _load_state(folder: Path, config: RunConfig, device: torch.device) -> tuple[TrainState, float]:
    """The state at the end of the last finished epoch, and the seconds it took to get there."""
    path = folder / "last.safetensors"
    header = read_header(path)
    try:
        with safe_open(path, "pt") as file:
            tensors = {k: file.get_tensor(k) for k in file.keys()}  # noqa: SIM118
        model_class, config_class = MODELS[config.model]
        model = model_class(config_class(**config.model_config), tensors["model.ordering"]).to(device)
        model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
        state = TrainState.of(model, config.train)
        state.average.load_state_dict({k[8:]: v for k, v in tensors.items() if k.startswith("average.")})
        _load_optimizer(state.optimizer, tensors)
    except (SafetensorError, RuntimeError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is damaged: {str(error).splitlines()[0]}.") from error
    state.epoch, state.best_nats, state.best_epoch = header["epoch"], header["best_nats"], header["best_epoch"]
    return state, header["seconds"]


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
    data = read_data(config.data, config.key, config.train.seed)
    if (folder / "last.safetensors").exists():
        state, before = _load_state(folder, config, device)
    else:
        state, before = _fresh(config, data, device), 0.0
    log = [report for report in read_log(folder) if report["epoch"] < state.epoch or
           (report["epoch"] == state.epoch and report["valid_nats"] is not None)]  # fmt: skip
    write_atomic(folder / "log.jsonl", "".join(json.dumps(line) + "\n" for line in log).encode())
    started, begun_at = time.monotonic(), state.epoch / config.train.epochs
    with (folder / "log.jsonl").open("a", buffering=1) as file:
        for step in train(state, data, config.train):
            elapsed = time.monotonic() - started
            if step.valid_nats is not None:
                _save(folder, config, data, state, step, before + elapsed)
            rate = (step.progress - begun_at) / max(elapsed, 1e-9)
            left = (1 - step.progress) / rate if rate else None
            report = {**asdict(step), "seconds": round(before + elapsed, 2), "seconds_left": left}
            file.write(json.dumps(report) + "\n")
            yield report
            over = time_budget is not None and elapsed > time_budget and step.valid_nats is not None
            if step.progress < 1 and (over or (folder / "stop").exists()):
                (folder / "stop").unlink(missing_ok=True)
                return "stopped"
    return "done"


def _fresh(config: RunConfig, data, device: torch.device) -> TrainState:
    from .orderings import make_ordering

    config_class, dims = MODELS[config.model][1], data.dims
    shape = data.shape or (1, dims)
    ordering = make_ordering(config.ordering, *shape, seed=config.train.seed)
    return TrainState.start(config.model, config_class(**config.model_config), data, config.train, device, ordering)


def _save(folder: Path, config: RunConfig, data, state: TrainState, step: TrainStep, seconds: float) -> None:
    """The best model first, then the state: a kill between the two repeats an epoch and writes the same."""
    if step.improved:
        nats = {"train": step.train_nats, "valid": step.valid_nats}
        classes = list(data.class_names) if state.model.config.classes else []
        save_model(
            state.average, folder / "model.safetensors", title=config.title or folder.name, data=data.name,
            binarisation=data.binarisation, shape=data.shape, classes=classes, nats=nats, ordering=config.ordering,
            train=asdict(config.train), epoch=state.epoch, seconds=round(seconds, 1),
        )  # fmt: skip
    _save_state(folder, state, seconds)
