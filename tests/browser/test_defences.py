"""What Streamlit defends by itself stays on: requests of another site are refused; nothing is served but what is offered."""

from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
import streamlit as st
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

FOREIGN = "https://elsewhere.example"


def status(address, method="GET", **headers):
    """The status of an answer."""
    try:
        with urlopen(
            Request(address, method=method, headers=headers, data=b"x" if method == "PUT" else None)
        ) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def test_nothing_of_it_is_switched_off():
    for name in ("enableXsrfProtection", "enableCORS"):
        assert st.get_option(f"server.{name}") is True
    assert st.get_option("client.showErrorDetails") == "none"
    assert st.get_option("browser.gatherUsageStats") is False


def test_an_upload_without_the_pages_token_is_refused(app):
    address = f"{app}/_stcore/upload_file/somebody/file"
    assert status(address, "PUT") == 403
    assert status(address, "PUT", **{"X-Xsrftoken": "made up", "Cookie": "_streamlit_xsrf=another"}) == 403


@pytest.mark.parametrize("origin, opens", [(FOREIGN, False), ("", True)])
def test_a_page_of_another_site_opens_no_session(app, origin, opens):
    address = f"ws://{urlsplit(app).netloc}/_stcore/stream"
    try:
        with connect(address, origin=origin or app, subprotocols=["streamlit"]):
            assert opens
    except InvalidStatus as refused:
        assert not opens and refused.response.status_code == 403


def test_a_script_of_another_site_reads_no_answer(app):
    with urlopen(Request(f"{app}/_stcore/health", headers={"Origin": FOREIGN})) as answer:
        assert answer.headers.get("Access-Control-Allow-Origin") in (None, app)


@pytest.mark.parametrize("path", ["web/../app.py", "web/%2e%2e/app.py", "web//etc/passwd", "web/..%2f..%2fapp.py"])
def test_no_path_leads_to_a_file_that_was_not_offered(app, path):
    try:
        with urlopen(f"{app}/{path}") as answer:
            assert b"<html" in answer.read(500), "a page of the app, and not the file"
    except HTTPError as error:
        assert error.code in (400, 404)
