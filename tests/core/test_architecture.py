"""Imports point down, and heavy libraries load only where they are used."""

import ast
import subprocess
import sys
from pathlib import Path
from string import Formatter

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = (
    {"files", "devices", "augment", "inputs", "orderings", "measures", "images", "messages"}
    | {"decoding", "levels", "strips", "paper", "ink", "rules"}
    | {"hosting", "memory", "together", "shares"},
    {"kernels"},
    {"models"},
    {"data", "scoring"},
    {"headers"},
    {"checkpoint"},
    {"distillation"},
    {"training"},
    {"runs"},
    {"scale"},
    {"queue", "export"},
    {"cli"},
    {"__main__"},
)
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def imports(path):
    """The modules that a file names in its import statements, relative ones resolved."""
    package = path.relative_to(ROOT).with_suffix("").parts
    package = package[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(filter(None, (base, node.module)))
            yield from (f"{module}.{alias.name}" for alias in node.names)


SCRIPTS = sorted((ROOT / "nade_core/export/scripts").glob("*.py"))  # programs that are given away
SOURCES = sorted(set((ROOT / "nade_core").rglob("*.py")) - set(SCRIPTS))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_and_stay_out_of_the_app(path):
    here = path.relative_to(ROOT / "nade_core").with_suffix("").parts[0]
    for name in imports(path):
        assert name.split(".")[0] not in ("streamlit", "lab", "lesson", "texts"), name
        assert name.split(".")[0] != "numba" or path.parent.name == "kernels", name
        if name.startswith("nade_core.") and here != "__init__":
            there = name.split(".")[1]
            assert there in (here, "__version__") or LEVEL.get(there, 99) <= LEVEL[here], f"{here} imports {name}"


def test_importing_the_library_loads_neither_numba_nor_streamlit():
    code = (
        "import sys, nade_core.data; print({'numba', 'streamlit', 'plotly', 'scipy', 'pillow_heif'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT).stdout == "set()\n"


HEAVY = {"torch", "numba", "safetensors", "PIL"}


@pytest.mark.parametrize("path", sorted((ROOT / "nade_core/cli").glob("*.py")), ids=lambda path: path.name)
def test_the_command_loads_what_is_heavy_where_a_verb_runs(path):
    for node in ast.parse(path.read_text(encoding="utf-8")).body:  # at the top level, not within functions
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not HEAVY & {name.split(".")[0] for name in names}
        assert not any(
            name in ("checkpoint", "scoring", "models", "runs", "devices") for name in names if "." not in name
        )


def test_only_the_command_prints():
    for path in SOURCES:
        if "cli" not in path.parts:
            calls = [
                node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
            ]
            assert not any(isinstance(call.func, ast.Name) and call.func.id == "print" for call in calls), path


def test_errors_are_templates_with_facts():
    """NadeError takes a literal first, whose gaps are its facts: else nobody could translate it."""
    for path in SOURCES:
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "NadeError":
                facts = {keyword.arg for keyword in call.keywords}
                if None in facts:  # one that was written to a file, and is read again
                    continue
                assert isinstance(call.args[0], ast.Constant), f"{path}:{call.lineno}"
                gaps = {name for _, name, _, _ in Formatter().parse(call.args[0].value) if name is not None}
                assert gaps == facts, f"{path}:{call.lineno}: {gaps ^ facts}"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_to_take_home_is_short_and_needs_torch_and_safetensors_alone(path):
    needed = {name.split(".")[0] for name in imports(path)}
    assert needed - sys.stdlib_module_names <= {"torch", "safetensors"}
    assert len(path.read_text(encoding="utf-8").splitlines()) < 120


def test_files_stay_small():
    assert all(len(path.read_text(encoding="utf-8").splitlines()) <= 300 for path in SOURCES)
