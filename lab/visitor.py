"""Who looks. On a host of many, a browser is known by a key in a cookie that no script, link or page ever shows.

Where the host has set up Streamlit's own login, whoever is logged in is known by that instead, on any device.
"""

import hmac
import json
import os
import secrets
from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.auth_util import get_secrets_auth_section

from nade_core.files import write_atomic
from nade_core.hosting import from_environment
from nade_core.runs import Viewer, hashed, owned

HOSTING = from_environment(os.environ)
COOKIE, YEAR = "nade_visitor", 365 * 86_400
TEACHERS = ".teachers.json"


class Cookies:
    """ASGI: gives every browser that asks for a page of a hosted app a key of its own, once."""

    def __init__(self, app: Callable):
        self.app = app

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        if HOSTING.hosted and scope["type"] == "http" and COOKIE not in _sent(scope):
            send = _with_cookie(send, scope)
        await self.app(scope, receive, send)


def _sent(scope: dict) -> SimpleCookie:
    """The cookies that came with a request."""
    cookies = SimpleCookie()
    for name, value in scope["headers"]:
        if name == b"cookie":
            cookies.load(value.decode("latin-1"))
    return cookies


def _with_cookie(send: Callable, scope: dict) -> Callable:
    forwarded = dict(scope["headers"]).get(b"x-forwarded-proto", b"").decode("latin-1")
    secure = "; Secure" if "https" in (scope.get("scheme"), forwarded) else ""

    async def send_with_cookie(message: dict) -> None:
        headers = message.get("headers", [])
        if message["type"] == "http.response.start" and dict(headers).get(b"content-type", b"").startswith(
            b"text/html"
        ):
            words = f"{COOKIE}={secrets.token_urlsafe(24)}; Max-Age={YEAR}; Path=/; HttpOnly; SameSite=Lax{secure}"
            message = {**message, "headers": [*headers, (b"set-cookie", words.encode())]}
        await send(message)

    return send_with_cookie


def viewer(root: Path) -> Viewer:
    """Who looks at the runs of a folder. Without a cookie, somebody who is known until he leaves."""
    if not HOSTING.hosted:
        return Viewer()
    fleeting = st.session_state.setdefault("visitor", secrets.token_urlsafe(24))
    owner = hashed(_logged_in() or _cookie() or fleeting)
    return Viewer(owner, _sign(owner) in _teachers(root))


def _cookie() -> str | None:
    return st.context.cookies.get(COOKIE)


def sees(run: Path) -> bool:
    """Whether whoever looks may look at the run of a folder, which stands among the others."""
    who = viewer(run.parent)
    return not who.owner or who.sees(owned(run), linked=run.name in st.query_params.to_dict().values())


def providers() -> list[str | None]:
    """Where one can log in, as the host has set it up in the [auth] of Streamlit's secrets: names, None for the only one."""
    auth = get_secrets_auth_section() if HOSTING.hosted else {}
    named = [name for name, of in auth.items() if isinstance(of, Mapping) and "client_id" in of]
    return ([None] if "client_id" in auth else []) + named


def called() -> str:
    """What whoever is logged in is called; "" for nobody."""
    known: Any = st.user.to_dict()
    return str(known.get("name") or known.get("email") or known["sub"]) if _logged_in() else ""


def _logged_in() -> str:
    """Who is logged in, as the host's provider of identities names him; "" for nobody."""
    known: Any = st.user.to_dict()
    return f"{known.get('iss')} {known['sub']}" if known.get("is_logged_in") and known.get("sub") else ""


def becomes_teacher(key: str, root: Path) -> bool:
    """Whether the key is the teacher's; then whoever looks is one from now on, in this browser."""
    right = HOSTING.is_teacher_key(key)
    if right:
        signed = sorted({*_teachers(root), _sign(viewer(root).owner)})
        write_atomic(root / TEACHERS, json.dumps(signed).encode())
    return right


def _teachers(root: Path) -> list[str]:
    """What teachers are known by: signed with the teacher's key, so that a new key makes strangers of all."""
    try:
        known = json.loads((root / TEACHERS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return known if isinstance(known, list) else []


def _sign(owner: str) -> str:
    key = HOSTING.teacher_key
    return hmac.new(key.encode(), owner.encode(), "sha256").hexdigest() if key else ""
