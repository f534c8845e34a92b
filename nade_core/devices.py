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


def bfloat16_pays(device: torch.device) -> bool:
    """Whether that device has instructions for bfloat16; elsewhere it is emulated, many times slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    known = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    return any(known.get(name, False) for name in ("avx512_bf16", "amx_bf16"))
