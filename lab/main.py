"""The frame of every page: its language, its address, the navigation, and the head of the chapter."""

from pathlib import Path

import streamlit as st

import texts

from . import link
from .chapter import GROUPS, chapters
from .components import frame
from .session import friendly_errors
from .words import LANGUAGE, _, settle_language

HERE = Path(__file__).parent
ICON = HERE / "icon.png"  # a sample of nade-mnist


def main() -> None:
    """One run of the app."""
    st.set_page_config("NADE Lab", page_icon=ICON, layout="wide")
    settle_language()
    pages: dict[str, list] = {}
    of_page = {}
    for chapter, render in chapters().values():
        page = st.Page(
            render,
            title=_(chapter.title),
            icon=chapter.icon,
            url_path=chapter.id,
            default=chapter.home,
        )
        pages.setdefault(_(GROUPS[chapter.group]), []).append(page)
        of_page[page] = chapter
    page = st.navigation(pages)
    chapter = of_page[page]
    link.open_chapter(chapter.id)
    st.set_page_config(f"{_(chapter.title)} · NADE Lab")
    st.html(HERE / "style.css")
    frame()
    _head(chapter)
    with friendly_errors():
        page.run()


def _head(chapter) -> None:
    """The title, the sentence to take away, and at its right the language."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.title(_(chapter.title), anchor=False, width="content")
        _switch()
    st.markdown(_(chapter.lead))


def _switch() -> None:
    """The language, always in sight; the names of languages are the same in all of them."""
    st.session_state["switch"] = st.session_state["language"]
    st.segmented_control(
        _("Language"),
        texts.LANGUAGES,
        format_func=texts.name,
        key="switch",
        required=True,
        label_visibility="collapsed",
        width="content",
        on_change=_change_language,
    )


def _change_language() -> None:
    st.session_state["language"] = st.session_state["switch"]
    link.say(LANGUAGE, st.session_state["switch"])
