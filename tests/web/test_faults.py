"""Files and calls that the engine cannot serve: a NadeFault that says what is wrong, by its id and its facts."""

import json
import re
import struct
from pathlib import Path

import pytest
import torch
from babel.messages.pofile import read_po
from safetensors.torch import save

from nade_core.checkpoint import find_model

ROOT = Path(__file__).parent.parent.parent
GAP = re.compile(r"\{(\w+)\}")
HEADER = {
    "format_version": 2,
    "model": "NADE",
    "config": {"dims": 3, "hidden": 2, "activation": "sigmoid", "classes": 0},
}


def weights():
    rows = {name: torch.ones(3, 2) for name in "WV"}
    return {**rows, "b": torch.zeros(3), "c": torch.zeros(2), "ordering": torch.arange(3)}


def file(header=HEADER, **tensors):
    changed = {name: tensor for name, tensor in {**weights(), **tensors}.items() if tensor is not None}
    return save(changed, {"nade": json.dumps(header)})


def claiming(text):
    """A file whose head is that text."""
    return struct.pack("<Q", len(text)) + text.encode()


def entry(**changes):
    """The good file with other words about W in its head."""
    good = file()
    length = struct.unpack("<Q", good[:8])[0]
    head = json.loads(good[8 : 8 + length])
    head["W"] |= changes
    return claiming(json.dumps(head)) + good[8 + length :]


UNREADABLE = "This file is not a NADE Lab model, or it is damaged: no readable header."
MISFIT = "This file is damaged: {tensor} does not fit its header."
ENDLESS = torch.full((3, 2), float("inf"))
BAD = {
    "empty": (b"", UNREADABLE, {}),
    "short": (b"\x01\x02", UNREADABLE, {}),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(99), UNREADABLE, {}),
    "a head beyond the end": (struct.pack("<Q", 2**60) + b"{}", UNREADABLE, {}),
    "no JSON": (claiming("{no"), UNREADABLE, {}),
    "JSON of another kind": (claiming("null"), UNREADABLE, {}),
    "not ours": (save(weights()), UNREADABLE, {}),
    "null for a header": (save(weights(), {"nade": "null"}), UNREADABLE, {}),
    "newer": (
        file(HEADER | {"format_version": 4}),
        "This file has format version {version}; up to {known} is known here.",
        {"version": 4, "known": 3},
    ),
    "another model": (
        file(HEADER | {"model": "MADE"}),
        "This file holds a {model}; a browser computes NADE alone.",
        {"model": "MADE"},
    ),
    "no config": (file(HEADER | {"config": None}), MISFIT, {"tensor": "config"}),
    "half a pixel": (file(HEADER | {"config": HEADER["config"] | {"dims": 2.5}}), MISFIT, {"tensor": "config"}),
    "tanh": (file(HEADER | {"config": HEADER["config"] | {"activation": "tanh"}}), MISFIT, {"tensor": "config"}),
    "too few rows": (file(W=torch.ones(2, 2)), MISFIT, {"tensor": "W"}),
    "no V": (file(V=None), MISFIT, {"tensor": "V"}),
    "no U": (file(HEADER | {"config": HEADER["config"] | {"classes": 2}}), MISFIT, {"tensor": "U"}),
    "one too many": (file(U=torch.ones(2, 2)), MISFIT, {"tensor": "U"}),
    "a name that all objects have": (file(constructor=torch.ones(2)), MISFIT, {"tensor": "constructor"}),
    "cut off": (file()[:-8], MISFIT, {"tensor": "c"}),
    "offsets of words": (entry(data_offsets=["a", "b"]), MISFIT, {"tensor": "W"}),
    "offsets before the start": (entry(data_offsets=[-24, 0]), MISFIT, {"tensor": "W"}),
    "a pixel twice": (file(ordering=torch.tensor([0, 1, 1])), MISFIT, {"tensor": "ordering"}),
    "an ordering in float": (file(ordering=torch.ones(3)), MISFIT, {"tensor": "ordering"}),
    "float64": (
        file(W=torch.ones(3, 2).double()),
        "{tensor} holds numbers of type {dtype}; F32 and F16 are known here.",
        {"tensor": "W", "dtype": "F64"},
    ),
    "bfloat16": (
        file(b=torch.ones(3).bfloat16()),
        "{tensor} holds numbers of type {dtype}; F32 and F16 are known here.",
        {"tensor": "b", "dtype": "BF16"},
    ),
    "not finite": (
        file(V=ENDLESS),
        "This file is damaged: {tensor} holds numbers that are not finite.",
        {"tensor": "V"},
    ),
    "not finite in half": (
        file(V=ENDLESS.half()),
        "This file is damaged: {tensor} holds numbers that are not finite.",
        {"tensor": "V"},
    ),
}


