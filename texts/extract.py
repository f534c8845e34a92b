"""Keeps the messages of every language in step with the code: python -m texts.extract [--merge | --check]

Without an option: finds every message, brings each texts/<language>/messages.po up to date (new ones untranslated,
those that are gone dropped) and prints what is untranslated. ``--merge`` first takes in the files of
texts/<language>/parts/ and deletes them. ``--check`` changes nothing, prints what is wrong, and exits with 1 if
anything is.
"""

import argparse
import ast
import io
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from .catalog import HERE, LANGUAGES, SOURCE

ROOT = HERE.parent
CODE = ("app.py", "deploy", "lab", "lesson", "nade_core")
KEYWORDS = dict.fromkeys(("_", "N_", "NadeError"))
GAP = re.compile(r"\{[^{}]*\}")
HEADER = r"""msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""


def calls(
    file: IO[bytes], keywords: list[str], comment_tags: object, options: object
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Babel's extraction method: every call of a keyword whose first argument is a literal, and nothing inside one."""
    for node in ast.walk(ast.parse(file.read())):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(message)), *_]) if name in keywords:
                yield node.lineno, name, message, []


def in_code() -> Iterator[tuple[str, str]]:
    """(message, file) of every marked sentence in the code."""
    for place in CODE:
        root = ROOT / place
        for path in sorted(root.rglob("*.py")) if root.is_dir() else [root]:
            for _line, message, _comments, _context in extract_from_file(calls, path, KEYWORDS):  # type: ignore[arg-type]  # a method as Babel documents it, not as it types it
                if message:
                    yield str(message), path.relative_to(ROOT).as_posix()


def in_data() -> Iterator[tuple[str, str]]:
    """(message, file) of what is shown of models and data sets: titles, descriptions, classes, binarisations."""
    from nade_core import list_models
    from nade_core.data import SOURCES, load_dataset
    from nade_core.models import MODELS

    for kind, _config in MODELS.values():
        yield kind.description, kind.__module__.replace(".", "/") + ".py"
    for card in list_models():
        about = card.title, card.header["binarisation"], *card.classes
        yield from ((text, f"pretrained/{card.name}.safetensors") for text in about)
    for row in json.loads((ROOT / "pretrained/leaderboard.json").read_text("utf-8"))["rows"]:
        yield row["title"], "pretrained/leaderboard.json"
    for name in SOURCES:
        yield from ((text, f"nade_core/data/embedded/{name}.npz") for text in load_dataset(name).class_names)


def template() -> Catalog:
    """Every message, once, with the files where it stands. What holds no letter is the same in all languages."""
    catalog = Catalog()
    for text, file in (*in_code(), *in_data()):
        if any(map(str.isalpha, GAP.sub("", text))):
            catalog.add(text, locations=[(file, 0)])
    for message in catalog:
        message.flags = {"python-brace-format"} if GAP.search(str(message.id)) else set()
        message.locations = sorted(set(message.locations))
    return catalog


def read(language: str, path: Path | None = None) -> Catalog:
    """A .po file of that language, by default its messages.po; empty where there is none."""
    path = path or HERE / language / "messages.po"
    with path.open("rb") if path.is_file() else io.BytesIO() as file:
        return read_po(file, locale=language)


def written(catalog: Catalog, language: str) -> str:
    """The text of the .po file, ordered by file."""
    text = io.BytesIO()
    write_po(text, catalog, 118, omit_header=True, sort_by_file=True, ignore_obsolete=True, include_lineno=False)
    return HEADER.format(language=language) + text.getvalue().decode("utf-8").lstrip("\n")


def update(language: str, found: Catalog) -> Catalog:
    """The messages of that language, those found in the code and no others."""
    catalog = read(language)
    catalog.update(found, no_fuzzy_matching=True)
    for message in catalog:
        if message.id:
            message.flags = set(found[message.id].flags)
    return catalog


def merge(language: str) -> Iterator[str]:
    """Takes in the parts of that language and deletes them; yields where two translations differ (the first stays)."""
    catalog = read(language)
    for path in sorted((HERE / language / "parts").glob("*.po")):
        for message in read(language, path):
            before = catalog.get(message.id)
            if not message.id or not message.string:
                continue
            if before and before.string and before.string != message.string:
                yield f"{path.name}: {message.id!r} stays {before.string!r}, not {message.string!r}"
            elif before:
                before.string = message.string
            else:
                catalog.add(message.id, message.string)
        path.unlink()
    (HERE / language / "messages.po").write_text(written(catalog, language), "utf-8")


def faults(language: str, found: Catalog) -> Iterator[str]:
    """What is wrong with the messages of that language, a line each."""
    catalog = read(language)
    ids = {message.id for message in catalog if message.id}
    for message in found:
        if message.id and not (message.id in ids and catalog[message.id].string):
            yield f"missing: {message.id!r} ({message.locations[0][0]})"
    for message in catalog:
        if not message.id:
            continue
        if message.id not in found:
            yield f"obsolete: {message.id!r}"
        if message.fuzzy:
            yield f"fuzzy: {message.id!r}"
        if message.string and gaps(str(message.string)) != gaps(str(message.id)):
            yield f"other gaps: {message.id!r}, {message.string!r}"


def gaps(text: str) -> set[str]:
    """The placeholders of a message, such as {n:,}."""
    return set(GAP.findall(text))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--merge", action="store_true", help="take in texts/<language>/parts/*.po and delete them")
    group.add_argument("--check", action="store_true", help="change nothing; exit with 1 if anything is wrong")
    options = parser.parse_args(arguments)
    found, lines = template(), []
    for language in LANGUAGES:
        if language == SOURCE:
            continue
        if options.merge:
            lines += [f"{language}: {line}" for line in merge(language)]
        if not options.check:
            path = HERE / language / "messages.po"
            path.write_text(written(update(language, found), language), "utf-8")
        lines += [f"{language}: {line}" for line in faults(language, found)]
    print("\n".join(lines) or "Every message is in every language.")
    return int(options.check and bool(lines))


if __name__ == "__main__":
    sys.exit(main())
