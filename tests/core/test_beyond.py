"""Beyond one machine, what can be told on one: addresses, pieces of sources, shares of a batch; and that Ray is missing."""

from dataclasses import asdict

import numpy as np
import pandas
import pytest
import torch
from PIL import Image

from nade_core import NADE, NADEConfig, checkpoint, hosting, together
from nade_core.cli import main
from nade_core.data.understood import How
from nade_core.hosting import from_environment
from nade_core.messages import NadeError
from nade_core.scale import cluster, sources
from nade_core.scale.sources import Reading, pieces_of, read
from nade_core.shares import Share, dropout, taking


@pytest.fixture
def with_ray(monkeypatch):
    monkeypatch.setattr(hosting, "find_spec", lambda name: True)


@pytest.fixture
def model(tmp_path):
    """The file of a small model of 6 binary values."""
    torch.manual_seed(0)
    return checkpoint.save_model(NADE(NADEConfig(6, 3)), tmp_path / "model.safetensors", valid_log_p=[-5.0, -4.0, -3.0])


@pytest.fixture
def rows():
    return np.random.default_rng(0).integers(0, 2, (50, 6), np.uint8)


def test_the_address_of_a_cluster_is_checked_as_the_app_starts(with_ray):
    for address in ("auto", "10.0.0.1:6379", "head.local:6379"):
        assert from_environment({"NADE_RAY_ADDRESS": address}).ray_address == address
        assert from_environment({"NADE_RAY_ADDRESS": address, "NADE_HOSTED": "1"}).ray_address == address
    for address in ("yes", "head", "http://head:1", "a b:1", "head:port"):
        with pytest.raises(NadeError, match="NADE_RAY_ADDRESS should be auto, or where a Ray cluster is"):
            from_environment({"NADE_RAY_ADDRESS": address})


