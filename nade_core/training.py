"""Maximum likelihood: minimise the mean of -log p(x) over the training set, watching a validation set.

Training is a generator over a TrainState: each step says how it goes, and the state after an epoch is all
that is needed to go on. The randomness of an epoch is a function of (seed, epoch), so a run that was
interrupted and resumed ends with the same weights as one that was not.
"""

import copy
import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from .augment import augment
from .data import Dataset
from .devices import bfloat16_pays
from .distillation import Classroom, distillation_loss
from .models import MODELS
from .scoring import mean_nats

STEPS_A_REPORT = 50
STEPS, PATIENCE_STEPS = 10_000, 1_500  # a small table is seen at least so often, unless it stops gaining
WEIGHT_DECAYS = (0.03, 0.3, 1.0)  # tried in turn on a table of up to SEARCH_VALUES values: small data needs more
SEARCH_VALUES = 10_000_000
FINAL = 1 / 3  # the share of the epochs, the last ones, that see no draws of a teacher


@dataclass(frozen=True)
class TrainConfig:
    """How to train. ``average`` is the decay of the averaged weights, which are what is validated and kept.

    ``precision`` "bfloat16" computes the loss in mixed precision; weights stay in float32.
    """

    epochs: int = 60
    batch_size: int = 100
    learning_rate: float = 1e-3
    weight_decay: float = 0.01
    average: float = 0.999
    patience: int = 10
    seed: int = 0
    shift: int = 0
    flip: bool = False
    precision: str = "float32"

    def __post_init__(self):
        positive = {
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "patience": self.patience,
            "learning_rate": self.learning_rate,
        }
        for name, value in positive.items():
            if not (value > 0 and math.isfinite(value)):
                raise ValueError(f"Expected {name} above 0; got {value}.")
        if not (0 <= self.average < 1 and self.weight_decay >= 0 and self.shift >= 0):
            raise ValueError(f"Expected average in [0, 1), weight_decay and shift of at least 0; got {self}.")
        if self.precision not in ("float32", "bfloat16"):
            raise ValueError(f"Expected a precision of float32 or bfloat16; got {self.precision!r}.")


def recipe(model: str, device: torch.device) -> dict:
    """The fields of TrainConfig that suit that model, in mixed precision only where the device gains by it."""
    fields = dict(MODELS[model][0].recipe)
    if not bfloat16_pays(device):
        fields.pop("precision", None)
    return fields


