"""The frame of every page: its language, its address, the navigation, and the head and foot of the chapter."""

from functools import partial
from pathlib import Path
from typing import Any

import streamlit as st

import texts

from . import link, share, stage
from .chapter import GROUPS, Chapter, chapters, lesson
from .components import frame
from .session import friendly_errors
from .theme import words_first
from .words import _, explain, settle_language

HERE = Path(__file__).parent
ICON = HERE / "icon.png"  # a sample of nade-mnist
SIDEBAR = 220  # pixels


def main() -> None:
    """One run of the app."""
    st.set_page_config("NADE Lab", page_icon=ICON, layout="wide", initial_sidebar_state=SIDEBAR)
    settle_language()
    pages, addresses = _pages()
    page = st.navigation(pages, position="hidden" if link.presenting() else "sidebar", expanded=True)
    if goto := st.session_state.pop("goto", None):
        st.switch_page(next(at for at, chapter in addresses.items() if chapter.id == goto))
    chapter = addresses[page]
    link.open_chapter(chapter.id)
    about = _(
        "A lecture on learning p(x), made touchable."
    )  # a menu with an entry has the switch of light and dark too
    st.set_page_config(f"{_(chapter.title)} · NADE Lab", menu_items={"About": f"**NADE Lab**. {about}"})
    st.html(HERE / "style.css")
    st.html(HERE / "print.css")
    if link.presenting():
        st.html(HERE / "present.css")
    frame(link.presenting())
    slot = _head(chapter)
    with words_first(), friendly_errors():
        page.run()
    if chapter.group == "lesson":
        stage.foot(chapter, lesson())
    with slot:
        share.panel()


def _pages() -> tuple[dict[str, list[Any]], dict[Any, Chapter]]:
    """The pages by group as the navigation takes them, and the chapter of each; former addresses stay reachable."""
    pages: dict[str, list[Any]] = {_(name): [] for name in GROUPS.values()}
    addresses: dict[Any, Chapter] = {}
    for chapter, render in chapters().values():
        name = f"{chapter.place} · {_(chapter.short)}" if chapter.short else _(chapter.title)
        page = partial(st.Page, render, title=name, icon=chapter.icon)
        found = [page(url_path=chapter.id, default=chapter.home)]
        found += [page(url_path=alias, visibility="hidden") for alias in chapter.aliases]
        pages[_(GROUPS[chapter.group])] += found
        addresses |= dict.fromkeys(found, chapter)
    return {name: found for name, found in pages.items() if found}, addresses


def _head(chapter: Chapter) -> Any:
    """The title; at its right the language, and room for the link. Under it the lead, where there is one."""
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center", key="head"):
        st.title(_(chapter.title), anchor=False, width="content")
        with st.container(horizontal=True, horizontal_alignment="right", width="content", gap="small"):
            _switch()
            slot = st.container(width="content")
    if chapter.lead:
        explain(_(chapter.lead))
    return slot


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
    link.say(link.LANGUAGE, st.session_state["switch"])