def said(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main([*map(str, words)])
    assert end.value.code == 2
    return capsys.readouterr().err


def test_without_ray_the_flag_and_the_variable_say_so_in_a_sentence(model, tmp_path, monkeypatch, capsys):
    for module in (hosting, cluster):
        monkeypatch.setattr(module, "find_spec", lambda name: None)
    asked = "score", model, "rows.csv", "--out", tmp_path / "out", "--engine", "ray"
    assert said(capsys, *asked) == "nade: This needs Ray: pip install 'nade-lab[ray]'.\n"
    assert "--address needs Ray" in said(capsys, *asked, "--address", "auto")
    with pytest.raises(NadeError, match="NADE_RAY_ADDRESS needs Ray: pip install"):
        from_environment({"NADE_RAY_ADDRESS": "auto"})


def test_what_is_asked_of_ray_is_checked_before_anything_is_read(model, tmp_path, with_ray, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/part").touch()
    asked = "score", model, "rows.csv", "--engine", "ray"
    for out in ((), ("--out", tmp_path / "full"), ("--out", model)):
        assert "--out to be a new or an empty folder" in said(capsys, *asked, *out)
    assert "--address should be auto" in said(capsys, *asked, "--out", tmp_path / "new", "--address", "there")
    assert "add --engine ray" in said(capsys, "score", model, "rows.csv", "--address", "auto")


def joined(pieces, reading):
    """The chunks of all pieces, one after another: files, rows, problems, and the values."""
    chunks = [chunk for piece in pieces for chunk in read(piece, reading)]
    whole = {name: [value for chunk in chunks for value in chunk[name]] for name in ("file", "row", "problem")}
    return whole, np.concatenate([np.frombuffer(chunk["x"], chunk["type"]) for chunk in chunks])


def test_a_large_parquet_file_is_read_by_groups_of_rows_as_the_whole_would_be(model, rows, tmp_path, monkeypatch):
    table = pandas.DataFrame(rows, columns=list("abcdef"))
    table.insert(2, "label", np.arange(50) % 7)  # set aside, by its name, in every group
    table.to_parquet(tmp_path / "rows.parquet", row_group_size=8)
    card = checkpoint.read_card(model)
    whole, expected = joined(*pieces_of([str(tmp_path / "rows.parquet")], Reading(card, How())))
    assert np.array_equal(expected.reshape(50, 6), rows) and whole["row"] == list(range(1, 51))
    monkeypatch.setattr(sources, "CELLS", 7 * 16)
    pieces, reading = pieces_of([f"file://{tmp_path}/rows.parquet"], Reading(card, How()))
    assert [piece.first for piece in pieces] == [0, 16, 32, 48]
    there, found = joined(pieces, reading)
    assert np.array_equal(found, expected) and there["row"] == whole["row"]
    assert len(pieces_of([str(tmp_path / "rows.parquet")], Reading(card, How(holes="drop")))[0]) == 1


def test_what_cannot_be_read_is_a_problem_of_its_own_rows(model, rows, tmp_path):
    np.save(tmp_path / "a.npy", rows)
    (tmp_path / "b.csv").write_text("1,0,1,0,1,\n")
    (tmp_path / ".hidden.csv").write_text("no")
    (tmp_path / "c.parquet").write_bytes(b"none")
    np.save(tmp_path / "d.npy", rows[:, :4])
    (tmp_path / "notes.md").write_text("no rows")
    (tmp_path / "model.safetensors").rename(tmp_path.parent / "moved.safetensors")
    reading = Reading(checkpoint.read_card(tmp_path.parent / "moved.safetensors"), How())
    found, x = joined(*pieces_of([str(tmp_path), str(tmp_path / "gone.csv")], reading))
    told = {file.rpartition("/")[2]: why for file, why in zip(found["file"], found["problem"], strict=True) if why}
    assert len(found["row"]) == 54 and x.size == rows.size and found["problem"][:50] == [None] * 50
    assert "column 6 is empty" in told["b.csv"] and "damaged" in told["c.parquet"]
    assert "4 columns; the model is one of 6" in told["d.npy"] and "no file or folder" in told["gone.csv"]


def test_pictures_and_tables_are_not_mixed_and_pictures_need_a_model_of_images(model, rows, tmp_path):
    Image.new("L", (28, 28)).save(tmp_path / "a.png")
    np.save(tmp_path / "rows.npy", rows)
    reading = Reading(checkpoint.read_card(model), How())
    for found, why in (([tmp_path], "not scored together"), ([tmp_path / "a.png"], "not one of 28 x 28 images")):
        with pytest.raises(NadeError, match=why):
            pieces_of([str(path) for path in found], reading)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NadeError, match="nothing to score"):
        pieces_of([str(tmp_path / "empty")], reading)


def test_a_share_of_a_batch_is_dropped_as_in_the_whole_however_it_lies_in_memory():
    h = torch.rand(5, 3, 4, 2)
    for whole in (h, h.to(memory_format=torch.channels_last)):
        torch.manual_seed(1)
        expected = dropout(whole, 0.5, True)
        for share in (Share(0, 2, 5), Share(2, 3, 5)):
            torch.manual_seed(1)
            with taking(share):
                part = whole[share.own].contiguous(
                    memory_format=torch.channels_last if whole is not h else torch.contiguous_format
                )
                assert torch.equal(dropout(part, 0.5, True), expected[share.own])
        assert dropout(whole, 0.5, False) is whole or torch.equal(dropout(whole, 0.5, False), whole)


def test_a_process_alone_leads_and_agrees_with_itself(tmp_path):
    assert (together.size(), together.rank(), together.leads(), together.several()) == (1, 0, True, False)
    assert together.agreed(True) and together.mean(3.0) == 3.0 and together.gathered("a") == ["a"]
    assert asdict(together.share(7)) == {"first": 0, "rows": 7, "of": 7}
    together.check_shared(tmp_path)
    assert together.lost(RuntimeError("any")) is None and not list(tmp_path.iterdir())