def recommended(model: str, rows: int, device: torch.device, **given) -> TrainConfig:
    """How to train that model on so many rows: its recipe, long enough for a small table; ``given`` goes first."""
    config = TrainConfig(**{**recipe(model, device), **given})
    steps = math.ceil(rows / config.batch_size)
    longer = {"epochs": max(config.epochs, STEPS // steps), "patience": max(config.patience, PATIENCE_STEPS // steps)}
    return config if MODELS[model][0].counts else replace(config, **{**longer, **given})


def weight_decays(model: str, rows: int, dims: int) -> tuple[float, ...]:
    """Which weight decays to try on a table of that size; none where one suffices, or where nothing decays."""
    return () if MODELS[model][0].counts or rows * dims > SEARCH_VALUES else WEIGHT_DECAYS


@dataclass(frozen=True)
class TrainStep:
    """One report: nats are means of -log p(x) per example; valid_nats is None between ends of epochs."""

    epoch: int
    progress: float
    train_nats: float
    valid_nats: float | None = None
    best_nats: float | None = None
    improved: bool = False


class TrainingDiverged(ValueError):
    """The loss stopped being a number; the weights kept are the last good ones."""


@dataclass
class TrainState:
    """All that training carries from epoch to epoch. ``average`` is the model to keep."""

    model: nn.Module
    average: nn.Module
    optimizer: torch.optim.Optimizer
    epoch: int = 0
    best_nats: float = math.inf
    best_epoch: int = 0

    @classmethod
    def start(
        cls,
        name: str,
        model_config,
        data: Dataset,
        config: TrainConfig,
        device: torch.device,
        ordering: Tensor | None = None,
    ) -> "TrainState":
        """A fresh model that knows the means of the data."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            model = MODELS[name][0](model_config, ordering)
            model.start_from(torch.tensor(data.train))
        return cls.of(model.to(device), config)

    @classmethod
    def of(cls, model: nn.Module, config: TrainConfig) -> "TrainState":
        optimizer = None
        if not model.counts:
            groups = [
                {
                    "params": [p],
                    "weight_decay": 0.0 if name.rpartition(".")[2] in model.undecayed else config.weight_decay,
                }
                for name, p in model.named_parameters()
            ]
            optimizer = torch.optim.AdamW(groups, config.learning_rate, fused=True)
        return cls(model, copy.deepcopy(model).requires_grad_(False), optimizer)


def _epoch(state: TrainState, room: Classroom, config: TrainConfig) -> Generator[TrainStep, None, float]:
    """One pass over the training set; yields reports and returns the mean training nats."""
    generator = torch.Generator().manual_seed(config.seed * 100_003 + state.epoch)
    data, final = room.data, state.epoch >= round(config.epochs * (1 - FINAL))
    order = torch.randperm(len(data.train) - room.drawn * final, generator=generator)
    device, batches = state.model.ordering.device, order.split(config.batch_size)
    taught = None if room.taught is None else room.taught.to(device)
    train, labels, total = torch.tensor(data.train, device=device), _labels(data, state.model), 0.0
    state.model.train()
    for i, rows in enumerate(batches):
        step = state.epoch * len(batches) + i
        rows = rows.to(device)
        x = train[rows].to(state.model.dtype)
        if (config.shift or config.flip) and taught is None:
            x = augment(x, data.shape, config.shift, config.flip, generator)
        y = None if labels is None else labels[rows]
        t = None if taught is None else taught[rows].to(x)
        total += _step(state, x, y, t, step, len(batches) * config.epochs, config, generator)
        if (i + 1) % STEPS_A_REPORT == 0:
            if not math.isfinite(total):
                raise TrainingDiverged("The loss is no longer a number: try a smaller learning rate.")
            yield TrainStep(state.epoch, (step + 1) / (len(batches) * config.epochs), float(total) / (i + 1))
    return float(total) / len(batches)


def _labels(data: Dataset, model: nn.Module) -> Tensor | None:
    if not model.classes:
        return None
    return torch.tensor(data.train_labels, device=model.ordering.device).long()


def _step(
    state: TrainState,
    x: Tensor,
    y: Tensor | None,
    taught: Tensor | None,
    step: int,
    steps: int,
    config: TrainConfig,
    generator: torch.Generator,
) -> Tensor:
    """One AdamW step at the cosine schedule's learning rate, then the averaged weights follow; returns the loss."""
    for group in state.optimizer.param_groups:
        group["lr"] = config.learning_rate * 0.5 * (1 + math.cos(math.pi * step / steps))
    state.optimizer.zero_grad()
    with torch.random.fork_rng([x.device] if x.is_cuda else []):
        torch.manual_seed(config.seed * 100_003 + step)  # dropout's randomness is a function of (seed, step)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
            loss = state.model.loss(x, y, generator) if taught is None else distillation_loss(state.model, x, taught)
    loss.backward()
    state.optimizer.step()
    decay = min(config.average, (1 + step) / (10 + step))
    with torch.no_grad():
        torch._foreach_lerp_(list(state.average.parameters()), list(state.model.parameters()), 1 - decay)
    return loss.detach()


def train(state: TrainState, room: Classroom, config: TrainConfig) -> Iterator[TrainStep]:
    """Train until the epochs are over or ``patience`` epochs brought no gain; the last step of each epoch has
    valid_nats.

    Rows on which there is a lesson are seen as they are, and the last FINAL of the epochs see no draws.
    Raises TrainingDiverged when the loss is no longer a number.
    """
    while state.epoch < config.epochs and state.epoch - state.best_epoch < config.patience:
        train_nats = yield from _pass(state, room.data) if state.model.counts else _epoch(state, room, config)
        state.epoch += 1
        valid = state.average.eval().validation_nats(torch.tensor(room.data.valid))
        if not (math.isfinite(valid) and math.isfinite(train_nats)):
            raise TrainingDiverged("The loss is no longer a number: try a smaller learning rate.")
        improved = valid < state.best_nats
        if improved:
            state.best_nats, state.best_epoch = valid, state.epoch
        yield TrainStep(state.epoch, state.epoch / config.epochs, train_nats, valid, state.best_nats, improved)


def _pass(state: TrainState, data: Dataset) -> Generator[TrainStep, None, float]:
    """One pass of a model that counts; the model to keep is the model itself."""
    state.model.fit(torch.tensor(data.train, device=state.model.ordering.device))
    state.average.load_state_dict(state.model.state_dict())
    yield from ()
    return mean_nats(state.model.eval(), data.train)
