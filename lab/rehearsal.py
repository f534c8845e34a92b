"""A rehearsal before the audience: at its start the server opens every chapter, each of its steps, once itself.

So the answers that a first viewer asks for are there, at all defaults, whatever they are: no chapter names them. The server speaks to
the app as a browser does (Streamlit's messages over ASGI's websocket), goes from chapter to chapter in the order of the
navigation, and only on while nobody waits for a page.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from . import housekeeping
from .served import address

LOOK = 0.1  # seconds between two looks at whether others wait
LEFT = {"type": "websocket.disconnect", "code": 1000}


@asynccontextmanager
async def lifespan(app: Callable) -> AsyncIterator[None]:
    """The rehearsal goes on beside the app, as long as that runs."""
    rehearsing = asyncio.create_task(_rehearse(app))
    yield
    rehearsing.cancel()


async def _rehearse(app: Callable) -> None:
    await asyncio.to_thread(housekeeping.load)
    await visit(app, addresses())


def addresses() -> list[str]:
    """Every chapter first, and then the other steps of those that have steps."""
    from .chapter import chapters

    pages = {"" if chapter.home else chapter.id: chapter for chapter, _render in chapters().values()}
    return [*pages, *(f"{page}?step={step}" for page, chapter in pages.items() for step in chapter.steps[1:])]


async def visit(app: Callable, pages: Iterable[str]) -> None:
    """Open pages of the app one after another, as one viewer."""
    said: asyncio.Queue[dict] = asyncio.Queue()
    finished = asyncio.Semaphore(0)

    async def send(message: dict) -> None:
        answer = ForwardMsg.FromString(message.get("bytes") or b"")
        if answer.HasField("script_finished") and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
            finished.release()

    said.put_nowait({"type": "websocket.connect"})
    connection = asyncio.create_task(app(_scope(), said.get, send))
    connection.add_done_callback(lambda _ended: finished.release())  # whatever ended it: nobody waits for more
    for page in pages:
        if connection.done():
            break
        while housekeeping.somebody_waits():
            await asyncio.sleep(LOOK)
        said.put_nowait({"type": "websocket.receive", "bytes": _opening(page)})
        await finished.acquire()
    said.put_nowait(LEFT)
    await connection


def _scope() -> dict:
    """What ASGI says of a websocket that a browser on this machine opens."""
    path = address("_stcore/stream")
    headers = [(b"host", b"localhost"), (b"sec-websocket-protocol", b"streamlit")]
    scope = {"type": "websocket", "asgi": {"version": "3.0"}, "scheme": "ws", "path": path, "raw_path": path.encode()}
    return scope | {"query_string": b"", "root_path": "", "headers": headers, "subprotocols": ["streamlit"]}


def _opening(page: str) -> bytes:
    message = BackMsg()
    message.rerun_script.page_name, _mark, message.rerun_script.query_string = page.partition("?")
    return message.SerializeToString()
