"""The run-length kernels of cpu.py behind the signatures of reference.py: tensors in and out, gradients, threads.

The work is cut into stretches, several for each of torch's threads, and a thread takes the next one when it is done
with the last: beside other work on the machine the quicker thread does more. The threads live for one call, so that
nothing waits in between, callers do not meet, and a forked process has nothing to lose.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from . import cpu
from .cpu import BLOCK, LANES, ODDS, RELU, SIGMOID, WIDEST

STRETCHES = 4  # for each thread
SMALLEST = 2  # blocks in a stretch: less is not worth a thread

Kernel = Callable[..., bool]


def _spread(kernel: Kernel, n: int, arguments: tuple, smallest: int = SMALLEST) -> bool:
    """kernel(first, last, *arguments) over stretches of 0..n; True if one of them left the odds' bounds."""
    threads = torch.get_num_threads()
    stretch = max(smallest, -(-n // (STRETCHES * threads)))
    if threads == 1 or n <= stretch:
        return n > 0 and kernel(0, n, *arguments)
    with ThreadPoolExecutor(threads) as pool:
        return any(list(pool.map(lambda i: kernel(i, min(i + stretch, n), *arguments), range(0, n, stretch))))


def _blocks(x: np.ndarray) -> int:
    return -(-len(x) // BLOCK)


def _width(hidden: int) -> int:
    """Units in a tile: half of them, in whole vectors, but no more than keep a tile of W and V in the cache."""
    return min(WIDEST, -(-hidden // (2 * LANES)) * LANES)


def _pad(t: Tensor, multiple: int) -> Tensor:
    return F.pad(t.detach(), (0, -t.shape[-1] % multiple))


def _whole(t: Tensor) -> Tensor:
    return _pad(t, LANES).contiguous()


def _tiled(t: Tensor) -> Tensor:
    """(N, H) as (tiles, N, width): what one thread needs of a matrix stands together."""
    width, padded = _width(t.shape[1]), _pad(t, _width(t.shape[1]))
    return padded.view(len(t), padded.shape[1] // width, width).transpose(0, 1).contiguous()


def _untiled(t: np.ndarray, hidden: int) -> Tensor:
    return torch.from_numpy(t).transpose(0, 1).reshape(t.shape[1], t.shape[0] * t.shape[2])[:, :hidden].contiguous()


def _images(x: Tensor) -> np.ndarray:
    return x.detach().to(torch.uint8).contiguous().numpy()


def _run(work: Callable[..., tuple], W: Tensor, V: Tensor, a0: Tensor, activation: str, layout=_whole) -> tuple:
    """What work(W, V, a0, mode) gives, without the last: on odds where they are safe, else on the pre-activations.

    The last says whether odds left their bounds.
    """
    one_step_stays = W.abs().amax() < 60 and (not a0.numel() or a0.abs().amax() < 270)  # NaN: no
    W, V, a0 = layout(W), layout(V).numpy(), layout(a0)
    if activation == "sigmoid" and one_step_stays:
        *result, left = work(torch.exp(-W / 4).numpy(), V, torch.exp(-a0 / 4).numpy(), ODDS)
        if not left:
            return tuple(result)
    return work(W.numpy(), V, a0.numpy(), RELU if activation == "relu" else SIGMOID)[:-1]


class _Logits(torch.autograd.Function):
    """The logits kernel, with the gradient kernel as its backward."""

    @staticmethod
    def forward(ctx, x, W, V, b, a0, activation):
        ctx.save_for_backward(x, W, V, a0)
        ctx.activation, images, biases = activation, _images(x), b.detach().numpy()

        def work(W, V, a0, mode):
            z = np.empty(images.shape, np.float32)
            return z, _spread(cpu.logits, _blocks(images), (images, W, V, biases, a0, mode, z))

        (z,) = _run(work, W, V, a0, activation)
        return torch.from_numpy(z)

    @staticmethod
    def backward(ctx, grad):
        x, W, V, a0 = ctx.saved_tensors
        images, g = _images(x), F.pad(grad, (0, 0, 0, BLOCK)).contiguous().numpy()
        most_on = int(images.sum(1, dtype=np.int64).max(initial=0))

        def work(W, V, a0, mode):
            dW, dV, da0 = (np.zeros(t.shape, np.float32) for t in (W, V, a0))
            return dW, dV, da0, _spread(cpu.backward, len(V), (images, g, W, V, a0, mode, most_on, dW, dV, da0), 1)

        dW, dV, da0 = (_untiled(t, W.shape[1]) for t in _run(work, W, V, a0, ctx.activation, _tiled))
        return None, dW, dV, grad.sum(0), da0, None


def logits(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str) -> Tensor:
    """The logits of all conditionals p(x_i = 1 | x_<i) of given images: (B, D)."""
    return _Logits.apply(x, W, V, b, a0, activation)


def log_prob(x: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str) -> Tensor:
    """log p(x) = sum_i log p(x_i | x_<i) in nats: (B,). Without gradients it keeps no logits."""
    if torch.is_grad_enabled() and any(t.requires_grad for t in (W, V, b, a0)):
        return -F.binary_cross_entropy_with_logits(logits(x, W, V, b, a0, activation), x, reduction="none").sum(1)
    images, biases = _images(x), b.detach().numpy()

    def work(W, V, a0, mode):
        result = np.empty(len(images), np.float32)
        return result, _spread(cpu.log_prob, _blocks(images), (images, W, V, biases, a0, mode, result))

    (result,) = _run(work, W, V, a0, activation)
    return torch.from_numpy(result)


def sample(u: Tensor, W: Tensor, V: Tensor, b: Tensor, a0: Tensor, activation: str, temperature: float) -> Tensor:
    """Images from uniforms u (B, D): x_i = 1 where u_i < sigmoid(logit_i / temperature); (B, D) of 0 and 1."""
    uniforms, biases, t = u.contiguous().numpy(), b.detach().numpy(), np.float32(temperature)

    def work(W, V, a0, mode):
        x = np.empty(uniforms.shape, np.float32)
        return x, _spread(cpu.sample, _blocks(uniforms), (uniforms, W, V, biases, a0, mode, t, x))

    (x,) = _run(work, W, V, a0, activation)
    return torch.from_numpy(x)
