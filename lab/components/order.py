"""Images that the viewer ranks by tapping them in order, before their log p appear."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from ..numbers import as_power
from ..words import _
from . import component
from .draw import packed

_order = component("order")


def order(
    rows: np.ndarray,
    log_p: np.ndarray,
    ids: list[str],
    names: dict[str, str],
    guess: list[str],
    on_order: Callable[[list[str]], None],
    on_other: Callable[[], None],
) -> None:
    """Images (n, D) with their log p (n,) in nats; ``guess`` holds their ids from most to least probable, or nothing.

    ``on_order`` hears of a guess once all are tapped, ``on_other`` that the viewer wants other images.
    """
    places = np.argsort(np.argsort(-log_p)) + 1
    items = [
        {
            "id": id,
            "name": names[id],
            "image": packed(row),
            "nats": _("{value:.1f} nats", value=value),
            "power": as_power(value),
            "place": int(place),
        }
        for id, row, value, place in zip(ids, rows, log_p, places, strict=True)
    ]
    data = {"items": items, "order": guess, "words": _words()}
    _order(
        key="order-four",
        data=data,
        on_order_change=lambda: on_order(list(st.session_state["order-four"]["order"])),
        on_other_change=on_other,
    )


def _words() -> dict[str, str]:
    """What the component says; {gaps} that are left are filled in the browser."""
    return {
        "ask": _("Tap the most probable first: {n} of {all}"),
        "done": _("The exact log p(x), beside your guess"),
        "nth": _("place {n}"),
        "you": _("you: {n}"),
        "truth": _("place {n}"),
        "other": _("another four"),
    }
