"""Small changes that leave an image what it is: moved by a pixel or two, mirrored."""

import torch
import torch.nn.functional as F
from torch import Tensor


def augment(x: Tensor, shape: tuple[int, int], shift: int, flip: bool, generator: torch.Generator) -> Tensor:
    """Each image of x (N, D) moved by up to ``shift`` pixels, zeros coming in, and mirrored half the time: (N, D)."""
    n, (height, width), s = len(x), shape, shift
    padded = F.pad(x.view(n, height, width), (s, s, s, s))
    dy, dx = torch.randint(0, 2 * s + 1, (2, n, 1), generator=generator)
    rows = (dy + torch.arange(height))[:, :, None]
    columns = dx + torch.arange(width)
    if flip:
        mirrored = torch.rand(n, 1, generator=generator) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
    return padded[torch.arange(n)[:, None, None], rows, columns[:, None, :]].view(n, -1)
