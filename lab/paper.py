"""Drawing in Density: the canvas, what it may start from, and what its two buttons teach."""

from typing import Any

import numpy as np
import streamlit as st

from nade_core import ModelCard, images
from nade_core.messages import NadeError

from . import cache
from .components.canvas import canvas, start_from
from .session import PICTURES
from .take_home import page_button
from .words import _, plain, prose, tell


def paper(card: ModelCard, above: Any) -> None:
    """The canvas under the pictures that it may start from, which stand in the room ``above`` it."""
    with above.container(horizontal=True, gap="small", vertical_alignment="center", key="from"):
        st.markdown(_("Start from"), width="content")
        names = {"test": _("a test image"), "sample": _("a sample"), "blank": _("blank")}
        if cache.data_of(card) is None:
            del names["test"]
        for source, name in names.items():
            st.button(name, key=f"from-{source}", on_click=_start, args=(card, source))
        with st.popover(_("my picture")):
            _own(card)
    canvas(card)
    st.caption(prose("draw", "lesson"))
    page_button(card)


def _start(card: ModelCard, source: str) -> None:
    """Put a test image, a sample or nothing on the paper; another one at every press."""
    turn = st.session_state["drawn-from"] = st.session_state.get("drawn-from", 0) + 1
    if source == "test" and (data := cache.data_of(card)) is not None:
        start_from(data.test[np.random.default_rng(turn).integers(len(data.test))])
    else:
        start_from(cache.samples(card, 1, turn)[0][0] if source == "sample" else np.zeros(card.dims, np.uint8))


def _own(card: ModelCard) -> None:
    most = images.MAX_BYTES >> 20
    file = st.file_uploader(_("Drop a picture"), PICTURES, key="drawn-over", max_upload_size=most)
    if file:
        st.button(_("Put it on the paper"), key="from-own", on_click=_start_from_file, args=(card, file.getvalue()))


def _start_from_file(card: ModelCard, content: bytes) -> None:
    try:
        start_from(images.prepare(content, fit=card.fit).image.ravel())
    except NadeError as error:
        st.toast(plain(tell(error)), icon=":material/broken_image:")
