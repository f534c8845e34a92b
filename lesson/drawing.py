"""Draws from a model of binary rows: one from each seed, and draws given what is known."""

import numpy as np


def draw(model, label: int, seeds) -> np.ndarray:
    """One draw x ~ p(x | y = label) from each seed: (len(seeds), D) of uint8."""
    import torch

    generators = [torch.Generator().manual_seed(int(seed)) for seed in seeds]
    return model.sample(len(generators), label, generators).cpu().numpy().astype(np.uint8)


def draw_scored(model, label: int, seeds) -> tuple[np.ndarray, np.ndarray]:
    """The same draws, and log p(x | y = label) of each in nats (len(seeds),)."""
    from nade_core.scoring import log_probs

    rows = draw(model, label, seeds)
    return rows, log_probs(model, rows, label)


def draw_given(model, n: int, seed: int, label: int | None, known) -> np.ndarray:
    """n draws (n, D) given a class (None: none) and the values ``known`` (k,) of the first k pixels of the ordering."""
    import torch

    prefix = torch.tensor(np.asarray(known, np.uint8)) if len(known) else None
    drawn = model.sample(n, label, torch.Generator().manual_seed(seed), prefix=prefix)
    return drawn.cpu().numpy().astype(np.uint8)
