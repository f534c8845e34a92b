"""A masked convolutional network over blocks of pixels (after PixelCNN, van den Oord et al., ICML 2016).

The image is cut into blocks of 2 x 2 pixels. Masked convolutions see the blocks above and to the left; what
they see becomes the 2^4 - 1 = 15 numbers of the full joint table of the next block, as a binary tree:

    p(x) = prod_blocks p(b1) p(b2 | b1) p(b3 | b1 b2) p(b4 | b1 b2 b3),   all given the blocks before

Blocks cost a quarter of the convolutions that single pixels cost, and lose nothing: the table is complete.
One network serves up to eight raster scans (four corners, by rows or by columns): the image is turned so that
the scan runs from the top left, and an embedding says which scan it is. They make an ensemble (as in
Jain, Abbeel & Pathak, UAI 2020): p(x) = mean over scans of p(x | scan). With classes, another embedding says
which class it is, in every layer, and p(x) = sum_y p(y) p(x | y) with p(y) uniform.
"""

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..devices import as_double
from ..inputs import as_count, as_generator, as_mask, as_numbers, as_temperature, check_types, shaped
from ..messages import N_, NadeError
from ..orderings import which_ordering
from ..shares import dropout
from .base import BATCH
from .binary import both_sides
from .canvas import BITS, BLOCK, NODES, Canvas, node
from .filling import Filling, fill, too_late
from .labelled import LabelledModel, mixed

SCANS = 8
PARTICLES = 128
CHUNK = 50  # images at once on a CPU, so that their features stay in the caches


@dataclass(frozen=True)
class PixelCNNConfig:
    """A square image of D = dims pixels; L = layers gated residual convolutions of C = channels; K = classes (0: no
    labels); the first ``scans`` of the eight scans."""

    dims: int = 784
    channels: int = 48
    layers: int = 10
    dropout: float = 0.0
    classes: int = 0
    scans: int = 8

    def __post_init__(self):
        check_types(self)
        if math.isqrt(self.dims) ** 2 != self.dims or math.isqrt(self.dims) % BLOCK or self.dims < 1:
            raise NadeError("Expected the pixels of a square image of even width; got {dims}.", dims=self.dims)
        if self.channels < 1 or self.layers < 0 or not 0 <= self.dropout < 1:
            raise NadeError(
                "Expected channels above 0, layers of at least 0, dropout in [0, 1); got {config}.", config=self
            )
        if self.classes < 0 or not 1 <= self.scans <= SCANS:
            raise NadeError(
                "Expected classes of at least 0 and 1 to {most} scans; got {config}.", most=SCANS, config=self
            )


class MaskedConv(nn.Module):
    """A convolution of ``rows`` x ``2 reach + 1`` whose last row stops at the present block, or just before it."""

    mask: Tensor

    def __init__(self, inputs: int, outputs: int, rows: int, reach: int, present: bool):
        super().__init__()
        self.rows, self.reach, self.last = rows, reach, reach + present
        mask = torch.ones(rows, 2 * reach + 1)
        mask[-1, self.last :] = 0
        self.register_buffer("mask", mask, persistent=False)
        scale = (inputs * mask.sum().item()) ** -0.5
        self.weight = nn.Parameter(torch.randn(outputs, inputs, rows, 2 * reach + 1) * scale)

    def forward(self, x: Tensor, bias: Tensor, scale: Tensor | None = None) -> Tensor:
        """From (B, inputs, G, G), padded, to (B, outputs, G, G): a bias for all (1, outputs), or a row each (B, outputs)."""
        if len(bias) == 1:
            return F.conv2d(x, self.seen(scale), bias[0])
        return F.conv2d(x, self.seen(scale)) + bias[..., None, None]

    def seen(self, scale: Tensor | None = None) -> Tensor:
        """The masked weights, (outputs, inputs, rows, 2 reach + 1); those of each output times its scale (outputs,)."""
        weight = self.weight * self.mask
        return weight if scale is None else weight * scale[:, None, None, None]

    def pad(self, x: Tensor) -> Tensor:
        """Zeros above and at both sides, so that every block has its whole window."""
        return F.pad(x, (self.reach, self.reach, self.rows - 1, 0))

    def window(self, padded: Tensor, row: int, column: int) -> Tensor:
        """What the output at one block is computed from, of padded features (B, H, W, inputs): (B, what is seen)."""
        above = padded[:, row : row + self.rows - 1, column : column + 2 * self.reach + 1]
        beside = padded[:, row + self.rows - 1, column : column + self.last]
        return torch.cat([above.flatten(1), beside.flatten(1)], 1)

    def flat(self, scale: Tensor | None = None) -> Tensor:
        """The weights of a window: (what is seen, outputs)."""
        return self.seen(scale).permute(2, 3, 1, 0)[self.mask.bool()].flatten(0, 1)


