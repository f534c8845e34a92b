"""What is uploaded stays within bounds, for one session and for all; and memory is given back when viewers have left."""

import asyncio
import ctypes
import weakref
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import streamlit as st
from starlette.requests import ClientDisconnect
from streamlit.runtime.memory_session_storage import MemorySessionStorage

from lab import housekeeping, uploads
from nade_core.hosting import HOST
from nade_core.queue import MAX_UPLOAD_MB

MB = uploads.MB


class Store:
    """Where Streamlit would keep the files, by session and id: of each only its length."""

    def __init__(self, monkeypatch):
        self.files = {}
        monkeypatch.setattr(uploads, "stored", lambda: self.files)

    async def __call__(self, scope, receive, send):
        await asyncio.sleep(0)  # all who upload at once have begun
        *_, session, name = scope["path"].split("/")
        size = int(dict(scope["headers"])[b"content-length"])
        self.files.setdefault(session, {})[name] = SimpleNamespace(data=range(size))
        await send({"type": "http.response.start", "status": 204, "headers": []})


@pytest.fixture
def store(monkeypatch):
    return Store(monkeypatch)


def put(app, *files, length=True):
    """The statuses of uploads of (session, megabytes) that come at once, each a megabyte a piece."""

    async def one(i, session, megabytes):
        told = []

        coming = iter(range(megabytes, 0, -1))

        async def send(message):
            assert message.get("status") != 413 or next(coming, None) is None, "answered before the file had come"
            told.append(message.get("status"))

        async def receive():
            return {"type": "http.request", "body": b"", "more_body": next(coming) > 1}

        headers = [(b"content-length", str(megabytes * MB).encode())] if length else []
        scope = {
            "type": "http",
            "method": "PUT",
            "path": f"/nade/_stcore/upload_file/{session}/{i}",
            "headers": headers,
        }
        await app(scope, receive, send)
        return told

    async def all_of_them():
        answers = await asyncio.gather(*(one(i, *file) for i, file in enumerate(files)))
        return [status for told in answers for status in told[:1]]

    with ThreadPoolExecutor(1) as thread:  # this one may have an event loop, of a browser's
        return thread.submit(asyncio.run, all_of_them()).result()


def test_fifty_uploads_of_20_mb_at_once_take_no_more_than_all_may(store):
    app = uploads.Uploads(store, HOST)
    statuses = put(app, *[(f"viewer {i}", 20) for i in range(50)])
    assert statuses.count(204) * 20 == HOST.uploads_mb and statuses.count(413) == 50 - statuses.count(204)
    assert put(app, ("late", 20)) == [413]
    store.files.popitem()  # one of them leaves
    assert put(app, ("late", 20), ("later", 20)) == [204, 413]


def test_one_session_takes_no_more_than_one_may(store):
    app = uploads.Uploads(store, HOST)
    assert put(app, ("ann", MAX_UPLOAD_MB - 1), ("ann", 2), ("ben", 2)) == [204, 413, 204]
    assert put(app, ("ann", 1), ("ann", 1)) == [204, 413]


def test_who_leaves_in_the_middle_of_an_upload_leaves_nothing(store, monkeypatch):
    app = uploads.Uploads(store, HOST)

    async def broken(scope, receive, send):
        raise ClientDisconnect

    monkeypatch.setattr(app, "app", broken)
    assert put(app, ("ann", MAX_UPLOAD_MB)) == []
    monkeypatch.setattr(app, "app", store)
    assert put(app, ("ann", MAX_UPLOAD_MB)) == [204]


def test_a_file_whose_length_is_not_told_is_not_taken_and_other_requests_pass(store):
    app = uploads.Uploads(store, HOST)
    assert put(app, ("ann", 1), length=False) == [411] and store.files == {}

    async def page(scope, receive, send):
        await send({"status": 200})

    told = []

    async def send(message):
        told.append(message["status"])

    for method, path in (("GET", "/coin"), ("DELETE", "/_stcore/upload_file/ann/0")):
        scope = {"type": "http", "method": method, "path": path, "headers": []}
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, uploads.Uploads(page, HOST)(scope, None, send)).result()
    assert told == [200, 200]


def test_sessions_whose_time_is_over_are_let_go_once_for_all_who_left(monkeypatch):
    class Session:
        id = "one"

    storage, session = MemorySessionStorage(ttl_seconds=0), Session()
    known = weakref.ref(session)
    storage.save(SimpleNamespace(session=session))
    del session
    manager = SimpleNamespace(_session_storage=storage)
    monkeypatch.setattr(housekeeping.runtime, "get_instance", lambda: SimpleNamespace(_session_mgr=manager))
    assert known() is not None
    assert housekeeping.forget_sessions() == 0 and known() is None


def test_who_leaves_is_tidied_up_after_once_and_who_left_later_soon(monkeypatch):
    tidied, left = [], iter([1, 0])
    monkeypatch.setattr(housekeeping, "AGAIN", 0.0)
    monkeypatch.setattr(housekeeping, "MARGIN", 0.0)
    monkeypatch.setattr(housekeeping, "kept", lambda: 0.0)
    monkeypatch.setattr(housekeeping, "forget_sessions", lambda: tidied.append("forgotten") or next(left))
    monkeypatch.setattr(housekeeping, "give_back", lambda: None)

    async def closed(scope, receive, send):
        pass

    async def three_leave():
        keeping = housekeeping.Housekeeping(closed)
        for _ in range(3):
            await keeping({"type": "websocket"}, None, None)
        await keeping({"type": "http"}, None, None)
        for _ in range(5):
            await asyncio.sleep(0)

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, three_leave()).result()
    assert tidied == ["forgotten"] * 2


def test_memory_is_given_back_where_the_system_knows_how():
    libc = housekeeping._glibc()
    assert libc is None or isinstance(libc, ctypes.CDLL)
    housekeeping.give_back()
    assert housekeeping.kept() == st.get_option("server.disconnectedSessionTTL") > 0
