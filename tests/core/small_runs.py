"""Small runs, shared by the tests of training and of planning."""

import torch
from safetensors.torch import load_file

from nade_core import runs
from nade_core.training import TrainConfig

CPU = torch.device("cpu")


def config(people, **options):
    model = {"dims": 24, "hidden": 20, "activation": "sigmoid", "classes": 0}
    return runs.RunConfig(str(people), "NADE", model, TrainConfig(**{"epochs": 6, "batch_size": 20, **options}))


def finish(folder, run_config):
    runs.create(folder, run_config)
    return list(runs.run(folder, CPU))


def weights(folder):
    return {path.name: load_file(path) for path in folder.glob("*.safetensors")}


def same(a, b):
    return all(torch.equal(a[f][k], b[f][k]) for f in a for k in a[f])
