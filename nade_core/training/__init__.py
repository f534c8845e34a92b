"""Training by maximum likelihood: ``config`` says how, ``loop`` does it."""

from .config import WEIGHT_DECAYS, TrainConfig, recipe, recommended, weight_decays
from .loop import TrainingDiverged, TrainState, TrainStep, train, train_by_batches

__all__ = [
    "WEIGHT_DECAYS",
    "TrainConfig",
    "TrainState",
    "TrainStep",
    "TrainingDiverged",
    "recipe",
    "recommended",
    "train",
    "train_by_batches",
    "weight_decays",
]
