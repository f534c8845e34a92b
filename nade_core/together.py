"""One training in several processes, on one machine or on many, as torchrun starts them.

All read the same data, draw the same random numbers and take the same steps. Of each batch a process computes the
gradient of its own rows, and DistributedDataParallel averages the gradients over the processes:

    grad L = sum_r (B_r / B) grad L_r,   L_r the mean loss of the B_r rows of process r,

which is that of one process with the whole batch. Process 0 leads: it alone writes, and its folder and its clock decide.
A process by itself leads, and all that is said of several costs it nothing.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from .files import leave_token
from .memory import is_out_of_memory
from .messages import NadeError
from .shares import Share

T = TypeVar("T")


def several() -> bool:
    """Whether this process trains with others."""
    return dist.is_available() and dist.is_initialized()


def size() -> int:
    """How many processes there are."""
    return dist.get_world_size() if several() else 1


def rank() -> int:
    """Which of them this one is, from 0."""
    return dist.get_rank() if several() else 0


def leads() -> bool:
    """Whether this process is the one that writes and decides."""
    return rank() == 0


@contextmanager
def joined(version: str) -> Iterator[None]:
    """Together with the others, where torchrun has started this process; the GPU is the one of its place on the machine.

    NadeError where the others do not answer, or run another version of this program.
    """
    if not (dist.is_available() and dist.is_torchelastic_launched()):
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())
    try:
        dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    except (RuntimeError, ValueError) as error:
        raise NadeError(
            "The other processes of this training do not answer: {reason}.", reason=str(error).splitlines()[0]
        ) from error
    versions = gathered(version)
    if len(set(versions)) > 1:
        raise NadeError("The processes run different versions of nade-lab: {found}.", found=", ".join(versions))
    yield
    dist.destroy_process_group()  # not after an error: then the others are not waited for


def lost(error: BaseException) -> NadeError | None:
    """What is to be said of an error by which the processes lose each other; None for any other error."""
    if not several() or not isinstance(error, RuntimeError) or is_out_of_memory(error):
        return None
    return NadeError(
        "Another process of this training is gone: {reason}. The run can go on from its last finished epoch.",
        reason=str(error).splitlines()[0],
    )


def gathered(value: T) -> list[T]:
    """What each process says, in their order."""
    said: list[Any] = [None] * size()
    if not several():
        return [value]
    dist.all_gather_object(said, value)
    return said


def led(action: Callable[[], T]) -> T:
    """What the action of the leader, which alone does it, returns. Where it raises, the others leave: the leader tells."""
    if not several():
        return action()
    told: list[Any] = [None, True]
    try:
        if leads():
            told[0] = action()
    except BaseException:
        told[1] = False
        raise
    finally:
        dist.broadcast_object_list(told)
    if not told[1]:
        raise SystemExit(2)
    return told[0]


def after_leader(action: Callable[[], T]) -> T:
    """The action by the leader first, then by each other: what one keeps in a file, the others find there."""
    found: list[T] = []
    led(lambda: found.append(action()))
    return found[0] if found else action()


def agreed(decision: bool) -> bool:
    """What the leader decides."""
    if not several():
        return decision
    told = torch.tensor([decision])
    dist.broadcast(told, 0)
    return bool(told)


def total(value: float) -> float:
    """The sum over all processes."""
    if not several():
        return value
    told = torch.tensor([value], dtype=torch.float64)
    dist.all_reduce(told)
    return told.item()


def mean(value: float) -> float:
    """The mean over all processes."""
    return total(value) / size()


def share(rows: int) -> Share:
    """Which rows of a batch are this process's; where there are fewer rows than processes, some have none."""
    first, last = (rows * place // size() for place in (rank(), rank() + 1))
    return Share(first, last - first, rows)


def check_shared(folder: Path) -> None:
    """NadeError unless every process sees what the leader writes into the folder."""
    if not several():
        return
    token = folder / led(lambda: leave_token(folder)).name
    seen = gathered(token.exists())
    if leads():
        token.unlink()
    if not all(seen):
        raise NadeError(
            "{folder} is not the same folder for every process: process {n} does not see what process 0 writes there. "
            "Put it on storage that all machines share.",
            folder=str(folder),
            n=seen.index(False),
        )
