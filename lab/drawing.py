"""A drawing of 28 x 28 cells as text for a link: its 98 bytes in base64 for URLs, as web/strokes.js writes them."""

import base64
import re

import numpy as np

from nade_core.messages import NadeError

CELLS = 784
CHARACTERS = 131  # 98 bytes, six bits each


def encode(row: np.ndarray) -> str:
    """The text of a binary image (784,)."""
    return base64.urlsafe_b64encode(np.packbits(np.asarray(row, np.uint8)).tobytes()).decode().rstrip("=")


def decode(text: str) -> np.ndarray:
    """The image (784,) of uint8 of such a text; NadeError where it is not exactly one."""
    if re.fullmatch(rf"[\w-]{{{CHARACTERS}}}", text, re.ASCII):
        content = base64.urlsafe_b64decode(text + "=")
        row = np.unpackbits(np.frombuffer(content, np.uint8))
        if encode(row) == text:  # no bits beyond the last cell
            return row
    raise NadeError(
        "This link holds no drawing: expected {expected} letters, digits, - or _; got {length}.",
        expected=CHARACTERS,
        length=len(text),
    )
