"""RNADE: real-valued variables, a mixture for each conditional (Uria, Murray & Larochelle, NIPS 2013).

With z = (x - mean) / scale, the data standardised, and "known" the dimensions before i in the ordering:

    a = c + sum_{j known} (M_j + z_j W_j),   h = relu(a),   h <- h + relu(A_l h + c_l) for further layers
    p(z_i | z_<i) = sum_k w_k N(z_i; mu_k, sigma_k^2),   (w, mu, sigma) from b_i + V_i . h

or with Laplacians for N. sigma = floor + softplus(s): no component is narrower than the floor, so that no
density exceeds 0.4 / floor (Gaussian) however often a value repeats. An order-agnostic model is trained on
random orderings (Uria, Murray & Larochelle, ICML 2014), and its orderings make an ensemble.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Categorical, Laplace, MixtureSameFamily, Normal

from ..inputs import as_prefix, as_real
from ..messages import N_, NadeError
from ..orderings import inverse
from .base import DensityModel

FAMILIES = {"gaussian": Normal, "laplace": Laplace}


@dataclass(frozen=True)
class RNADEConfig:
    """D = dims, H = hidden units in each of ``layers`` layers, K = components; ``floor`` is in standard deviations."""

    dims: int = 2
    hidden: int = 100
    layers: int = 2
    components: int = 20
    family: str = "gaussian"
    floor: float = 0.02
    dropout: float = 0.0
    order_agnostic: bool = False

    def __post_init__(self):
        if min(self.dims, self.hidden, self.layers, self.components) < 1 or not 0 <= self.dropout < 1:
            raise NadeError("Expected sizes of at least 1 and a dropout in [0, 1); got {config}.", config=self)
        if self.family not in FAMILIES or not self.floor > 0:
            raise NadeError(
                "Expected a family, one of {names}, and a floor above 0; got {config}.",
                names=", ".join(FAMILIES),
                config=self,
            )


class RNADE(DensityModel):
    """An exact density over rows of real numbers (D,), on the scale of the data.

    A temperature divides the logits of the weights and multiplies every sigma. With mean and scale, the data
    standardised have log p(z) = log p(x) + sum_i log scale_i.
    """

    mean: Tensor
    scale: Tensor

    values = "real"
    description = N_("real values, a mixture of Gaussians for each")
    recipe = {"epochs": 100, "weight_decay": 0.1, "patience": 30}
    many_orderings = True

    def __init__(self, config: RNADEConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        D, H, K = config.dims, config.hidden, config.components
        self.register_buffer("mean", torch.zeros(D))
        self.register_buffer("scale", torch.ones(D))
        self.W = nn.Parameter(torch.randn(D, H) * D**-0.5)
        self.M = nn.Parameter(torch.randn(D, H) * D**-0.5)
        self.c = nn.Parameter(torch.zeros(H))
        self.deeper = nn.ModuleList(nn.Linear(H, H) for _ in range(config.layers - 1))
        self.V = nn.Parameter(torch.randn(D, H, 3 * K) * 0.3 * H**-0.5)
        start = torch.zeros(D, 3, K)
        start[:, 1] = torch.linspace(-2, 2, K)  # the means, spread over the data
        self.b = nn.Parameter(start.flatten(1))

    def _conditionals(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> MixtureSameFamily:
        """On the scale of the data."""
        o = ordering
        known = torch.ones(len(o), len(o), device=x.device, dtype=x.dtype).tril(-1)[:, inverse(o)]
        hidden = self._hidden((x - self.mean) / self.scale, known)  # (B, D, H), in generation order
        parameters = torch.einsum("bih,ihk->bik", hidden, self.V[o]) + self.b[o]
        return self._mixture(parameters[:, inverse(o)], self.mean[:, None], self.scale[:, None])

    def loss(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """The mean of -log p(x), along a random ordering for the batch where the model is order-agnostic."""
        agnostic = self.config.order_agnostic
        ordering = torch.randperm(self.config.dims, generator=generator) if agnostic else None
        return -self.log_prob(x, y, ordering).mean()

    def _uniforms(self, n: int, generator: torch.Generator | None) -> Tensor:
        """(2, n, D): one for the component, one for its quantile function."""
        return torch.rand(2, n, self.config.dims, generator=generator).to(self.b)

    def _sample(self, uniforms: Tensor, y: Tensor | None, known: Tensor, temperature: float) -> Tensor:
        which, u = uniforms
        z, seen = torch.zeros_like(u), u.new_zeros(1, self.config.dims)
        for i, d in enumerate(self.ordering.tolist()):
            if i < known.shape[1]:
                z[:, d] = (known[:, i] - self.mean[d]) / self.scale[d]
            else:
                parameters = self._hidden(z, seen)[:, 0] @ self.V[d] + self.b[d]
                z[:, d] = self._quantile(parameters, which[:, i], u[:, i], temperature)
            seen[0, d] = 1
        return z * self.scale + self.mean

    def start_from(self, train: Tensor) -> None:
        """The mean and standard deviation of the training rows; a constant column keeps the scale 1."""
        train = train.double()
        scale = train.std(0, correction=0)
        self.mean.copy_(train.mean(0))
        self.scale.copy_(torch.where(scale > 0, scale, torch.ones_like(scale)))

    def orderings(self, n: int = 1, seed: int = 0) -> list[Tensor]:
        """Its own ordering, or n random ones from the seed where it is order-agnostic."""
        if n == 1 or not self.config.order_agnostic:
            return [self.ordering]
        generator = torch.Generator().manual_seed(seed)
        return [torch.randperm(self.config.dims, generator=generator).to(self.ordering.device) for _ in range(n)]

    def as_rows(self, x) -> Tensor:
        """x as checked rows (B, D) of finite numbers."""
        return as_real(x, self.config.dims, self.dtype).to(self.ordering.device)

    def _as_prefix(self, prefix, n: int) -> Tensor:
        return as_prefix(prefix, n, self.config.dims, lambda x, k: as_real(x, k, self.dtype)).to(self.dtype)

    def _knows(self, ordering: Tensor) -> bool:
        return self.config.order_agnostic or super()._knows(ordering)

    def _hidden(self, z: Tensor, known: Tensor) -> Tensor:
        """The hidden state of rows (B, D) under each of several masks of known dimensions (P, D): (B, P, H)."""
        h = torch.relu(self.c + known @ self.M + torch.einsum("bd,pd,dh->bph", z, known, self.W))
        for layer in self.deeper:
            h = h + torch.relu(layer(F.dropout(h, self.config.dropout, self.training)))
        return F.dropout(h, self.config.dropout, self.training)

    def _mixture(self, parameters: Tensor, mean, scale) -> MixtureSameFamily:
        """The mixtures that parameters (..., 3K) name, moved to the scale of the data."""
        weights, mu, s = parameters.chunk(3, -1)
        components = FAMILIES[self.config.family](mean + scale * mu, scale * self._sigma(s), validate_args=False)
        return MixtureSameFamily(Categorical(logits=weights, validate_args=False), components, validate_args=False)

    def _sigma(self, s: Tensor) -> Tensor:
        return self.config.floor + F.softplus(s)

    def _quantile(self, parameters: Tensor, which: Tensor, u: Tensor, temperature: float) -> Tensor:
        """The u-quantile of the component that ``which`` chooses, for each row of parameters (n, 3K): (n,)."""
        weights, mu, s = parameters.chunk(3, -1)
        k = (which[:, None] > (weights / temperature).softmax(1).cumsum(1)).sum(1, keepdim=True)
        k = k.clamp(max=self.config.components - 1)
        family = FAMILIES[self.config.family](mu.gather(1, k)[:, 0], temperature * self._sigma(s.gather(1, k)[:, 0]))
        tiny = torch.finfo(u.dtype).eps
        return family.icdf(u.clamp(tiny, 1 - tiny))
