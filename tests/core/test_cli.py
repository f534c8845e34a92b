"""The command: its help, what it offers, and what only a process of its own can show."""

import re
import subprocess
import sys
from dataclasses import fields

import pytest

import nade_core
from nade_core import headers
from nade_core.cli import VERBS
from nade_core.cli.fields import SET_BY_DATA, model_options, train_defaults
from nade_core.data import SOURCES
from nade_core.data.filetypes import suffixes
from nade_core.models import MODELS
from nade_core.orderings import ORDERINGS
from nade_core.training import TrainConfig

ROOT = headers.HERE.parent


@pytest.mark.parametrize("verb", VERBS)
def test_help_shows_an_example_that_can_be_parsed(good, verb):
    assert f"example: nade {verb}" in good(verb, "--help") and verb in good("--help")
    example = VERBS[verb].EXAMPLE.split()
    assert example[:2] == ["nade", verb]


def test_the_version_is_the_packages(good):
    assert good("--version") == f"nade {nade_core.__version__}\n"


@pytest.mark.parametrize("name", MODELS)
def test_help_of_train_shows_each_models_own_defaults(good, name):
    model_class, config_class = MODELS[name]
    text = " ".join(good("train", "--model", name, "--help").split())
    own = {field.name: field.default for field in fields(config_class) if field.name not in SET_BY_DATA}
    assert model_options()[name].defaults == own and model_options()[name].recipe == model_class.recipe
    for field, default in own.items():
        option = f"--{field.replace('_', '-')}"
        shown = {True: "yes", False: "no"}[default] if isinstance(default, bool) else default
        assert re.search(rf"{option}\b[^()]*\({re.escape(str(shown))}\)", text), option
    for other in MODELS:
        assert other in good("train", "--help")
    assert f"passes over the rows ({model_class.recipe.get('epochs', TrainConfig.epochs)})" in text


def test_what_the_command_says_of_training_is_what_the_library_does(good):
    assert train_defaults() == {field.name: field.default for field in fields(TrainConfig)}
    assert model_options().keys() == MODELS.keys()
    text = good("train", "--help")
    assert all(re.search(rf"\b{name}\b", text) for name in (*ORDERINGS, *SOURCES))


def test_a_new_file_type_or_source_is_offered_by_the_help(good, monkeypatch):
    from nade_core.data import filetypes

    ssv = filetypes.FileType((".ssv",), "a table with strokes", lambda path, how: None)
    monkeypatch.setattr(filetypes, "FILE_TYPES", (*filetypes.FILE_TYPES, ssv))
    monkeypatch.setitem(SOURCES, "tiny", SOURCES["mnist"])
    for verb in ("train", "evaluate"):
        assert ".ssv" in good(verb, "--help") and "tiny" in good(verb, "--help")


# What only a process of its own can show.

LIGHT = """
import sys
from nade_core.cli import main
try:
    main({arguments!r})
except SystemExit as end:
    print(end.code, {{"torch", "numba", "streamlit"}} & set(sys.modules))
"""


def test_help_and_usage_errors_load_neither_torch_nor_numba():
    cases = [
        ["--help"],
        ["--version"],
        ["train", "--model", "MADE", "--help"],
        ["train", "--hidden", "x"],
        ["evaluate"],
    ]
    code = "".join(LIGHT.format(arguments=case) for case in cases)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert re.findall(r"^(\S+) set\(\)$", done.stdout, re.MULTILINE) == ["0", "0", "0", "2", "2"], done.stdout
    assert "Traceback" not in done.stderr


def test_the_module_is_the_command_and_its_exit_status_reaches_the_shell(tmp_path):
    command = [sys.executable, "-m", "nade_core"]
    missing = [*command, "train", "--resume", "--out", str(tmp_path / "none")]
    done = subprocess.run(missing, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2 and done.stderr.startswith("nade: There is no run in ") and done.stdout == ""


def test_the_readme_names_only_options_that_exist(good):
    text = (ROOT / "README.md").read_text(encoding="utf-8") + (ROOT / "pretrained/README.md").read_text(
        encoding="utf-8"
    )
    commands = re.findall(r"(?:^    |`)(nade (?:\w+)[^`\n]*)", text, re.MULTILINE)
    assert len(commands) > 10 and suffixes()
    for command in commands:
        words = command.split()
        assert words[1] in VERBS, command
        named = words[words.index("--model") + 1] if "--model" in words else "NADE"
        model = named if named in MODELS else "NADE"
        known = good(words[1], *(("--model", model) if words[1] == "train" else ()), "--help")
        assert all(word in known for word in words if word.startswith("--")), command
