"""How to train: the settings, and the recipe of each model."""

import math
from dataclasses import dataclass, replace

import torch

from ..devices import bfloat16_pays
from ..messages import NadeError
from ..models import MODELS

STEPS, PATIENCE_STEPS = 10_000, 1_500  # a small table is seen at least so often, unless it stops gaining
WEIGHT_DECAYS = (0.03, 0.3, 1.0)  # tried in turn on a table of up to SEARCH_VALUES values: small data needs more
SEARCH_VALUES = 10_000_000
PRECISIONS = ("float32", "bfloat16")
OPTIMIZERS = ("adamw", "muon")


@dataclass(frozen=True)
class TrainConfig:
    """How to train. ``average`` is the decay of the averaged weights, which are what is validated and kept.

    ``precision`` "bfloat16" computes the loss in mixed precision; weights stay in float32. ``optimizer`` "muon" takes
    Muon for the matrices between hidden features, AdamW for all others. ``compile`` has torch.compile fuse the passes
    over features: a slower start and quicker steps; it needs a C++ compiler.
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
    optimizer: str = "adamw"
    compile: bool = False

    def __post_init__(self):
        for name in ("epochs", "batch_size", "patience", "learning_rate"):
            value = getattr(self, name)
            if not (value > 0 and math.isfinite(value)):
                raise NadeError("Expected {name} above 0; got {value}.", name=name, value=value)
        for name in ("weight_decay", "shift"):
            value = getattr(self, name)
            if not (value >= 0 and math.isfinite(value)):
                raise NadeError("Expected {name} of at least 0; got {value}.", name=name, value=value)
        if not 0 <= self.average < 1:
            raise NadeError("Expected an average of at least 0 and below 1; got {value}.", value=self.average)
        if self.precision not in PRECISIONS:
            known = " / ".join(PRECISIONS)
            raise NadeError("Expected a precision among {known}; got {value}.", known=known, value=self.precision)
        if self.optimizer not in OPTIMIZERS:
            known = " / ".join(OPTIMIZERS)
            raise NadeError("Expected an optimizer among {known}; got {value}.", known=known, value=self.optimizer)

    def over(self, epoch: int, best_epoch: int) -> bool:
        """Whether training ends after so many epochs: all are done, or ``patience`` of them brought no gain."""
        return epoch >= self.epochs or epoch - best_epoch >= self.patience


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
