"""A fully visible sigmoid belief network, to read and to run: python FVSBN.py (needs torch and safetensors).

    p(x_i = 1 | x_<i) = sigmoid(b_i + sum_{j<i} R_ij x_j)

One logistic regression a pixel on all pixels before it. x (B, D) holds 0 and 1; log-probabilities are in nats.
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


class FVSBN:
    """The first of the model's orderings, its own."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        D, M, self.ordering = config["dims"], config["orderings"], weights["ordering"]
        self.b = weights["b"].view(M, D)[0]
        i, j = torch.tril_indices(D, D, -1)  # the file holds the triangle alone, row by row, in the order of generation
        self.R = torch.zeros(D, D, dtype=torch.float64)
        self.R[self.ordering[i], self.ordering[j]] = weights["R"].view(M, -1)[0]

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x): (B,)."""
        return log_bernoulli(self.b + x.double() @ self.R.T, x).sum(1)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n rows x ~ p(x), one pixel after another: (n, D)."""
        u = torch.rand(n, len(self.b), generator=generator)
        x = torch.zeros(n, len(self.b), dtype=torch.float64)
        for i, d in enumerate(self.ordering.tolist()):
            x[:, d] = (u[:, i] < torch.sigmoid(self.b[d] + x @ self.R[d])).double()
        return x


def load(folder: Path = Path(__file__).parent) -> FVSBN:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return FVSBN(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


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
