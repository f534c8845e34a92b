"""MADE, a masked autoencoder, to read and to run: python MADE.py (needs torch and safetensors). Germain et al., 2015.

    h_1 = relu((W_1 * mask) x + c_1),   h_k = h_{k-1} + relu((W_k * mask) h_{k-1} + c_k)
    p(x_i = 1 | x_<i) = sigmoid(b_i + (V * mask) h + (R * mask) x)

Every unit has a degree, an input its place in the ordering; a mask keeps the weights that go from a degree to one that
is not smaller, into an output from strictly smaller ones. So one pass gives all conditionals. x (B, D) holds 0 and 1,
less their mean over the training rows; log-probabilities are in nats.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor


def log_bernoulli(logits: Tensor, x: Tensor) -> Tensor:
    """log p of x, 0 or 1, where p(x = 1) = sigmoid(logits): elementwise."""
    return F.logsigmoid(torch.where(x == 1, logits, -logits))


class MADE:
    """The network under the first of its masks, that of the model's own ordering."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        self.dims, self.ordering = config["dims"], weights["ordering"]
        self.mean, self.b = weights["mean"], weights["b"]
        degree, place = weights["degrees"][0], self.ordering.argsort() + 1
        self.layers, below = [], place
        for k in range(config["layers"]):
            mask = degree[:, None] >= below
            self.layers.append((weights[f"layers.{k}.weight"] * mask, weights[f"layers.{k}.bias"]))
            below = degree
        self.V = weights["V"] * (place[:, None] > below)
        self.R = weights["R"] * (place[:, None] > place)

    def logits(self, x: Tensor) -> Tensor:
        """Of p(x_i = 1 | x_<i), all in one pass: (B, D)."""
        x = x.double() - self.mean
        below, h = x, torch.zeros(()).double()
        for W, c in self.layers:
            below = h = h + torch.relu(F.linear(below, W, c))
        return F.linear(below, self.V, self.b) + F.linear(x, self.R)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x): (B,)."""
        return log_bernoulli(self.logits(x), x).sum(1)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n rows x ~ p(x), a pass for each pixel: (n, D)."""
        u = torch.rand(n, self.dims, generator=generator)
        x = torch.zeros(n, self.dims, dtype=torch.float64)
        for i, d in enumerate(self.ordering.tolist()):
            x[:, d] = (u[:, i] < torch.sigmoid(self.logits(x)[:, d])).double()
        return x


def load(folder: Path = Path(__file__).parent) -> MADE:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return MADE(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


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
