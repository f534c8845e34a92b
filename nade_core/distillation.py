"""Learning from a teacher: knowledge distillation between exact densities.

A training row tells a conditional one bit, 0 or 1; a better model, the teacher, tells its probability. A student
of one ordering minimises the cross-entropy of each conditional with the teacher's, along the teacher's ordering
(Hinton, Vinyals & Dean, 2015),

    sum_i -q_i log p_i - (1 - q_i) log(1 - p_i),   q_i = teacher(x_i = 1 | x_<i), p_i = student(x_i = 1 | x_<i),

which is KL(q_i, p_i) but for the teacher's entropy. It has less to memorise than the rows themselves, and what a
teacher says of a moved image is as good a lesson as what it says of the image. A student of many orderings, for
which the teacher has no conditionals, learns from rows that the teacher draws, beside the training rows (as in
sequence-level distillation, Kim & Rush, 2016), and at the end from the training rows alone.
"""

import io
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .augment import augment
from .data import Dataset
from .files import write_atomic

BATCH = 500
COPIES = 2  # rows beside each training row: moved or mirrored copies for one ordering, draws for many


@torch.no_grad()
def lesson(teacher, x) -> Tensor:
    """The teacher's p(x_i = 1 | x_<i) on rows x (N, D): (N, D) in float16, on the CPU.

    ValueError if it is no model of binary rows of D values.
    """
    check_teacher(teacher, x.shape[1])
    parts = [teacher.conditionals(part).probs.to("cpu", torch.float16) for part in torch.as_tensor(x).split(BATCH)]
    return torch.cat(parts)


def draws(teacher, n: int, seed: int) -> np.ndarray:
    """n rows that the teacher draws: (n, D) of uint8."""
    generator = torch.Generator().manual_seed(seed)
    parts = [teacher.sample(min(BATCH, n - i), generator=generator).to("cpu", torch.uint8) for i in range(0, n, BATCH)]
    return torch.cat(parts).numpy()


def check_teacher(teacher, dims: int) -> None:
    """ValueError if it is no model of binary rows of so many values."""
    if teacher.values != "binary" or teacher.config.dims != dims:
        raise ValueError(
            f"The teacher models rows of {teacher.config.dims} {teacher.values} values; "
            f"the data are rows of {dims} binary ones."
        )


@dataclass(frozen=True)
class Classroom:
    """What a student learns from. ``taught`` (N, D) is the lesson on the N training rows of ``data``, if there is
    one; the last ``drawn`` of the rows are draws of a teacher; ``seconds`` is how long the teacher took."""

    data: Dataset
    taught: Tensor | None = None
    drawn: int = 0
    seconds: float = 0.0


def classroom(teacher, data: Dataset, ordered: bool, shift: int, flip: bool, seed: int, cache: Path) -> Classroom:
    """The data joined by COPIES rows for each training row, and the lesson on all of them.

    For an ``ordered`` student the rows are changed copies, if shift or flip asks for any, and the lesson is the
    teacher's conditionals; for another they are the teacher's draws, and there is no lesson. What the teacher says
    is kept in the file ``cache``, so that a resumed run does not wait for it again.
    """
    rows = torch.tensor(data.train)
    if ordered and (shift or flip):
        generator = torch.Generator().manual_seed(seed)
        copies = [augment(rows, data.shape, shift, flip, generator) for _ in range(COPIES)]
        data = replace(data, train=torch.cat([rows, *copies]).numpy())
    if not cache.exists():
        start, buffer = time.monotonic(), io.BytesIO()
        said = lesson(teacher, data.train).numpy() if ordered else draws(teacher, COPIES * len(rows), seed)
        np.savez_compressed(buffer, said=said, seconds=time.monotonic() - start)
        write_atomic(cache, buffer.getvalue())
    with np.load(cache, allow_pickle=False) as kept:
        said, seconds = kept["said"], float(kept["seconds"])
    if ordered:
        return Classroom(data, torch.from_numpy(said), seconds=seconds)
    return Classroom(replace(data, train=np.concatenate([data.train, said])), drawn=len(said), seconds=seconds)


def distillation_loss(student, x: Tensor, taught: Tensor) -> Tensor:
    """The mean over rows x (B, D) of the cross-entropy with what was taught, (B, D), in nats: a scalar."""
    logits = student.conditionals(x).logits.float()
    return F.binary_cross_entropy_with_logits(logits, taught.to(logits), reduction="sum") / len(x)
