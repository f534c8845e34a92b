"""The lesson computes: it knows no page and no words of a language, and loads torch only where it needs it."""

import ast
from pathlib import Path

import pytest

FILES = sorted((Path(__file__).parents[2] / "lesson").glob("*.py"))


def imported(nodes):
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.split(".")[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_calculation_imports_no_page_and_torch_only_inside_a_function(path):
    tree = ast.parse(path.read_text())
    assert not {"streamlit", "plotly", "lab", "texts"} & set(imported(ast.walk(tree)))
    assert "torch" not in set(imported(tree.body))
