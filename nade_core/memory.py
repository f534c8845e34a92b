"""Memory: how much there is, models that would not fit into it, and errors that say that there was none."""

import os

import torch
from torch.overrides import TorchFunctionMode

NO_MEMORY = "alloc_cpu", "not enough memory", "out of memory", "Storage size calculation overflowed"
FACTORIES = (
    torch.empty,
    torch.zeros,
    torch.ones,
    torch.full,
    torch.rand,
    torch.randn,
    torch.randint,
    torch.randperm,
    torch.arange,
    torch.linspace,
    torch.eye,
)
A_TENSOR = 256  # values that a tensor costs beside its own
UNKNOWN = 8 << 30  # bytes, where the system does not say


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there was no memory for a tensor or an array; torch's own is a bare RuntimeError."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in NO_MEMORY)


def memory_here() -> int:
    """The bytes of memory of this machine."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return UNKNOWN


class AtMost(TorchFunctionMode):
    """Refuses a tensor before it is made, where all together would have more than so many ``values``."""

    def __init__(self, values: int):
        super().__init__()
        self.left = values

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func in FACTORIES:
            asked = {key: value for key, value in kwargs.items() if key != "generator"}
            self.left -= func(*args, **{**asked, "device": "meta"}).numel() + A_TENSOR
            if self.left < 0:
                raise MemoryError("far more values are asked for than there may be")
        return func(*args, **kwargs)
