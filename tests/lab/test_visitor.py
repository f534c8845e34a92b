"""A host of many: a browser is known by its cookie, sees its own runs, and what others share; a teacher sees all."""

import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from lab import cache, visitor
from nade_core import NADE, NADEConfig, save_model
from nade_core.hosting import from_environment
from nade_core.queue import Queue
from nade_core.runs import Owned, RunConfig, create, give, hashed, owned
from nade_core.runs.folder import write_status
from nade_core.training import TrainConfig

ANN, BEN, EVE = "ann's key", "ben's key", "eve's key"  # what their browsers send
KEY = "correct horse"


def answered(app_type, cookie=None, scheme="http"):
    """The headers of an answer of that type to a request with that cookie."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", app_type)]})

    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"cookie", cookie)] if cookie else []
    scope = {"type": "http", "scheme": scheme, "headers": headers}
    with ThreadPoolExecutor(1) as thread:  # this one may have an event loop, of a browser's
        thread.submit(asyncio.run, visitor.Cookies(app)(scope, None, send)).result()
    return dict(sent[0]["headers"])


@pytest.fixture
def hosted(monkeypatch):
    monkeypatch.setattr(visitor, "HOSTING", from_environment({"NADE_TEACHER_KEY": KEY}))
    monkeypatch.setattr(Queue, "_work", lambda self: None)


@pytest.fixture
def opened(chapter, monkeypatch):
    """opened(cookie, "train"): the page in the browser that sends that cookie."""

    def open_as(cookie, id="train", **params):
        monkeypatch.setattr(visitor, "_cookie", lambda: cookie)
        return chapter(id, **params)

    return open_as


@pytest.fixture
def of_ann(hosted, tmp_path):
    """The folder of a finished run of Ann's."""
    folder = tmp_path / "runs" / "of-ann"
    create(folder, RunConfig("mnist", "NADE", {"dims": 784, "hidden": 4}, TrainConfig(epochs=1), title="Ann's digits"))
    write_status(folder, "done")
    give(folder, Owned(hashed(ANN)))
    torch.manual_seed(0)
    save_model(NADE(NADEConfig(784, 4)), folder / "model.safetensors", title="Ann's digits", shape=[28, 28])
    return folder


def runs_of(page):
    return [name for box in page.selectbox if box.key == "run" for name in box.options]


def test_a_page_gives_a_browser_a_key_that_no_script_reads_and_only_once(hosted):
    words = answered(b"text/html; charset=utf-8")[b"set-cookie"].decode()
    assert re.match(rf"{visitor.COOKIE}=[\w-]{{32}}; .*HttpOnly; SameSite=Lax$", words)
    assert answered(b"text/html", scheme="https")[b"set-cookie"].endswith(b"; Secure")
    assert b"set-cookie" not in answered(b"text/html", f"other=1; {words.partition(';')[0]}".encode())
    assert b"set-cookie" not in answered(b"image/png")


def test_alone_on_a_machine_nobody_gets_a_key_and_every_run_is_ones_own(opened, of_ann, monkeypatch):
    monkeypatch.setattr(visitor, "HOSTING", from_environment({}))
    assert b"set-cookie" not in answered(b"text/html")
    page = opened(None)
    assert len(runs_of(page)) == 1 and [b for b in page.button if b.label == "Delete"]


def test_others_neither_see_a_run_nor_its_model(opened, of_ann):
    assert len(runs_of(opened(ANN))) == 1
    assert runs_of(opened(BEN)) == []
    page = opened(BEN, run="of-ann")
    assert "no longer here" in " ".join(box.value for box in page.warning) and "Ann" not in str(page.main)
    page = opened(BEN, "generate", model="of-ann", n=4)
    assert page.session_state["model"] != "of-ann"


def test_a_run_that_its_owner_shares_is_used_by_who_has_the_link_and_touched_by_nobody(opened, of_ann):
    page = opened(ANN)
    page.segmented_control(key="audience-of-ann").set_value("link").run()
    assert owned(of_ann) == Owned(hashed(ANN), "link")
    assert runs_of(opened(BEN)) == []
    page = opened(BEN, run="of-ann")
    assert page.session_state["run"] == "of-ann" and not [b for b in page.button if b.label == "Delete"]
    assert opened(BEN, "generate", model="of-ann", n=4).session_state["model"] == "of-ann"


def test_a_teacher_enters_the_key_once_sees_every_run_and_publishes_it(opened, of_ann):
    page = opened(BEN)
    page.text_input[-1].set_value("wrong horse")
    page.button[-1].click().run()
    assert "not the key" in " ".join(box.value for box in page.warning) and runs_of(page) == []
    page.text_input[-1].set_value(KEY)
    page.button[-1].click().run()
    page = opened(BEN)
    assert len(runs_of(page)) == 1 and [b for b in page.button if b.label == "Delete"]
    page.segmented_control(key="audience-of-ann").set_value("class").run()
    assert len(runs_of(opened(EVE))) == 1


def test_a_new_teachers_key_makes_strangers_of_those_who_knew_the_old_one(hosted, tmp_path, monkeypatch):
    monkeypatch.setattr(visitor, "_logged_in", lambda: "a teacher")
    tmp_path.joinpath("runs").mkdir()
    assert visitor.becomes_teacher(KEY, tmp_path / "runs") and visitor.viewer(tmp_path / "runs").teacher
    monkeypatch.setattr(visitor, "HOSTING", from_environment({"NADE_TEACHER_KEY": "battery staple"}))
    assert not visitor.viewer(tmp_path / "runs").teacher


def test_what_is_wrong_with_a_run_is_told_to_who_may_see_it(opened, of_ann):
    (of_ann / "config.json").write_text("{")
    told = [" ".join(box.value for box in opened(who).warning) for who in (ANN, BEN)]
    assert "damaged" in told[0] and "ann" not in told[1] and str(cache.RUNS) not in told[0]


@pytest.mark.parametrize(
    ("auth", "offered"),
    [
        ({}, []),
        ({"client_id": "x", "client_kwargs": {"scope": "openid"}}, [None]),
        ({"cookie_secret": "x", "one": {"client_id": "x"}, "two": {"client_id": "y"}}, ["one", "two"]),
    ],
)
def test_where_the_host_has_set_up_a_login_one_can_log_in(opened, hosted, monkeypatch, auth, offered):
    monkeypatch.setattr(visitor, "get_secrets_auth_section", lambda: auth)
    assert visitor.providers() == offered
    found = [button.key for button in opened(ANN).button if "login" in (button.key or "")]
    assert found == [f"login-{name}" for name in offered]


def test_who_is_logged_in_owns_his_runs_whatever_the_cookie_and_alone_nobody_logs_in(opened, of_ann, monkeypatch):
    known = {"is_logged_in": True, "iss": "https://id.example", "sub": "17", "name": "*Ann*"}
    monkeypatch.setattr(type(visitor.st.user), "to_dict", lambda self: known)
    give(of_ann, Owned(hashed("https://id.example 17")))
    page = opened(BEN)
    assert len(runs_of(page)) == 1 and any("\\*Ann\\*" in box.value for box in page.caption)
    assert [button for button in page.button if button.key == "logout"]
    monkeypatch.setattr(visitor, "HOSTING", from_environment({}))
    monkeypatch.setattr(visitor, "get_secrets_auth_section", lambda: {"client_id": "x"})
    assert visitor.providers() == []
