"""NADE of m-valued variables, for example the 256 levels of red, green and blue (after Larochelle & Murray, 2011).

    h_i = sigmoid(c + sum_{j<i} W_j[x_j]),   p(x_i | x_<i) = softmax(b_i + V_i h_i)

W_j[x] is a row of a table, one for each level. Levels that lie close are alike: to the table's row comes a
smooth curve through all levels, the sum of a few cosines of x / m, and likewise on the way out.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.distributions import Categorical

from ..inputs import as_levels, as_prefix, check_types
from ..messages import N_, NadeError
from ..orderings import inverse
from .base import DensityModel

WAVES = 24  # cosines of half periods 0, 1, ... over the levels


@dataclass(frozen=True)
class CategoricalNADEConfig:
    """D = dims variables of m = levels values, H = hidden units."""

    dims: int = 3
    levels: int = 256
    hidden: int = 128

    def __post_init__(self):
        check_types(self)
        if min(self.dims, self.hidden) < 1 or self.levels < 2:
            raise NadeError(
                "Expected dims and hidden of at least 1 and levels of at least 2; got {config}.", config=self
            )


class CategoricalNADE(DensityModel):
    """An exact density over rows of D integers, each in 0..levels-1."""

    basis: Tensor

    values = "levels"
    description = N_("integers, a die with many sides for each")
    recipe = {"epochs": 30, "batch_size": 250, "weight_decay": 0.03, "patience": 8}

    def __init__(self, config: CategoricalNADEConfig, ordering: Tensor | None = None):
        super().__init__(config, ordering)
        D, m, H = config.dims, config.levels, config.hidden
        waves = min(WAVES, m)
        levels, wave = (torch.arange(m) + 0.5) / m, torch.arange(waves)
        self.register_buffer("basis", torch.cos(math.pi * levels[:, None] * wave), persistent=False)  # (m, waves)
        self.W = nn.Parameter(torch.zeros(D, m, H))
        self.W_smooth = nn.Parameter(torch.randn(D, waves, H))
        self.c = nn.Parameter(torch.zeros(H))
        self.V = nn.Parameter(torch.zeros(D, H, m))
        self.V_smooth = nn.Parameter(torch.randn(D, H, waves) * 0.1 * H**-0.5)
        self.b = nn.Parameter(torch.zeros(D, m))

    def _conditionals(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Categorical:
        """Categoricals over the levels."""
        o = ordering
        W = self._embeddings()
        steps = torch.stack([W[d, x[:, d]] for d in o], 1).cumsum(1)  # (B, D, H)
        a = self.c + torch.cat([torch.zeros_like(steps[:, :1]), steps[:, :-1]], 1)
        logits = torch.einsum("bih,ihm->bim", torch.sigmoid(a), self._outputs()[o]) + self.b[o]
        return Categorical(logits=logits[:, inverse(o)], validate_args=False)

    def _sample(self, uniforms: Tensor, y: Tensor | None, known: Tensor, temperature: float) -> Tensor:
        n = len(uniforms)
        x, a = torch.zeros(n, self.config.dims, dtype=torch.long, device=known.device), self.c.expand(n, -1)
        W, V = self._embeddings(), self._outputs()
        for i, d in enumerate(self.ordering.tolist()):
            if i < known.shape[1]:
                x[:, d] = known[:, i]
            else:
                logits = torch.sigmoid(a) @ V[d] + self.b[d]
                above = uniforms[:, i, None] > (logits / temperature).softmax(1).cumsum(1)
                x[:, d] = above.sum(1).clamp(max=self.config.levels - 1)
            a = a + W[d, x[:, d]]
        return x

    def start_from(self, train: Tensor, until: float = math.inf) -> None:
        """The biases at the logarithms of the smoothed frequencies of each level."""
        for d, column in enumerate(train.long().T):
            counts = torch.bincount(column, minlength=self.config.levels).double() + 0.1
            self.b.data[d] = (counts / counts.sum()).log().to(self.b)

    def as_rows(self, x) -> Tensor:
        """x as checked rows (B, D) of integers."""
        return as_levels(x, self.config.dims, self.config.levels).to(self.ordering.device)

    def _as_prefix(self, prefix, n: int) -> Tensor:
        return as_prefix(prefix, n, self.config.dims, lambda x, k: as_levels(x, k, self.config.levels)).long()

    def _embeddings(self) -> Tensor:
        """W_j[x] of every variable and level: (D, m, H)."""
        return self.W + self.basis @ self.W_smooth

    def _outputs(self) -> Tensor:
        """V_i: (D, H, m)."""
        return self.V + self.V_smooth @ self.basis.T
