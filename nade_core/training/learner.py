"""The loss of a batch as a module, alone or shared by several processes."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from .. import together
from ..distillation import distillation_loss
from ..messages import NadeError
from ..models.base import DensityModel
from ..shares import Share, taking
from .config import TrainConfig

Learner = Callable[[Tensor, Tensor | None, Tensor | None, torch.Generator], Tensor]


class Loss(nn.Module):
    """The model's own loss of rows x (B, D) with labels y (B,), or that of what was taught of them, (B, D): a scalar."""

    def __init__(self, model: DensityModel):
        super().__init__()
        self.model = model

    def forward(self, x: Tensor, y: Tensor | None, taught: Tensor | None, generator: torch.Generator) -> Tensor:
        return self.model.loss(x, y, generator) if taught is None else distillation_loss(self.model, x, taught)


def _compile(model: DensityModel) -> None:
    if not model.compiles:
        raise NadeError("{model} has nothing that torch.compile makes faster.", model=type(model).__name__)
    for name in model.compiles:
        setattr(model, name, torch.compile(getattr(model, name), dynamic=False))


def learner(model: DensityModel, config: TrainConfig) -> Learner:
    """A loss whose gradient, which is averaged over the processes, is that of the whole batch; weights as the leader's."""
    if config.compile:
        _compile(model)
    if model.counts or not together.several():
        return Loss(model)
    module = nn.parallel.DistributedDataParallel(Loss(model), forward_sync_buffers=False)

    def learn(x: Tensor, y: Tensor | None, taught: Tensor | None, generator: torch.Generator) -> Tensor:
        share = together.share(len(x))
        weight = share.rows * together.size() / share.of
        share = share if share.rows else Share(0, 1, share.of)  # of weight 0: every process takes part in every step
        parts = [None if whole is None else whole[share.own] for whole in (x, y, taught)]
        with taking(share):
            return weight * module(*parts, generator)

    return learn
