"""Words of the app, a folder a language: messages.po for sentences, one Markdown file a chapter for prose."""

from .catalog import LANGUAGES, choose, name, prose, translate

__all__ = ["LANGUAGES", "choose", "name", "prose", "translate"]
