"""Three backends behind one signature: reference (the definition), vectorised (any device), cpu (numba)."""

from types import ModuleType

import torch

from ..messages import NadeError

BACKENDS = ("auto", "reference", "vectorised", "cpu")


def get_backend(name: str, device: torch.device, dtype: torch.dtype) -> ModuleType:
    """The module that computes logits, log_prob and sample for weights on that device.

    "auto" takes the run-length kernels for float32 on a CPU and the vectorised torch path elsewhere.
    Raises NadeError for an unknown name, or where the cpu kernels cannot serve.
    """
    if name not in BACKENDS:
        raise NadeError("Unknown backend {name}: expected one of {names}.", name=repr(name), names=", ".join(BACKENDS))
    fits_cpu = device.type == "cpu" and dtype == torch.float32
    if name == "cpu" and not fits_cpu:
        raise NadeError(
            "The cpu kernels take float32 weights on a CPU; these are {type} on {device}.", type=dtype, device=device
        )
    if name == "cpu" or (name == "auto" and fits_cpu):
        from . import runlength  # here, so that numba is loaded by the first density and not by the first import

        return runlength
    from . import reference, vectorised

    return reference if name == "reference" else vectorised
