"""What models answer: numbers and ids, which serve readers of every language."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Terms:
    """One row along the ordering: log p(x_i | x_<i) in nats (D,) float64, and p(x_i = 1 | x_<i) (D,) where binary."""

    log_p: np.ndarray
    p_on: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Gallery:
    """Rows (N, D) of many sorts, the id of each one's sort, and log p of each in nats."""

    rows: np.ndarray
    sorts: np.ndarray
    log_p: np.ndarray

    def of(self, sort: str) -> np.ndarray:
        return self.log_p[self.sorts == sort]


@dataclass(frozen=True, eq=False)
class Completions:
    """n draws (n, D), log p(missing | known) of each (n,) and of the truth in nats, and p(x_i = 1 | known) (D,).

    ``how`` they were found: "any" for a model of any ordering, whose log p is a mean over ``orderings``; "scan", exactly,
    where a scan has the known pixels first; else by ``particles``, whose effective sample size fell to ``effective``.
    ``drawn`` is how many draws the probabilities of the pixels are shares of, 0 where the network gives them.
    """

    rows: np.ndarray
    log_p: np.ndarray
    log_p_true: float
    marginals: np.ndarray
    how: str
    orderings: int = 1
    drawn: int = 0
    particles: int = 0
    effective: float = 0


def joined(parts: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The rows of all sorts one after another (N, D), and the id of each one's sort (N,)."""
    rows = np.concatenate(list(parts.values()))
    return rows, np.concatenate([[sort] * len(part) for sort, part in parts.items()])