def test_bad_files_are_told_apart(engine, tmp_path):
    jobs = [(tmp_path / f"{k}.safetensors", []) for k in range(len(BAD))]
    for (path, _), (content, _, _) in zip(jobs, BAD.values(), strict=True):
        path.write_bytes(content)
    for name, [answer], (_, fault, facts) in zip(BAD, engine(jobs), BAD.values(), strict=True):
        assert (name, answer["fault"], answer["facts"]) == (name, fault, facts)
        assert answer["message"] == fault.format(**facts)


def test_a_good_file_at_any_offset_and_any_precision_is_read(engine, tmp_path):
    """The head's length decides where the numbers start; they need not be aligned."""
    good = file()
    length = struct.unpack("<Q", good[:8])[0]
    (tmp_path / "odd").write_bytes(claiming(good[8 : 8 + length].decode() + " ") + good[8 + length :])
    halves = {"W": torch.tensor([[1.0, -2.5], [6e-8, 65504], [0.1, -6e-5]]).half(), "V": weights()["V"].half()}
    (tmp_path / "half").write_bytes(file(**halves))
    odd, half = engine(
        [(tmp_path / "odd", [("logProb", [0, 0, 0])]), (tmp_path / "half", [("row", i) for i in range(3)])]
    )
    assert odd[0] == pytest.approx(-3 * torch.log1p(torch.tensor(1.0).exp()).item())
    assert torch.equal(torch.tensor([row["W"] for row in half]), halves["W"].float())


