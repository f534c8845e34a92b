"""The Chow-Liu tree: the best density in which every pixel depends on one other (Chow & Liu, 1968).

    p(x) = p(x_root) prod_i p(x_i | x_parent(i))

The maximum spanning tree of the mutual informations I(x_i; x_j) maximises the likelihood among all trees.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..inputs import check_types
from ..messages import N_, NadeError
from ..orderings import inverse
from .binary import BinaryModel


@dataclass(frozen=True)
class ChowLiuConfig:
    """D = dims; ``smoothing`` is added to each of the four counts of a pair."""

    dims: int = 784
    smoothing: float = 0.1

    def __post_init__(self):
        check_types(self)
        if self.dims < 1 or not self.smoothing > 0:
            raise NadeError("Expected dims of at least 1 and a smoothing above 0; got {config}.", config=self)


class ChowLiu(BinaryModel):
    """A tree of pixels; the ordering is the one in which the tree grew, a parent before its children.

    A pixel whose parent does not come before it has none, as the root: whatever ``parents`` holds is a forest.
    """

    parents: Tensor

    description = N_("a tree: each pixel depends on one other")
    recipe = {"epochs": 1}
    counts = True

    def __init__(self, config: ChowLiuConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        self.register_buffer("parents", torch.zeros(config.dims, dtype=torch.long))
        self.table = nn.Parameter(torch.zeros(config.dims, 2))  # logits of p(x_i = 1 | parent = 0, 1)

    def _logits(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        """p(x_i = 1 | x_parent(i)): one of the two entries of each pixel."""
        place = inverse(ordering)
        parent = x[:, self.parents] * (place[self.parents] < place)
        return torch.where(parent == 1, self.table[:, 1], self.table[:, 0])

    def fit(self, train: Tensor) -> None:
        """Count all pairs, grow the tree, and keep the two conditionals of each edge."""
        pairs = self._pair_counts(train) + self.config.smoothing  # (2, 2, D, D): x_i, x_j
        joint = pairs / pairs.sum((0, 1))
        information = (joint * (joint / (joint.sum(0, keepdim=True) * joint.sum(1, keepdim=True))).log()).sum((0, 1))
        self.ordering, self.parents = self._spanning_tree(information)
        places = torch.arange(len(self.parents), device=train.device)
        edges = pairs[:, :, places, self.parents]  # (2, 2, D): x_i, x_parent
        table = (edges[1].log() - edges[0].log()).T
        root = self.ordering[0]
        table[root] = (edges[1, :, root].sum().log() - edges[0, :, root].sum().log()).expand(2)
        self.table.data.copy_(table)

    def _loaded(self) -> None:
        super()._loaded()
        if not ((self.parents >= 0) & (self.parents < self.config.dims)).all():
            raise NadeError("Expected parents from 0 to {last}; got others.", last=self.config.dims - 1)

    @staticmethod
    def _pair_counts(train: Tensor) -> Tensor:
        x = train.double()
        on, both = x.sum(0), x.T @ x
        only = on[:, None] - both  # x_i = 1, x_j = 0
        neither = len(x) - both - only - only.T
        return torch.stack([torch.stack([neither, only.T]), torch.stack([only, both])])

    @staticmethod
    def _spanning_tree(weight: Tensor) -> tuple[Tensor, Tensor]:
        """Prim's algorithm from dimension 0: the order in which it adds dimensions, and each one's parent."""
        D = len(weight)
        best, parents, order = weight[0].clone(), torch.zeros(D, dtype=torch.long, device=weight.device), [0]
        outside = torch.ones(D, dtype=torch.bool, device=weight.device)
        outside[0] = False
        while len(order) < D:
            new = int(torch.where(outside, best, -torch.inf).argmax())
            order.append(new)
            outside[new] = False
            better = outside & (weight[new] > best)
            best, parents = torch.where(better, weight[new], best), torch.where(better, new, parents)
        return torch.tensor(order, device=weight.device), parents
