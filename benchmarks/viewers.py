"""A viewer without a browser: Streamlit's own websocket protocol, and its upload of files."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Common_pb2 import UploadedFileInfo
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

LANGUAGES = "ko", "en"
PATIENCE = 120.0  # seconds until an answer that has not come is a fault
BOUNDARY = "the-only-file"
HEAD = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{{name}}"\r\n\r\n'
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()


@dataclass
class Seen:
    """What all viewers saw: seconds by how many were there, of first pages and of changes; bytes; and faults."""

    here: int = 0
    bytes: int = 0
    changes: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    first: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Viewer:
    """One websocket: a session of the app. ``uploader`` is the control of its page that takes a file."""

    def __init__(self, socket: websockets.ClientConnection, number: int, seen: Seen):
        self.socket, self.number, self.seen, self.uploader = socket, number, seen, ""
        self.chance, self.language = random.Random(number), LANGUAGES[number % len(LANGUAGES)]

    async def run(self, page: str, file: UploadedFileInfo | None = None, **state: object) -> float:
        """A run of a page with that state in its link, and a file in its control; the seconds until it has finished."""
        message, began = BackMsg(), time.monotonic()
        message.rerun_script.query_string = urlencode({"lang": self.language, **state})
        message.rerun_script.page_name = page
        if file is not None:
            dropped = message.rerun_script.widget_states.widgets.add(id=self.uploader)
            dropped.file_uploader_state_value.uploaded_file_info.append(file)
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while not self._finished(page, await self._hear()):
                pass
        return time.monotonic() - began

    async def place(self, name: str, size: int) -> UploadedFileInfo:
        """Where the server would have a file of so many bytes."""
        message = BackMsg()
        message.file_urls_request.file_names.append(name)
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while not (answer := await self._hear()).HasField("file_urls_response"):
                pass
        urls = answer.file_urls_response.file_urls[0]
        return UploadedFileInfo(name=name, size=size, file_id=urls.file_id, file_urls=urls)

    async def _hear(self) -> ForwardMsg:
        content = await self.socket.recv(decode=False)
        self.seen.bytes += len(content)
        return ForwardMsg.FromString(content)

    def _finished(self, page: str, answer: ForwardMsg) -> bool:
        """Whether the script has ended with this answer. RuntimeError where it, or the address, is wrong."""
        kind, element = answer.WhichOneof("type"), answer.delta.new_element
        if element.WhichOneof("type") == "exception":
            raise RuntimeError(f"{page}: {element.exception.message}")
        if element.WhichOneof("type") == "file_uploader":
            self.uploader = element.file_uploader.id
        if kind == "page_not_found":
            raise RuntimeError(f"there is no page {page}")
        return kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY


@asynccontextmanager
async def coming(address: str, number: int, seen: Seen) -> AsyncIterator[Viewer]:
    """A viewer of the app at an address (ws), as long as the page is open."""
    spoken, stream = [websockets.Subprotocol("streamlit")], f"{address}/_stcore/stream"
    socket = websockets.connect(stream, subprotocols=spoken, max_size=None, max_queue=None, open_timeout=PATIENCE)
    async with socket as connection:
        yield Viewer(connection, number, seen)


def put(site: str, place: UploadedFileInfo, content: bytes) -> int:
    """Upload a file as a browser does: the status of the answer. ``site`` is the address of the app (http)."""
    with urlopen(f"{site}/_stcore/health", timeout=PATIENCE) as healthy:
        cookie = healthy.headers["set-cookie"].partition(";")[0]
    head = HEAD.format(name=place.name).encode()
    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Content-Length": str(len(head) + len(content) + len(TAIL)),
        "Cookie": cookie,
        "X-Xsrftoken": cookie.partition("=")[2],
    }
    # In parts, so that many uploads of one content share its memory here.
    request = Request(f"{site}{place.file_urls.upload_url}", iter((head, content, TAIL)), headers, method="PUT")
    try:
        with urlopen(request, timeout=PATIENCE) as answer:
            return answer.status
    except HTTPError as refusal:
        return refusal.code
