"""Scoring with a model, in batches: log p, ensembles of orderings, p(y | x), curves of one conditional."""

import math
from functools import reduce

import numpy as np
import torch

BATCH = 2048


@torch.no_grad()
def log_probs(model, x, y=None, ordering: torch.Tensor | None = None) -> np.ndarray:
    """log p of every row of x (N, D), in nats: (N,) float64. Scored in batches, so memory stays bounded.

    ``ordering`` is one of ``model.orderings(n)``, for a model that knows several.
    """
    along = {} if ordering is None else {"ordering": ordering}
    parts = [
        model.log_prob(x[i : i + BATCH], None if y is None else y[i : i + BATCH], **along)
        for i in range(0, len(x), BATCH)
    ]
    return torch.cat(parts).double().cpu().numpy() if parts else np.zeros(0)


def ensemble_log_probs(model, x, n: int, seed: int = 0) -> np.ndarray:
    """log p of every row of x (N, D) by the ensemble of n orderings, or of all that the model knows: (N,) float64.

    log p(x) = logsumexp_m log p(x | ordering m) - log M: probabilities are averaged, never logits.
    """
    orderings = model.orderings(n, seed)
    if len(orderings) == 1:
        return log_probs(model, x)
    terms = (log_probs(model, x, ordering=ordering) for ordering in orderings)
    return reduce(np.logaddexp, terms) - math.log(len(orderings))


@torch.no_grad()
def conditional_curve(model, x, d: int, values) -> np.ndarray:
    """p(x_d = v | what comes before d) for every v of values (N,), the rest as in the row x (D,): (N,) float64.

    A probability where x_d has levels, a density (per unit of x_d) where it is real.
    """
    rows = torch.as_tensor(np.asarray(x)).repeat(len(values), 1)
    rows[:, d] = torch.as_tensor(np.asarray(values)).to(rows)
    return model.conditionals(rows).log_prob(model.as_rows(rows))[:, d].double().exp().cpu().numpy()


@torch.no_grad()
def classify(model, x) -> np.ndarray:
    """p(y | x) of every class, by Bayes' rule from p(x | y) and a uniform p(y): (N, K) float64."""
    parts = [model.class_log_prob(x[i : i + BATCH]).double().exp() for i in range(0, len(x), BATCH)]
    return torch.cat(parts).cpu().numpy()
