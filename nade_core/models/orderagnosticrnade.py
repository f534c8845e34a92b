"""One network for every ordering of real values: order-agnostic RNADE (Uria, Murray & Larochelle, ICML 2014).

The network is that of RNADE (rnade.py), which sees which values are known and what they are. Trained on random
orderings, it gives the mixture of any value given any others,

    p(z_i | z_known) = sum_k w_k N(z_i; mu_k, sigma_k^2),   (w, mu, sigma) from b_i + V_i . h(known, z_known)

so that any columns of a table can be asked for given any other ones, and what is missing in a row can be drawn.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributions import MixtureSameFamily

from ..devices import as_double
from ..inputs import as_count, as_numbers, as_temperature, check_types
from ..messages import N_
from . import gaussians
from .anyorder import AnyOrder
from .rnade import RNADE, check_sizes

ORDERINGS = 8  # along which completions are drawn, each as many


@dataclass(frozen=True)
class OrderAgnosticRNADEConfig:
    """D = dims, H = hidden units in each of ``layers`` layers, K = components; ``floor`` is in standard deviations.

    ``gaussians`` full Gaussians stand beside the network, none if 0.
    """

    dims: int = 2
    hidden: int = 200
    layers: int = 2
    components: int = 20
    family: str = "gaussian"
    floor: float = 0.02
    dropout: float = 0.0
    gaussians: int = 0

    def __post_init__(self):
        check_types(self)
        check_sizes(self)


class OrderAgnosticRNADE(AnyOrder, RNADE):
    """An exact density of real rows for every ordering, and of any columns given any others."""

    description = N_("real values, any columns given any others")
    recipe = {"epochs": 300, "weight_decay": 0.1, "average": 0.995, "patience": 60}

    @property
    def order_agnostic(self) -> bool:
        return True

    @torch.no_grad()
    def complete(self, x, known, n: int, generator: torch.Generator | None = None, temperature: float = 1.0) -> Tensor:
        """n draws of what is missing in one row x (D,) given what is ``known`` (D,), along ORDERINGS random ones: (n, D).

        A draw follows the mean over those orderings of p(x_missing | x_known, ordering).
        """
        n, temperature = as_count(n), as_temperature(temperature)
        known = self._as_mask(known, 1)[0]
        x, parts = self._filled(as_numbers(x).reshape(1, -1), known)[0], []
        for part in torch.arange(n).tensor_split(ORDERINGS):
            places = torch.rand(len(x), generator=generator).to(x.device)
            o = torch.where(known, places - 2, places).argsort()
            first = x[o[: int(known.sum())]].expand(len(part), -1)
            parts.append(self._draw(o, self._uniforms(len(part), generator), first, temperature))
        return torch.cat(parts)

    def _given(self, x: Tensor, known: Tensor) -> MixtureSameFamily:
        z = self._standardised(x) * known
        hidden = self._hidden(z, known.to(z)[None])[:, 0]
        parameters = torch.einsum("bh,dhk->bdk", hidden, self.V) + self.b
        there = gaussians.given(self._gaussians(), as_double(z), known) if self.config.gaussians else None
        return self._mixture(self._beside(parameters, there), self.mean[:, None], self.scale[:, None])
