"""The server opens every chapter once before the audience, and computations take turns."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lab import housekeeping, rehearsal, turns
from lab.chapter import chapters


class Stage:
    """An app that answers every page, until it breaks at one of them, and remembers which were asked for."""

    def __init__(self, breaks_at=None):
        self.opened, self.breaks_at, self.left = [], breaks_at, asyncio.Event()

    async def __call__(self, scope, receive, send):
        assert scope["type"] == "websocket" and scope["path"] == "/_stcore/stream"
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (said := await receive())["type"] == "websocket.receive":
            self.opened.append(BackMsg.FromString(said["bytes"]).rerun_script.page_name)
            if self.opened[-1] == self.breaks_at:
                return
            for status in (ForwardMsg.FINISHED_EARLY_FOR_RERUN, ForwardMsg.FINISHED_SUCCESSFULLY):
                await send({"type": "websocket.send", "bytes": ForwardMsg(script_finished=status).SerializeToString()})
        assert said == rehearsal.LEFT
        self.left.set()


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
        assert loaded and stage.opened == ["" if chapter.home else id for id, (chapter, _) in chapters().items()]

    apart(start)


def test_a_connection_that_breaks_ends_the_rehearsal():
    async def broken():
        stage = Stage(breaks_at="coin")
        await asyncio.wait_for(rehearsal.visit(stage, ["coin", "pixel"]), 5)
        assert stage.opened == ["coin"]

    apart(broken)


def test_nothing_is_opened_while_somebody_else_has_something_computed(monkeypatch):
    monkeypatch.setattr(turns, "LOOK", 0)

    async def waits():
        stage, computing = Stage(), iter([True, True, False])
        monkeypatch.setattr(turns, "taken", lambda: next(computing) and not stage.opened)
        await rehearsal.visit(stage, ["coin"])
        assert stage.opened == ["coin"] and next(computing, None) is None

    apart(waits)


def test_as_many_compute_at_once_as_have_turns_and_each_answer_once():
    here, most, asked = [], [], []
    everybody = threading.Barrier(8)

    @turns.computed(max_entries=8)
    def answer(question):
        here.append(question)
        most.append(len(here))
        asked.append(question)
        here.remove(question)
        return -question

    def viewer(i):
        everybody.wait()
        return answer(i % 4)

    with ThreadPoolExecutor(8) as viewers:
        assert list(viewers.map(viewer, range(8))) == [0, -1, -2, -3] * 2
    assert sorted(asked) == [0, 1, 2, 3] and max(most) <= turns.AT_ONCE
    assert not turns.taken()


def test_who_asks_for_something_else_gives_up_the_place_and_who_has_a_turn_asks_for_no_other(monkeypatch):
    class Gone(Exception):
        """What Streamlit raises in a script that is no longer asked for."""

    class State:
        def __contains__(self, key):
            raise Gone

    monkeypatch.setattr(st, "session_state", State())
    monkeypatch.setattr(turns, "LOOK", 0.001)
    monkeypatch.setattr(turns, "_turns", threading.Semaphore(0))
    with pytest.raises(Gone), turns.turn():
        pytest.fail("there is no turn")
    monkeypatch.setattr(turns, "_turns", threading.Semaphore(2))
    with turns.turn(), pytest.raises(AssertionError, match="would wait"), turns.turn():
        pass
    with turns.turn():
        pass
