"""The full joint table, to read and to run: python JointTable.py (needs torch and safetensors).

    p(x) = table[x],   p(x_i = 1 | x_<i) = p(x_<i, 1) / p(x_<i)

One probability for each of the 2^D rows x (B, D) of 0 and 1, which is read as a binary number with its values in the
order of generation; log-probabilities are in nats.
"""

import json
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor


class JointTable:
    """The histogram of all cases."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        self.dims, self.ordering = config["dims"], weights["ordering"]
        self.log_p = weights["log_table"].log_softmax(0)  # (2^D,)

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x): (B,)."""
        return self.log_p[self._case(x[:, self.ordering])]

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n rows x ~ p(x), one value after another: (n, D)."""
        u = torch.rand(n, self.dims, generator=generator)
        z = torch.zeros(n, self.dims, dtype=torch.float64)  # in the order of generation
        for i in range(self.dims):
            both = self.log_p.view(2**i, 2, -1).logsumexp(2)[self._case(z[:, :i])]  # log p(x_<i, x_i): (n, 2)
            z[:, i] = (u[:, i] < torch.sigmoid(both[:, 1] - both[:, 0])).double()
        return z[:, self.ordering.argsort()]

    @staticmethod
    def _case(z: Tensor) -> Tensor:
        """Rows (B, k) of 0 and 1 as binary numbers: (B,)."""
        return (z.long() << torch.arange(z.shape[1] - 1, -1, -1)).sum(1)


def load(folder: Path = Path(__file__).parent) -> JointTable:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return JointTable(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


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
