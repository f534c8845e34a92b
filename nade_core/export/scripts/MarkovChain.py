"""A Markov chain of order k, to read and to run: python MarkovChain.py (needs torch and safetensors).

    p(x) = prod_i p(x_i | x_{i-k}, ..., x_{i-1})

in the order of generation: a table of 2^k coins for each pixel, one of which is tossed, as the k pixels before it say.
x (B, D) holds 0 and 1; log-probabilities are in nats.
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


class MarkovChain:
    """Each pixel knows only the k pixels before it."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        self.dims, self.order, self.ordering = config["dims"], config["order"], weights["ordering"]
        self.table = weights["table"]  # logits of p(x_i = 1 | context), (D, 2^k), in the order of generation

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x): (B,)."""
        z = x[:, self.ordering]
        return sum((log_bernoulli(self._logits(z, i), z[:, i]) for i in range(self.dims)), torch.zeros(len(x)).double())

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n rows x ~ p(x), one pixel after another: (n, D)."""
        u = torch.rand(n, self.dims, generator=generator)
        z = torch.zeros(n, self.dims, dtype=torch.float64)
        for i in range(self.dims):
            z[:, i] = (u[:, i] < torch.sigmoid(self._logits(z, i))).double()
        return z[:, self.ordering.argsort()]

    def _logits(self, z: Tensor, i: int) -> Tensor:
        """Of p(z_i = 1 | the k before it), which are read as a binary number, the nearest one its last digit: (B,)."""
        before = z[:, max(0, i - self.order) : i].long().flip(1)
        return self.table[i, (before << torch.arange(before.shape[1])).sum(1)]


def load(folder: Path = Path(__file__).parent) -> MarkovChain:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return MarkovChain(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


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
