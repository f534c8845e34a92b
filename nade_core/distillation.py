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
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.distributions import Bernoulli

from .augment import augment
from .data import Dataset
from .files import write_atomic
from .messages import NadeError
from .models.base import DensityModel

BATCH = 500
COPIES = 2  # rows beside each training row: moved or mirrored copies for one ordering, draws for many


@torch.no_grad()
def lesson(teacher: DensityModel, x: np.ndarray) -> Tensor:
    """The teacher's p(x_i = 1 | x_<i) on rows x (N, D): (N, D) in float16, on the CPU.

    NadeError if it is no model of binary rows of D values.
    """
    check_teacher(teacher.values, teacher.config.dims, x.shape[1])
    parts = [_bernoulli(teacher, part).probs.to("cpu", torch.float16) for part in torch.as_tensor(x).split(BATCH)]
    return torch.cat(parts)


def _bernoulli(model: DensityModel, x: Tensor) -> Bernoulli:
    found = model.conditionals(x)
    assert isinstance(found, Bernoulli)
    return found


def draws(teacher: DensityModel, n: int, seed: int) -> np.ndarray:
    """n rows that the teacher draws: (n, D) of uint8."""
    generator = torch.Generator().manual_seed(seed)
    parts = [teacher.sample(min(BATCH, n - i), generator=generator).to("cpu", torch.uint8) for i in range(0, n, BATCH)]
    return torch.cat(parts).numpy()


def check_teacher(values: str, dims: int, width: int) -> None:
    """NadeError unless a teacher of ``dims`` such values has rows of binary values of that width to speak of."""
    if values != "binary":
        raise NadeError("A teacher is a model of binary values; this one is a model of others.")
    if dims != width:
        raise NadeError(
            "The teacher models rows of {dims} binary values; the data are rows of {width}.", dims=dims, width=width
        )


@dataclass(frozen=True)
class Classroom:
    """What a student learns from. ``taught`` (N, D) is the lesson on the N training rows of ``data``, if there is
    one, along the teacher's ``ordering`` (D,); the last ``drawn`` of the rows are draws of a teacher; ``seconds``
    is how long the teacher took."""

    data: Dataset
    taught: Tensor | None = None
    drawn: int = 0
    seconds: float = 0.0
    ordering: Tensor | None = None


def _heard(cache: Path, ordered: bool) -> dict[str, np.ndarray] | None:
    """What a teacher said, from the file that ``classroom`` keeps; None where there is none that can be read."""
    try:
        with np.load(cache, allow_pickle=False) as file:
            kept = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
        return None
    needed = {"said", "seconds", "ordering"} if ordered else {"said", "seconds"}
    return kept if needed <= kept.keys() else None


def classroom(
    find_teacher: Callable[[], DensityModel],
    data: Dataset,
    ordered: bool,
    shift: int,
    flip: bool,
    seed: int,
    cache: Path,
) -> Classroom:
    """The data joined by COPIES rows for each training row, and the lesson on all of them.

    For an ``ordered`` student the rows are changed copies, if shift or flip asks for any, and the lesson is the
    teacher's conditionals; for another they are the teacher's draws, and there is no lesson. What the teacher says
    is kept in the file ``cache``: ``find_teacher`` is called only where there is none, not for a resumed run.
    """
    rows = torch.tensor(data.train)
    if ordered and (shift or flip):
        assert data.shape is not None
        generator = torch.Generator().manual_seed(seed)
        copies = [augment(rows, data.shape, shift, flip, generator) for _ in range(COPIES)]
        data = replace(data, train=torch.cat([rows, *copies]).numpy())
    kept = _heard(cache, ordered) or _ask(find_teacher(), data.train, ordered, seed, COPIES * len(rows), cache)
    said, seconds = kept["said"], float(kept["seconds"])
    if ordered:
        ordering = torch.from_numpy(kept["ordering"]).long()
        return Classroom(data, torch.from_numpy(said), seconds=seconds, ordering=ordering)
    return Classroom(replace(data, train=np.concatenate([data.train, said])), drawn=len(said), seconds=seconds)


def _ask(
    teacher: DensityModel, rows: np.ndarray, ordered: bool, seed: int, n: int, cache: Path
) -> dict[str, np.ndarray]:
    """The teacher's lesson on the rows, or n draws of it, which ``cache`` then holds."""
    start = time.monotonic()
    said = lesson(teacher, rows).numpy() if ordered else draws(teacher, n, seed)
    seconds, ordering, buffer = np.array(time.monotonic() - start), teacher.ordering.cpu().numpy(), io.BytesIO()
    np.savez_compressed(buffer, said=said, seconds=seconds, ordering=ordering)
    write_atomic(cache, buffer.getvalue())
    return {"said": said, "seconds": seconds, "ordering": ordering}


def distillation_loss(student: DensityModel, x: Tensor, taught: Tensor) -> Tensor:
    """The mean over rows x (B, D) of the cross-entropy with what was taught, (B, D), in nats: a scalar."""
    logits = _bernoulli(student, x).logits.float()
    return F.binary_cross_entropy_with_logits(logits, taught.to(logits), reduction="sum") / len(x)
