"""Exact neural densities of binary images: log_prob, sample, conditionals.

The names below are loaded when they are first used, so that asking for a version or for help does not wait for torch.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .checkpoint import ModelCard, list_models, load_model, load_pretrained, model_faults, read_card, save_model
    from .models import NADE, NADEConfig

os.environ.setdefault("GOMP_SPINCOUNT", "1000")  # see devices.py; it must stand before torch loads OpenMP
__version__ = "0.2.0"
__all__ = [
    "NADE",
    "ModelCard",
    "NADEConfig",
    "list_models",
    "load_model",
    "load_pretrained",
    "model_faults",
    "read_card",
    "save_model",
]


def __getattr__(name: str):
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = ".models" if name.startswith("NADE") else ".checkpoint"
    return getattr(import_module(home, __name__), name)
