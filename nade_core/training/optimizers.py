"""What steps the weights: AdamW, and Muon for the matrices between hidden features.

Muon (Jordan et al., 2024) makes the momentum of a matrix orthogonal before it steps, so that every direction of the
features moves alike. It is torch's; a convolution's weights (outputs, inputs, rows, columns) are to it the matrix of
shape (outputs, inputs x rows x columns). Its steps have the size of AdamW's (Liu et al., 2025), so both share the
learning rate and the weight decay.
"""

import torch
from torch import nn
from torch.optim import AdamW, Muon, Optimizer

from ..messages import NadeError
from ..models.base import DensityModel
from .config import TrainConfig


def optimizers(model: DensityModel, config: TrainConfig) -> list[Optimizer]:
    """AdamW for the model's parameters, and Muon for its hidden matrices if it is asked for; none for a model that
    counts."""
    if model.counts:
        return []
    names = _hidden(model) if config.optimizer == "muon" else set()
    decayed = {name: parameter for name, parameter in model.named_parameters() if name not in names}
    groups = [{"params": [p], "weight_decay": _decay(name, model, config)} for name, p in decayed.items()]
    found: list[Optimizer] = [AdamW(groups, config.learning_rate, fused=True)]
    if names:
        matrices = [_matrix(p) for name, p in model.named_parameters() if name in names]
        rate, decay = config.learning_rate, config.weight_decay
        found.append(Muon(matrices, rate, decay, adjust_lr_fn="match_rms_adamw"))
    return found


def clear(found: list[Optimizer]) -> None:
    """Forget the gradients of the step before."""
    for optimizer in found:
        optimizer.zero_grad(set_to_none=not isinstance(optimizer, Muon))  # those of its matrices are views


def _decay(name: str, model: DensityModel, config: TrainConfig) -> float:
    return 0.0 if name.rpartition(".")[2] in model.undecayed else config.weight_decay


def _hidden(model: DensityModel) -> set[str]:
    names = {name for name, _ in model.named_parameters() if name.startswith(model.hidden_matrices)}
    if not names:
        raise NadeError(
            "{model} has no matrices between hidden features, which Muon is for: use adamw.", model=type(model).__name__
        )
    return {name for name in names if name.rpartition(".")[2] == "weight"}


def _matrix(parameter: nn.Parameter) -> nn.Parameter:
    """A view of the parameter, and of its gradient, as a matrix (outputs, the rest)."""
    parameter.grad = torch.zeros_like(parameter, memory_format=torch.contiguous_format)
    matrix = nn.Parameter(parameter.detach().flatten(1))
    matrix.grad = parameter.grad.flatten(1)
    return matrix
