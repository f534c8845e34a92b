"""A mixture of K products of Bernoullis: p(x) = sum_k w_k prod_i theta_ki^x_i (1 - theta_ki)^(1 - x_i).

Fitted by expectation-maximisation (Dempster, Laird & Rubin, 1977), one pass over the data an iteration.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.distributions import Bernoulli

from ..orderings import inverse
from .base import DensityModel

CHUNK = 5000  # rows at once
ELEMENTS = 1 << 24  # values held at once for conditionals: 64 MB in float32


@dataclass(frozen=True)
class BernoulliMixtureConfig:
    """D = dims, K = components; ``smoothing`` is added to the on and off counts of each component."""

    dims: int = 784
    components: int = 500
    smoothing: float = 0.1

    def __post_init__(self):
        if self.dims < 1 or self.components < 1 or not self.smoothing > 0:
            raise ValueError(f"Expected dims and components of at least 1 and a smoothing above 0; got {self}.")


class BernoulliMixture(DensityModel):
    """K sets of independent coins; one set is drawn, then all pixels from it."""

    description = "one of many sets of independent coins"
    recipe = {"epochs": 100, "patience": 5}
    counts = True

    def __init__(self, config: BernoulliMixtureConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        K, D = config.components, config.dims
        self.log_weights = nn.Parameter(torch.full((K,), -math.log(K)))
        self.logits = nn.Parameter(torch.randn(K, D))

    def log_prob(self, x, y=None) -> Tensor:
        """log sum_k w_k p(x | k) in nats: (B,)."""
        x = self.as_rows(x)
        self.as_labels(y, len(x))
        return self._joint(x).logsumexp(1)

    def conditionals(self, x, y=None) -> Bernoulli:
        """p(x_i = 1 | x_<i) = sum_k p(k | x_<i) theta_ki: a Bernoulli of batch shape (B, D)."""
        x = self.as_rows(x)
        self.as_labels(y, len(x))
        rows = max(1, ELEMENTS // self.logits.numel())
        return Bernoulli(
            logits=torch.cat([self._conditional_logits(part) for part in x.split(rows)]) if len(x) else x,
            validate_args=False,
        )

    @torch.no_grad()
    def sample(
        self, n: int, y=None, generator: torch.Generator | None = None, temperature: float = 1.0, prefix=None
    ) -> Tensor:
        """A component from p(k | prefix), then the pixels from it: (n, D). ``temperature`` divides all logits."""
        self.as_labels(y, n)
        uniforms, known = self.draw(n, generator, temperature, prefix)
        first, rest = self.ordering[: known.shape[1]], self.ordering[known.shape[1] :]
        u = torch.rand(n, 1, generator=generator).to(uniforms)
        k = (u > (self._joint(known, first) / temperature).softmax(1).cumsum(1)).sum(1)
        k = k.clamp(max=self.config.components - 1)
        x = torch.empty_like(uniforms)
        x[:, first] = known
        x[:, rest] = (uniforms[:, known.shape[1] :] < torch.sigmoid(self.logits[k][:, rest] / temperature)).to(x)
        return x

    def start_from(self, train: Tensor) -> None:
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
        return self.log_weights + x @ logits.T + F.logsigmoid(-logits).sum(1)

    def _conditional_logits(self, x: Tensor) -> Tensor:
        logits = self.logits[:, self.ordering]
        terms = x[:, None, self.ordering] * logits + F.logsigmoid(-logits)  # log p(x_i | k): (B, K, D)
        past = self.log_weights[:, None] + F.pad(terms.cumsum(-1)[..., :-1], (1, 0))
        on = (past + F.logsigmoid(logits)).logsumexp(1)
        off = (past + F.logsigmoid(-logits)).logsumexp(1)
        return (on - off)[:, inverse(self.ordering)]
