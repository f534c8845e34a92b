"""Exact neural densities of binary images: log_prob, sample, conditionals."""

from .checkpoint import ModelCard, list_models, load_model, load_pretrained, read_card, save_model
from .models import NADE, NADEConfig

__all__ = ["NADE", "ModelCard", "NADEConfig", "list_models", "load_model", "load_pretrained", "read_card", "save_model"]