class PixelCNN(LabelledModel):
    """An exact density of square binary images, with any of eight raster scans as the ordering."""

    layers: Any  # a ModuleList of MaskedConv
    U: Tensor  # (K, L + 1, 2 C); None without classes

    description = N_("masked convolutions over 2 × 2 blocks")
    recipe = {
        "epochs": 30,
        "batch_size": 64,
        "learning_rate": 4e-3,
        "average": 0.9995,
        "precision": "bfloat16",
        "optimizer": "muon",
    }
    hidden_matrices = ("layers.", "hidden.")
    compiles = ("_trees",)
    many_orderings = True
    fills = True
    slow = True

    def __init__(self, config: PixelCNNConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        self.grid = math.isqrt(config.dims) // BLOCK
        C, L, K = config.channels, config.layers, config.classes
        self.scans = [self._scan_ordering(s) for s in range(config.scans)]
        if ordering is None:
            self.ordering = self.scans[0].clone()
        self._scan(self.ordering)  # refuses an ordering that is none of the scans
        self.first = MaskedConv(BITS, C, 3, 4, present=False)
        self.position = nn.Parameter(torch.zeros(C, self.grid, self.grid))
        self.layers = nn.ModuleList(MaskedConv(C, 2 * C, 2, 2, present=True) for _ in range(L))
        self.embedding = nn.Parameter(torch.zeros(config.scans, L + 1, 2 * C))
        self.register_parameter("U", nn.Parameter(torch.zeros(K, L + 1, 2 * C)) if K else None)
        self.gain = nn.Parameter(torch.full((L, C), 0.3))
        self.hidden = nn.Linear(C, 2 * C)
        self.table = nn.Linear(2 * C, NODES)

    def _given(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        scan, chunk = self._scan(ordering), CHUNK if x.device.type == "cpu" else BATCH
        rows = x.split(chunk)
        labels = [None] * len(rows) if y is None else y.split(chunk)
        return torch.cat([self._scan_logits(*part, scan) for part in zip(rows, labels, strict=True)])

    def complete(self, x, known, n: int, generator: torch.Generator | None = None, temperature: float = 1.0) -> Tensor:
        """n draws of what is missing in one image x (D,) given what is ``known`` (D,): the rows (n, D) of ``fill``."""
        return self.fill(x, known, n, generator, temperature).rows

    @torch.no_grad()
    def fill(
        self,
        x,
        known,
        n: int,
        generator: torch.Generator | None = None,
        temperature: float = 1.0,
        particles: int = PARTICLES,
    ) -> Filling:
        """n draws of what is missing in one image x (D,) given what is ``known`` (D,), and what is to be said of them.

        Along the scan that has the fewest known pixels after missing ones: exactly if it has none, else by particles.
        The temperature divides the logits of p(x_i | x_<i, y).
        """
        n, temperature, D = as_count(n), as_temperature(temperature), self.config.dims
        if as_count(particles) < 1:
            raise NadeError("Expected at least one particle; got {n}.", n=particles)
        known = as_mask(known, 1, D)[0].to(self.ordering.device)
        x = shaped(as_numbers(x).reshape(1, -1), D).to(known.device)
        x = self.as_rows(torch.where(known, x, torch.zeros_like(x)))[0]
        wrong = [too_late(known, scan) for scan in self.scans]
        scan = wrong.index(min(wrong))
        size = (particles if wrong[scan] else max(n, 1)) + 1, self.grid**2 + 1
        u = torch.rand(size, generator=as_generator(generator)).to(x)
        return fill(self, scan, x, known, n, temperature, u)

    def loss(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """The mean of -log p(x | y, scan), with one scan drawn for the batch."""
        if self.classes and y is None:
            return super().loss(x, y, generator)
        scan = int(torch.randint(len(self.scans), (), generator=generator))
        return F.binary_cross_entropy_with_logits(self._scan_logits(x, y, scan), x, reduction="sum") / len(x)

    @torch.no_grad()
    def validation_nats(self, x: Tensor, y: Tensor | None = None) -> float:
        """With labels y (N,) the mean of -log p(x, y), which is above that of -log p(x) and costs a K-th of it."""
        if y is None:
            return super().validation_nats(x)
        return math.log(self.classes) - as_double(self.log_prob(x, y)).mean().item()

    def _orderings(self, n: int, seed: int) -> list[Tensor]:
        """The first n of the eight scans, the model's own before the others."""
        own = self._scan(self.ordering)
        scans = [self.scans[own], *self.scans[:own], *self.scans[own + 1 :]]
        return [scan.to(self.ordering.device) for scan in scans[:n]]

    def _draw(self, u: Tensor, y: Tensor | None, temperature: float) -> Tensor:
        """Block by block on a canvas. A mixture draws on one of every class, and keeps p(y | x_<i): k runs fastest."""
        scan, n = self._scan(self.ordering), len(u)
        K = self.classes if self.classes and y is None else 1
        canvas = Canvas(self, n * K, torch.arange(K, device=u.device).repeat(n) if K > 1 else y, scan)
        past = as_double(u.new_zeros(n, K))  # log p(x_<i | y)
        for block, uniforms in enumerate(u.view(n, self.grid**2, BITS).unbind(1)):
            bits, past = self._draw_block(canvas.trees(block).view(n, K, NODES), past, uniforms, temperature)
            canvas.put(block, bits.repeat_interleave(K, 0))
        return self._from_blocks(canvas.blocks()[::K], scan)

    def _context(self, y: Tensor | None, scan: int) -> Tensor:
        """What is added in every layer, for the scan and the class: (B, L + 1, 2 C), or (1, ...) if one is for all."""
        if y is None:
            return self.embedding[scan][None]
        if len(y) and (y == y[0]).all():
            y = y[:1]
        return self.embedding[scan] + self.U[y]

    def _scan_logits(self, x: Tensor, y: Tensor | None, scan: int) -> Tensor:
        """The logits of all conditionals, in the order of x: (B, D)."""
        if not len(x):
            return x  # torch cannot cut an empty batch into blocks
        blocks, position = self._to_blocks(x, scan), self._turn(self.position[None], scan)
        tree = self._trees(_channels_last(blocks), self._context(y, scan), _channels_last(position)).to(x.dtype)
        nodes = torch.stack([node(blocks, bit) for bit in range(BITS)], -1)  # (B, G, G, BITS)
        return self._from_blocks(tree.gather(-1, nodes).movedim(-1, 1), scan)

    def _trees(self, blocks: Tensor, context: Tensor, position: Tensor) -> Tensor:
        """The logits of all blocks (B, BITS, G, G), each given those before it: (B, G, G, NODES)."""
        h = self.first(self.first.pad(2 * blocks - 1), context[:, 0, : self.config.channels])
        low = h.dtype  # of the convolutions: bfloat16 in mixed precision, where the sum of all layers stays in float32
        h = h + position
        for i, layer in enumerate(self.layers):
            seen = dropout(F.elu(layer.pad(h.to(low)), inplace=True), self.config.dropout, self.training)
            h = h + F.glu(layer(seen, *self._gated(context, i)), 1)
        return self._head(h.movedim(1, -1))

    def _gated(self, context: Tensor, layer: int) -> tuple[Tensor, Tensor]:
        """The bias and the scale of a layer, so that its gain g is in its weights: g a sigmoid(b) = (g a) sigmoid(b)."""
        scale = torch.cat([self.gain[layer], torch.ones_like(self.gain[layer])])
        return context[:, layer + 1] * scale, scale

    def _head(self, h: Tensor) -> Tensor:
        return self.table(F.elu(self.hidden(F.elu(h))))

    @staticmethod
    def _draw_block(trees: Tensor, past: Tensor, u: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
        """The bits of one block (n, BITS), from the roots of its trees (n, K, NODES) downwards, and the new past."""
        bits = torch.zeros_like(u)
        for bit in range(BITS):
            at = node(bits[:, :, None, None], bit).expand(-1, trees.shape[1], 1)
            logits = trees.gather(2, at)[..., 0]  # (n, K)
            logit = logits[:, 0]
            if trees.shape[1] > 1:
                on, off = both_sides(past, as_double(logits))
                logit = mixed(on, off, 1).to(u)
            bits[:, bit] = (u[:, bit] < torch.sigmoid(logit / temperature)).to(u)
            if trees.shape[1] > 1:
                past = torch.where(bits[:, bit, None].to(past.device) == 1, on, off)
        return bits, past

    def _knows(self, ordering: Tensor) -> bool:
        return any(torch.equal(ordering.cpu(), scan) for scan in self.scans)

    def _scan(self, ordering: Tensor) -> int:
        return which_ordering(ordering.cpu(), torch.stack(self.scans))

    def _turn(self, image: Tensor, scan: int, back: bool = False) -> Tensor:
        """(B, C, H, W) turned so that the scan runs from the top left by rows; ``back`` undoes it."""
        axes = [axis for axis, bit in ((-2, 1), (-1, 2)) if scan & bit]
        if scan & 4 and not back:
            image = image.transpose(-2, -1)
        image = image.flip(axes) if axes else image
        return image.transpose(-2, -1) if scan & 4 and back else image

    def _to_blocks(self, x: Tensor, scan: int) -> Tensor:
        """Rows (B, D) as turned blocks (B, BITS, G, G)."""
        side = self.grid * BLOCK
        return F.pixel_unshuffle(self._turn(x.reshape(-1, 1, side, side), scan), BLOCK)

    def _from_blocks(self, blocks: Tensor, scan: int) -> Tensor:
        """The inverse of _to_blocks."""
        return self._turn(F.pixel_shuffle(blocks, BLOCK), scan, back=True).flatten(1)

    def _scan_ordering(self, scan: int) -> Tensor:
        pixels = torch.arange(self.config.dims, dtype=torch.float64)[None]
        return self._to_blocks(pixels, scan)[0].movedim(0, -1).flatten().long()


def _channels_last(features: Tensor) -> Tensor:
    return features.contiguous(memory_format=torch.channels_last)
