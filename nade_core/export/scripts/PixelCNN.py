"""Masked convolutions over blocks of 2 x 2 pixels, to read and to run: python PixelCNN.py (needs torch, safetensors).

    p(x) = prod_blocks p(b1) p(b2 | b1) p(b3 | b1 b2) p(b4 | b1 b2 b3),   all given the blocks before

(After van den Oord et al., 2016.) What the convolutions see above and to the left becomes the 15 logits of the next
block's joint table, a binary tree. x (B, D) holds 0 and 1 of square images; log-probabilities are in nats. With classes
y = 0..K-1, p(x) is the exact mixture of p(x | y), every class as likely.
"""

import json
import math
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor


def log_bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """log p of x, 0 or 1, where p(x = 1) = sigmoid(logits): elementwise."""
    return F.logsigmoid(torch.where(x == 1, logits, -logits))


class PixelCNN:
    """Along the model's own scan, one of eight: the image is turned so that it runs from the top left, by rows."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        self.w, self.layers, self.channels = weights, config["layers"], config["channels"]
        self.side, self.ordering = round(config["dims"] ** 0.5), weights["ordering"]
        self.classes = config.get("classes", 0)
        pixels = torch.arange(config["dims"])[None].double()
        same = (
            torch.equal(self._blocks(pixels, scan)[0].movedim(0, -1).flatten().long(), self.ordering)
            for scan in range(config.get("scans", 8))
        )
        self.scan = list(same).index(True)

    def log_prob(self, x: Tensor, y: int | None = None) -> Tensor:
        """log p(x | y), or log p(x) where y is None: (B,)."""
        if self.classes and y is None:
            return torch.stack([self.log_prob(x, k) for k in range(self.classes)]).logsumexp(0) - math.log(self.classes)
        blocks = self._blocks(x.double(), self.scan)
        return log_bernoulli(self._logits(blocks, y), blocks).sum((1, 2, 3))

    def sample(self, n: int, generator: torch.Generator | None = None, y: int | None = None) -> Tensor:
        """n images x ~ p(x | y), or p(x), a pass for each pixel: (n, D)."""
        G = self.side // 2
        u = torch.rand(n, self.side**2 + (self.classes > 0), generator=generator)  # with classes the first is for y
        labels = y if y is not None or not self.classes else (u[:, 0] * self.classes).long()
        u, blocks = u[:, -(self.side**2) :].view(n, G, G, 4), torch.zeros(n, 4, G, G, dtype=torch.float64)
        for row in range(G):
            for column in range(G):
                for bit in range(4):
                    logits = self._logits(blocks[:, :, : row + 1], labels)[:, bit, row, column]
                    blocks[:, bit, row, column] = (u[:, row, column, bit] < torch.sigmoid(logits)).double()
        x = torch.zeros(n, self.side**2, dtype=torch.float64)
        x[:, self.ordering] = blocks.movedim(1, -1).flatten(1)
        return x

    def _logits(self, blocks: Tensor, y: int | Tensor | None) -> Tensor:
        """Of each bit given the blocks before and the bits before it in its own, for the first rows: (B, 4, rows, G)."""
        w, C, rows = self.w, self.channels, blocks.shape[2]
        embedding = w["embedding"][self.scan] if y is None else w["embedding"][self.scan] + w["U"][y]
        embedding = embedding[..., None, None]  # (L + 1, 2 C, 1, 1), or of every image
        h = self._convolve(2 * blocks - 1, w["first.weight"], present=False)
        h = h + self._turned(w["position"][None], self.scan)[:, :, :rows] + embedding[..., 0, :C, :, :]
        for k in range(self.layers):
            out = self._convolve(F.elu(h), w[f"layers.{k}.weight"], present=True) + embedding[..., k + 1, :, :, :]
            h = h + w["gain"][k][:, None, None] * out[:, :C] * torch.sigmoid(out[:, C:])
        h = F.elu(F.linear(F.elu(h.movedim(1, -1)), w["hidden.weight"], w["hidden.bias"]))
        tree = F.linear(h, w["table.weight"], w["table.bias"])  # (B, rows, G, 15)
        b1, b2, b3, _ = blocks.long().unbind(1)
        nodes = torch.stack([0 * b1, 1 + b1, 3 + 2 * b1 + b2, 7 + 4 * b1 + 2 * b2 + b3], -1)
        return tree.gather(-1, nodes).movedim(-1, 1)

    @staticmethod
    def _convolve(x: Tensor, weight: Tensor, present: bool) -> Tensor:
        """A convolution that sees the rows above, and of its own row what is on the left (and the present block)."""
        rows, reach = weight.shape[2], weight.shape[3] // 2
        mask = torch.ones_like(weight)
        mask[:, :, -1, reach + present :] = 0
        return F.conv2d(F.pad(x, (reach, reach, rows - 1, 0)), weight * mask)

    @staticmethod
    def _turned(image: Tensor, scan: int) -> Tensor:
        """(B, C, H, W): bit 1 of the scan turns it upside down, bit 2 left to right, bit 4 swaps rows and columns."""
        image = image.transpose(-2, -1) if scan & 4 else image
        return image.flip([axis for axis, bit in ((-2, 1), (-1, 2)) if scan & bit])

    def _blocks(self, x: Tensor, scan: int) -> Tensor:
        """Rows (B, D) as blocks: (B, 4, G, G)."""
        return F.pixel_unshuffle(self._turned(x.view(-1, 1, self.side, self.side), scan), 2)


def load(folder: Path = Path(__file__).parent) -> PixelCNN:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return PixelCNN(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


def picture(row: Tensor) -> str:
    """A row of 0 and 1 as text, line by line where it is a square image."""
    side = round(len(row) ** 0.5)
    width = side if side * side == len(row) else len(row)
    return "\n".join("".join(".#"[int(value)] for value in line) for line in row.split(width))


if __name__ == "__main__":
    model = load()
    x = model.sample(3, torch.Generator().manual_seed(0))
    for row, log_p in zip(x, model.log_prob(x), strict=True):
        print(f"log p(x) = {log_p:.3f} nats\n{picture(row)}\n")
