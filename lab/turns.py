"""What takes much memory is done by one viewer at a time; who asks for something else meanwhile gives up the place."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

LOOK = 0.2  # seconds after which one who waits sees whether it is still asked for
_turn = threading.Lock()


@contextmanager
def turn() -> Iterator[None]:
    """The turn, once nobody else has it."""
    while not _turn.acquire(timeout=LOOK):
        _ = "language" in st.session_state  # here Streamlit ends a script that is no longer asked for
    try:
        yield
    finally:
        _turn.release()
