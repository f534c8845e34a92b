"""What a browser fetches beside the page, once: the engine's modules, models, and the numbers to compare with.

Everything stands at an address that holds a hash of its content, so a browser keeps it as long as it likes, and nobody
finds a model that was not offered to him: the address is as hard to guess as the weights.
"""

import gzip
import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import streamlit as st
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

ENGINE = Path(__file__).parent.parent / "web"
FOREVER = "public, max-age=31536000, immutable"
ONES_OWN = "private, max-age=31536000, immutable"
KEPT = 16  # compressed contents that stay in memory
MOST = 256  # addresses that are offered; the oldest one gives way
_offered: dict[str, Callable[[], bytes]] = {}  # by address below the app's own


class KeptPictures:
    """ASGI: a browser keeps the pictures of a page, which Streamlit serves at addresses that hash their content too."""

    def __init__(self, app: Callable):
        self.app = app

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        picture = scope["type"] == "http" and scope["path"].startswith(address("media/"))
        await self.app(scope, receive, _with_keeping(send) if picture else send)


def _with_keeping(send: Callable) -> Callable:
    async def send_with_keeping(message: dict) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            headers = message["headers"]
            if dict(headers).get(b"content-type", b"").startswith(b"image/"):
                message = {**message, "headers": [*headers, (b"cache-control", ONES_OWN.encode())]}
        await send(message)

    return send_with_keeping


def address(path: str) -> str:
    """The absolute path of something served, below the path that the app itself has."""
    base = st.get_option("server.baseUrlPath").strip("/")
    return f"/{base}/{path}" if base else f"/{path}"


def engine() -> str:
    """The address of the folder of the engine's modules, which import one another."""
    modules = sorted(ENGINE.glob("*.js"))
    version = _hash(b"".join(path.read_bytes() for path in modules))
    for path in modules:
        _offered[f"web/{version}/{path.name}"] = path.read_bytes
    return address(f"web/{version}")


def model(path: str, written: float) -> str:
    """The address of a model's file as it was ``written`` (a time). Its weights are float32, as the library's are:
    half of the bytes would cost 0.013 nats."""
    name = _hash_of(path, written)
    return _offer(f"{name}.safetensors", lambda: _read(path, name))


def numbers(values: bytes) -> str:
    """The address of an array of numbers, as its bytes."""
    return _offer(f"{_hash(values)}.bin", lambda: values)


def routes() -> list[Route]:
    """The routes of all these, for ``st.App``."""
    return [Route(address("web/{name:path}"), _answer)]


def _offer(name: str, content: Callable[[], bytes]) -> str:
    address_ = f"web/{name}"
    _offered[address_] = _offered.pop(address_, content)
    while len(_offered) > MOST:
        del _offered[next(iter(_offered))]
    return address(address_)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


@lru_cache(maxsize=64)
def _hash_of(path: str, written: float) -> str:
    return _hash(Path(path).read_bytes())


def _read(path: str, name: str) -> bytes:
    """The file, as long as it is the one that was offered."""
    content = Path(path).read_bytes()
    if _hash(content) != name:
        raise FileNotFoundError(path)
    return content


@lru_cache(maxsize=KEPT)
def _packed(name: str) -> bytes:
    return gzip.compress(_offered[name](), 6, mtime=0)


def _answer(request: Request) -> Response:
    """The content, compressed; 304 to who has it; 404 for what was not offered, or could not be read any more."""
    name = f"web/{request.path_params['name']}"
    tag = f'"{name.removeprefix("web/")}"'
    headers = {"ETag": tag, "Cache-Control": FOREVER, "Vary": "Accept-Encoding"}
    if name not in _offered:
        return Response(status_code=404)
    if request.headers.get("if-none-match", "").removeprefix("W/") == tag:
        return Response(status_code=304, headers=headers)
    try:
        content = _packed(name)
    except OSError:
        return Response(status_code=404)
    kind = "text/javascript" if name.endswith(".js") else "application/octet-stream"
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(gzip.decompress(content), media_type=kind, headers=headers)
    return Response(content, media_type=kind, headers=headers | {"Content-Encoding": "gzip"})
