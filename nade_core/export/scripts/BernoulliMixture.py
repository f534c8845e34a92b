"""A mixture of K products of Bernoullis, to read and to run: python BernoulliMixture.py (needs torch and safetensors).

    p(x) = sum_k w_k prod_i theta_ki^x_i (1 - theta_ki)^(1 - x_i)

x (B, D) holds 0 and 1; log-probabilities are in nats.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor


class BernoulliMixture:
    """One of K sets of independent coins, which is drawn first."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        self.ordering, self.log_w = weights["ordering"], weights["log_weights"].log_softmax(0)  # (K,)
        self.logits = weights["logits"]  # of theta: (K, D)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x): (B,)."""
        log_given = x.double() @ self.logits.T + F.logsigmoid(-self.logits).sum(1)  # log p(x | k): (B, K)
        return (self.log_w + log_given).logsumexp(1)

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n rows x ~ p(x): (n, D)."""
        K, D = self.logits.shape
        u, which = torch.rand(n, D, generator=generator), torch.rand(n, 1, generator=generator)
        k = (which > self.log_w.exp().cumsum(0)).sum(1).clamp(max=K - 1)
        x = torch.zeros(n, D, dtype=torch.float64)
        x[:, self.ordering] = (u < torch.sigmoid(self.logits[k][:, self.ordering])).double()
        return x


def load(folder: Path = Path(__file__).parent) -> BernoulliMixture:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return BernoulliMixture(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


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
