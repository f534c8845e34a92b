"""The run-length kernels of cpu.py behind the signatures of reference.py: tensors in and out, gradients, threads.

The work is cut into stretches, several for each of torch's threads, and a thread takes the next one when it is done
with the last: beside other work on the machine the quicker thread does more. The threads live for one call, so that
nothing waits in between, callers do not meet, and a forked process has nothing to lose. Nor is anything kept from one
call to the next: what the kernels want of the weights costs as much as a few images, and is never that of other weights.
"""

import math
from collections.abc import Callable, Iterator
from threading import Thread

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from . import cpu, gradient
from .cpu import ODDS, PAIR, RELU, ROWS, ROWS_UP, SIGMOID
from .lanes import LANES

STRETCHES = 4  # for each thread
SMALLEST = 2  # blocks in a stretch: less is not worth a thread
WIDEST = 128  # units of a tile
START, SAFE, LOST = 270, 276, 345  # |a| where odds may start, where they are taken back, and where float32 loses them
NONE = -100.0  # the state of a unit that is not there: h = 0

Kernel = Callable[..., bool]


def _spread(kernel: Kernel, n: int, arguments: tuple, smallest: int = SMALLEST) -> bool:
    """kernel(first, last, *arguments) over stretches of 0..n; True if one of them left the odds' bounds."""
    threads = torch.get_num_threads()
    stretch = max(smallest, -(-n // (STRETCHES * threads)))
    places, left = iter(range(0, n, stretch)), []  # the next place is taken by one thread alone

    def work() -> None:
        for first in places:
            left.append(kernel(first, min(first + stretch, n), *arguments))

    others = [Thread(target=work) for _ in range(min(threads, -(-n // stretch)) - 1)]
    for thread in others:
        thread.start()
    work()
    for thread in others:
        thread.join()
    return any(left)


def _up(n: int, multiple: int) -> int:
    return -(-n // multiple) * multiple


def _images(x: Tensor) -> np.ndarray:
    return x.detach().to(torch.uint8).contiguous().numpy()


def _modes(W: Tensor, a0: Tensor, activation: str) -> Iterator[tuple[int, int]]:
    """What the state may be, best first, and after how many steps odds are to be looked at."""
    if activation == "sigmoid":
        low, high = (float(end) for end in (_plain(W).min(initial=0), _plain(W).max(initial=0)))
        most = max(-low, high, 1e-3) if low == low else math.inf
        if most < LOST - SAFE and (not a0.numel() or a0.detach().abs().amax() < START):  # NaN: no
            yield ODDS, int((LOST - SAFE) / most)
    yield (RELU if activation == "relu" else SIGMOID), 1


def _start(a0: Tensor, width: int, mode: int) -> np.ndarray:
    """The states before the first pixel, a row an image or one for all, of that width."""
    a0 = a0.detach()[:1] if a0.stride(0) == 0 else a0.detach()
    a0 = F.pad(a0, (0, width - a0.shape[1]), value=NONE)
    return (torch.exp(a0 / -4) if mode == ODDS else a0).contiguous().numpy()


def _plain(t: Tensor) -> np.ndarray:
    return t.detach().contiguous().numpy()


def _walk(
    kernel: Kernel, n: int, wanted: np.ndarray, W: Tensor, V: Tensor, a0: Tensor, activation: str, *arguments
) -> int:
    """kernel on n images, with the weights in the rows that it takes; what the state was.

    ``wanted`` (D,) says of which pixels W may be asked for: of few images it is those that are on.
    """
    (dims, hidden), blocks = W.shape, -(-n // LANES)
    rows, width, few = _up(dims, ROWS_UP), _up(hidden, PAIR), blocks <= SMALLEST
    w, v = torch.empty(rows, width).numpy(), torch.empty(rows + ROWS, width).numpy()
    v[dims:] = 0
    for mode, often in _modes(W, a0, activation):
        _spread(cpu.prepare, dims, (_plain(W), _plain(V), wanted, mode, w, v), dims if few else SMALLEST)
        states = _start(a0, width, mode)
        if not _spread(kernel, blocks, (w, v, states, mode, often, *arguments)):
            break
    return mode


def _score(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str, keep: bool) -> tuple:
    """log p (B,); what is on in each block; the logits (B, D), if they are to be kept; what the state was."""
    images = _images(x)
    on = np.empty((-(-len(images) // LANES), _up(images.shape[1], ROWS_UP)), np.uint8)
    logits, log_p = np.empty(images.shape if keep else (0, 0), np.float32), np.empty(len(images), np.float32)
    wanted = np.asarray(images.any(0), np.uint8) if len(on) <= SMALLEST else np.ones(images.shape[1], np.uint8)
    mode = _walk(cpu.score, len(images), wanted, W, V, a0, activation, images, _plain(b), on, logits, log_p)
    return torch.from_numpy(log_p), on, torch.from_numpy(logits), mode


class _Score(torch.autograd.Function):
    """Logits and log p, with the gradient kernel as their backward."""

    @staticmethod
    def forward(ctx, x, W, V, b, a0, activation):
        log_p, ctx.on, logits, ctx.mode = _score(x, W, V, b, a0, activation, True)
        ctx.save_for_backward(x, W, V, a0, logits)
        ctx.set_materialize_grads(False)
        return logits, log_p

    @staticmethod
    def backward(ctx, to_logits, to_log_p):
        x, W, V, a0, logits = ctx.saved_tensors
        slopes = torch.zeros_like(logits) if to_logits is None else to_logits
        if to_log_p is not None:
            slopes = slopes + to_log_p[:, None] * (x - torch.sigmoid(logits))
        dW, dV, da0 = _gradients(ctx.on, slopes, W, V, a0, ctx.mode)
        return None, dW, dV, slopes.sum(0), da0, None


def _gradients(on: np.ndarray, slopes: Tensor, W: Tensor, V: Tensor, a0: Tensor, mode: int) -> tuple[Tensor, ...]:
    """dL/dW, dL/dV and dL/da0 from slopes = dL/dlogits (B, D)."""
    (blocks, rows), (dims, hidden) = on.shape, W.shape
    width = min(WIDEST, _up(-(-hidden // 2), PAIR))
    padded = F.pad(slopes, (0, rows - dims, 0, blocks * LANES - len(slopes)))
    g = padded.view(blocks, LANES, rows).transpose(1, 2).contiguous().numpy()
    dW, dV, da0 = torch.empty(dims, hidden), torch.empty(dims, hidden), torch.empty(len(slopes), hidden)
    given = (on, g, _plain(W), _plain(V), _start(a0, _up(hidden, width), mode), width, mode)
    _spread(gradient.backward, -(-hidden // width), (*given, dW.numpy(), dV.numpy(), da0.numpy()), 1)
    return dW, dV, da0


def logits(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str) -> Tensor:
    """The logits of all conditionals p(x_i = 1 | x_<i) of given images: (B, D)."""
    return _Score.apply(x, W, V, b, a0, activation)[0]


def log_prob(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str) -> Tensor:
    """log p(x) = sum_i log p(x_i | x_<i) in nats: (B,). Without gradients it keeps no logits."""
    if torch.is_grad_enabled() and any(t.requires_grad for t in (W, V, b, a0)):
        return _Score.apply(x, W, V, b, a0, activation)[1]
    return _score(x, W, V, b, a0, activation, False)[0]


def sample(u: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str, temperature: float) -> Tensor:
    """Images from uniforms u (B, D): x_i = 1 where u_i < sigmoid(logit_i / temperature); (B, D) of 0 and 1.

    That is where V_i . h is above temperature log(u_i / (1 - u_i)) - b_i.
    """
    limits = _plain(torch.logit(u.clamp(0, 1)) * max(temperature, 1e-30) - b)
    x = np.empty(u.shape, np.float32)
    _walk(cpu.sample, len(u), np.ones(len(W), np.uint8), W, V, a0, activation, limits, x)
    return torch.from_numpy(x)
