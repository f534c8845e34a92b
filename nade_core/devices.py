"""Where tensors live, a CUDA GPU if there is one, else Apple's MPS, else the CPU; and how many threads compute.

The kernels take as many threads as torch has. NADE_THREADS in the environment sets them for a process, set_threads
at any time. A forked process has one: OpenMP, on which torch runs, does not survive a fork with more.

A thread of OpenMP that waits for work spins for milliseconds, on a core that others want: beside one busy process two
threads became many times slower than one. So the package asks for a short spin (GOMP_SPINCOUNT) when it is imported,
which counts if it is imported before torch.
"""

import operator
import os

import torch
from torch import Tensor

from .messages import NadeError


def default_device() -> torch.device:
    """The best device of this machine."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def as_device(device: str | torch.device | None) -> torch.device:
    """The named device, or the default one for None. NadeError if this machine does not have it."""
    if device is None:
        return default_device()
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError, TypeError) as error:
        raise NadeError(
            "The device {device} is not available here; use 'cpu' or leave it out.", device=repr(device)
        ) from error


def bfloat16_pays(device: torch.device) -> bool:
    """Whether that device has instructions for bfloat16; elsewhere it is emulated, many times slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    known = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return any(known.get(name, False) for name in ("avx512_bf16", "amx_bf16"))


def as_double(t: Tensor) -> Tensor:
    """t in float64, on its device, or on the CPU where the device has no float64 (MPS)."""
    return (t.cpu() if t.device.type == "mps" else t).double()


def set_threads(n: int | str) -> None:
    """Compute in n threads from now on, in torch and in the kernels. NadeError unless n is a whole number above 0."""
    try:
        threads = int(n) if isinstance(n, str) else 0 if isinstance(n, bool) else operator.index(n)
    except (TypeError, ValueError):
        threads = 0
    if threads < 1:
        raise NadeError("Expected a number of threads above 0; got {n}.", n=repr(n))
    torch.set_num_threads(threads)


if "NADE_THREADS" in os.environ:
    set_threads(os.environ["NADE_THREADS"])
if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))
