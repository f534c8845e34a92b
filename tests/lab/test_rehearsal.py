"""The server opens every step of every chapter once before the audience, and what takes much memory is done in turn."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lab import housekeeping, rehearsal, turns
from lab.chapter import chapters, lesson


class Stage:
    """An app that answers every page, until it breaks at one of them, and remembers which were asked for."""

    def __init__(self, breaks_at=None):
        self.opened, self.breaks_at, self.left = [], breaks_at, asyncio.Event()

    async def __call__(self, scope, receive, send):
        assert scope["type"] == "websocket" and scope["path"] == "/_stcore/stream"
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (said := await receive())["type"] == "websocket.receive":
            asked = BackMsg.FromString(said["bytes"]).rerun_script
            self.opened.append("?".join(filter(None, [asked.page_name, asked.query_string])))
            if self.opened[-1] == self.breaks_at:
                return
            for status in (ForwardMsg.FINISHED_EARLY_FOR_RERUN, ForwardMsg.FINISHED_SUCCESSFULLY):
                await send({"type": "websocket.send", "bytes": ForwardMsg(script_finished=status).SerializeToString()})
        assert said == rehearsal.LEFT
        self.left.set()


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch):
    monkeypatch.setattr(housekeeping, "somebody_waits", lambda: False)


def apart(function):
    """In a thread of its own: this one may have an event loop, of a browser's."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, function()).result()


def test_every_chapter_is_opened_once_when_the_server_starts(monkeypatch):
    loaded = []
    monkeypatch.setattr(housekeeping, "load", lambda: loaded.append(True))

    async def start():
        stage = Stage()
        async with rehearsal.lifespan(stage):
            await stage.left.wait()
        pages = ["" if chapter.home else id for id, (chapter, _) in chapters().items()]
        assert loaded and stage.opened[: len(pages)] == pages
        steps = [f"step={step}" for chapter in lesson() for step in chapter.steps[1:]]
        assert [address.rpartition("?")[2] for address in stage.opened[len(pages) :]] == steps
        assert "pixel?step=full" in stage.opened

    apart(start)


def test_a_connection_that_breaks_ends_the_rehearsal():
    async def broken():
        stage = Stage(breaks_at="coin")
        await asyncio.wait_for(rehearsal.visit(stage, ["coin", "pixel"]), 5)
        assert stage.opened == ["coin"]

    apart(broken)


def test_nothing_is_opened_while_somebody_waits_for_a_page(monkeypatch):
    monkeypatch.setattr(rehearsal, "LOOK", 0)

    async def waits():
        stage, looks = Stage(), iter([True, True, False])
        monkeypatch.setattr(housekeeping, "somebody_waits", lambda: next(looks))
        await rehearsal.visit(stage, ["coin"])
        assert stage.opened == ["coin"] and next(looks, None) is None

    apart(waits)


def test_one_at_a_time_has_the_turn_and_who_asks_for_something_else_gives_up_the_place(monkeypatch):
    class Gone(Exception):
        """What Streamlit raises in a script that is no longer asked for."""

    class State:
        def __contains__(self, key):
            raise Gone

    monkeypatch.setattr(turns, "LOOK", 0.001)
    monkeypatch.setattr(st, "session_state", State())

    def another():
        with turns.turn():
            return True

    with ThreadPoolExecutor(1) as thread:
        with turns.turn(), pytest.raises(Gone):
            thread.submit(another).result()
        assert thread.submit(another).result()
