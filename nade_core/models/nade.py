"""NADE: the neural autoregressive distribution estimator (Larochelle & Murray, AISTATS 2011).

    h_i = act(c + U_y + sum_{j<i} W_j x_j)
    p(x_i = 1 | x_<i, y) = sigmoid(b_i + V_i . h_i)

W and V (D, H) are shared by all conditionals, so D-dimensional binary data needs 2DH + D + H parameters
instead of 2^D - 1. With classes, a label y adds the learned vector U_y to the hidden bias, and
p(x) = sum_y p(y) p(x | y) is the exact mixture, with p(y) uniform.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .. import kernels
from ..devices import as_double
from ..inputs import check_types
from ..kernels.reference import ACTIVATIONS
from ..messages import N_, NadeError
from ..orderings import inverse
from .binary import both_sides, logit_means
from .labelled import LabelledModel, mixed


@dataclass(frozen=True)
class NADEConfig:
    """Sizes of a NADE: D = dims, H = hidden, K = classes (0: no labels)."""

    dims: int = 784
    hidden: int = 500
    activation: str = "sigmoid"
    classes: int = 0

    def __post_init__(self):
        check_types(self)
        if self.dims < 1 or self.hidden < 1 or self.classes < 0:
            raise NadeError(
                "Expected dims and hidden of at least 1 and classes of at least 0; got {config}.", config=self
            )
        if self.activation not in ACTIVATIONS:
            raise NadeError(
                "Unknown activation {name}: expected one of {names}.",
                name=repr(self.activation),
                names=", ".join(ACTIVATIONS),
            )


class NADE(LabelledModel):
    """An exact density over binary vectors, each conditional one step of a shared hidden state."""

    U: Tensor  # (K, H); None without classes

    description = N_("one hidden layer, shared by all conditionals")
    in_browser = True

    def __init__(self, config: NADEConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        D, H, K = config.dims, config.hidden, config.classes
        self.backend = "auto"
        self.W = nn.Parameter(torch.randn(D, H) * D**-0.5)
        self.V = nn.Parameter(torch.randn(D, H) * H**-0.5)
        self.b = nn.Parameter(torch.zeros(D))
        self.c = nn.Parameter(torch.zeros(H))
        self.register_parameter("U", nn.Parameter(torch.randn(K, H) * 0.01) if K else None)

    def hidden(self, x, y=None) -> Tensor:
        """What the model knows before each dimension, h_i, in generation order: (B, D, H). For few images."""
        x, y, ordering = self._checked(x, y, None)
        x = x[:, ordering]
        W, _, _, a0, activation = self._weights(y, len(x))
        steps = torch.cumsum(x[:, :-1, None] * W[:-1], dim=1)
        a = torch.cat([a0[:, None], a0[:, None] + steps], dim=1)
        return ACTIVATIONS[activation](a)

    def start_from(self, train: Tensor, until: float = math.inf) -> None:
        """The biases at the logits of the pixel means (Laplace-smoothed)."""
        self.b.data.copy_(logit_means(train))

    def _log_prob(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        if self.classes and y is None:
            return super()._log_prob(x, y, ordering)
        return self._kernel.log_prob(self._ordered(x), *self._weights(y, len(x)))

    def _given(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return self._unordered(self._kernel.logits(self._ordered(x), *self._weights(y, len(x))))

    def _walk(self, x: Tensor) -> Iterator[Tensor]:
        """The logits of the mixture, its hidden states and p(y | x_<i) kept from one pixel to the next."""
        act, a = ACTIVATIONS[self.config.activation], (self.c + self.U).expand(len(x), -1, -1)  # (B, K, H)
        past = as_double(x.new_zeros(len(x), self.classes))  # log p(x_<i | y)
        for d in self.ordering.tolist():
            on, off = both_sides(past, as_double(act(a) @ self.V[d] + self.b[d]))
            yield mixed(on, off, 1).to(x)
            past = torch.where(x[:, d, None].to(past.device) == 1, on, off)
            a = a + x[:, d, None, None] * self.W[d]

    def _uniforms(self, n: int, generator: torch.Generator | None) -> Tensor:
        """(n, D + 1), with classes or without: the first is for the label."""
        return torch.rand(n, self.config.dims + 1, generator=generator).to(self.b.device, self.b.dtype)

    def _draw(self, u: Tensor, y: Tensor | None, temperature: float) -> Tensor:
        if self.classes and y is None:
            return super()._draw(u, y, temperature)
        return self._unordered(self._kernel.sample(u, *self._weights(y, len(u)), temperature))

    @property
    def _kernel(self):
        return kernels.get_backend(self.backend, self.b.device, self.b.dtype)

    @property
    def _raster(self) -> bool:
        return torch.equal(self.ordering, torch.arange(self.config.dims, device=self.ordering.device))

    def _ordered(self, x: Tensor) -> Tensor:
        return x if self._raster else x[:, self.ordering]

    def _unordered(self, x: Tensor) -> Tensor:
        return x if self._raster else x[:, inverse(self.ordering).to(x.device)]

    def _weights(self, y: Tensor | None, n: int) -> tuple:
        """What the kernels take, in generation order: W, V, b, a0 (n, H) and the activation."""
        W, V, b = (self.W, self.V, self.b) if self._raster else (p[self.ordering] for p in (self.W, self.V, self.b))
        a0 = self.c.expand(n, -1) if y is None else self.c + self.U[y]
        return W, V, b, a0, self.config.activation
