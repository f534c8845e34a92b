"""A page of the app without a browser, with its own runs folder."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest


@pytest.fixture
def chapter(monkeypatch, tmp_path):
    """chapter("density", source="Noise"): that chapter, run once with widget states; it must not fail."""
    from views import state

    monkeypatch.setattr(state, "RUNS", tmp_path / "runs")
    st.cache_data.clear()

    def open_chapter(name, **widgets):
        def script(name):
            import importlib

            importlib.import_module(f"views.{name}").render()

        page = AppTest.from_function(script, default_timeout=120, args=(name,))
        for key, value in widgets.items():
            page.session_state[key] = value
        return healthy(page.run())

    return open_chapter


def healthy(page):
    """The page, if it shows no exception and no error box."""
    assert not page.exception and not page.error, [e.value for e in (*page.exception, *page.error)]
    return page
