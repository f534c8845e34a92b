"""The run-length kernels of cpu.py behind the signatures of reference.py: tensors in and out, gradients, threads.

The work is cut into stretches, several for each of torch's threads, and a thread takes the next one when it is done
with the last: beside other work on the machine the quicker thread does more. The threads live for one call, so that
nothing waits in between, callers do not meet, and a forked process has nothing to lose. Nor is anything kept from one
call to the next: what the kernels want of the weights costs as much as a few images, and is never that of other weights.
"""

from collections.abc import Callable
from threading import Barrier, BrokenBarrierError, Thread
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from . import cpu, gradient
from .lanes import LANES
from .states import FORTH, ODDS, PAIR, RELU, ROWS, ROWS_UP, SIGMOID, prepare

STRETCHES = 4  # for each thread
SMALLEST = 2  # blocks in a stretch: less is not worth a thread
WIDEST = 128  # units of a tile


class Work(NamedTuple):
    """kernel(first, last, *arguments) is to be called over 0..n, in stretches of at least the smallest."""

    kernel: Callable[..., bool]
    n: int
    smallest: int
    arguments: tuple

    def stretches(self, threads: int) -> list[range]:
        size = max(self.smallest, -(-self.n // (STRETCHES * threads)))
        return [range(first, min(first + size, self.n)) for first in range(0, self.n, size)]


def _spread(*works: Work) -> bool:
    """Does each of the works when the one before is done; True if a stretch left the odds' bounds."""
    most = torch.get_num_threads()
    stretches = [work.stretches(most) for work in works]
    threads = min(most, max(1, *map(len, stretches)))
    places = [iter(each) for each in stretches]  # the next place is taken by one thread alone
    meeting, left, faults = Barrier(threads), [], []

    def take() -> None:
        try:
            for work, those in zip(works, places, strict=True):
                for place in those:
                    left.append(work.kernel(place.start, place.stop, *work.arguments))
                meeting.wait()
        except BrokenBarrierError:
            pass
        except BaseException as fault:
            faults.append(fault)
            meeting.abort()

    others = [Thread(target=take) for _ in range(threads - 1)]
    for thread in others:
        thread.start()
    take()
    for thread in others:
        thread.join()
    if faults:
        raise faults[0]
    return any(left)


def _up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def _plain(t: Tensor) -> np.ndarray:
    """Its numbers side by side, each at an address that is a multiple of four."""
    array = t.detach().contiguous().numpy()
    return array if array.flags.aligned else array.copy()


def _start(a0: Tensor) -> np.ndarray:
    """a before the first pixel, a row an image or one for all."""
    return _plain(a0[:1] if a0.stride(0) == 0 else a0)


def _walk(
    kernel: Callable[..., bool],
    n: int,
    wanted: np.ndarray,
    W: Tensor,
    V: Tensor,
    a0: Tensor,
    activation: str,
    *arguments,
) -> int:
    """kernel on n images, with the weights in the rows that it takes; what the state was.

    ``wanted`` (D,) says of which pixels W may be asked for: of few images it is those that are on.
    """
    (dims, hidden), blocks = W.shape, -(-n // LANES)
    rows, width = _up(dims, ROWS_UP), _up(hidden, PAIR)
    w, v = torch.empty(rows, width).numpy(), torch.empty(rows + ROWS, width).numpy()
    largest, v[dims:] = np.zeros(dims, np.float32), 0
    for mode in (RELU,) if activation == "relu" else (ODDS, SIGMOID):
        given = (_plain(W), _plain(V), wanted, FORTH, mode, width, w, v, largest)
        ready = Work(prepare, dims, dims if blocks <= SMALLEST else SMALLEST, given)
        if not _spread(ready, Work(kernel, blocks, SMALLEST, (w, v, largest, _start(a0), mode, *arguments))):
            break
    return mode


class _Scored(NamedTuple):
    log_p: Tensor  # (B,)
    z: Tensor  # the logits without b, (blocks, D and more, LANES), if they are kept
    on: np.ndarray  # what is on in each block, (blocks, D and more)
    states: np.ndarray  # after the last pixel, (B, H and more), if they are kept
    mode: int  # what these are


def _score(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str, keep: bool) -> _Scored:
    images, (dims, hidden) = _plain(x), W.shape
    blocks, rows = -(-len(images) // LANES), _up(dims, ROWS_UP)
    on, log_p = np.empty((blocks, rows), np.uint16), torch.empty(len(images))
    z = torch.zeros(blocks, rows + 2, LANES) if keep else torch.empty(0, 0, 0)
    states = np.zeros((len(images), _up(hidden, _width(hidden))) if keep else (0, 0), np.float32)
    wanted = np.asarray(images.any(0) if blocks <= SMALLEST else np.ones(dims), np.uint8)
    kept = (images, _plain(b), on, z.numpy(), states, log_p.numpy())
    mode = _walk(cpu.score, len(images), wanted, W, V, a0, activation, *kept)
    return _Scored(log_p, z, on, states, mode)


class _Score(torch.autograd.Function):
    """z and log p, with the gradient kernel as their backward."""

    @staticmethod
    def forward(ctx, x, W, V, b, a0, activation):
        ctx.scored = _score(x, W, V, b, a0, activation, True)
        ctx.save_for_backward(W, V, b, a0)
        ctx.set_materialize_grads(False)
        return ctx.scored.z, ctx.scored.log_p

    @staticmethod
    def backward(ctx, to_z, to_log_p):
        W, V, b, a0 = ctx.saved_tensors
        (blocks, rows), g, db = ctx.scored.on.shape, torch.zeros(()), None
        if to_log_p is not None:
            g = torch.empty(blocks, rows, LANES)
            weights = np.zeros((blocks, LANES), np.float32)
            weights.ravel()[: len(to_log_p)] = to_log_p.numpy()
            given = (ctx.scored.on, ctx.scored.z.detach().numpy(), _plain(b), weights, g.numpy())
            _spread(Work(gradient.slopes, blocks, LANES, given))
            db = g[:, : len(b)].sum((0, 2))
        if to_z is not None:
            g = g + to_z[:, :rows]
        dW, dV, da0 = _gradients(ctx.scored, g, W, V, a0)
        return None, dW, dV, db, da0, None


def _width(hidden: int) -> int:
    """Units of a tile: at least two tiles, for two threads."""
    return min(WIDEST, _up(-(-hidden // 2), PAIR))


def _gradients(scored: _Scored, g: Tensor, W: Tensor, V: Tensor, a0: Tensor) -> tuple[Tensor, ...]:
    """dL/dW, dL/dV and dL/da0 from g = dL/dlogits (blocks, D, LANES)."""
    (dims, hidden), width = W.shape, _width(W.shape[1])
    dW, dV, da0 = torch.empty(dims, hidden), torch.empty(dims, hidden), torch.empty(len(scored.log_p), hidden)
    given = (scored.on, _plain(g), _plain(W), _plain(V), _start(a0), scored.states, width, scored.mode)
    into = (dW.numpy(), dV.numpy(), da0.numpy())
    _spread(Work(gradient.backward, -(-hidden // width), 1, (*given, *into)))
    return dW, dV, da0


def logits(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str) -> Tensor:
    """The logits of all conditionals p(x_i = 1 | x_<i) of given images: (B, D)."""
    z = _Score.apply(x, W, V, b, a0, activation)[0]
    return z.transpose(1, 2).reshape(-1, z.shape[1])[: len(x), : len(b)] + b


def log_prob(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str) -> Tensor:
    """log p(x) = sum_i log p(x_i | x_<i) in nats: (B,). Without gradients it keeps no logits."""
    if torch.is_grad_enabled() and any(t.requires_grad for t in (W, V, b, a0)):
        return _Score.apply(x, W, V, b, a0, activation)[1]
    return _score(x, W, V, b, a0, activation, False).log_p


def sample(u: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str, temperature: float) -> Tensor:
    """Images from uniforms u (B, D): x_i = 1 where u_i < sigmoid(logit_i / temperature); (B, D) of 0 and 1."""
    x, sharp = torch.empty(u.shape), np.float32(1 / max(temperature, 1e-30))
    every = np.ones(len(W), np.uint8)
    _walk(cpu.sample, len(u), every, W, V, a0, activation, _plain(u), _plain(b), sharp, x.numpy())
    return x
