"""The models and their own options, read from the models' source without running it: to run it is to load torch.

A model is a class beside a frozen dataclass of the same name and "Config", whose defaults are literals; its
``description`` and ``recipe`` are literals too.
"""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MODELS_FOLDER = Path(__file__).parent.parent / "models"
SET_BY_DATA = ("dims", "classes")


@dataclass(frozen=True)
class ModelOptions:
    """What ``nade train --model NAME`` can set, with its defaults, what it says of it, and how it is trained."""

    name: str
    description: str
    meaning: str
    defaults: dict[str, int | float | str | bool]
    recipe: dict[str, int | float | str | bool]
    takes_classes: bool


@cache
def model_options() -> dict[str, ModelOptions]:
    """Every model by name."""
    found = [options for path in sorted(MODELS_FOLDER.glob("*.py")) for options in _in_file(path)]
    return {options.name: options for options in sorted(found, key=lambda options: options.name.lower())}


@cache
def train_defaults() -> dict[str, int | float | str | bool]:
    """The fields of TrainConfig and their defaults, before a model's recipe."""
    tree = ast.parse((MODELS_FOLDER.parent / "training" / "config.py").read_text(encoding="utf-8"))
    return next(literals(node) for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "TrainConfig")


def _in_file(path: Path) -> list[ModelOptions]:
    classes = {
        node.name: node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ClassDef)
    }
    pairs = [(node, classes[f"{name}Config"]) for name, node in classes.items() if f"{name}Config" in classes]
    return [_options(model, config) for model, config in pairs]


def _options(model: ast.ClassDef, config: ast.ClassDef) -> ModelOptions:
    attributes, defaults = literals(model), literals(config)
    return ModelOptions(
        model.name,
        attributes.get("description", ""),
        " ".join((ast.get_docstring(config) or "").replace("``", "").split()),
        {name: value for name, value in defaults.items() if name not in SET_BY_DATA},
        attributes.get("recipe", {}),
        "classes" in defaults,
    )


def literals(node: ast.ClassDef) -> dict:
    """The literal values that a class gives its attributes; N_("text") counts as "text"."""
    found = {}
    for line in node.body:
        if isinstance(line, ast.AnnAssign | ast.Assign) and line.value is not None:
            target = line.target if isinstance(line, ast.AnnAssign) else line.targets[0]
            value = line.value
            if isinstance(value, ast.Call) and ast.unparse(value.func) == "N_":
                value = value.args[0]
            try:
                found[ast.unparse(target)] = ast.literal_eval(value)
            except ValueError:  # no literal
                continue
    return found
