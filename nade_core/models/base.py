"""The contract of every model: p(x) = prod_i p(x_i | x_<i), with "before" as the ordering says.

The public verbs check what they are given, once, and hand checked rows to a method of the same name with an underscore,
which computes. A model writes ``_conditionals`` and ``_sample`` (a binary one ``_logits``, see binary.py); a model that
knows a faster way to the same numbers writes ``_log_prob`` or ``_log_conditionals`` as well. What a model can do
stands in its class attributes, so that nobody needs to know its name.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.distributions import Distribution

from ..devices import as_double
from ..inputs import as_binary, as_count, as_generator, as_labels, as_prefix, as_seed, as_shape, as_temperature
from ..messages import NadeError
from ..orderings import check_ordering

BATCH = 2048  # rows scored at once, which bounds the memory


class DensityModel(nn.Module):
    """An exact density over rows of D values: log_prob, log_conditionals, conditionals, sample.

    ``ordering`` (D,) is the permutation in which dimensions are generated, raster if None. Inputs x are
    (B, D), or any shape (B, ...) of D values each; outputs stand in the order of x. Everywhere y is a label for
    all rows or one a row (None: none is known), and ``ordering`` one of ``orderings(n)`` (None: the model's own).
    What cannot be served is refused with a NadeError.
    """

    ordering: Tensor
    _float: Tensor

    values = "binary"  # what a row is made of: "binary", "real" or "levels"; a real model has ``mean``, ``scale`` (D,)
    description = ""  # a few words on what it is, marked N_
    recipe: dict = {}  # fields of TrainConfig that suit this model better than the defaults
    undecayed = ("b", "c", "bias")  # parameters without weight decay: they hold the means of the data
    hidden_matrices: tuple[str, ...] = ()  # how the names of parameters begin whose weights lie between hidden features
    compiles: tuple[str, ...] = ()  # methods that torch.compile makes much faster
    counts = False  # learns by ``fit``, a pass over the training set at a time, instead of by gradients
    many_orderings = False  # may score along several orderings, which make an ensemble
    completes = False  # is an AnyOrder (anyorder.py): has given, marginals, complete, log_prob_missing; takes holes
    fills = False  # has complete and fill: exact where one of its orderings has the known first, else by particles
    labelled = False  # may have classes
    slow = False  # scoring is expensive: several times as much as a pass through a network of its size
    validates_whole = False  # its validation_nats are an estimate of its own, made of all rows at once
    draws_slowly = False  # sixteen samples cost more than a small part of an epoch of training
    found: list = []  # how that is made which ``start_from`` computes in closed form
    in_browser = False  # can be played in a browser, from its weights alone

    def __init__(self, config, ordering: Tensor | None = None):
        super().__init__()
        self.config = config
        ordering = torch.arange(config.dims) if ordering is None else check_ordering(ordering, config.dims)
        self.register_buffer("ordering", ordering.clone())  # a state that is loaded is written into it
        self.register_buffer("_float", torch.empty(0), persistent=False)  # of the type that .double() and .to() ask for

    @property
    def event_shape(self) -> torch.Size:
        """(D,), the shape of one row, as torch.distributions call it."""
        return torch.Size([self.config.dims])

    @property
    def classes(self) -> int:
        """How many classes there are, 0 for a model without."""
        return 0

    @property
    def dtype(self) -> torch.dtype:
        """The type of its parameters."""
        return next((p.dtype for p in self.parameters()), self._float.dtype)  # a replica of DataParallel lists none

    def log_prob(self, x, y=None, ordering=None) -> Tensor:
        """log p(x | y) in nats, log p(x) = log sum_y p(y) p(x | y) where y is None: (B,)."""
        return self._log_prob(*self._checked(x, y, ordering))

    def forward(self, x, y=None, ordering=None) -> Tensor:
        """log_prob, so that torch.compile, DataParallel and functional_call find it."""
        return self.log_prob(x, y, ordering)

    def conditionals(self, x, y=None, ordering=None) -> Distribution:
        """p(x_i | x_<i) of every dimension: a distribution of batch shape (B, D)."""
        return self._conditionals(*self._checked(x, y, ordering))

    def log_conditionals(self, x, y=None, ordering=None) -> Tensor:
        """log p(x_i | x_<i) of every dimension, in nats: (B, D) of float64, whose sum is log_prob.

        From the logits, never from probabilities: what is improbable beyond the reach of a float still counts.
        """
        return self._log_conditionals(*self._checked(x, y, ordering))

    @torch.no_grad()
    def sample(
        self,
        n: int | tuple[int, ...],
        y=None,
        generator: torch.Generator | Sequence[torch.Generator] | None = None,
        temperature: float = 1.0,
        prefix=None,
    ) -> Tensor:
        """n rows x ~ p(x | y): (n, D); or rows of a ``sample_shape``, as torch.distributions take it: (*n, D).

        ``prefix`` (k,) or (n, k) fixes the first k dimensions of the ordering. ``temperature`` divides the logits of
        the conditionals: at 1 the draw is from p(x) itself, towards 0 it takes the likelier side of each. All
        randomness comes from ``generator`` (on the CPU): the same seed gives the same rows anywhere. With n generators
        each row comes from its own, as it would if it were drawn alone.
        """
        shape, temperature = as_shape(n), as_temperature(temperature)
        rows = shape.numel()
        y, known = self.as_labels(y, rows), self._as_prefix(prefix, rows).to(self.ordering.device)
        drawn = self._sample(self._uniforms_of(rows, generator), y, known, temperature)
        return drawn.reshape(*shape, self.config.dims)

    def _uniforms_of(self, n: int, generator: torch.Generator | Sequence[torch.Generator] | None) -> Tensor:
        """All uniforms that n rows take, from one generator, or each row's from its own."""
        if not isinstance(generator, list | tuple):
            return self._uniforms(n, as_generator(generator))
        if len(generator) != n:
            raise NadeError(
                "Expected one generator, or one a row; got {given} for {n} rows.", given=len(generator), n=n
            )
        return torch.cat([self._uniforms(1, as_generator(each)) for each in generator] or [self._uniforms(0, None)], -2)

    @torch.no_grad()
    def class_log_prob(self, x) -> Tensor:
        """log p(y | x) of every class by Bayes' rule, with p(y) uniform: (B, K)."""
        if not self.classes:
            raise NadeError("This model was trained without classes, so it has no p(y | x).")
        return self._per_class(self.as_rows(x), self.ordering).log_softmax(1)

    @classmethod
    def sizes_for(cls, rows: int, dims: int) -> dict:
        """What suits a table of that size better than the defaults of the configuration."""
        return {}

    def orderings(self, n: int = 1, seed: int = 0) -> list[Tensor]:
        """Up to n orderings that this model can score with. One, unless the model knows more."""
        return self._orderings(as_count(n), as_seed(seed))

    def loss(self, x: Tensor, y: Tensor | None, generator: torch.Generator) -> Tensor:
        """What training minimises: the mean of -log p(x | y)."""
        return -self.log_prob(x, y).mean()

    def start_from(self, train: Tensor, until: float = math.inf) -> None:
        """Set what is best known before the first step, from training rows (N, D); what takes long ends at ``until``, a
        time.monotonic()."""

    def settle(self, valid: Tensor) -> bool:
        """Once training has ended, leave out what rows (N, D) that it did not learn from do not speak for; whether any."""
        return False

    def fit_again(self, rows: Tensor, found: list, until: float = math.inf) -> bool:
        """Learn from rows (N, D) what is computed in closed form, as it was ``found``; whether any is."""
        return False

    def fit(self, train: Tensor) -> None:
        """One pass over the training rows (N, D), for a model that counts."""
        raise NotImplementedError

    @torch.no_grad()
    def validation_nats(self, x: Tensor, y: Tensor | None = None) -> float:
        """What chooses the weights to keep: the mean of -log p(x) over validation rows (N, D).

        y (N,) are their labels, where the model has classes; what they are for is a bound, where p(x) is expensive.
        """
        return -sum(as_double(self.log_prob(part)).sum().item() for part in x.split(BATCH)) / len(x)

    def as_rows(self, x) -> Tensor:
        """x as checked rows (B, D), of the model's type and on its device."""
        return as_binary(x, self.config.dims).to(self.ordering.device, self.dtype)

    def as_labels(self, y, n: int) -> Tensor | None:
        """y as labels (n,) on the model's device, or None."""
        y = as_labels(y, n, self.classes)
        return y if y is None else y.to(self.ordering.device)

    def as_ordering(self, ordering) -> Tensor:
        """The ordering, the model's own for None. NadeError if the model cannot score along it."""
        if ordering is None:
            return self.ordering
        ordering = check_ordering(ordering, self.config.dims).to(self.ordering.device)
        if not self._knows(ordering):
            raise NadeError("This model knows one ordering, or those of orderings(n): leave out any other.")
        return ordering

    def _checked(self, x, y, ordering) -> tuple[Tensor, Tensor | None, Tensor]:
        x = self.as_rows(x)
        return x, self.as_labels(y, len(x)), self.as_ordering(ordering)

    def _orderings(self, n: int, seed: int) -> list[Tensor]:
        return [self.ordering][:n]

    def _knows(self, ordering: Tensor) -> bool:
        return torch.equal(ordering, self.ordering)

    def _as_prefix(self, prefix, n: int) -> Tensor:
        return as_prefix(prefix, n, self.config.dims).to(self.dtype)

    def _uniforms(self, n: int, generator: torch.Generator | None) -> Tensor:
        """All the randomness of n rows: uniforms, (n, D) unless the model needs others, (..., n, any number) always."""
        return torch.rand(n, self.config.dims, generator=generator).to(self.ordering.device, self.dtype)

    def _conditionals(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Distribution:
        raise NotImplementedError

    def _sample(self, uniforms: Tensor, y: Tensor | None, known: Tensor, temperature: float) -> Tensor:
        raise NotImplementedError

    def _log_prob(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return self._conditionals(x, y, ordering).log_prob(x).sum(-1)

    @torch.no_grad()
    def _log_conditionals(self, x: Tensor, y: Tensor | None, ordering: Tensor) -> Tensor:
        return as_double(self._conditionals(x, y, ordering).log_prob(x))

    def _per_class(self, x: Tensor, ordering: Tensor) -> Tensor:
        """log p(x | y) under every label: (B, K) of float64."""
        labels = torch.arange(self.classes, device=x.device)
        return torch.stack([as_double(self._log_prob(x, y.expand(len(x)), ordering)) for y in labels], 1)

    def _load_from_state_dict(self, *arguments) -> None:
        super()._load_from_state_dict(*arguments)
        self._loaded()

    def _loaded(self) -> None:
        """Another state has come in: check it, and whatever was computed from the state is computed anew."""
        check_ordering(self.ordering, self.config.dims)
