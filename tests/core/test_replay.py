"""The replay of a training: sheets of samples from the same random numbers, the same files whether it was killed or not."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from nade_core import load_model, runs
from nade_core.data import load_dataset
from nade_core.runs import replay, runner
from nade_core.training import TrainConfig

from .small_runs import CPU, config, finish


@pytest.fixture
def digits(tmp_path):
    """A hundred digits as a file of images."""
    np.save(tmp_path / "digits.npy", load_dataset("mnist").train[:100])
    return tmp_path / "digits.npy"


def small(digits, epochs=5, model="NADE", **sizes):
    sizes = {"dims": 784, "hidden": 8, **sizes}
    return runs.RunConfig(str(digits), model, sizes, TrainConfig(epochs=epochs, batch_size=30, learning_rate=1e-2))


def files(folder):
    return {path.name: path.read_bytes() for path in (folder / "replay").iterdir()}


def test_every_epoch_leaves_a_sheet_with_its_nats_from_the_same_random_numbers(digits, tmp_path):
    log = finish(tmp_path / "run", small(digits))
    ends, sheets = [r for r in log if r["valid_nats"] is not None], runs.read_replay(tmp_path / "run")
    assert [(s.epoch, s.train_nats, s.valid_nats) for s in sheets] == [
        (r["epoch"], r["train_nats"], r["valid_nats"]) for r in ends
    ]
    best = max((r for r in ends if r["improved"]), key=lambda r: r["epoch"])["epoch"]
    model = load_model(tmp_path / "run", "cpu")
    drawn = model.sample(replay.SAMPLES, generator=torch.Generator().manual_seed(replay.SEED))
    assert np.array_equal(sheets[best - 1].rows, drawn.numpy())
    assert any(not np.array_equal(a.rows, b.rows) for a, b in zip(sheets, sheets[1:], strict=False))
    assert all(len(content) < 2000 for content in files(tmp_path / "run").values())


def test_a_run_that_was_stopped_and_killed_has_the_same_sheets(digits, tmp_path, monkeypatch):
    finish(tmp_path / "whole", small(digits))
    runs.create(tmp_path / "parts", small(digits))
    list(runs.run(tmp_path / "parts", CPU, time_budget=0))
    save = runner.save_state

    def killed(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "save_state", killed)
    with pytest.raises(KeyboardInterrupt):  # between the sheet of the second epoch and its state
        list(runs.run(tmp_path / "parts", CPU))
    assert "0-2.npy" in files(tmp_path / "parts")
    assert [sheet.epoch for sheet in runs.read_replay(tmp_path / "parts")][:1] == [1]
    monkeypatch.setattr(runner, "save_state", save)
    list(runs.run(tmp_path / "parts", CPU))
    assert files(tmp_path / "parts") == files(tmp_path / "whole")
    (before, after) = (runs.read_replay(tmp_path / name) for name in ("whole", "parts"))
    assert [(s.epoch, s.valid_nats) for s in before] == [(s.epoch, s.valid_nats) for s in after]


def test_at_most_64_sheets_are_kept_evenly_and_the_latest():
    before = set()
    for epoch in range(1, 400):
        now = replay.kept(epoch)
        assert len(now) <= 64 and epoch in now and now <= before | {epoch}
        assert len(set(np.diff(sorted(now))[:-1])) <= 1 and len(now) >= min(epoch, 32)
        before = now


def test_a_long_training_is_thinned_and_each_weight_decay_has_sheets_of_its_own(digits, tmp_path, monkeypatch):
    monkeypatch.setattr(replay, "MOST", 4)
    finish(tmp_path / "run", replace(small(digits, epochs=11), weight_decays=(0.0, 1.0)))
    found = [(sheet.trial, sheet.epoch) for sheet in runs.read_replay(tmp_path / "run")]
    assert found == [(trial, epoch) for trial in (0, 1) for epoch in (4, 8, 11)] and len(files(tmp_path / "run")) == 6


def test_tables_and_models_that_draw_slowly_keep_none(people, digits, tmp_path):
    finish(tmp_path / "table", config(people, epochs=1))
    finish(tmp_path / "made", small(digits, 1, "MADE", layers=1, masks=1))
    for name in ("table", "made"):
        assert runs.read_replay(tmp_path / name) == [] and not (tmp_path / name / "replay").exists()


def test_a_damaged_sheet_is_passed_over(digits, tmp_path):
    finish(tmp_path / "run", small(digits, 3))
    (tmp_path / "run/replay/0-1.npy").write_bytes(b"nonsense")
    np.save(tmp_path / "run/replay/0-2.npy", np.zeros((16, 3), np.uint8))
    assert [sheet.epoch for sheet in runs.read_replay(tmp_path / "run")] == [3]
