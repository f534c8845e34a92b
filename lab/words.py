"""Words in the reader's language. State, links, caches and files hold ids; words come last, from here."""

import re
from typing import Any

import streamlit as st

import texts
from nade_core.messages import NadeError

LANGUAGE = "lang"  # its key in the session and in the URL


def language() -> str:
    """The language of this viewer: as the link or the switch says, else the browser's, else English."""
    return st.session_state.get("language", texts.catalog.SOURCE)


def settle_language() -> str:
    """Decide the language of this run, before anything is shown."""
    chosen = texts.choose(st.query_params.get(LANGUAGE), st.session_state.get("language"), st.context.locale)
    st.session_state["language"] = chosen
    return chosen


def _(message: str, **facts: Any) -> str:
    """The message in the reader's language, its gaps filled with the facts."""
    return texts.translate(language(), message, **facts)


def tell(error: NadeError) -> str:
    """An error of the library as a sentence in the reader's language."""
    return _(error.message, **error.facts)


def plain(text: str) -> str:
    """Somebody's own words, such as a title, a file's name or a reason, so that Markdown shows them as they are."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def prose(chapter: str, section: str, **facts: Any) -> str:
    """A passage of a chapter's Markdown file; gaps are written as ``{name}`` and filled with the facts."""
    text = texts.prose(language(), chapter)[section]
    for name, value in facts.items():  # not str.format: formulas are full of braces
        text = text.replace(f"{{{name}}}", str(value))
    return text
