"""NADE: the neural autoregressive distribution estimator (Larochelle & Murray, AISTATS 2011).

    h_i = act(c + U_y + sum_{j<i} W_j x_j)
    p(x_i = 1 | x_<i, y) = sigmoid(b_i + V_i . h_i)

W and V (D, H) are shared by all conditionals, so D-dimensional binary data needs 2DH + D + H parameters
instead of 2^D - 1. With classes, a label y adds the learned vector U_y to the hidden bias, and
p(x) = sum_y p(y) p(x | y) is the exact mixture, with p(y) uniform.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Bernoulli

from .. import kernels
from ..inputs import as_prefix
from ..kernels.reference import ACTIVATIONS
from ..orderings import inverse
from .base import DensityModel, logit_means

MIXTURE_CHUNK = 2048  # images scored at once under every class, which bounds the memory of the logits


@dataclass(frozen=True)
class NADEConfig:
    """Sizes of a NADE: D = dims, H = hidden, K = classes (0: no labels)."""

    dims: int = 784
    hidden: int = 500
    activation: str = "sigmoid"
    classes: int = 0

    def __post_init__(self):
        if self.dims < 1 or self.hidden < 1 or self.classes < 0:
            raise ValueError(f"Expected dims and hidden of at least 1 and classes of at least 0; got {self}.")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"Unknown activation {self.activation!r}: expected {' or '.join(ACTIVATIONS)}.")


class NADE(DensityModel):
    """An exact density over binary vectors, each conditional one step of a shared hidden state."""

    description = "one hidden layer, shared by all conditionals"

    def __init__(self, config: NADEConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        D, H, K = config.dims, config.hidden, config.classes
        self.backend = "auto"
        self.raster = torch.equal(self.ordering, torch.arange(D))
        self.W = nn.Parameter(torch.randn(D, H) * D**-0.5)
        self.V = nn.Parameter(torch.randn(D, H) * H**-0.5)
        self.b = nn.Parameter(torch.zeros(D))
        self.c = nn.Parameter(torch.zeros(H))
        self.U = nn.Parameter(torch.randn(K, H) * 0.01) if K else None

    def log_prob(self, x, y=None) -> Tensor:
        """log p(x | y) in nats, or log p(x) where y is None: (B,)."""
        x, y = self._inputs(x, y)
        if self.U is not None and y is None:
            return torch.cat([self._mixture_log_prob(part) for part in x.split(MIXTURE_CHUNK)])
        return self._kernel.log_prob(self._ordered(x), *self._weights(y, len(x)))

    def conditionals(self, x, y=None) -> Bernoulli:
        """p(x_i = 1 | x_<i) of every dimension: a Bernoulli of batch shape (B, D)."""
        x, y = self._inputs(x, y)
        if self.U is not None and y is None:
            return Bernoulli(logits=self._unordered(self._mixture_logits(x)))
        return Bernoulli(logits=self._unordered(self._kernel.logits(self._ordered(x), *self._weights(y, len(x)))))

    @torch.no_grad()
    def sample(
        self, n: int, y=None, generator: torch.Generator | None = None, temperature: float = 1.0, prefix=None
    ) -> Tensor:
        """n images x ~ p(x | y): (n, D) of 0 and 1.

        ``prefix`` (k,) or (n, k) fixes the first k dimensions of the ordering. ``temperature`` divides every
        logit: at 1 the draw is from p(x) itself, below 1 each conditional leans to its likelier side. All
        randomness comes from ``generator`` (on the CPU): the same seed gives the same images anywhere.
        """
        if n < 0 or not temperature > 0:
            raise ValueError(f"Expected n of at least 0 and a temperature above 0; got {n} and {temperature}.")
        uniforms = torch.rand(n, self.config.dims + 1, generator=generator).to(self.b.device, self.b.dtype)
        prefix = as_prefix(prefix, n, self.config.dims).to(self.b)
        y = self._draw_labels(uniforms[:, 0], prefix) if y is None and self.U is not None else self.as_labels(y, n)
        u, k = uniforms[:, 1:].contiguous(), prefix.shape[1]
        u[:, :k] = 1 - 3 * prefix  # -2 is under every probability and 1 above: what is known is drawn so
        return self._unordered(self._kernel.sample(u, *self._weights(y, n), temperature))

    def hidden(self, x, y=None) -> Tensor:
        """What the model knows before each dimension, h_i, in generation order: (B, D, H). For few images."""
        x, y = self._inputs(x, y)
        x = self._ordered(x)
        W, _, _, a0, activation = self._weights(y, len(x))
        steps = torch.cumsum(x[:, :-1, None] * W[:-1], dim=1)
        a = torch.cat([a0[:, None], a0[:, None] + steps], dim=1)
        return ACTIVATIONS[activation](a)

    def class_log_prob(self, x) -> Tensor:
        """log p(y | x) of every class by Bayes' rule, with p(y) uniform: (B, K)."""
        if self.U is None:
            raise ValueError("This model was trained without classes, so it has no p(y | x).")
        x, _ = self._inputs(x, None)
        return self._per_class(self._kernel.log_prob, self._ordered(x)).T.log_softmax(1)

    @property
    def _kernel(self):
        return kernels.get_backend(self.backend, self.b.device, self.b.dtype)

    def _inputs(self, x, y) -> tuple[Tensor, Tensor | None]:
        x = self.as_rows(x)
        return x, self.as_labels(y, len(x))

    def start_from(self, train: Tensor) -> None:
        """The biases at the logits of the pixel means (Laplace-smoothed)."""
        self.b.data.copy_(logit_means(train))

    def _ordered(self, x: Tensor) -> Tensor:
        return x if self.raster else x[:, self.ordering]

    def _unordered(self, x: Tensor) -> Tensor:
        return x if self.raster else x[:, inverse(self.ordering)]

    def _weights(self, y: Tensor | None, n: int) -> tuple:
        W, V, b = (p if self.raster else p[self.ordering] for p in (self.W, self.V, self.b))
        a0 = self.c.expand(n, -1) if y is None else self.c + self.U[y]
        return W, V, b, a0, self.config.activation

    def _per_class(self, function, x: Tensor) -> Tensor:
        """function(x | y) for every class: (K, B, ...)."""
        labels = torch.arange(self.config.classes, device=x.device)
        return torch.stack([function(x, *self._weights(y.expand(len(x)), len(x))) for y in labels])

    def _mixture_log_prob(self, x: Tensor) -> Tensor:
        per_class = self._per_class(self._kernel.log_prob, self._ordered(x))
        return per_class.logsumexp(0) - math.log(self.config.classes)

    def _mixture_logits(self, x: Tensor) -> Tensor:
        """Logits of p(x_i = 1 | x_<i) = sum_y p(y | x_<i) p(x_i = 1 | x_<i, y), in generation order: (B, D)."""
        x = self._ordered(x)
        logits = self._per_class(self._kernel.logits, x)  # (K, B, D)
        terms = -F.binary_cross_entropy_with_logits(logits, x.expand_as(logits), reduction="none")
        past = F.pad(terms.cumsum(-1)[..., :-1], (1, 0))  # log p(x_<i | y)
        on = (past + F.logsigmoid(logits)).logsumexp(0)
        off = (past + F.logsigmoid(-logits)).logsumexp(0)
        return on - off

    def _draw_labels(self, u: Tensor, prefix: Tensor) -> Tensor:
        """One label an image from p(y | prefix), which is p(y) where nothing is known: (n,)."""
        n, k = prefix.shape
        if k == 0 or n == 0:
            return (u * self.config.classes).long().clamp(max=self.config.classes - 1)
        x = F.pad(prefix, (0, self.config.dims - k))
        terms = [
            -F.binary_cross_entropy_with_logits(logits[:, :k], prefix, reduction="none").sum(1)
            for logits in self._per_class(self._kernel.logits, x)
        ]
        posterior = torch.stack(terms, 1).softmax(1)
        return (u[:, None] > posterior.cumsum(1)).sum(1).clamp(max=self.config.classes - 1)
