"""A page of the app without a browser, in its frame, with its own runs folder and small sets to compare with."""

import functools
import re
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from lab import cache, link, neighbours
from lab.chapter import chapters
from lab.numbers import NBSP
from lab.words import JOINER
from lesson import channels

APP = Path(__file__).parents[2] / "app.py"
# Each new page would read the metadata of every package that is installed, for components in them.
manifest_scanner.scan_component_manifests = functools.cache(manifest_scanner.scan_component_manifests)
cache.TEST_IMAGES, cache.NOISE_IMAGES, neighbours.TYPICAL_OF = 60, 20, 5


@pytest.fixture(scope="module", autouse=True)
def few_steps():
    """Chapter 3 trains its networks for a tenth of the time: what they come to is what tests/lesson/test_pixel.py holds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(channels, "STEPS", 20)
        yield


@pytest.fixture
def chapter(monkeypatch, tmp_path):
    """chapter("density", image=7): the app at that address, run once; it must not fail.

    What else is given stands in the URL, as it is written there; ``locale`` is the browser's language.
    """
    monkeypatch.setattr(cache, "RUNS", tmp_path / "runs")

    def open_chapter(id, locale="en-US", **params):
        page = AppTest.from_file(APP, default_timeout=120)
        page.context["locale"] = locale
        return healthy(go(page, id, **params))

    return open_chapter


def go(page, id, **params):
    """The page at the address of a chapter, as when one follows a link in the same tab."""
    page._page_hash = calc_hash("" if chapters()[id][0].home else id)
    goes(page, {key: str(value) for key, value in params.items()})
    # between two runs the harness asks format_func outside of the page's session, where no language is chosen
    st.session_state["language"] = page.session_state["language"]
    return page


def goes(page, params):
    """The page after the browser went to that address, as by Back."""
    page.query_params = params
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(link, "went", lambda: True)
        return page.run()


def healthy(page):
    """The page, if it shows no exception and no error box."""
    assert not page.exception and not page.error, [e.value for e in (*page.exception, *page.error)]
    return page


def press(page, label):
    """The page after the button of that name was pressed."""
    next(button for button in page.button if button.label == label).click()
    return healthy(page.run())


def typed(text):
    """The text with numbers below zero as a program writes them, for float(), and with plain spaces."""
    return re.sub(r"−(?=\d)", "-", text.replace(NBSP, " ").replace(JOINER, ""))


def metric(page, label):
    return typed(next(m.value for m in page.metric if m.label == label))


def words(page):
    """What the page says in running text."""
    return typed(" ".join(str(e.value) for e in (*page.markdown, *page.caption, *page.info)))
