"""A photo at L levels a channel, of which one picks a pixel, or on which squares are framed."""

import base64

import numpy as np
import streamlit as st

from lesson import pixel
from nade_core.images import MAX_BYTES
from nade_core.messages import NadeError

from .. import stage
from ..session import PICTURES
from ..words import _, plain, tell
from . import component

_photo = component("photo")


def photo(
    image: np.ndarray,
    levels: int,
    label: str,
    key: str,
    squares: list[list[int]] | None = None,
    tall: str = "min(15rem, 33vh)",
) -> tuple[int, int]:
    """Shows a picture (H, W, 3) uint8; the column x and the row y of the pixel picked, which stand in the link.

    With ``squares``, [x, y, width, height] each, these are framed, and nothing can be picked.
    """
    height, width, _channels = image.shape
    first = width // 3, height // 2
    x = min(stage.kept("x", first[0], 0, 10**4), width - 1)
    y = min(stage.kept("y", first[1], 0, 10**4), height - 1)
    data = {
        "rgb": base64.b64encode(image.tobytes()).decode(),
        "width": width,
        "height": height,
        "levels": levels,
        "squares": squares or [],
        "picks": squares is None,
        "at": [x, y],
        "label": label,
        "tall": tall,
    }
    _photo(key=key, data=data, on_pick_change=lambda: _pick(key, first))
    return x, y


def _pick(key: str, first: tuple[int, int]) -> None:
    pick = st.session_state[key]["pick"]
    for name, default in zip(("x", "y"), first, strict=True):
        stage.keep(name, int(pick[name]), default)


def own_photo() -> np.ndarray:
    """The photo that the viewer drops, thinned; ours as long as there is none, or none that can be used."""
    note = _("Any photo of at least {n} × {n} pixels. It is not kept, and a link shows ours instead.", n=4 * pixel.SIDE)
    file = st.file_uploader(_("Your own photo"), PICTURES, key="photo", max_upload_size=MAX_BYTES >> 20, help=note)
    try:
        return _read(file.file_id, file) if file else pixel.photo()
    except NadeError as error:
        st.warning(plain(tell(error)), icon=":material/broken_image:")
        return pixel.photo()


@st.cache_data(max_entries=16, show_spinner=False)
def _read(id: str, _file) -> np.ndarray:
    image = pixel.picture(_file.getvalue())
    pixel.split(image)  # says what is wrong with a picture that is too small
    return image
