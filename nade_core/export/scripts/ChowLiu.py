"""The Chow-Liu tree, to read and to run: python ChowLiu.py (needs torch and safetensors).

    p(x) = p(x_root) prod_i p(x_i | x_parent(i))

Each pixel depends on one other. x (B, D) holds 0 and 1; log-probabilities are in nats.
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


class ChowLiu:
    """A tree of pixels; the ordering puts a parent before its children."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        self.dims, self.ordering = config["dims"], weights["ordering"]
        self.parents, self.table = weights["parents"], weights["table"]  # logits given the parent's value: (D, 2)
        place = self.ordering.argsort()
        self.has_parent = place[self.parents] < place

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x): (B,)."""
        return log_bernoulli(self._logits(x), x).sum(1)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n rows x ~ p(x), from the root on: (n, D)."""
        u = torch.rand(n, self.dims, generator=generator)
        x = torch.zeros(n, self.dims, dtype=torch.float64)
        for i, d in enumerate(self.ordering.tolist()):
            x[:, d] = (u[:, i] < torch.sigmoid(self._logits(x)[:, d])).double()
        return x

    def _logits(self, x: Tensor) -> Tensor:
        """Of p(x_i = 1 | x_parent(i)): (B, D)."""
        parent = x[:, self.parents] * self.has_parent
        return torch.where(parent == 1, self.table[:, 1], self.table[:, 0])


def load(folder: Path = Path(__file__).parent) -> ChowLiu:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return ChowLiu(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


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
