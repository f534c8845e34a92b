"""RNADE: real-valued variables, a mixture for each conditional (Uria, Murray & Larochelle, NIPS 2013).

With z = (x - mean) / scale, the data standardised, and "known" the dimensions before i in the ordering:

    a = c + sum_{j known} (M_j + z_j W_j),   h = relu(a),   h <- h + relu(A_l h + c_l) for further layers
    p(z_i | z_<i) = sum_k w_k N(z_i; mu_k, sigma_k^2),   (w, mu, sigma) from b_i + V_i . h

or with Laplacians for N. sigma = floor + softplus(s): no component is narrower than the floor, so that no
density exceeds 0.4 / floor (Gaussian) however often a value repeats. An order-agnostic model is trained on
random orderings (Uria, Murray & Larochelle, ICML 2014), and its orderings make an ensemble.

With ``gaussians``, the mixture of so many full Gaussians that fits the rows best (stacking.py) stands beside the network:
its own conditionals, mixtures of Gaussians too, come first among the components, and those of the network are measured
from their mean, in their standard deviations. Training starts there, and learns what the Gaussians miss.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Categorical, Laplace, MixtureSameFamily, Normal

from ..devices import as_double
from ..inputs import as_numbers, as_prefix, as_real, check_types
from ..messages import N_, NadeError
from ..orderings import inverse
from ..shares import dropout
from . import gaussians, stacking
from .base import DensityModel
from .gaussians import Conditionals, Gaussians

FAMILIES = {"gaussian": Normal, "laplace": Laplace}
FIRST_SHARE, FIRST_SIZE = 0.1, 0.3  # of the network's components among the Gaussians, and of its weights, at first
FAR = 1e4  # standard deviations beyond which values before a variable tell it no more
FARTHEST = 1e18  # standard deviations whose square float32 holds; the density there is zero to any precision
SILENT = -60.0  # the logit of a component that has no say
SMALL, SQUARES = 5000, 60_000  # a small table: so many rows; so many numbers in all covariances together


@dataclass(frozen=True)
class RNADEConfig:
    """D = dims, H = hidden units in each of ``layers`` layers, K = components; ``floor`` is in standard deviations.

    ``gaussians`` full Gaussians stand beside the network, none if 0.
    """

    dims: int = 2
    hidden: int = 100
    layers: int = 2
    components: int = 20
    family: str = "gaussian"
    floor: float = 0.02
    dropout: float = 0.0
    order_agnostic: bool = False
    gaussians: int = 0

    def __post_init__(self):
        check_types(self)
        check_sizes(self)


def check_sizes(config) -> None:
    """NadeError for a configuration of which there is no model."""
    if min(config.dims, config.hidden, config.layers, config.components) < 1 or not 0 <= config.dropout < 1:
        raise NadeError("Expected sizes of at least 1 and a dropout in [0, 1); got {config}.", config=config)
    if config.gaussians < 0 or (config.gaussians and config.family != "gaussian"):
        raise NadeError("Expected 0 or more gaussians, beside a gaussian family alone; got {config}.", config=config)
    if config.family not in FAMILIES or not config.floor > 0:
        raise NadeError(
            "Expected a family, one of {names}, and a floor above 0; got {config}.",
            names=", ".join(FAMILIES),
            config=config,
        )


class RNADE(DensityModel):
    """An exact density over rows of real numbers (D,), on the scale of the data.

    A temperature divides the logits of the weights and multiplies every sigma. With mean and scale, the data
    standardised have log p(z) = log p(x) + sum_i log scale_i.
    """

    mean: Tensor
    scale: Tensor
    weights: Tensor
    means: Tensor
    factors: Tensor

    values = "real"
    description = N_("real values, a mixture of Gaussians for each")
    recipe = {"epochs": 100, "weight_decay": 0.1, "average": 0.995, "patience": 30}
    many_orderings = True

    def __init__(self, config: RNADEConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        D, H, K, G = config.dims, config.hidden, config.components, config.gaussians
        self.register_buffer("mean", torch.zeros(D))
        self.register_buffer("scale", torch.ones(D))
        if G:
            self.register_buffer("weights", torch.full((G,), 1 / G))
            self.register_buffer("means", torch.zeros(G, D))
            self.register_buffer("factors", torch.zeros(G, D, D))
            self.factors.diagonal(dim1=1, dim2=2).fill_(1)
        self.W = nn.Parameter(torch.randn(D, H) * D**-0.5)
        self.M = nn.Parameter(torch.randn(D, H) * D**-0.5)
        self.c = nn.Parameter(torch.zeros(H))
        self.deeper = nn.ModuleList(nn.Linear(H, H) for _ in range(config.layers - 1))
        self.V = nn.Parameter(torch.randn(D, H, 3 * K) * (FIRST_SIZE if G else 0.3) * H**-0.5)
        start = torch.zeros(D, 3, K)
        start[:, 1] = torch.linspace(-2, 2, K)  # the means, spread over the data
        if G:  # with these weights and widths, about the Gaussian of the same mean and variance
            start[:, 0] = (-(start[:, 1] ** 2)).log_softmax(1) + math.log(FIRST_SHARE)
        self.b = nn.Parameter(start.flatten(1))

    @classmethod
    def sizes_for(cls, rows: int, dims: int) -> dict:
        """Of a small table a smaller network, beside as many Gaussians as their covariances allow."""
        most = min(48, SQUARES // dims**2) if rows <= SMALL else 0
        return {"hidden": 64, "components": 10, "dropout": 0.2, "gaussians": most} if most else {}

    def _conditionals(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> MixtureSameFamily:
        """On the scale of the data."""
        return self._mixture(self._along(self._standardised(x), ordering), self.mean[:, None], self.scale[:, None])

    def _log_prob(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return self._terms(x, ordering).sum(-1)

    @torch.no_grad()
    def _log_conditionals(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return as_double(self._terms(x, ordering))

    def _terms(self, x: Tensor, ordering: Tensor) -> Tensor:
        """log p(x_i | x_<i), from the standardised values: on the scale of the data differences may be lost."""
        z = self._standardised(x)
        return self._mixture(self._along(z, ordering)).log_prob(z) - self.scale.log()

    def _standardised(self, x: Tensor) -> Tensor:
        z = (as_double(x) - as_double(self.mean)) / as_double(self.scale)
        return z.clamp(-FARTHEST, FARTHEST).to(self.b)

    def _along(self, z: Tensor, o: Tensor) -> Conditionals:
        """The components of every p(z_i | z_<i): (B, D, ...) in the order of z."""
        known = torch.ones(len(o), len(o)).to(z).tril(-1)[:, inverse(o)]
        hidden = self._hidden(z, known)  # (B, D, H), in generation order
        parameters = torch.einsum("bih,ihk->bik", hidden, self.V[o]) + self.b[o]
        there = gaussians.conditionals(self._gaussians(), as_double(z), o) if self.config.gaussians else None
        return self._beside(parameters[:, inverse(o)], there)

    @property
    def order_agnostic(self) -> bool:
        """Whether it knows every ordering."""
        return self.config.order_agnostic

    def _gaussians(self) -> Gaussians:
        """Those that have any weight."""
        used = self.weights > 0
        return Gaussians(*(as_double(part)[used] for part in (self.weights, self.means, self.factors)))

    def _beside(self, parameters: Tensor, there: Conditionals | None) -> Conditionals:
        """The components that parameters (..., 3K) name, and with them those of the Gaussians, if there are any."""
        logits, mu, s = parameters.chunk(3, -1)
        sigma = self.config.floor + F.softplus(s)
        if there is None:
            return Conditionals(logits, mu, sigma)
        centre, spread = (moment.to(mu) for moment in there.moments())
        own = logits, centre + spread * mu, spread * sigma
        its = there.logits.log_softmax(-1), there.means, there.sigmas
        return Conditionals(*(torch.cat([a.to(b), b], -1) for a, b in zip(its, own, strict=True)))

    def loss(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """The mean of -log p(x), along a random ordering for the batch where the model is order-agnostic."""
        ordering = torch.randperm(self.config.dims, generator=generator) if self.order_agnostic else None
        return -self.log_prob(x, y, ordering).mean()

    def _uniforms(self, n: int, generator: torch.Generator | None) -> Tensor:
        """(2, n, D): one for the component, one for its quantile function."""
        return torch.rand(2, n, self.config.dims, generator=generator).to(self.b)

    def _sample(self, uniforms: Tensor, y: Tensor | None, known: Tensor, temperature: float) -> Tensor:
        return self._draw(self.ordering, uniforms, known, temperature)

    def _draw(self, ordering: Tensor, uniforms: Tensor, known: Tensor, temperature: float) -> Tensor:
        """Rows along the ordering (D,), the first values of each (n, k) given: (n, D)."""
        which, u = uniforms
        z, seen = torch.zeros_like(u), u.new_zeros(1, self.config.dims)
        there = gaussians.along(self._gaussians(), ordering) if self.config.gaussians else None
        for i, d in enumerate(ordering.tolist()):
            if i < known.shape[1]:
                z[:, d] = (known[:, i] - self.mean[d]) / self.scale[d]
            else:
                parameters = self._hidden(z, seen)[:, 0] @ self.V[d] + self.b[d]
                its = gaussians.step(there, as_double(z[:, ordering[:i]]), i) if there else None
                z[:, d] = self._quantile(self._beside(parameters, its), which[:, i], u[:, i], temperature)
            seen[0, d] = 1
        x = as_double(z) * as_double(self.scale) + as_double(self.mean)  # in units, float32 may not tell them apart
        x[:, ordering[: known.shape[1]]] = known.to(x)
        return x

    def start_from(self, train: Tensor, until: float = math.inf) -> None:
        """The mean and standard deviation of the training rows; a constant column keeps the scale 1. The Gaussians, which
        are looked for until that time.monotonic()."""
        train = train.double()
        scale = train.std(0, correction=0)
        self.mean.copy_(train.mean(0))
        self.scale.copy_(torch.where(scale > 0, scale, torch.ones_like(scale)))
        if self.config.gaussians:
            self.found = stacking.stacked(self._standardised(train).double(), self.config.gaussians, until=until)
            self._keep(self._fitted(train, self.found, until))

    @torch.no_grad()
    def fit_again(self, rows: Tensor, found: list, until: float = math.inf) -> bool:
        """Learn the Gaussians that were ``found`` (its own ``found``, also as lists) from rows (N, D), if that makes these
        likelier."""
        before, after = self._gaussians(), self._fitted(rows, found, until)
        z = as_double(self._standardised(rows))
        better = bool(
            gaussians.log_joint(after, z).logsumexp(1).mean() > gaussians.log_joint(before, z).logsumexp(1).mean()
        )
        if better:
            self._keep(after)
        return better

    def _fitted(self, rows: Tensor, found: list, until: float) -> Gaussians:
        chosen = [stacking.Chosen(stacking.Candidate(*how), share) for how, share in found]
        return stacking.fitted(self._standardised(rows).double(), chosen, self.config.gaussians, until)

    def _keep(self, best: Gaussians) -> None:
        for buffer, value in zip((self.weights, self.means, self.factors), best, strict=True):
            buffer.copy_(value)

    @torch.no_grad()
    def settle(self, valid: Tensor) -> bool:
        """Silence the network where what it adds to the Gaussians is within two standard errors."""
        if not self.config.gaussians or len(valid) < 2:
            return False
        x = self.as_rows(valid)
        alone = gaussians.log_joint(self._gaussians(), as_double(self._standardised(x))).logsumexp(1)
        gain = as_double(self._log_prob(x, None, self.ordering)) - (alone - as_double(self.scale).log().sum())
        silent = bool(gain.mean() < 2 * gain.std() / len(gain) ** 0.5)
        if silent:
            self.b[:, : self.config.components] = SILENT
            self.V[:, :, : self.config.components] = 0
        return silent

    def _orderings(self, n: int, seed: int) -> list[Tensor]:
        """Its own ordering, or n random ones from the seed where it is order-agnostic."""
        if n == 1 or not self.order_agnostic:
            return [self.ordering]
        generator = torch.Generator().manual_seed(seed)
        return [torch.randperm(self.config.dims, generator=generator).to(self.ordering.device) for _ in range(n)]

    def as_rows(self, x) -> Tensor:
        """x as checked rows (B, D) of finite numbers, in float64 if it comes so: they are standardised before they are cut."""
        rows, device = as_real(x, self.config.dims, self.dtype), self.ordering.device
        x = as_numbers(x)
        return (x.reshape(rows.shape) if x.dtype == torch.float64 and device.type != "mps" else rows).to(device)

    def _as_prefix(self, prefix, n: int) -> Tensor:
        return as_prefix(prefix, n, self.config.dims, lambda x, k: as_real(x, k, self.dtype)).to(self.dtype)

    def _knows(self, ordering: Tensor) -> bool:
        return self.order_agnostic or super()._knows(ordering)

    def _hidden(self, z: Tensor, known: Tensor) -> Tensor:
        """The hidden state of rows (B, D) under each of several masks of known dimensions (P, D): (B, P, H)."""
        near = z.clamp(-FAR, FAR)  # beyond, the hidden state would overflow, and infinities are no density
        h = torch.relu(self.c + known @ self.M + torch.einsum("bd,pd,dh->bph", near, known, self.W))
        for layer in self.deeper:
            h = h + torch.relu(layer(dropout(h, self.config.dropout, self.training)))
        return dropout(h, self.config.dropout, self.training)

    def _mixture(self, of: Conditionals, mean: Tensor | float = 0.0, scale: Tensor | float = 1.0) -> MixtureSameFamily:
        """The mixtures of those components, moved to another scale."""
        family = FAMILIES[self.config.family]
        components = family(mean + scale * of.means, scale * of.sigmas, validate_args=False)
        return MixtureSameFamily(Categorical(logits=of.logits, validate_args=False), components, validate_args=False)

    def _quantile(self, of: Conditionals, which: Tensor, u: Tensor, temperature: float) -> Tensor:
        """The u-quantile of the component that ``which`` chooses, for each of the mixtures (n, K): (n,)."""
        k = (which[:, None] > (of.logits / temperature).softmax(1).cumsum(1)).sum(1, keepdim=True)
        k = k.clamp(max=of.logits.shape[1] - 1)
        family = FAMILIES[self.config.family](of.means.gather(1, k)[:, 0], temperature * of.sigmas.gather(1, k)[:, 0])
        tiny = torch.finfo(u.dtype).eps
        return family.icdf(u.clamp(tiny, 1 - tiny))
