"""The folder of a run: what stands in it is written whole, read with care, and says what is wrong with it."""

import json
import os
import re
import stat
from pathlib import Path

import numpy as np
import pytest
import torch

from nade_core import files, runs
from nade_core.files import write_atomic
from nade_core.messages import NadeError
from nade_core.runs import folder as run_folder
from nade_core.training import loop

CPU = torch.device("cpu")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def make_run(tmp_path):
    """make_run(rows): a new run of a small NADE for two epochs, and its folder."""

    def make(rows=80):
        np.save(tmp_path / "rows.npy", np.random.default_rng(0).integers(0, 2, (rows, 6), np.uint8))
        how = {"epochs": 2, "weight_decay": 0.0}
        asked = runs.Request(str(tmp_path / "rows.npy"), model_options={"hidden": 3}, train_options=how)
        return runs.create(tmp_path / "run", runs.plan(asked, CPU))

    return make


@pytest.mark.parametrize(
    "change",
    [
        {"model": "GAN"},
        {"model": ["NADE"]},
        {"model_config": {"dims": 6, "size": 3}},
        {"model_config": None},
        {"train": {"epochs": "ten"}},
        {"train": {"speed": 1}},
        {"weight_decays": 3},
        {"weight_decays": ["a"]},
        {"title": 5},
        {"unknown": 1},
    ],
    ids=str,
)
def test_a_configuration_that_does_not_fit_names_its_file_and_what_is_wrong(make_run, change):
    folder = make_run()
    path = folder / "config.json"
    runs.write_json(path, {**runs.read_json(path), **change})
    with pytest.raises(NadeError, match="does not fit") as error:
        runs.read_config(folder)
    assert str(path) in str(error.value) and runs.look(folder).state == "damaged"


def test_lines_of_a_log_that_are_no_reports_are_passed_over(make_run):
    folder = make_run()
    whole = list(runs.run(folder, CPU))
    path = folder / "log.jsonl"
    garbage = b'[]\n{}\nnull\n\xff\xfe\n{"epoch": 1}\n' + b"[" * 5000 + b"\n"
    path.write_bytes(garbage + path.read_bytes() + b'{"trial": 0, "ep')
    assert runs.look(folder).log == whole and len(whole) == 2
    assert list(runs.run(folder, CPU)) == [] and runs.look(folder).state == "done"


@pytest.mark.parametrize("where", ["between batches", "in validation"])
def test_a_stop_is_heard_in_an_epoch_without_reports(make_run, monkeypatch, where):
    folder = make_run(8000)
    calls = []

    def stops(function):
        def asked(*args):
            calls.append(1)
            if len(calls) == 2:
                runs.request_stop(folder)
            return function(*args)

        return asked

    if where == "in validation":
        monkeypatch.setattr(loop.DensityModel, "validation_nats", stops(loop.DensityModel.validation_nats))
    else:
        monkeypatch.setattr(loop, "_step", stops(loop._step))
    reports = list(runs.run(folder, CPU))
    assert len(calls) == 2 and not any(r["valid_nats"] for r in reports)
    assert runs.look(folder).state == "stopped"


def test_an_error_keeps_its_message_and_facts_for_a_translator(make_run):
    folder = make_run()
    asked = runs.look(folder).asked
    known = NadeError("{n} rows of {path} are bad.", n=3, path=Path("x"))
    run_folder.write_status(folder, "failed", known)
    error = runs.look(folder).error
    assert (error.message, error.facts) == (known.message, {"n": 3, "path": "x"})
    for fault, said in ((OSError(28, "No space left"), "No space"), (MemoryError(), "memory"), (KeyError("a"), "'a'")):
        run_folder.write_status(folder, "failed", fault)
        assert said in str(runs.look(folder).error) and runs.look(folder).asked == asked


def test_a_full_disk_fails_one_run_and_the_state_says_so_once_it_can(make_run, monkeypatch):
    folder = make_run()

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nade_core.runs.runner.save_state", full)
    with pytest.raises(OSError, match="No space left"):
        list(runs.run(folder, CPU))
    assert runs.look(folder).state == "failed" and "No space left" in str(runs.look(folder).error)


def test_files_are_written_with_the_rights_that_the_umask_leaves(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomic(tmp_path / "x", b"content")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == 0o640 and (tmp_path / "x").read_bytes() == b"content"


def test_a_file_that_somebody_reads_is_replaced_a_moment_later(tmp_path, monkeypatch):
    replace, refusals = os.replace, [PermissionError("in use"), PermissionError("in use")]

    def in_use(*args):
        if refusals:
            raise refusals.pop()
        replace(*args)

    monkeypatch.setattr(files.os, "replace", in_use)
    monkeypatch.setattr(files, "PAUSE", 0)
    with pytest.raises(PermissionError):
        write_atomic(tmp_path / "x", b"content")
    assert list(tmp_path.iterdir()) == []
    refusals.append(PermissionError("in use"))
    monkeypatch.setattr(files, "TRIES", 3)
    write_atomic(tmp_path / "x", b"content")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"content"]


def test_nothing_asks_whether_a_pid_lives():
    for path in (ROOT / "nade_core").rglob("*.py"):
        assert not re.search(r"os\.kill|getpid", path.read_text(encoding="utf-8")), path


def test_a_worker_that_was_killed_leaves_no_half_files_to_the_next(make_run):
    folder = make_run()
    (folder / ".last.json.0000.part").write_bytes(b"half")
    list(runs.run(folder, CPU))
    assert not list(folder.glob(".*.part")) and json.loads((folder / "last.json").read_text())


def test_a_reason_that_would_fill_a_gap_with_a_gigabyte_is_damage(make_run):
    folder = make_run()
    for message in ("{a:>999999999}", "{a:0999999999d}", "{a!r:.9999999}"):
        run_folder.write_json(
            folder / "status.json", {"state": "failed", "error": {"message": message, "facts": {"a": 1}}, "asked": 1.0}
        )
        assert run_folder.look(folder).state == "damaged"


def test_a_worker_that_ended_after_a_stop_without_a_word_is_stopped(make_run):
    folder = make_run()
    run_folder.write_status(folder, "running")
    assert run_folder.look(folder).state == "interrupted"
    run_folder.request_stop(folder)
    assert run_folder.look(folder).state == "stopped" and run_folder.look(folder).error is None
