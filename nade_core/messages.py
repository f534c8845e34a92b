"""Sentences for people: English here, any language where there is a translator."""

from dataclasses import dataclass, field
from typing import Any


def N_(text: str) -> str:
    """The text itself; marks it as one that is translated where it is shown."""
    return text


class NadeError(ValueError):
    """What is wrong, as a sentence with gaps and the facts that fill them.

    ``message`` (with its gaps, as in ``str.format``) is the id under which a translator looks the sentence up, and
    ``facts`` fill the gaps of the translation as well. By itself the error speaks English.
    """

    def __init__(self, message: str, **facts: Any):
        super().__init__(message)
        self.message, self.facts = message, facts

    def __str__(self) -> str:
        return self.message.format(**self.facts) if self.facts else self.message

    def of(self, name: str, copy: str) -> "NadeError":
        """Itself, with the ``name`` of a file where it speaks of the ``copy`` that was read."""
        self.facts = {key: name if fact == copy else fact for key, fact in self.facts.items()}
        return self

    def as_json(self) -> dict[str, Any]:
        """Its message and its facts, to be raised elsewhere: NadeError(told["message"], **told["facts"])."""
        known = {k: v if isinstance(v, str | int | float | bool) else str(v) for k, v in self.facts.items()}
        return {"message": self.message, "facts": known}


@dataclass(frozen=True)
class Note:
    """Something to know: a sentence with gaps, marked for translation, and the facts that fill them."""

    message: str
    facts: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message.format(**self.facts)
