"""What every model shares: p(x) = prod_i p(x_i | x_<i), with "before" as the ordering says.

A model defines ``conditionals``, a torch.distributions object of batch shape (B, D); its density and its
sampler follow. A model that knows a faster way to the same numbers overrides them.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from ..inputs import as_binary, as_labels, as_prefix
from ..orderings import check_ordering

BATCH = 2000


class DensityModel(nn.Module):
    """An exact density over rows of D values: log_prob, sample, conditionals.

    ``ordering`` (D,) is the permutation in which dimensions are generated, raster if None. Inputs x are
    (B, D), or any shape (B, ...) of D values each; outputs stand in the order of x.
    """

    values = "binary"
    description = ""
    recipe = {}  # fields of TrainConfig that suit this model better than the defaults
    counts = False  # True: learns by ``fit``, a pass over the training set at a time, instead of by gradients

    def __init__(self, config, ordering: Tensor | None = None):
        super().__init__()
        self.config = config
        ordering = torch.arange(config.dims) if ordering is None else check_ordering(ordering, config.dims)
        self.register_buffer("ordering", ordering)

    def conditionals(self, x, y=None) -> Distribution:
        """p(x_i | x_<i) of every dimension: a distribution of batch shape (B, D)."""
        raise NotImplementedError

    def log_prob(self, x, y=None) -> Tensor:
        """log p(x) in nats: (B,)."""
        return self.conditionals(x, y).log_prob(self.as_rows(x)).sum(-1)

    @torch.no_grad()
    def sample(
        self, n: int, y=None, generator: torch.Generator | None = None, temperature: float = 1.0, prefix=None
    ) -> Tensor:
        """n rows x ~ p(x): (n, D) of 0 and 1.

        ``prefix`` (k,) or (n, k) fixes the first k dimensions of the ordering. ``temperature`` divides every
        logit: at 1 the draw is from p(x) itself, below 1 each conditional leans to its likelier side. All
        randomness comes from ``generator`` (on the CPU): the same seed gives the same rows anywhere.
        """
        self.as_labels(y, n)
        uniforms, known = self.draw(n, generator, temperature, prefix)
        x, logits = torch.zeros_like(uniforms), self.one_conditional()
        for i, d in enumerate(self.ordering.tolist()):
            probs = torch.sigmoid(logits(x, d) / temperature)
            x[:, d] = known[:, i] if i < known.shape[1] else (uniforms[:, i] < probs).to(x)
        return x

    def one_conditional(self) -> Callable[[Tensor, int], Tensor]:
        """A function of rows x (B, D) and d: the logits of p(x_d = 1 | what comes before d), (B,), for sampling."""
        return lambda x, d: self.conditionals(x).logits[:, d]

    def loss(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """What training minimises: the mean of -log p(x | y)."""
        return -self.log_prob(x, y).mean()

    def start_from(self, train: Tensor) -> None:
        """Set what is best known before the first step, from binary training rows (N, D)."""

    def fit(self, train: Tensor) -> None:
        """One pass over the training rows (N, D), for a model that counts."""
        raise NotImplementedError

    def validation_nats(self, x: Tensor) -> float:
        """What chooses the weights to keep: the mean of -log p(x) over validation rows (N, D)."""
        return mean_nats(self, x)

    def orderings(self, n: int = 1, seed: int = 0) -> list[Tensor]:
        """Up to n orderings that this model can score with. One, unless the model knows more."""
        return [self.ordering]

    def as_rows(self, x) -> Tensor:
        """x as checked rows (B, D), of the model's type and on its device."""
        x = as_binary(x, self.config.dims)
        return x.to(self.ordering.device, self.dtype)

    def as_labels(self, y, n: int) -> Tensor | None:
        """y as labels (n,) on the model's device, or None."""
        y = as_labels(y, n, getattr(self.config, "classes", 0))
        return y if y is None else y.to(self.ordering.device)

    @property
    def dtype(self) -> torch.dtype:
        return next(t for t in (*self.parameters(), *self.buffers()) if t.is_floating_point()).dtype

    def draw(self, n: int, generator, temperature: float, prefix=None) -> tuple[Tensor, Tensor]:
        """The uniforms (n, D) of a draw in generation order, and its known first values (n, k)."""
        if n < 0 or not temperature > 0:
            raise ValueError(f"Expected n of at least 0 and a temperature above 0; got {n} and {temperature}.")
        uniforms = torch.rand(n, self.config.dims, generator=generator).to(self.ordering.device, self.dtype)
        return uniforms, as_prefix(prefix, n, self.config.dims).to(uniforms)


def logit_means(train: Tensor) -> Tensor:
    """The logits of p(x_i = 1), Laplace-smoothed, from binary rows (N, D): (D,)."""
    return torch.logit((train.sum(0, dtype=torch.float64) + 1) / (len(train) + 2)).float()


@torch.no_grad()
def mean_nats(model: DensityModel, x) -> float:
    """Mean of -log p(x), in nats, over the rows of x (N, D)."""
    parts = [model.log_prob(x[i : i + BATCH]).double().sum().item() for i in range(0, len(x), BATCH)]
    return -sum(parts) / len(x)
