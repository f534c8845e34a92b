"""Every sentence in every language. A folder beside this file is a language; nothing else makes it one.

A message is looked up by its English text, its id, as gettext does. English itself needs no messages.po.
"""

import gettext
import io
import re
from functools import lru_cache
from numbers import Real
from pathlib import Path
from string import Formatter
from typing import Any

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

HERE = Path(__file__).parent
SOURCE = "en"  # the language that messages are written in
LANGUAGES = tuple(
    sorted((p.name for p in HERE.iterdir() if any(p.glob("*.md"))), key=lambda code: (code == SOURCE, code))
)


@lru_cache
def _messages(language: str) -> gettext.NullTranslations:
    path = HERE / language / "messages.po"
    if not path.is_file():
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    return gettext.GNUTranslations(io.BytesIO(compiled.getvalue()))


def translate(language: str, message: str, **facts: Any) -> str:
    """The message in that language, its gaps filled with the facts; in English where there is no translation."""
    text = _messages(language).gettext(message) if message else ""
    return FILLED.vformat(text, (), facts) if facts else text


class Filled(Formatter):
    """Fills gaps as str.format does, but writes numbers below zero with a minus sign, which is as wide as a digit, and what
    is rounded to zero without one."""

    def format_field(self, value: Any, spec: str) -> str:
        text = super().format_field(value, spec)
        if not isinstance(value, Real):
            return text
        return text.replace("-", MINUS) if re.search("[1-9]", text) else text.replace("-", "")


FILLED, MINUS = Filled(), "\u2212"


@lru_cache
def prose(language: str, chapter: str) -> dict[str, str]:
    """The sections of a chapter's Markdown file in that language: {id: text}. A section begins with ``## id``."""
    text = (HERE / language / f"{chapter}.md").read_text("utf-8")
    parts = [part.partition("\n") for part in f"\n{text}".split("\n## ")[1:]]
    return {head.strip(): body.strip() for head, _, body in parts}


def name(language: str) -> str:
    """What a language calls itself."""
    return str(Locale.parse(language).get_display_name(language)).capitalize()


def choose(*wishes: str | None) -> str:
    """The first of the wishes, such as "ko" or "ko-KR", that there is; English if there is none."""
    for wish in wishes:
        code = (wish or "").replace("_", "-").split("-")[0].lower()
        if code in LANGUAGES:
            return code
    return SOURCE
