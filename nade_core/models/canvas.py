"""What a PixelCNN draws on: blocks of 2 x 2 pixels, the full table of each, and the features of every layer.

The 15 logits of a block are the nodes of a binary tree, level after level: node 2^b - 1 + v holds
p(b_b = 1 | the bits before it, which spell v). A path from the root to a leaf is one of the 16 blocks.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from ..devices import as_double
from .binary import log_bernoulli

if TYPE_CHECKING:
    from .pixelcnn import MaskedConv, PixelCNN

BLOCK = 2
BITS = BLOCK * BLOCK
NODES = 2**BITS - 1


def node(blocks: Tensor, bit: int) -> Tensor:
    """Which node of the tree holds p(b_bit | the bits before it), from blocks (B, BITS, G, G): (B, G, G)."""
    node = torch.zeros_like(blocks[:, 0]).long()
    for earlier in range(bit):
        node = 2 * node + blocks[:, earlier].long()
    return node + 2**bit - 1


CELLS = torch.tensor(list(itertools.product((0, 1), repeat=BITS)))  # (16, BITS): every block there can be
PATHS = torch.stack([node(CELLS[..., None, None], bit)[:, 0, 0] for bit in range(BITS)], 1)  # (16, BITS): its nodes


def log_table(trees: Tensor) -> Tensor:
    """log p of each of the CELLS from the logits of trees (n, NODES): (n, 16) of float64."""
    logits = as_double(trees)[:, PATHS.to(trees.device)]
    return log_bernoulli(logits, CELLS.to(logits).expand_as(logits)).sum(-1)


class Canvas:
    """n images that are drawn block by block along a scan: a block costs one window of each layer's features.

    ``trees(block)`` are asked for, one block after another, and each is answered with ``put``.
    """

    def __init__(self, model: PixelCNN, n: int, y: Tensor | None, scan: int):
        """``y`` (n,) are the labels, None for a model without classes."""
        self.model, grid, context = model, model.grid, model._context(y, scan).expand(n, -1, -1)
        self.position = model._turn(model.position[None], scan)[0]
        gated = [model._gated(context, i) for i in range(len(model.layers))]
        self.biases = [context[:, 0, : model.config.channels], *(bias for bias, _ in gated)]  # (n, outputs) each
        self.weights = [model.first.flat(), *(c.flat(g) for c, (_, g) in zip(model.layers, gated, strict=True))]
        self.features = [  # what each convolution sees: (n, H, W, inputs)
            model.position.new_zeros(n, grid + c.rows - 1, grid + 2 * c.reach, c.weight.shape[1])
            for c in (model.first, *model.layers)
        ]

    def __len__(self) -> int:
        return len(self.features[0])

    def trees(self, block: int) -> Tensor:
        """The logits of the next block, given all that were put before: (n, NODES)."""
        row, column = divmod(block, self.model.grid)
        h = self._output(0, self.model.first, row, column) + self.position[:, row, column]
        for i, conv in enumerate(self.model.layers, 1):
            self.features[i][:, row + conv.rows - 1, column + conv.reach] = F.elu(h)
            h = h + F.glu(self._output(i, conv, row, column), 1)
        return self.model._head(h)

    def put(self, block: int, bits: Tensor) -> None:
        """Draw a block: bits (n, BITS)."""
        (row, column), first, image = divmod(block, self.model.grid), self.model.first, self.features[0]
        image[:, row + first.rows - 1, column + first.reach] = 2 * bits.to(image) - 1

    def keep(self, rows: Tensor) -> None:
        """Go on with those rows (m,), each as often as it is named."""
        self.biases, self.features = ([t[rows] for t in held] for held in (self.biases, self.features))

    def blocks(self) -> Tensor:
        """What stands on it: (n, BITS, G, G) of 0 and 1."""
        first, grid = self.model.first, self.model.grid
        return (self.features[0][:, first.rows - 1 :, first.reach : first.reach + grid].movedim(3, 1) + 1) / 2

    def _output(self, i: int, conv: MaskedConv, row: int, column: int) -> Tensor:
        return torch.addmm(self.biases[i], conv.window(self.features[i], row, column), self.weights[i])
