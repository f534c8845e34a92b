"""Deep, order-agnostic NADE, to read and to run: python OrderAgnosticNADE.py (needs torch and safetensors).

    a = c + sum_{j known} (M_j + x_j W_j)
    h = silu(norm(a)),   then  h <- h + silu(A_l norm(h) + c_l)  for each further layer
    p(x_i = 1 | x_known) = sigmoid(b_i + V_i . h + sum_{j known} (N_ji + x_j R_ji))

(Uria, Murray & Larochelle, 2014.) One network for every ordering: pass another one to log_prob or sample. x (B, D) holds
0 and 1, less their mean over the training rows; norm makes mean 0 and variance 1; log-probabilities are in nats.
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


class OrderAgnosticNADE:
    """The network sees which pixels are known, and their values."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        self.ordering, self.mean = weights["ordering"], weights["mean"]
        self.W, self.M, self.c, self.V, self.b = (weights[name] for name in ("W", "M", "c", "V", "b"))
        self.R, self.N = weights["R"], weights["N"]
        layers = range(config["layers"] - 1)
        self.deeper = [(weights[f"deeper.{k}.weight"], weights[f"deeper.{k}.bias"]) for k in layers]

    def log_prob(self, x: Tensor, ordering: Tensor | None = None) -> Tensor:
        """log p(x) along an ordering, the model's own by default: (B,)."""
        x, total = x.double(), torch.zeros(len(x), dtype=torch.float64)
        for d, logits, learn in self._walk(len(x), ordering):
            total = total + log_bernoulli(logits, x[:, d])
            learn(x[:, d])
        return total

    def sample(self, n: int, generator: torch.Generator | None = None, ordering: Tensor | None = None) -> Tensor:
        """n rows x ~ p(x), one pixel after another: (n, D)."""
        u, x = torch.rand(n, len(self.b), generator=generator), torch.zeros(n, len(self.b), dtype=torch.float64)
        for i, (d, logits, learn) in enumerate(self._walk(n, ordering)):
            x[:, d] = (u[:, i] < torch.sigmoid(logits)).double()
            learn(x[:, d])
        return x

    def _walk(self, n: int, ordering: Tensor | None):
        """Along the ordering: pixel d, its logits (n,), and a function that is then told the values of d (n,)."""
        a, direct = self.c.expand(n, -1), self.b.expand(n, -1)

        def learn(values: Tensor) -> None:
            nonlocal a, direct
            z = (values - self.mean[d])[:, None]
            a, direct = a + self.M[d] + z * self.W[d], direct + self.N[d] + z * self.R[d]

        for d in (self.ordering if ordering is None else ordering).tolist():
            yield d, direct[:, d] + self._deep(a) @ self.V[d], learn

    def _deep(self, a: Tensor) -> Tensor:
        h = F.silu(F.layer_norm(a, a.shape[-1:]))
        for A, c in self.deeper:
            h = h + F.silu(F.linear(F.layer_norm(h, h.shape[-1:]), A, c))
        return h


def load(folder: Path = Path(__file__).parent) -> OrderAgnosticNADE:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return OrderAgnosticNADE(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


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
