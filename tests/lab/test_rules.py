"""Who may import whom: chapters never each other, one room asks models, words import nothing, the engine knows no page."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAB = sorted((ROOT / "lab").rglob("*.py"))


def imports(path):
    """The modules that a file imports anywhere in it, relative ones resolved."""
    package = path.relative_to(ROOT).with_suffix("").parts[:-1]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", LAB, ids=lambda path: str(path.relative_to(ROOT)))
def test_only_the_cache_asks_models_and_chapters_do_not_know_each_other(path):
    where = path.relative_to(ROOT / "lab")
    for name in imports(path):
        if where.parts[0] != "cache":
            assert not name.startswith(("torch", "nade_core.models", "nade_core.scoring")), name
            assert name.split(".")[-1] not in ("load_model", "load_pretrained"), name
        if where.parts[0] == "chapters":
            assert not name.startswith("lab.chapters."), name
        if where.parts[0] in ("kinds", "components"):
            assert not name.startswith("lab.chapters"), name
        if where.parts[0] == "components":
            assert not name.startswith("lab.kinds"), name


def test_words_import_nothing_of_the_house_but_where_they_are_gathered():
    for path in (ROOT / "texts").glob("*.py"):
        if path.name != "extract.py":
            assert not [
                name for name in imports(path) if name.split(".")[0] in ("lab", "lesson", "nade_core", "streamlit")
            ]


def test_the_lesson_knows_no_page():
    for path in (ROOT / "lesson").glob("*.py"):
        assert not [name for name in imports(path) if name.split(".")[0] in ("lab", "texts", "streamlit", "plotly")], (
            path
        )


@pytest.mark.parametrize("name", ["nade.js", "strokes.js"])
def test_the_engine_in_the_browser_knows_no_page(name):
    source = re.sub(r"//.*|/\*.*?\*/", "", (ROOT / "web" / name).read_text("utf-8"))
    assert not re.search(r"\b(document|window|localStorage|navigator)\b", source)


def test_files_stay_small():
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in LAB}
    long = {path for path, n in lines.items() if n > (200 if path.parent.name == "chapters" else 300)}
    assert long == set()


def test_a_place_that_the_style_names_has_its_name_for_itself():
    named = {
        name
        for path in (ROOT / "lab").glob("*.css")
        for name in re.findall(r"\.st-key-([\w-]+)", path.read_text("utf-8"))
    }
    places = {name: [path for path in LAB if f'key="{name}"' in path.read_text("utf-8")] for name in named}
    assert [name for name, paths in places.items() if len(paths) > 1] == []
