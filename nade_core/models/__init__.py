"""One file a model. MODELS maps the name in a checkpoint to the class and its configuration."""

from typing import Any

from .base import DensityModel
from .categorical import CategoricalNADE, CategoricalNADEConfig
from .chowliu import ChowLiu, ChowLiuConfig
from .fvsbn import FVSBN, FVSBNConfig
from .independent import Independent, IndependentConfig
from .joint import JointTable, JointTableConfig
from .made import MADE, MADEConfig
from .markov import MarkovChain, MarkovChainConfig
from .mixture import BernoulliMixture, BernoulliMixtureConfig
from .nade import NADE, NADEConfig
from .orderagnostic import OrderAgnosticNADE, OrderAgnosticNADEConfig
from .orderagnosticrnade import OrderAgnosticRNADE, OrderAgnosticRNADEConfig
from .pixelcnn import PixelCNN, PixelCNNConfig
from .rnade import RNADE, RNADEConfig

MODELS: dict[str, tuple[type[DensityModel], Any]] = {
    "Independent": (Independent, IndependentConfig),
    "JointTable": (JointTable, JointTableConfig),
    "MarkovChain": (MarkovChain, MarkovChainConfig),
    "ChowLiu": (ChowLiu, ChowLiuConfig),
    "BernoulliMixture": (BernoulliMixture, BernoulliMixtureConfig),
    "FVSBN": (FVSBN, FVSBNConfig),
    "NADE": (NADE, NADEConfig),
    "MADE": (MADE, MADEConfig),
    "OrderAgnosticNADE": (OrderAgnosticNADE, OrderAgnosticNADEConfig),
    "PixelCNN": (PixelCNN, PixelCNNConfig),
    "RNADE": (RNADE, RNADEConfig),
    "OrderAgnosticRNADE": (OrderAgnosticRNADE, OrderAgnosticRNADEConfig),
    "CategoricalNADE": (CategoricalNADE, CategoricalNADEConfig),
}

__all__ = ["MODELS", "DensityModel", *(t.__name__ for pair in MODELS.values() for t in pair)]
