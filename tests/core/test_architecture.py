"""Imports point down, and heavy libraries load only where they are used."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = (
    {"files", "devices", "augment", "inputs", "orderings", "measures", "images", "messages"},
    {"kernels"},
    {"models"},
    {"data", "checkpoint", "scoring"},
    {"distillation"},
    {"training"},
    {"runs"},
    {"train_arguments", "queue"},
    {"cli"},
    {"__main__"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def imports(path):
    """The modules that a file names in its import statements, relative ones resolved."""
    package = path.relative_to(ROOT).with_suffix("").parts
    package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            yield from (f"{module}.{alias.name}" for alias in node.names)


SOURCES = sorted((ROOT / "nade_core").rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_and_stay_out_of_the_app(path):
    here = path.relative_to(ROOT / "nade_core").with_suffix("").parts[0]
    for name in imports(path):
        assert name.split(".")[0] not in ("streamlit", "lab", "lesson", "texts"), name
        assert name.split(".")[0] != "numba" or path.name == "cpu.py", name
        if name.startswith("nade_core.") and here != "__init__":
            there = name.split(".")[1]
            assert there == here or LEVEL.get(there, 99) <= LEVEL[here], f"{here} imports {name}"


def test_importing_the_library_loads_neither_numba_nor_streamlit():
    code = "import sys, nade_core; print({'numba', 'streamlit', 'plotly'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout == "set()\n"


def test_the_readme_names_only_commands_that_exist():
    commands = set(re.findall(r"^    nade (\w+)", (ROOT / "README.md").read_text(), re.MULTILINE))
    source = (ROOT / "nade_core/cli.py").read_text()
    assert commands and all(f"def {command}(args)" in source for command in commands)
