"""Scoring on Ray: row by row what the command says without it, whatever is lost on the way."""

import os
import re
import signal
import threading
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch
from PIL import Image

from benchmarks import scale
from nade_core import NADE, NADEConfig, checkpoint
from nade_core.cli import main
from nade_core.scale import score as engine
from nade_core.scale import sources

pytestmark = pytest.mark.scale
COLUMNS = [f"c{j}" for j in range(8)]


def saved(path, dims, **about):
    torch.manual_seed(0)
    return checkpoint.save_model(NADE(NADEConfig(dims, 16)), path, valid_log_p=[-6.0, -5.5, -5.0], **about)


@pytest.fixture
def model(tmp_path):
    return saved(tmp_path / "of-tables.safetensors", 8)


def table(rows, seed=0):
    return np.random.default_rng(seed).integers(0, 2, (rows, 8), np.uint8)


def on_ray(model, out, *sources):
    main(["score", str(model), *map(str, sources), "--engine", "ray", "--out", str(out)])
    return pandas.read_parquet(out)


def alone(model, source, out):
    main(["score", str(model), str(source), "--out", str(out)])
    return pandas.read_parquet(out)


def test_tables_have_the_scores_that_the_command_gives_them_alone(cluster, model, tmp_path, monkeypatch):
    pandas.DataFrame(table(5000), columns=COLUMNS).to_parquet(tmp_path / "a.parquet", row_group_size=500)
    pandas.DataFrame(table(900, 1), columns=COLUMNS).to_csv(tmp_path / "b.csv", index=False)
    np.savez(tmp_path / "c.npz", test=table(2500, 2))
    files = [f"file://{tmp_path}/a.parquet", tmp_path / "b.csv", tmp_path / "c.npz"]
    expected = [alone(model, str(file).removeprefix("file://"), tmp_path / "alone.parquet") for file in files]
    monkeypatch.setattr(sources, "CELLS", 8 * 1000)  # five pieces of the first, which end within batches
    monkeypatch.setattr(engine, "ROWS", 3000)
    found = on_ray(model, tmp_path / "out", *files)
    assert found["file"].tolist() == [
        str(file) for file, its in zip(files, expected, strict=True) for _ in range(len(its))
    ]
    whole = pandas.concat(expected, ignore_index=True)
    assert found["row"].tolist() == whole["row"].tolist() and found["problem"].isna().all()
    for name in ("log_p", "bits_per_dim", "percentile"):
        np.testing.assert_allclose(found[name], whole[name], rtol=1e-9, atol=0)
    assert [len(pandas.read_parquet(path)) for path in sorted((tmp_path / "out").iterdir())] == [3000, 3000, 2400]


def test_pictures_have_their_scores_and_a_bad_one_is_named_in_the_end(cluster, tmp_path, capsys):
    model = saved(tmp_path / "of-images.safetensors", 784, shape=(28, 28))
    (tmp_path / "pictures/deep").mkdir(parents=True)
    for i in range(5):
        image = np.zeros((28, 28), np.uint8)
        image[6 : 12 + i, 8:20] = 255
        Image.fromarray(image).save(tmp_path / f"pictures/deep/{i}.png")
    (tmp_path / "pictures/bad.png").write_bytes(b"no picture")
    for engine_of in ((), ("--engine", "ray")):
        out = tmp_path / ("out" if engine_of else "alone.parquet")
        with pytest.raises(SystemExit) as end:
            main(["score", str(model), str(tmp_path / "pictures"), "--out", str(out), *engine_of])
        assert end.value.code == 2 and "bad.png: " in capsys.readouterr().err
    found, expected = pandas.read_parquet(tmp_path / "out"), pandas.read_parquet(tmp_path / "alone.parquet")
    assert found["file"].tolist()[0].endswith("bad.png") and found["log_p"].isna().tolist() == [True] + 5 * [False]
    good = found[found["problem"].isna()].reset_index(drop=True)
    assert good["file"].tolist() == expected["file"].tolist()
    np.testing.assert_allclose(good["log_p"], expected["log_p"], rtol=1e-5)  # there one at a time, here all at once


def workers(name):
    """The processes of the cluster of that name (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes().startswith(b"ray::" + name):
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def test_workers_that_are_killed_in_the_middle_lose_nothing_and_double_nothing(cluster, model, tmp_path, monkeypatch):
    (tmp_path / "parts").mkdir()
    for i in range(12):
        np.save(tmp_path / f"parts/{i:02}.npy", table(4000, i))
    monkeypatch.setattr(engine, "ROWS", 4000)
    monkeypatch.setattr(engine, "BLOCK", 1 << 16)
    killed, over = [], threading.Event()

    def kill():
        for _ in range(2000):  # a minute or more
            if len(killed) >= 2 or over.wait(0.02):
                return
            for name in (b"MapWorker(MapBatches(Scorer))", b"FlatMap(_read)"):
                for worker in workers(name)[:1]:
                    os.kill(worker, signal.SIGKILL)
                    killed.append(name)

    killer = threading.Thread(target=kill)
    killer.start()
    found = on_ray(model, tmp_path / "out", tmp_path / "parts")
    over.set()
    killer.join()
    assert len(killed) >= 2 and len(found) == 12 * 4000 and not found.duplicated(["file", "row"]).any()
    loaded = checkpoint.load_model(model, "cpu")
    for i in (0, 6, 11):
        its = found[found["file"] == str(tmp_path / f"parts/{i:02}.npy")]
        assert its["row"].tolist() == list(range(1, 4001))
        np.testing.assert_allclose(its["log_p"], loaded.log_prob(table(4000, i)).numpy(), rtol=1e-5)


def test_the_rate_is_measured_and_a_billion_images_are_estimated(cluster, capsys):
    scale.main(["--rows", "600", "--file-rows", "200", "--cores", "2"])
    printed = capsys.readouterr().out
    (rate,) = re.findall(r"^\| 2 \| ([\d,]+) \| [\d.]+ \|$", printed, re.M)
    (hours,) = re.findall(r"([\d,]+) core-hours", printed)
    per_core = int(rate.replace(",", "")) / 2
    assert int(hours.replace(",", "")) == pytest.approx(1e9 / per_core / 3600, rel=0.02)
    assert "Assumed, and not measured" in printed
