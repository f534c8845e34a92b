"""What the server does for itself: it loads what pages need before they ask, and gives memory back when viewers have left.

Streamlit keeps the session of a viewer whose connection broke for two minutes, in case he comes back, and then until the
next one leaves: here it is let go as soon as that time is over. What C's allocator holds for later is then given to the
system.
"""

import asyncio
import ctypes
import gc
import sys
import threading
from collections.abc import Callable
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.app_session import AppSessionState

MARGIN = 1.0  # seconds
AGAIN = 30.0  # seconds after which those are looked at whose time was not over
ARENAS, M_ARENA_MAX = 2, -8  # pools of C's allocator, of which glibc would make eight a core and leave each half empty


class Housekeeping:
    """ASGI: tidies up when the session of a viewer who has left may be let go; once for all who leave meanwhile."""

    def __init__(self, app: Callable):
        self.app, self._planned = app, False

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            if scope["type"] == "websocket" and not self._planned:
                self._planned = True
                self._plan(kept() + MARGIN)

    def _plan(self, seconds: float) -> None:
        asyncio.get_running_loop().call_later(seconds, self._tidy)

    def _tidy(self) -> None:
        self._planned = forget_sessions() > 0
        if self._planned:
            self._plan(AGAIN)
        threading.Thread(target=give_back, daemon=True).start()


def kept() -> float:
    """For how many seconds somebody may come back to a session whose connection broke."""
    return float(st.get_option("server.disconnectedSessionTTL"))


def forget_sessions() -> int:
    """Let go of the sessions whose time is over; how many are left that somebody may come back to."""
    return len(runtime.get_instance()._session_mgr._session_storage._cache)  # type: ignore[attr-defined]


def somebody_waits() -> bool:
    """Whether a page is being computed."""
    sessions = runtime.get_instance()._session_mgr.list_active_sessions()
    return any(one.session._state == AppSessionState.APP_IS_RUNNING for one in sessions)


def give_back() -> None:
    """Collect what only points to itself, and give the memory of it to the system, where it is Linux's."""
    gc.collect()
    if libc := _glibc():
        libc.malloc_trim(0)


def begin() -> None:
    """Keep C's allocator from spreading what it holds."""
    if libc := _glibc():
        libc.mallopt(M_ARENA_MAX, ARENAS)


def load() -> None:
    """Load what every page needs; from then on it is no longer looked at as garbage."""
    from . import main
    from .chapter import chapters

    assert main and chapters()
    gc.collect()
    gc.freeze()


def _glibc() -> Any:
    """The C library where it is glibc, which has these two functions; None elsewhere."""
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return libc if hasattr(libc, "malloc_trim") and hasattr(libc, "mallopt") else None
