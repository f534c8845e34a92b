"""NADE of m-valued variables, to read and to run: python CategoricalNADE.py (needs torch and safetensors).

    h_i = sigmoid(c + sum_{j<i} W_j[x_j]),   p(x_i | x_<i) = softmax(b_i + V_i h_i)

(After Larochelle & Murray, 2011.) A row of W_j for each level, and likewise of V_i: what the file holds for the level
itself, and a smooth curve through all levels, a sum of cosines. x (B, D) holds whole numbers 0..m-1, for example red,
green and blue; log-probabilities are in nats.
"""

import json
import math
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor


class CategoricalNADE:
    """A die with m sides for each conditional."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        m, waves = config["levels"], weights["W_smooth"].shape[1]
        levels = (torch.arange(m).double() + 0.5) / m
        cosines = torch.cos(math.pi * levels[:, None] * torch.arange(waves))  # (m, waves)
        self.ordering, self.b, self.c = weights["ordering"], weights["b"], weights["c"]
        self.W = weights["W"] + cosines @ weights["W_smooth"]  # (D, m, H)
        self.V = weights["V"] + weights["V_smooth"] @ cosines.T  # (D, H, m)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x): (B,)."""
        x, a, total = x.long(), self.c.expand(len(x), -1), torch.zeros(len(x), dtype=torch.float64)
        for d in self.ordering.tolist():
            total = total + self._logits(a, d).log_softmax(1).gather(1, x[:, d, None])[:, 0]
            a = a + self.W[d, x[:, d]]
        return total

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n rows x ~ p(x), one variable after another: (n, D)."""
        D, m = self.b.shape
        u, x, a = torch.rand(n, D, generator=generator), torch.zeros(n, D, dtype=torch.long), self.c.expand(n, -1)
        for i, d in enumerate(self.ordering.tolist()):
            x[:, d] = (u[:, i, None] > self._logits(a, d).softmax(1).cumsum(1)).sum(1).clamp(max=m - 1)
            a = a + self.W[d, x[:, d]]
        return x

    def _logits(self, a: Tensor, d: int) -> Tensor:
        """Of the levels of variable d: (B, m)."""
        return torch.sigmoid(a) @ self.V[d] + self.b[d]


def load(folder: Path = Path(__file__).parent) -> CategoricalNADE:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return CategoricalNADE(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


if __name__ == "__main__":
    model = load()
    x = model.sample(3, torch.Generator().manual_seed(0))
    for row, log_p in zip(x, model.log_prob(x), strict=True):
        print(f"log p(x) = {log_p:.3f} nats\n{row.tolist()}\n")
