"""How long a run will take on this machine: a few batches of it are trained, and timed."""

import time
from dataclasses import replace

import torch

from ..data import Dataset
from ..distillation import Classroom
from ..training import TrainState, train
from .config import RunConfig

BATCHES = 4  # that are timed; as many are trained before, so that kernels and memory are there


def estimate(config: RunConfig, data: Dataset, device: torch.device) -> float:
    """Seconds that the trainings of a run take if none ends early, without its start: measured, so not always the same."""
    if not len(data.train):
        return 0.0
    rows = min(len(data.train), BATCHES * config.train.batch_size)
    valid = max(1, len(data.valid) * rows // len(data.train))
    part = replace(data, **_first(data, "train", rows), **_first(data, "valid", valid))
    how = replace(config.trials[0], epochs=2, patience=2)
    state = TrainState.start(config.model, config.sizes, part, how, device)
    ends = [time.monotonic() for step in train(state, Classroom(part), how) if step.valid_nats is not None]
    epoch = ends[-1] - ends[-2] if len(ends) > 1 else 0.0
    epochs = 1 if state.model.counts else config.train.epochs
    return epoch * len(data.train) / rows * epochs * len(config.trials)


def _first(data: Dataset, part: str, rows: int) -> dict:
    """The first rows of a part, and their labels where there are any."""
    labels = getattr(data, f"{part}_labels")
    return {part: getattr(data, part)[:rows], f"{part}_labels": None if labels is None else labels[:rows]}
