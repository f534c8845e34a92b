"""The scripts that are given away: each scores and draws as the library does, where the library cannot be imported."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from nade_core import load_model, save_model
from nade_core.cli import main
from nade_core.data import load_dataset
from nade_core.export import script
from nade_core.models import MODELS

SIZES = {
    "Independent": {"dims": 16},
    "JointTable": {"dims": 6},
    "MarkovChain": {"dims": 16, "order": 3},
    "ChowLiu": {"dims": 16},
    "BernoulliMixture": {"dims": 16, "components": 4},
    "FVSBN": {"dims": 16, "orderings": 3},
    "NADE": {"dims": 16, "hidden": 7},
    "NADE by class": {"dims": 16, "hidden": 7, "classes": 3, "activation": "relu"},
    "MADE": {"dims": 16, "hidden": 20, "layers": 3, "masks": 2},
    "OrderAgnosticNADE": {"dims": 16, "hidden": 7, "layers": 3},
    "PixelCNN": {"dims": 16, "channels": 4, "layers": 2},
    "PixelCNN by class": {"dims": 16, "channels": 4, "layers": 2, "classes": 3, "scans": 2},
    "RNADE": {"dims": 3, "hidden": 7, "layers": 2, "components": 4},
    "RNADE of Laplacians": {"dims": 3, "hidden": 7, "layers": 1, "components": 2, "family": "laplace"},
    "RNADE beside Gaussians": {"dims": 3, "hidden": 7, "components": 2, "gaussians": 3},
    "OrderAgnosticRNADE": {"dims": 3, "hidden": 7, "components": 2, "gaussians": 2},
    "CategoricalNADE": {"dims": 3, "levels": 9, "hidden": 5},
}
OUTSIDE = """
import importlib.util, json, sys, torch
assert importlib.util.find_spec("nade_core") is None
answers = {}
for folder, kind, rows in json.load(sys.stdin):
    sys.path.insert(0, folder)
    model = importlib.import_module(kind).load()
    del sys.path[0], sys.modules[kind]
    x = model.sample(4, torch.Generator().manual_seed(5))
    answers[folder] = [model.log_prob(torch.tensor(rows)).tolist(), x.tolist(), model.log_prob(x).tolist()]
print(json.dumps(answers))
"""


def random_model(name):
    """A model with random weights, along a random ordering where it takes one, in float32 as files are."""
    model_class, config_class = MODELS[name.split()[0]]
    config = config_class(**SIZES[name])
    torch.manual_seed(1)
    last = model_class(config).orderings(8)[-1] if name.startswith("PixelCNN") else torch.randperm(config.dims)
    model = model_class(config, last)
    for parameter in model.parameters():
        parameter.data.normal_(std=0.5)
    for buffer in ("mean", "scale"):
        if hasattr(model, buffer):
            getattr(model, buffer).uniform_(0.3, 0.9)
    if hasattr(model, "factors"):
        model.means.normal_()
        model.factors.add_(torch.randn_like(model.factors).tril(-1))
    if hasattr(model, "parents"):
        model.parents.random_(config.dims)
    return model.eval().requires_grad_(False)


def write(files, folder):
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return str(folder)


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """{name: (the library's model in double precision, rows, what the script says of them)}, asked in one process."""
    home, models = tmp_path_factory.mktemp("home"), {}
    for name in SIZES:
        path = save_model(random_model(name), home / f"{name}.safetensors")
        models[name] = (path, load_model(path, "cpu").double())
    models["nade-mnist"] = ("nade-mnist", load_model("nade-mnist", "cpu").double())
    jobs, rows = {}, {}
    for name, (path, model) in models.items():
        x = load_dataset("mnist").test[:5] if name == "nade-mnist" else model.sample(5, generator=torch.Generator())
        rows[name] = torch.tensor(x) if name == "nade-mnist" else x
        files = script(path)
        kind = next(Path(file).stem for file in files if file.endswith(".py"))
        jobs[name] = [write(files, home / name), kind, rows[name].tolist()]
    asked = json.dumps(list(jobs.values()))
    command = [sys.executable, "-c", OUTSIDE]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, cwd=home)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    return {name: (model, rows[name], answers[jobs[name][0]]) for name, (_, model) in models.items()}


@pytest.mark.parametrize("name", [*SIZES, "nade-mnist"])
def test_a_script_scores_and_draws_as_the_library_does(taken, name):
    model, rows, (log_p, drawn, log_p_drawn) = taken[name]
    torch.testing.assert_close(torch.tensor(log_p).double(), model.log_prob(rows).double(), atol=1e-4, rtol=0)
    wanted = model.sample(4, generator=torch.Generator().manual_seed(5))
    torch.testing.assert_close(torch.tensor(drawn).to(wanted), wanted, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(torch.tensor(log_p_drawn).double(), model.log_prob(wanted).double(), atol=1e-4, rtol=0)


def test_every_model_has_a_script():
    assert {name.split()[0] for name in SIZES} == set(MODELS)


def test_the_command_writes_a_script_that_runs(tmp_path, capsys):
    main(["export", "independent-mnist", "--script", str(tmp_path / "here")])
    assert "Independent.py" in capsys.readouterr().out
    done = subprocess.run([sys.executable, "Independent.py"], capture_output=True, text=True, cwd=tmp_path / "here")
    assert done.returncode == 0 and done.stdout.count("nats") == 3 and done.stdout.count("#") > 50, done.stderr
    lines = done.stdout.split("\n\n")[0].splitlines()
    assert [len(line) for line in lines[1:]] == [28] * 28


def test_an_export_of_nothing_is_refused(capsys):
    with pytest.raises(SystemExit) as refused:
        main(["export", "nade-mnist"])
    assert refused.value.code == 2 and "--html" in capsys.readouterr().err
