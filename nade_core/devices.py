"""Where tensors live: a CUDA GPU if there is one, else Apple's MPS, else the CPU."""

import torch


def default_device() -> torch.device:
    """The best device of this machine."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def as_device(device: str | torch.device | None) -> torch.device:
    """The named device, or the default one for None. ValueError if this machine does not have it."""
    if device is None:
        return default_device()
    try:
        return torch.empty(0, device=device).device
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"The device {device!r} is not available here; use 'cpu' or leave it out.") from error
