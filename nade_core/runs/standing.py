"""Where a run stands, on disk: the state of each of its trainings at the end of its last finished epoch."""

import math
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save

from ..files import write_atomic
from ..messages import NadeError
from ..models import MODELS
from ..training import TrainState
from .config import RunConfig
from .folder import read_object, write_json

PART_BYTES = 12 << 20
MOMENTS = ("optimizer", "muon")  # under which names those of AdamW, and of Muon if there is one, lie in the parts


@dataclass(frozen=True)
class Stand:
    """Where one training stands, and in which files."""

    epoch: int = 0
    best_nats: float = math.inf
    best_epoch: int = 0
    parts: tuple[str, ...] = ()


@dataclass
class Standing:
    """How long a run took so far, the best validation nats of all its trainings, and where each one stands."""

    seconds: float = 0.0
    best_nats: float = math.inf
    trials: dict[int, Stand] = field(default_factory=dict)

    def of(self, trial: int) -> Stand:
        return self.trials.get(trial, Stand())


def read_standing(folder: Path, config: RunConfig) -> Standing | None:
    """What last.json says, None where there is none. NadeError if it is damaged."""
    path = folder / "last.json"
    if not path.exists():
        return None
    try:
        values = read_object(path)
        values = _from_1(values, config) if "progress" in values else values
        trials = {int(trial): _stand(stand) for trial, stand in values["trials"].items()}
        return Standing(float(values["seconds"]), float(values["best_nats"]), trials)
    except NadeError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise _damaged(folder, error) from error


def _stand(values: dict) -> Stand:
    return Stand(int(values["epoch"]), float(values["best_nats"]), int(values["best_epoch"]), tuple(values["parts"]))


def _from_1(values: dict, config: RunConfig) -> dict:
    """Version 1 kept the state of the training under way alone: those before it were over."""
    at = values["progress"]["trial"]
    over = {"best_nats": math.inf, "best_epoch": 0, "parts": ()}
    trials = {i: {"epoch": trial.epochs, **over} for i, trial in enumerate(config.trials[:at])}
    return {**values["progress"], "trials": {**trials, at: {**values["state"], "parts": values["parts"]}}}


def save_state(folder: Path, trial: int, state: TrainState, standing: Standing) -> None:
    """New parts, then last.json that names them, then the old parts go: a kill leaves one whole state."""
    tensors = {f"model.{k}": v for k, v in state.model.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in state.average.state_dict().items()}
    for optimizer, name in zip(state.optimizers, MOMENTS, strict=False):
        for i, moments in optimizer.state_dict()["state"].items():
            tensors |= {f"{name}.{i}.{k}": torch.as_tensor(v) for k, v in moments.items()}
    old, names = set(folder.glob(f"last-{trial}-*.safetensors")), []
    for i, part in enumerate(_parts(tensors)):
        names.append(f"last-{trial}-{state.epoch}-{i}.safetensors")
        write_atomic(folder / names[-1], save(part))
    standing.trials[trial] = Stand(state.epoch, state.best_nats, state.best_epoch, tuple(names))
    write_json(folder / "last.json", asdict(standing))
    for path in old - {folder / name for name in names}:
        path.unlink()


def _parts(tensors: dict) -> Iterator[dict]:
    """The tensors in groups of at most PART_BYTES; one that is larger is cut along its first dimension."""
    part: dict[str, torch.Tensor] = {}
    size = 0
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


def _load_parts(folder: Path, names: tuple[str, ...]) -> dict:
    """The tensors that _parts cut, whole again."""
    pieces = defaultdict(list)
    for name in names:
        for key, piece in load((folder / name).read_bytes()).items():
            pieces[key].append(piece)
    return {key: found[0] if len(found) == 1 else torch.cat(found) for key, found in pieces.items()}


def load_state(folder: Path, config: RunConfig, trial: int, stand: Stand, device: torch.device) -> TrainState:
    """The state of a training at the end of its last finished epoch. NadeError if it is damaged."""
    try:
        tensors = _load_parts(folder, stand.parts)
        model = MODELS[config.model][0](config.sizes, tensors["model.ordering"]).to(device)
        model.load_state_dict({k[6:]: v for k, v in tensors.items() if k.startswith("model.")})
        state = TrainState.of(model, config.trials[trial])
        state.average.load_state_dict({k[8:]: v for k, v in tensors.items() if k.startswith("average.")})
        for optimizer, name in zip(state.optimizers, MOMENTS, strict=False):
            _load_optimizer(optimizer, name, tensors)
    except (SafetensorError, OSError, RuntimeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise _damaged(folder, error) from error
    state.epoch, state.best_nats, state.best_epoch = stand.epoch, stand.best_nats, stand.best_epoch
    return state


def _load_optimizer(optimizer: torch.optim.Optimizer, name: str, tensors: dict) -> None:
    values = optimizer.state_dict()
    for key, tensor in tensors.items():
        if key.startswith(f"{name}."):
            _, i, moment = key.split(".")
            values["state"].setdefault(int(i), {})[moment] = tensor
    optimizer.load_state_dict(values)


def _damaged(folder: Path, error: Exception) -> NadeError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return NadeError("The state in {folder} is damaged: {reason}.", folder=str(folder), reason=reason)
