"""NADE, to read and to run: python NADE.py (needs torch and safetensors). Larochelle & Murray, 2011.

    a_0 = c (+ U_y),   a_{i+1} = a_i + x_i W_i        the hidden state, moved by one pixel at a time
    h_i = act(a_i)
    p(x_i = 1 | x_<i) = sigmoid(b_i + V_i . h_i)

with i in the order of generation. x (B, D) holds 0 and 1; log-probabilities are in nats. With classes y = 0..K-1, p(x)
is the exact mixture of p(x | y), every class as likely.
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


class NADE:
    """W and V (D, H), b (D,) and c (H,), U (K, H), shared by all conditionals."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        self.dims, self.classes = config["dims"], config["classes"]
        self.act = {"sigmoid": torch.sigmoid, "relu": torch.relu}[config["activation"]]
        self.ordering, self.c = weights["ordering"], weights["c"]
        self.U = weights.get("U", torch.zeros(1, config["hidden"]))  # (K, H); no class is as one that adds nothing
        self.W, self.V, self.b = (weights[name][self.ordering] for name in ("W", "V", "b"))

    def log_prob(self, x: Tensor, y: int | None = None) -> Tensor:
        """log p(x | y), or log p(x) where y is None: (B,)."""
        if self.classes and y is None:
            return torch.stack([self.log_prob(x, k) for k in range(self.classes)]).logsumexp(0) - math.log(self.classes)
        z, a, total = x[:, self.ordering].double(), self._start(len(x), y), torch.zeros(len(x), dtype=torch.float64)
        for i in range(self.dims):
            total = total + log_bernoulli(self.b[i] + self.act(a) @ self.V[i], z[:, i])
            a = a + z[:, i, None] * self.W[i]
        return total

    def sample(self, n: int, generator: torch.Generator | None = None, y: int | None = None) -> Tensor:
        """n images x ~ p(x | y), or p(x), pixel by pixel: (n, D)."""
        u = torch.rand(n, self.dims + 1, generator=generator)  # the first is for the class
        labels = y if y is not None or not self.classes else (u[:, 0] * self.classes).long()
        z, a = torch.zeros(n, self.dims, dtype=torch.float64), self._start(n, labels)
        for i in range(self.dims):
            z[:, i] = (u[:, i + 1] < torch.sigmoid(self.b[i] + self.act(a) @ self.V[i])).double()
            a = a + z[:, i, None] * self.W[i]
        return z[:, self.ordering.argsort()]

    def _start(self, n: int, y: int | Tensor | None) -> Tensor:
        """The hidden state before the first pixel: (n, H)."""
        return (self.c + self.U[0 if y is None else y]).expand(n, -1)


def load(folder: Path = Path(__file__).parent) -> NADE:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return NADE(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


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
