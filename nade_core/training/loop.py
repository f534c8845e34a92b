"""Maximum likelihood: minimise the mean of -log p(x) over the training set, watching a validation set.

Training is a generator over a TrainState: each step says how it goes, and the state after an epoch is all
that is needed to go on. The randomness of an epoch is a function of (seed, epoch), so a run that was
interrupted and resumed ends with the same weights as one that was not.
"""

import copy
import math
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .. import together
from ..augment import augment
from ..data import Dataset
from ..distillation import Classroom
from ..messages import N_, NadeError
from ..models import MODELS
from ..models.base import DensityModel
from ..scoring import mean_nats
from .config import TrainConfig
from .learner import Learner, learner
from .optimizers import clear, optimizers

STEPS_A_REPORT = 50
VALIDATION_PART = 250  # rows between two moments at which a caller can look around
FINAL = 1 / 3  # the share of the epochs, the last ones, that see no draws of a teacher


@dataclass(frozen=True)
class TrainStep:
    """One report: nats are means of -log p(x) per example; valid_nats is None between ends of epochs."""

    epoch: int
    progress: float
    train_nats: float
    valid_nats: float | None = None
    best_nats: float | None = None
    improved: bool = False


class TrainingDiverged(NadeError):
    """The loss stopped being a number; the weights kept are the last good ones."""


@dataclass
class TrainState:
    """All that training carries from epoch to epoch. ``average`` is the model to keep."""

    model: DensityModel
    average: DensityModel
    optimizers: list[torch.optim.Optimizer]  # none for a model that counts
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
        until: float = math.inf,
    ) -> "TrainState":
        """A fresh model that knows the means of the data, and what else can be computed before ``until``, a
        time.monotonic()."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            model = MODELS[name][0](model_config, ordering)
            model.start_from(torch.tensor(data.train), until)
        return cls.of(model.to(device), config)

    @classmethod
    def of(cls, model: DensityModel, config: TrainConfig) -> "TrainState":
        return cls(model, copy.deepcopy(model).requires_grad_(False), optimizers(model, config))


def _epoch(
    state: TrainState, learn: Learner, room: Classroom, config: TrainConfig
) -> Generator[TrainStep | None, None, float]:
    """One pass over the training set; yields after every batch, and returns the mean training nats."""
    generator = torch.Generator().manual_seed(config.seed * 100_003 + state.epoch)
    data, final = room.data, state.epoch >= round(config.epochs * (1 - FINAL))
    order = torch.randperm(len(data.train) - room.drawn * final, generator=generator)
    device, batches = state.model.ordering.device, order.split(config.batch_size)
    taught = None if room.taught is None else room.taught.to(device)
    train, labels = torch.tensor(data.train, device=device), _labels(data, state.model)
    total: float | Tensor = 0.0
    state.model.train()
    for i, rows in enumerate(batches):
        step = state.epoch * len(batches) + i
        rows = rows.to(device)
        x = train[rows] if train.is_floating_point() else train[rows].to(state.model.dtype)
        if (config.shift or config.flip) and taught is None:
            assert data.shape is not None
            x = augment(x, data.shape, config.shift, config.flip, generator)
        y = None if labels is None else labels[rows]
        t = None if taught is None else taught[rows].to(x)
        total += _step(state, learn, x, y, t, step, len(batches) * config.epochs, config, generator)
        if (i + 1) % STEPS_A_REPORT:
            yield None
            continue
        nats = together.mean(float(total)) / (i + 1)
        _check(nats)
        yield TrainStep(state.epoch, (step + 1) / (len(batches) * config.epochs), nats)
    return together.mean(float(total)) / len(batches)


def _check(nats: float) -> None:
    if not math.isfinite(nats):
        raise TrainingDiverged(N_("The loss is no longer a number: try a smaller learning rate."))


def _labels(data: Dataset, model: DensityModel) -> Tensor | None:
    if not model.classes:
        return None
    return torch.tensor(data.train_labels, device=model.ordering.device).long()


def _step(
    state: TrainState,
    learn: Learner,
    x: Tensor,
    y: Tensor | None,
    taught: Tensor | None,
    step: int,
    steps: int,
    config: TrainConfig,
    generator: torch.Generator,
) -> Tensor:
    """One step at the cosine schedule's learning rate, then the averaged weights follow; returns the loss."""
    for group in (group for optimizer in state.optimizers for group in optimizer.param_groups):
        group["lr"] = config.learning_rate * 0.5 * (1 + math.cos(math.pi * step / steps))
    clear(state.optimizers)
    with torch.random.fork_rng([x.device] if x.is_cuda else []):
        _seed(config.seed * 100_003 + step, x.device)  # dropout's randomness is a function of (seed, step)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=config.precision == "bfloat16"):
            loss = learn(x, y, taught, generator)
    loss.backward()
    for optimizer in state.optimizers:
        optimizer.step()
    decay = min(config.average, (1 + step) / (10 + step))
    with torch.no_grad():
        torch._foreach_lerp_(list(state.average.parameters()), list(state.model.parameters()), 1 - decay)
    return loss.detach()


def _seed(seed: int, device: torch.device) -> None:
    """torch.manual_seed, which on the CPU alone costs more than a step of a small model: it tells absent devices."""
    if device.type == "cpu":
        torch.default_generator.manual_seed(seed)
    else:
        torch.manual_seed(seed)


def train(state: TrainState, room: Classroom, config: TrainConfig) -> Iterator[TrainStep]:
    """Train until the epochs are over or ``patience`` epochs brought no gain; the last step of each epoch has
    valid_nats.

    Rows on which there is a lesson are seen as they are, and the last FINAL of the epochs see no draws.
    Raises TrainingDiverged when the loss is no longer a number.
    """
    return (step for step in train_by_batches(state, room, config) if step is not None)


def train_by_batches(state: TrainState, room: Classroom, config: TrainConfig) -> Iterator[TrainStep | None]:
    """As ``train``, but None stands for each batch, of training or of validation, that has nothing to report: the
    caller can look around, and may leave the epoch there."""
    learn = learner(state.model, config)
    while not config.over(state.epoch, state.best_epoch):
        train_nats = yield from _pass(state, room.data) if state.model.counts else _epoch(state, learn, room, config)
        valid = yield from _validate(state.average.eval(), room.data)
        _check(train_nats + valid)
        state.epoch += 1
        if improved := valid < state.best_nats:
            state.best_nats, state.best_epoch = valid, state.epoch
        yield TrainStep(state.epoch, state.epoch / config.epochs, train_nats, valid, state.best_nats, improved)


def _validate(model: DensityModel, data: Dataset) -> Generator[None, None, float]:
    """The model's validation_nats, part by part, shared by all processes; one with an estimate of its own is asked once."""
    rows, labels = torch.tensor(data.valid), torch.tensor(data.valid_labels) if model.classes else None
    total, step = 0.0, len(rows) if model.validates_whole else VALIDATION_PART
    for i in range(0, len(rows), step):
        yield None
        if i // step % together.size() == together.rank():
            part = rows[i : i + step]
            total += model.validation_nats(part, None if labels is None else labels[i : i + step]) * len(part)
    return together.total(total) / len(rows)


def _pass(state: TrainState, data: Dataset) -> Generator[None, None, float]:
    """One pass of a model that counts; the model to keep is the model itself."""
    state.model.fit(torch.tensor(data.train, device=state.model.ordering.device))
    state.average.load_state_dict(state.model.state_dict())
    yield None
    return mean_nats(state.model.eval(), data.train)
