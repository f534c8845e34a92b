"""The smaller file for a browser: half the bytes, the same header, and how much the rounding costs."""

import json

import pytest
import torch
from safetensors import safe_open

from nade_core import load_model, save_model
from nade_core.checkpoint import find_model
from nade_core.data import load_dataset
from nade_core.export import browser_bundle
from nade_core.messages import NadeError


def test_half_the_bytes_move_a_digit_by_less_than_is_said(tmp_path):
    path = find_model("nade-mnist")
    (tmp_path / "small.safetensors").write_bytes(browser_bundle(path))
    assert (tmp_path / "small.safetensors").stat().st_size < 0.51 * path.stat().st_size
    x = load_dataset("mnist").test[:200]
    moved = load_model(tmp_path / "small.safetensors", "cpu").log_prob(x) - load_model(path, "cpu").log_prob(x)
    assert 0.004 < moved.abs().max() < 0.013


@pytest.mark.parametrize("name", ["nade-mnist", "nade-animals"])
def test_the_header_and_the_small_tensors_are_kept(tmp_path, name):
    (tmp_path / "small.safetensors").write_bytes(browser_bundle(find_model(name)))
    with safe_open(find_model(name), "pt") as one, safe_open(tmp_path / "small.safetensors", "pt") as two:
        assert json.loads(one.metadata()["nade"]) == json.loads(two.metadata()["nade"])
        assert set(one.keys()) == set(two.keys())
        for key in one.keys():  # noqa: SIM118 (no iterator here)
            wanted = one.get_tensor(key).half() if key in "WVU" else one.get_tensor(key)
            assert torch.equal(two.get_tensor(key), wanted)


def test_other_models_and_weights_beyond_float16_are_refused(tmp_path, make_nade):
    with pytest.raises(NadeError, match="holds a MADE"):
        browser_bundle(find_model("made-mnist"))
    model = make_nade().float()
    model.W.data[0, 0] = 1e6
    with pytest.raises(NadeError, match="65504"):
        browser_bundle(save_model(model, tmp_path / "steep.safetensors"))
