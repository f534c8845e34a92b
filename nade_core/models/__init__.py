"""One file a model. MODELS maps the name in a checkpoint to the class and its configuration."""

from .nade import NADE, NADEConfig
from .pixelcnn import PixelCNN, PixelCNNConfig

MODELS = {"NADE": (NADE, NADEConfig), "PixelCNN": (PixelCNN, PixelCNNConfig)}

__all__ = ["MODELS", "NADE", "NADEConfig", "PixelCNN", "PixelCNNConfig"]
