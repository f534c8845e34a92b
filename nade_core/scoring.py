"""Scoring with a model, in batches: log p, ensembles of orderings, p(y | x), curves of one conditional."""

import math
from functools import reduce

import numpy as np
import torch

from .devices import as_double
from .inputs import as_count, as_labels, as_numbers
from .messages import NadeError
from .models.anyorder import AnyOrder
from .models.base import BATCH, DensityModel


@torch.no_grad()
def log_probs(model: DensityModel, x, y=None, ordering=None) -> np.ndarray:
    """log p of every row of x (N, D), in nats: (N,) float64. Scored in batches, so memory stays bounded.

    y is a label for all rows or one a row; ``ordering`` is one of ``model.orderings(n)``.
    """
    y = as_labels(y, len(x), model.classes)
    parts = [
        as_double(model.log_prob(x[i : i + BATCH], None if y is None else y[i : i + BATCH], ordering)).cpu()
        for i in range(0, len(x), BATCH)
    ]
    return torch.cat(parts).numpy() if parts else np.zeros(0)


def mean_nats(model: DensityModel, x) -> float:
    """The mean of -log p(x), in nats, over the rows of x (N, D). NadeError if there is none."""
    if not len(x):
        raise NadeError("Expected at least one row to score; got none.")
    return float(-log_probs(model, x).mean())


def ensemble_log_probs(model: DensityModel, x, n: int, seed: int = 0) -> np.ndarray:
    """log p of every row of x (N, D) by the ensemble of n orderings, or of all that the model knows: (N,) float64.

    log p(x) = logsumexp_m log p(x | ordering m) - log M: probabilities are averaged, never logits.
    """
    if as_count(n) < 1:
        raise NadeError("Expected at least one ordering to average over; got {n}.", n=n)
    orderings = model.orderings(n, seed)
    return reduce(np.logaddexp, (log_probs(model, x, ordering=o) for o in orderings)) - math.log(len(orderings))


def conditional_curve(model: DensityModel, x, d: int, values) -> np.ndarray:
    """p(x_d = v | what comes before d) for every v of values (N,), the rest as in the row x (D,): (N,) float64.

    A probability where x_d has levels, a density (per unit of x_d) where it is real.
    """
    values, row = as_numbers(values).cpu().double(), as_numbers(x).cpu().double()
    if as_count(d) >= model.config.dims:
        raise NadeError("Expected a dimension from 0 to {last}; got {d}.", last=model.config.dims - 1, d=d)
    rows = row.repeat(len(values), 1)
    rows[:, d] = values
    return model.log_conditionals(rows)[:, d].exp().cpu().numpy()


def classify(model: DensityModel, x) -> np.ndarray:
    """p(y | x) of every class, by Bayes' rule from p(x | y) and a uniform p(y): (N, K) float64."""
    parts = [model.class_log_prob(x[i : i + BATCH]).exp().cpu().numpy() for i in range(0, len(x), BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, model.classes))


def log_conditionals(model: DensityModel, x) -> np.ndarray:
    """log p(x_i | x_<i) of every value of x (N, D), in nats, in batches: (N, D) float64."""
    parts = [model.log_conditionals(x[i : i + BATCH]).cpu().numpy() for i in range(0, len(x), BATCH)]
    return np.concatenate(parts) if parts else np.zeros((0, model.config.dims))


@torch.no_grad()
def given_curve(model: AnyOrder, known: dict[int, float], d: int, values) -> np.ndarray:
    """p(x_d = v | x_known) for every v of values (N,), given some values by dimension: (N,) float64."""
    row, mask = np.full(model.config.dims, np.nan), np.isin(np.arange(model.config.dims), list(known))
    row[list(known)] = list(known.values())
    asked = torch.zeros(len(values), model.config.dims)
    asked[:, d] = torch.tensor(np.asarray(values))
    log_p = model.given(row[None], mask).log_prob(asked.to(model.ordering.device, model.dtype))
    return as_double(log_p[:, d]).exp().cpu().numpy()


def least_likely(model: DensityModel, x, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The n rows of x (N, D) of the smallest log p, the least likely first: their places (n,), and their
    log p(x_i | x_<i) (n, D), which say what makes them so."""
    places = log_probs(model, x).argsort(kind="stable")[: as_count(n)]
    return places, log_conditionals(model, x[places])


def surprises(model: DensityModel, terms: np.ndarray) -> np.ndarray:
    """-log p(x_i | x_<i) from terms (n, D) as of values of standard deviation 1: no column surprises by its unit alone."""
    return -(terms + as_double(model.get_buffer("scale")).log().cpu().numpy() if model.values == "real" else terms)


@torch.no_grad()
def filled(model: AnyOrder, x: np.ndarray, by: str = "draw", seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rows (N, D) without holes, and where the holes (nan) were: each row with some becomes one draw of what is missing
    given what is known, or has the mean of p(x_i | x_known) at each hole, where ``by`` is "mean"."""
    holes, whole, generator = np.isnan(x), x.copy(), torch.Generator().manual_seed(seed)
    places = np.flatnonzero(holes.any(1))
    if by == "mean":
        for some in (places[i : i + BATCH] for i in range(0, len(places), BATCH)):
            whole[some] = model.marginals(x[some], ~holes[some]).cpu().numpy()
        return whole, holes
    for place in places:
        whole[place] = model.complete(x[place], ~holes[place], 1, generator)[0].cpu().numpy()
    return np.where(holes, whole, x), holes
