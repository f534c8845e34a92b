"""RNADE, for real values, to read and to run: python RNADE.py (needs torch and safetensors). Uria et al., 2013, 2014.

    z = (x - mean) / scale
    a = c + sum_{j before i} (M_j + z_j W_j),   h = relu(a),   h <- h + relu(A_l h + c_l) for further layers
    p(z_i | z_<i) = sum_k w_k N(z_i; mu_k, sigma_k^2),   (w, mu, s) = b_i + V_i . h,   sigma = floor + softplus(s)

or with Laplacians for N. x (B, D) is on the scale of the data; log-densities are in nats. Where a mixture of full Gaussians
stands beside the network, its own conditionals come first among the components, and mu and sigma count from their mean,
in their standard deviations: with e = L^-1 (z - m), component k is N(z_i - L_ii e_i, L_ii^2) given z_<i.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor
from torch.distributions import Laplace, Normal


class RNADE:
    """A mixture for each conditional; of an order-agnostic one, another ``ordering`` is another chain rule."""

    def __init__(self, config: dict, weights: dict[str, Tensor]):
        self.ordering, self.mean, self.scale = (weights[name] for name in ("ordering", "mean", "scale"))
        self.W, self.M, self.c, self.V, self.b = (weights[name] for name in ("W", "M", "c", "V", "b"))
        self.deeper = [
            (weights[f"deeper.{k}.weight"], weights[f"deeper.{k}.bias"]) for k in range(config["layers"] - 1)
        ]
        self.family, self.floor = {"gaussian": Normal, "laplace": Laplace}[config["family"]], config["floor"]
        self.full: tuple[Tensor, ...] = ()  # the log-weights, the means and the factors of the Gaussians
        if config.get("gaussians"):
            rows = weights["factors"][:, self.ordering]
            factors = torch.linalg.cholesky(rows @ rows.mT)  # along the ordering
            self.full = weights["weights"].clamp(min=1e-300).log(), weights["means"][:, self.ordering], factors

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x): (B,)."""
        z, a = (x.double() - self.mean) / self.scale, self.c.expand(len(x), -1)
        total = torch.zeros(len(x), dtype=torch.float64)
        for i, d in enumerate(self.ordering.tolist()):
            weights, mu, sigma = self._mixture(a, d, z[:, self.ordering[:i]])
            terms = weights.log_softmax(1) + self.family(mu, sigma).log_prob(z[:, d, None])
            total = total + terms.logsumexp(1) - self.scale[d].log()
            a = a + self.M[d] + z[:, d, None].clamp(-1e4, 1e4) * self.W[d]
        return total

    def sample(self, n: int, generator: torch.Generator | None = None) -> Tensor:
        """n rows x ~ p(x), one variable after another: (n, D)."""
        which, u = torch.rand(2, n, len(self.b), generator=generator).double()
        tiny = torch.finfo(u.dtype).eps
        z, a = torch.zeros_like(u), self.c.expand(n, -1)
        for i, d in enumerate(self.ordering.tolist()):
            weights, mu, sigma = self._mixture(a, d, z[:, self.ordering[:i]])
            k = (which[:, i, None] > weights.softmax(1).cumsum(1)).sum(1, keepdim=True).clamp(max=mu.shape[1] - 1)
            drawn = self.family(mu.gather(1, k)[:, 0], sigma.gather(1, k)[:, 0])
            z[:, d] = drawn.icdf(u[:, i].clamp(tiny, 1 - tiny))
            a = a + self.M[d] + z[:, d, None].clamp(-1e4, 1e4) * self.W[d]
        return z * self.scale + self.mean

    def _mixture(self, a: Tensor, d: int, before: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The logits of the weights, the means and the widths of variable d, from the values before it: (B, K) each."""
        h = torch.relu(a)
        for A, c in self.deeper:
            h = h + torch.relu(F.linear(h, A, c))
        weights, mu, s = (h @ self.V[d] + self.b[d]).chunk(3, 1)
        sigma = self.floor + F.softplus(s)
        if not self.full:
            return weights, mu, sigma
        there, m, L = self._gaussians(before)
        w = there.exp()
        centre = (w * m).sum(1, keepdim=True)
        spread = (w * (L**2 + (m - centre) ** 2)).sum(1, keepdim=True).sqrt()
        means, sigmas = torch.cat([m, centre + spread * mu], 1), torch.cat([L.expand_as(m), spread * sigma], 1)
        return torch.cat([there, weights], 1), means, sigmas

    def _gaussians(self, before: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log-weights (B, K), means (B, K) and widths (K,) of the next value given those before it (B, i)."""
        (log_w, m, L), i = self.full, before.shape[1]
        e = torch.linalg.solve_triangular(L[:, :i, :i], (before - m[:, None, :i]).mT, upper=False)  # (K, i, B)
        terms = Normal(0, 1).log_prob(e) - L[:, :i, :i].diagonal(dim1=1, dim2=2).log()[..., None]
        means = m[:, i, None] + torch.einsum("kib,ki->kb", e, L[:, i, :i])
        return (log_w + terms.sum(1).T).log_softmax(1), means.T, L[:, i, i]


def load(folder: Path = Path(__file__).parent) -> RNADE:
    """The model of the file model.safetensors in that folder, in double precision."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        config = json.loads(file.metadata()["nade"])["config"]
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no iterator)
    return RNADE(config, {name: t.double() if t.is_floating_point() else t for name, t in tensors.items()})


if __name__ == "__main__":
    model = load()
    x = model.sample(3, torch.Generator().manual_seed(0))
    for row, log_p in zip(x, model.log_prob(x), strict=True):
        print(f"log p(x) = {log_p:.3f} nats\n{row.tolist()}\n")
