"""What browsers upload stays in this process until it is taken back or they leave: so much for one, so much for all."""

import re
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from streamlit import runtime

from nade_core.hosting import Hosting
from nade_core.queue import MAX_UPLOAD_MB

UPLOAD = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")
MB, FRAMING = 1 << 20, 1 << 16  # bytes; what stands around a file in a request
ONE = MAX_UPLOAD_MB * MB + FRAMING  # bytes that one session may have here
REFUSED, UNKNOWN = 413, 411  # statuses; lab/borrowed.py says the first one in words


class Uploads:
    """ASGI: refuses a file before it is kept, where it is more than its session, or all together, may have here."""

    def __init__(self, app: Callable, hosting: Hosting):
        self.app, self.most = app, hosting.uploads_mb * MB
        self._coming: dict[str, int] = defaultdict(int)  # bytes on their way, by session

    async def __call__(self, scope: dict, receive: Callable, send: Callable) -> None:
        session = UPLOAD.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if session is None:
            await self.app(scope, receive, send)
            return
        await self._take(session[1], scope, receive, send)

    async def _take(self, session: str, scope: dict, receive: Callable, send: Callable) -> None:
        size = dict(scope["headers"]).get(b"content-length", b"")
        if not size.isdigit():
            await Response(status_code=UNKNOWN)(scope, receive, send)
        elif not self._has_room(session, int(size)):
            if int(size) <= ONE:
                await _heard_out(receive)
            await Response(status_code=REFUSED)(scope, receive, send)
        else:
            self._coming[session] += int(size)
            try:
                with suppress(ClientDisconnect):  # who leaves in the middle is no fault of the app's
                    await self.app(scope, receive, send)
            finally:
                self._coming[session] -= int(size)
                if not self._coming[session]:
                    del self._coming[session]

    def _has_room(self, session: str, more: int) -> bool:
        kept = {name: sum(len(file.data) for file in list(files.values())) for name, files in list(stored().items())}
        mine = kept.get(session, 0) + self._coming.get(session, 0)
        all_of_them = sum(kept.values()) + sum(self._coming.values())
        return mine + more <= ONE and all_of_them + more <= self.most


async def _heard_out(receive: Callable) -> None:
    """Let a file come and drop it piece by piece. Who is answered earlier may find the connection broken, not the words."""
    while (await receive()).get("more_body"):
        pass


def stored() -> dict:
    """The files that are here, by session and by id."""
    return runtime.get_instance().uploaded_file_mgr.file_storage if runtime.exists() else {}  # type: ignore[attr-defined]
