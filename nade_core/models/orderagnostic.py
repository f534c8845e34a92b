"""One network for every ordering: deep, order-agnostic NADE (Uria, Murray & Larochelle, ICML 2014).

The network sees which pixels are known, and their values, and gives every unknown pixel's conditional:

    a = c + sum_{j known} (M_j + x_j W_j)
    h = silu(norm(a)),  then  h <- h + silu(A_l norm(h) + c_l)  for each further layer, with dropout in training
    p(x_i = 1 | x_known) = sigmoid(b_i + V_i . h + sum_{j known} (N_ji + x_j R_ji))

where x stands for x minus the mean of the training rows, and norm (Ba, Kiros & Hinton, 2016) scales the units of a
layer to mean 0 and variance 1, however many pixels are known. Training draws which pixels are known; any ordering
of the pixels is then a chain rule that the network can follow, and any subset of them can be asked for given any
other: marginals and completion are exact.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Bernoulli

from ..inputs import as_count, as_numbers, as_temperature, check_types
from ..messages import N_, NadeError
from ..orderings import coarse_to_fine, inverse
from ..shares import dropout, share_of
from .anyorder import AnyOrder
from .base import BATCH
from .binary import BinaryModel, log_bernoulli, logit_means

VALIDATION_ROWS = 10_000


@dataclass(frozen=True)
class OrderAgnosticNADEConfig:
    """D = dims pixels, H = hidden units in each of ``layers`` hidden layers."""

    dims: int = 784
    hidden: int = 500
    layers: int = 2
    dropout: float = 0.0

    def __post_init__(self):
        check_types(self)
        if min(self.dims, self.hidden, self.layers) < 1 or not 0 <= self.dropout < 1:
            raise NadeError("Expected sizes of at least 1 and a dropout in [0, 1); got {config}.", config=self)


class OrderAgnosticNADE(AnyOrder, BinaryModel):
    """An exact density for every ordering, with exact marginals and completions of any region."""

    mean: Tensor

    description = N_("any ordering, and the completion of any region")
    recipe = {
        "epochs": 350,
        "batch_size": 250,
        "learning_rate": 2e-3,
        "weight_decay": 0.1,
        "average": 0.9995,
        "patience": 50,
        "precision": "bfloat16",
    }
    validates_whole = True
    draws_slowly = True
    slow = True

    def __init__(self, config: OrderAgnosticNADEConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        D, H = config.dims, config.hidden
        self.W = nn.Parameter(torch.randn(D, H) * 2 * D**-0.5)
        self.M = nn.Parameter(torch.randn(D, H) * D**-0.5)
        self.c = nn.Parameter(torch.zeros(H))
        self.deeper = nn.ModuleList(nn.Linear(H, H) for _ in range(config.layers - 1))
        self.V = nn.Parameter(torch.randn(D, H) * 0.1 * H**-0.5)
        self.b = nn.Parameter(torch.zeros(D))
        self.R = nn.Parameter(torch.zeros(D, D))
        self.N = nn.Parameter(torch.zeros(D, D))
        self.register_buffer("mean", torch.zeros(D))

    @torch.no_grad()
    def complete(self, x, known, n: int, generator: torch.Generator | None = None, temperature: float = 1.0) -> Tensor:
        """n draws of the missing pixels given the known ones, each along its own random ordering: (n, D).

        x (D,) is one image and ``known`` (D,) says which of its pixels are kept. Each ordering being equally
        likely, a draw follows the mean over orderings of p(x_missing | x_known, ordering).
        """
        n, temperature = as_count(n), as_temperature(temperature)
        known = self._as_mask(known, 1)[0]
        x = self._filled(as_numbers(x).reshape(1, -1), known)[0]
        places = torch.rand(n, len(x), generator=generator).to(x.device)
        orders = torch.where(known, places - 2, places).argsort(1)  # the known come first
        return self._draw(orders, x[orders[:, : int(known.sum())]], self._uniforms(n, generator), temperature)

    def _given(self, x: Tensor, known: Tensor) -> Bernoulli:
        return Bernoulli(logits=self._all_logits(x, known.expand_as(x)), validate_args=False)

    def _log_prob_rest(self, x: Tensor, o: Tensor, start: int) -> Tensor:
        return log_bernoulli(self._along(x, o, start), x[:, o[start:]]).sum(1)

    def loss(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """An unbiased estimate of the mean over orderings of -log p(x | ordering).

        Each pixel is known with a probability t that is uniform, so that the number d of known pixels is uniform
        on 0..D and every subset of a size is as likely: the sum over the unknown weighs (D + 1) / (D - d).
        """
        D, share = x.shape[1], share_of(len(x))
        strata = (torch.arange(share.of) + torch.rand(share.of, generator=generator)) / share.of
        known = (torch.rand(share.of, D, generator=generator) < strata[:, None])[share.own].to(x.device)
        terms = F.binary_cross_entropy_with_logits(self._all_logits(x, known).float(), x, reduction="none")
        missing = (~known).sum(1).clamp(min=1)
        return ((terms * ~known).sum(1) * (D + 1) / missing).mean()

    @torch.no_grad()
    def validation_nats(self, x: Tensor, y: Tensor | None = None) -> float:
        """The loss on every row of x, always under the same masks: the exact figure costs D passes.

        A small x is seen under several masks a row, so that at least VALIDATION_ROWS terms are averaged.
        """
        generator, draws = torch.Generator().manual_seed(0), math.ceil(VALIDATION_ROWS / len(x))
        parts = [
            self.loss(self.as_rows(part), None, generator).item() * len(part)
            for _ in range(draws)
            for part in x.split(BATCH)
        ]
        return sum(parts) / (draws * len(x))

    def start_from(self, train: Tensor, until: float = math.inf) -> None:
        """The mean of the rows, and the biases at its logits (Laplace-smoothed)."""
        self.b.data.copy_(logit_means(train))
        self.mean.copy_(torch.sigmoid(self.b.data))

    def _orderings(self, n: int, seed: int) -> list[Tensor]:
        """The model's own ordering for n = 1, else n random ones from the seed: coarse to fine on a square image.

        On digits such an ordering gives fewer nats than a uniformly random one, and so does their mean probability.
        """
        if n == 1:
            return [self.ordering]
        D, generator = self.config.dims, torch.Generator().manual_seed(seed)
        side, device = math.isqrt(D), self.ordering.device
        if side * side == D:
            return [coarse_to_fine(side, side, generator).to(device) for _ in range(n)]
        return [torch.randperm(D, generator=generator).to(device) for _ in range(n)]

    def _logits(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return self._along(x, ordering)[:, inverse(ordering)]

    def _sample(self, uniforms: Tensor, y: Tensor | None, known: Tensor, temperature: float) -> Tensor:
        return self._draw(self.ordering.expand(len(uniforms), -1), known, uniforms, temperature)

    def _along(self, x: Tensor, o: Tensor, start: int = 0) -> Tensor:
        """The logits of the places from ``start`` on, in generation order: (B, D - start)."""
        x, triangle = (x - self.mean)[:, o], torch.ones(len(o), len(o), device=x.device, dtype=x.dtype).triu(1)
        R, N = (weights[o][:, o] * triangle for weights in (self.R, self.N))
        direct = x @ R + N.sum(0)
        a = self.c + self.M[o[:start]].sum(0) + x[:, :start] @ self.W[o[:start]]
        logits = x.new_zeros(len(o) - start, len(x))  # filled in place: small tensors between large ones cost memory
        at_once = max(1, BATCH // max(1, len(x)))  # of one row many places at once: its values are all given
        for i in range(start, len(o), at_once):
            d = o[i : i + at_once]
            more = self.M[d][:, None] + x.T[i : i + at_once, :, None] * self.W[d][:, None]
            states = torch.cat([a[None].expand(1, *more.shape[1:]), more]).cumsum(0)
            h, a = self._deep(states[:-1]), states[-1]
            logits[i - start : i - start + at_once] = (
                self.b[d, None] + direct.T[i : i + at_once] + (h * self.V[d][:, None]).sum(-1)
            )
        return logits.T

    def _deep(self, a: Tensor) -> Tensor:
        size, p = a.shape[-1:], self.config.dropout
        h = F.silu(F.layer_norm(a, size))
        for layer in self.deeper:
            h = h + F.silu(layer(F.layer_norm(dropout(h, p, self.training), size)))
        return dropout(h, p, self.training)

    def _all_logits(self, x: Tensor, known: Tensor) -> Tensor:
        """Logits of every pixel given the known ones of x (B, D): (B, D); of use where a pixel is unknown."""
        known = known.to(x)
        seen = torch.cat([(x - self.mean) * known, known], 1)
        h = self._deep(self.c + seen @ torch.cat([self.W, self.M]))
        return self.b + h @ self.V.T + seen @ torch.cat([self.R, self.N])

    def _draw(self, orders: Tensor, first: Tensor, u: Tensor, temperature: float) -> Tensor:
        """Rows along orders (n, D) from uniforms u (n, D), the first values of each (n, k) given: (n, D)."""
        n, D = orders.shape
        x, known, rows = self.b.new_zeros(n, D), self.b.new_zeros(n, D), torch.arange(n, device=u.device)
        centred = torch.zeros_like(x)  # x - mean where it is known, else 0
        a, R, N = self.c.expand(n, -1), self.R.T.contiguous(), self.N.T.contiguous()
        for i, d in enumerate(orders.unbind(1)):
            if i < first.shape[1]:
                x[rows, d] = first[:, i]
            else:
                direct = (centred * R[d]).sum(1) + (known * N[d]).sum(1)
                logits = self.b[d] + direct + (self._deep(a) * self.V[d]).sum(1)
                x[rows, d] = (u[:, i] < torch.sigmoid(logits / temperature)).to(x)
            known[rows, d], centred[rows, d] = 1, x[rows, d] - self.mean[d]
            a = a + self.M[d] + centred[rows, d][:, None] * self.W[d]
        return x
