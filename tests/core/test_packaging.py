"""What is shipped: all packages, one version, exact pins, licences; and the steps of CONTRIBUTING.md lead somewhere."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import nade_core
from nade_core.data import SOURCES, packed

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def test_every_package_is_shipped_with_its_types_and_data():
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "nade_core").rglob("__init__.py")}
    packages = {".".join(folder.parts) for folder in folders} | {"nade_core.pretrained", "nade_core.web"}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == packages
    assert (ROOT / "nade_core/py.typed").exists()
    kinds = PROJECT["tool"]["setuptools"]["package-data"]["nade_core.data"]
    assert all(any(path.match(kind) for kind in kinds) for path in packed.EMBEDDED.iterdir())


def test_the_version_has_one_source_and_a_line_in_the_changelog():
    assert "version" in PROJECT["project"]["dynamic"] and "version" not in PROJECT["project"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "nade_core.__version__"}
    assert f"\n## {nade_core.__version__}\n" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_requirement_is_pinned_and_what_the_package_needs_is_among_them():
    pins = {}
    for name in ("requirements.txt", "requirements-test.txt", "requirements-scale.txt"):
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                package, _, version = line.partition("==")
                assert re.fullmatch(r"[\d.]+", version), line
                pins[package] = tuple(map(int, version.split(".")))
    project = PROJECT["project"]
    optional = project["optional-dependencies"]
    for wanted in (*project["dependencies"], *(one for extra in optional.values() for one in extra)):
        package, _, least = wanted.partition(">=")
        pinned = pins.get(package) or pins[package.split("[")[0]]  # with what an extra adds, or without
        assert pinned >= tuple(map(int, least.split("."))), wanted


def test_the_licence_names_every_source_of_data():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert PROJECT["project"]["license"] == "MIT" and text.startswith("MIT License")
    for name, source in SOURCES.items():
        assert re.search(rf"\b{name}\b", text), name
        assert source.credit == "drawn from a seed" or source.credit in text, name
    for path in (*packed.EMBEDDED.iterdir(), *(ROOT / "pretrained").glob("*.safetensors")):
        named = [word for word in re.findall(r"[\w/*.-]+/[\w/*.-]+", text) if path.match(word)]
        assert named or path.stem.removeprefix("rnade-") in SOURCES, path.name


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`([\w./-]+/[\w./-]*)`", CONTRIBUTING))))
def test_the_steps_of_contributing_name_files_that_exist(named):
    assert (ROOT / named).exists()


def test_each_thing_to_add_has_numbered_steps():
    parts = re.split(r"^## ", CONTRIBUTING, flags=re.MULTILINE)[1:]
    assert [part.splitlines()[0] for part in parts] == [
        "A chapter",
        "A model",
        "A data set",
        "A file type",
        "A language",
        "A kernel",
    ]
    for part in parts:
        steps = re.findall(r"^(\d)\. ", part, re.MULTILINE)
        assert steps == [str(i) for i in range(1, len(steps) + 1)] and len(steps) >= 2


COIN = '''
"""Every pixel the same coin."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.distributions import Bernoulli

from ..messages import N_
from .base import DensityModel


@dataclass(frozen=True)
class OneCoinConfig:
    """D = dims; ``smoothing`` is added to both counts."""

    dims: int = 784
    smoothing: float = 0.5


class OneCoin(DensityModel):
    """Every pixel the same coin."""

    description = N_("one coin for all pixels")
    recipe = {"epochs": 1}
    counts = True

    def __init__(self, config, ordering=None):
        super().__init__(config, ordering)
        self.b = nn.Parameter(torch.zeros(1))

    def fit(self, train):
        on = train.sum().double() + self.config.smoothing
        self.b.data.fill_(torch.logit(on / (train.numel() + 2 * self.config.smoothing)))

    def _conditionals(self, x, y, ordering):
        return Bernoulli(logits=self.b.expand(x.shape), validate_args=False)
'''


def test_a_model_added_by_the_steps_is_trained_saved_and_scored(tmp_path):
    kept = shutil.ignore_patterns("__pycache__", "embedded")
    shutil.copytree(ROOT / "nade_core", tmp_path / "nade_core", ignore=kept)
    models = tmp_path / "nade_core" / "models"
    (models / "onecoin.py").write_text(COIN, encoding="utf-8")
    text = (models / "__init__.py").read_text(encoding="utf-8")
    text = text.replace("from .base", "from .onecoin import OneCoin, OneCoinConfig\nfrom .base", 1)
    text = re.sub(
        r"^(MODELS.* = \{)$", r'\1\n    "OneCoin": (OneCoin, OneCoinConfig),', text, count=1, flags=re.MULTILINE
    )
    (models / "__init__.py").write_text(text, encoding="utf-8")
    (tmp_path / "rows.csv").write_text("0,1,1\n1,1,1\n0,0,1\n1,1,0\n", encoding="utf-8")
    code = """
from nade_core.cli import main
for words in ("train --model onecoin --smoothing 1 --data rows.csv --out run", "evaluate run rows.csv"):
    main(words.split())
try:
    main(["train", "--model", "OneCoin", "--help"])
except SystemExit:
    pass
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert (
        "done: run" in done.stdout
        and "4 rows" in done.stdout
        and re.search(r"--smoothing FLOAT\s+\(0\.5\)", done.stdout)
    )
