"""A mixture of K products of Bernoullis: p(x) = sum_k w_k prod_i theta_ki^x_i (1 - theta_ki)^(1 - x_i).

Fitted by expectation-maximisation (Dempster, Laird & Rubin, 1977), one pass over the data an iteration.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..devices import as_double
from ..inputs import check_types
from ..messages import N_, NadeError
from ..orderings import inverse
from .binary import BinaryModel, both_sides

CHUNK = 5000  # rows at once
ELEMENTS = 1 << 23  # values held at once for conditionals: 64 MB in float64


@dataclass(frozen=True)
class BernoulliMixtureConfig:
    """D = dims, K = components; ``smoothing`` is added to the on and off counts of each component."""

    dims: int = 784
    components: int = 500
    smoothing: float = 0.1

    def __post_init__(self):
        check_types(self)
        if self.dims < 1 or self.components < 1 or not self.smoothing > 0:
            raise NadeError(
                "Expected dims and components of at least 1 and a smoothing above 0; got {config}.", config=self
            )


class BernoulliMixture(BinaryModel):
    """K sets of independent coins; one set is drawn, then all pixels from it. w = softmax(log_weights)."""

    description = N_("one of many sets of independent coins")
    recipe = {"epochs": 100, "patience": 5}
    counts = True

    def __init__(self, config: BernoulliMixtureConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        K, D = config.components, config.dims
        self.log_weights = nn.Parameter(torch.full((K,), -math.log(K)))
        self.logits = nn.Parameter(torch.randn(K, D))

    def _log_prob(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return self._joint(x).logsumexp(1)

    def _logits(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        """p(x_i = 1 | x_<i) = sum_k p(k | x_<i) theta_ki, in float64: terms of thousands of nats differ by a few."""
        rows = max(1, ELEMENTS // self.logits.numel())
        return torch.cat([self._some_logits(part, ordering) for part in x.split(rows)])

    def _some_logits(self, x: Tensor, ordering: Tensor) -> Tensor:
        logits, x = as_double(self.logits[:, ordering]), as_double(x[:, ordering])
        terms = x[:, None] * logits + F.logsigmoid(-logits)  # log p(x_i | k): (B, K, D)
        past = as_double(self._log_weights())[:, None] + F.pad(terms.cumsum(-1)[..., :-1], (1, 0))
        on, off = both_sides(past, logits)
        return (on.logsumexp(1) - off.logsumexp(1))[:, inverse(ordering).to(on.device)]

    def _walk(self, x: Tensor) -> Iterator[Tensor]:
        """sum_k p(k | x_<i) theta_ki, p(k | x_<i) kept from one pixel to the next."""
        past = as_double(self._log_weights()).expand(len(x), -1)  # log w_k p(x_<i | k): (B, K)
        for d in self.ordering.tolist():
            on, off = both_sides(past, as_double(self.logits[:, d]))
            yield (on.logsumexp(1) - off.logsumexp(1)).to(x)
            past = torch.where(x[:, d, None].to(past.device) == 1, on, off)

    def _uniforms(self, n: int, generator: torch.Generator | None) -> Tensor:
        """(n, D + 1): the last is for the component."""
        return torch.cat([super()._uniforms(n, generator), torch.rand(n, 1, generator=generator).to(self.logits)], 1)

    def _sample(self, uniforms: Tensor, y: Tensor | None, known: Tensor, temperature: float) -> Tensor:
        """A component from p(k | known), then the pixels from it; at another temperature, pixel by pixel."""
        u, start = uniforms[:, :-1], known.shape[1]
        if temperature != 1:
            return super()._sample(u, y, known, temperature)
        first, rest = self.ordering[:start], self.ordering[start:]
        k = (uniforms[:, -1:] > self._joint(known, first).softmax(1).cumsum(1)).sum(1)
        k = k.clamp(max=self.config.components - 1)
        x = torch.empty_like(u)
        x[:, first] = known
        x[:, rest] = (u[:, start:] < torch.sigmoid(self.logits[k][:, rest])).to(x)
        return x

    def start_from(self, train: Tensor, until: float = math.inf) -> None:
        """Each component between the mean of the data and one of its rows, drawn at random."""
        rows = train[torch.randint(len(train), (self.config.components,))].float()
        self.logits.data.copy_(torch.logit(0.25 * rows + 0.75 * train.float().mean(0).clamp(0.01, 0.99)))

    @torch.no_grad()
    def fit(self, train: Tensor) -> None:
        """One iteration: responsibilities p(k | x), then the weighted frequencies."""
        K, D = self.logits.shape
        members, on = self.logits.new_zeros(K, dtype=torch.float64), self.logits.new_zeros(K, D, dtype=torch.float64)
        for part in train.split(CHUNK):
            x = part.to(self.logits)
            responsibility = self._joint(x).softmax(1)
            members += responsibility.sum(0, dtype=torch.float64)
            on += responsibility.T @ x
        a = self.config.smoothing
        self.log_weights.data.copy_(((members + a) / (len(train) + a * K)).log())
        self.logits.data.copy_(torch.logit((on + a) / (members[:, None] + 2 * a)))

    def _joint(self, x: Tensor, dims: Tensor | None = None) -> Tensor:
        """log w_k + log p(x | k), over some of the dimensions: (B, K)."""
        logits = self.logits if dims is None else self.logits[:, dims]
        return self._log_weights() + x @ logits.T + F.logsigmoid(-logits).sum(1)

    def _log_weights(self) -> Tensor:
        """log w_k, normalised: (K,)."""
        return self.log_weights.log_softmax(0)
