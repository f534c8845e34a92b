"""Words in the reader's language. State, links, caches and files hold ids; words come last, from here."""

import html
import re
from contextvars import ContextVar
from pathlib import PurePath
from typing import Any

import streamlit as st

import texts
from nade_core.messages import NadeError

from .link import LANGUAGE, asked, say
from .numbers import NBSP

_spoken: ContextVar[str] = ContextVar("spoken", default="")  # in this run of the page: asked for at every message
FOLDERS = re.compile(r"(?<![\w:/\\])(?:[A-Za-z]:)?[/\\](?:[^/\\'\"]*[/\\])*(?=[^/\\'\"]+)")  # that lead to a file
NUMBERED = re.compile(r"\bcolumn (\d+)\b")


def language() -> str:
    """The language of this viewer: as the link or the switch says, else the browser's, else English."""
    return _spoken.get() or st.session_state.get("language", texts.catalog.SOURCE)


def settle_language() -> str:
    """Decide the language of this run, before anything is shown."""
    chosen = texts.choose(asked(LANGUAGE), st.session_state.get("language"), st.context.locale)
    st.session_state["language"] = chosen
    _spoken.set(chosen)
    say(LANGUAGE, chosen)
    return chosen


def _(message: str, **facts: Any) -> str:
    """The message in the reader's language, its gaps filled with the facts."""
    return texts.translate(language(), message, **facts)


def title(card: Any) -> str:
    """A model's title: in the reader's language where it comes with the project, else as plain text in Markdown."""
    return _(card.title) if card.embedded else plain(card.title)


def class_name(card: Any, label: int) -> str:
    """The name of a class of a model, likewise."""
    return _(card.classes[label]) if card.embedded else plain(card.classes[label])


def tell(error: NadeError) -> str:
    """An error of the library as a sentence in the reader's language; one among its facts, such as a reason, too.

    Of a place on the server its last name is told, and not the folders that lead there.
    """
    return _(error.message, **{name: _told(fact) for name, fact in error.facts.items()})


def _told(fact: Any) -> Any:
    if isinstance(fact, NadeError):
        return tell(fact)
    if isinstance(fact, PurePath):
        return fact.name
    return FOLDERS.sub("", named(fact)) if isinstance(fact, str) else fact


def named(fact: Any) -> Any:
    """A fact of the library, with what it calls columns without names in the reader's language."""
    return NUMBERED.sub(lambda found: _("column {n}", n=found[1]), fact) if isinstance(fact, str) else fact


def duration(seconds: float) -> str:
    """A time as people say it, in seconds or in minutes."""
    if seconds < 120:
        return _("{n:.0f} s", n=max(1, seconds))
    return _("{n:.0f} min", n=seconds / 60)


def plain(text: str) -> str:
    """Somebody's own words, such as a title, a file's name or a reason, so that Markdown shows them as they are."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)


def prose(chapter: str, section: str, **facts: Any) -> str:
    """A passage of a chapter's Markdown file; gaps are written as ``{name}`` and filled with the facts."""
    text = texts.prose(language(), chapter)[section]
    for name, value in facts.items():  # not str.format: formulas are full of braces
        text = text.replace(f"{{{name}}}", str(value))
    return text


def explain(text: str, small: bool = False) -> None:
    """Markdown in which ``[[id]]``, or ``[[id|as it is said here]]``, is a term that opens its meaning.

    ``small`` is for what stands under a figure.
    """
    show = st.caption if small else st.markdown
    text = "".join(part if part.startswith("$") else _together(part) for part in TYPESET.split(text))
    show(TERM.sub(_term, text), unsafe_allow_html=True)


def _together(text: str) -> str:
    """The text with marks at which no line ends."""
    text = WHOLE.sub(lambda found: found[0].replace("|", "|" + JOINER).replace(" ", NBSP), text)
    return PARTICLE.sub(JOINER, text)


TYPESET = re.compile(r"(\$[^$\n]+\$)")
JOINER = "\u2060"  # no line ends at it
# No line ends within p(x₂ | x₁), log p, the beginning of n = 784, after ≤, or before the particle of p(x)는.
WHOLE = re.compile(r"\bp\([^()\n]*\)|\blog (?=\w)|(?<![\w.])\w [=≥≤≈−] (?=[\w−{(])|[=≥≤≈] (?=\S)")
PARTICLE = re.compile(r"(?<=[)%\]])(?=[가-힣])")
TERM = re.compile(r"\[\[([\w-]+)(?:\|([^\]]+))?\]\]")


def _term(found: re.Match[str]) -> str:
    """A term as HTML that needs no script: it takes the focus, and shows its meaning as long as it has it."""
    told = texts.prose(language(), "glossary").get(found[1])
    if told is None:  # somebody's own brackets
        return html.escape(found[0])
    title, _line, meaning = told.partition("\n")
    said, meaning = html.escape(found[2] or title), html.escape(meaning.strip())
    return (
        f'<span class="term" tabindex="0" role="button">{said}<span class="meaning" role="note">{meaning}</span></span>'
    )
