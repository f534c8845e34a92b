"""One file a model. MODELS maps the name in a checkpoint to the class and its configuration."""

from .nade import NADE, NADEConfig

MODELS = {"NADE": (NADE, NADEConfig)}

__all__ = ["MODELS", "NADE", "NADEConfig"]
