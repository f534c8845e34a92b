"""Computations take turns: as many at once as there are cores. A viewer who asks for something else gives up the place."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

import streamlit as st

AT_ONCE = int(os.environ.get("NADE_TURNS", "0"))
LOOK = 0.2  # seconds after which one who waits sees whether it is still asked for
P = ParamSpec("P")
R = TypeVar("R")
_turns = threading.Semaphore(AT_ONCE or 1000)
_mine = threading.local()  # whether this thread has its turn


@contextmanager
def turn() -> Iterator[None]:
    """A turn, once there is one."""
    assert not getattr(_mine, "has", False), "who has a turn would wait for another one"
    while not _turns.acquire(timeout=LOOK):
        _ = "language" in st.session_state  # here Streamlit ends a script that is no longer asked for
    _mine.has = True
    try:
        yield
    finally:
        _mine.has = False
        _turns.release()


def taken() -> bool:
    """Whether somebody computes."""
    return _turns._value < AT_ONCE


def computed(max_entries: int) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """st.cache_data of what takes the processor: every viewer's answers, each computed once, and in turn."""

    def in_turn(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def compute(*args: P.args, **kwargs: P.kwargs) -> R:
            with turn():
                return function(*args, **kwargs)

        return st.cache_data(max_entries=max_entries, show_spinner=False)(compute)

    return in_turn