def test_a_model_beyond_the_browser_is_refused_before_it_is_unpacked(node, tmp_path):
    with (tmp_path / "large").open("wb") as large:
        large.truncate(2**28 + 1)  # a hole: it takes no room on the disk
    size = 2**21
    head = {"__metadata__": {"nade": json.dumps(HEADER | {"config": HEADER["config"] | {"dims": 8, "hidden": size}})}}
    end = 0
    for name, shape, dtype, bytes_each in (
        ("W", [8, size], "F16", 2),
        ("V", [8, size], "F16", 2),
        ("b", [8], "F16", 2),
        ("c", [size], "F16", 2),
        ("ordering", [8], "I64", 8),
    ):
        start, end = end, end + torch.Size(shape).numel() * bytes_each
        head[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = claiming(json.dumps(head))
    with (tmp_path / "wide").open("wb") as wide:
        wide.write(text)
        wide.truncate(len(text) + end)
    for name, megabytes in (("large", 257), ("wide", 288)):
        [[answer]] = node([(str(tmp_path / name), [])])
        assert answer["fault"] == "This model takes {megabytes} MB; the browser is given {most} MB at most."
        assert answer["facts"] == {"megabytes": megabytes, "most": 256}


ARRAY = "Expected an array of {dims} pixels, 0 and 1 only; got {value}."


def test_calls_that_make_no_sense_are_told_why(engine):
    x, u = [0] * 784, [0.5] * 785
    by_class = [
        (("logProb", x[:5]), "Expected {dims} pixels, 0 and 1 only; got {length} values."),
        (("logProb", [0.5] * 784), "Expected pixels of 0 and 1 only; pixel {pixel} is {value}."),
        (("logProb", x, 10), "Expected a class from 0 to {last}; got {label}."),
        (("logits", x, "3"), "Expected a class from 0 to {last}; got {label}."),
        (("hidden", x, 5), "The hidden units belong to one class: choose a class first."),
        (("hidden", x, 784, 1), "Expected a pixel from 0 to {last}; got {pixel}."),
        (("row", -1), "Expected a pixel from 0 to {last}; got {pixel}."),
        (("logProb", None), ARRAY),
        (("logProb", "0" * 784), ARRAY),
        (("logits", {"length": 784}), ARRAY),
        (("logConditionals", 5), ARRAY),
        (("session", None), ARRAY),
        (("logProb", [*x[:-1], None]), "Expected pixels of 0 and 1 only; pixel {pixel} is {value}."),
        (("logProb", [*x[:-1], "1"]), "Expected pixels of 0 and 1 only; pixel {pixel} is {value}."),
        (("logProb", x, -1), "Expected a class from 0 to {last}; got {label}."),
        (("logProb", x, 1.5), "Expected a class from 0 to {last}; got {label}."),
        (("logProb", x, [1]), "Expected a class from 0 to {last}; got {label}."),
        (("classLogProb", None), ARRAY),
        (("classLogProb", x, 785), "Expected between 0 and {dims} known pixels; got {n}."),
        (("hidden", x, None, 1), "Expected a pixel from 0 to {last}; got {pixel}."),
        (("flipEffects", x, {}, 1), "Expected a pixel from 0 to {last}; got {pixel}."),
        (("contributions", x, 5, 5000), "Expected a hidden unit from 0 to {last}; got {unit}."),
        (("sample", None), "Expected rows of {width} random numbers; got {length}."),
        (("sample", [*u[:-1], None]), "Random numbers lie between 0 and 1; got {value}."),
        (("sample", [*u[:-1], 2]), "Random numbers lie between 0 and 1; got {value}."),
        (("sample", u, 1, "1"), "Expected a temperature above 0; got {temperature}."),
        (("sample", u, 1, 1, None), "Expected a prefix of at most {dims} values, 0 and 1 only."),
        (("sample", u[:9]), "Expected rows of {width} random numbers; got {length}."),
        (("sample", u, 1, 0), "Expected a temperature above 0; got {temperature}."),
        (("sample", u, 1, 1, x + x), "Expected a prefix of at most {dims} values, 0 and 1 only."),
        (("sample", u, 1, 1, [2]), "Expected a prefix of at most {dims} values, 0 and 1 only."),
    ]
    plain = [
        (("logProb", x, 1), "This model was trained without classes: leave the label out."),
        (("classLogProb", x), "This model was trained without classes, so it has no p(y | x)."),
    ]
    for name, cases in (("nade-mnist-classes", by_class), ("nade-mnist", plain)):
        [answers] = engine([(find_model(name), [call for call, _ in cases])])
        assert [answer["fault"] for answer in answers] == [fault for _, fault in cases]
        assert not any(GAP.search(answer["message"]) for answer in answers)


def test_every_fault_has_its_korean_with_the_same_gaps():
    found = {
        text
        for path in (ROOT / "web").glob("*.js")
        for text in re.findall(r'NadeFault\(\s*"([^"]+)"', path.read_text())
    }
    assert len(found) >= 20
    korean = {}
    for path in (ROOT / "texts" / "ko").rglob("*.po"):
        with path.open("rb") as opened:
            korean |= {message.id: message.string for message in read_po(opened) if message.id}
    assert {text: sorted(GAP.findall(korean.get(text, ""))) for text in found} == {
        t: sorted(GAP.findall(t)) for t in found
    }
    assert all(korean[text] for text in found)
