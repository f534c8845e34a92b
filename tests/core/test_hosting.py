"""What the environment says of a host is checked as the server starts: a variable that makes no sense is named."""

import re
from pathlib import Path

import pytest

from nade_core import hosting
from nade_core.devices import set_threads
from nade_core.messages import NadeError

NUMBERS = "0", "-1", "ten", "nan"
BAD = {
    "NADE_HOSTED": ("yes", "2", "true"),
    "NADE_TEACHER_KEY": ("short",),
    "NADE_RUN_MINUTES": NUMBERS,
    "NADE_KEEP_DAYS": NUMBERS,
    "NADE_DISK_GB": NUMBERS,
    "NADE_UPLOAD_MB": NUMBERS,
    "NADE_RAY_ADDRESS": ("not an address", "http://", "ten:x"),
    "NADE_RUNS": ("a file", "a file/below it"),
    "NADE_THREADS": ("0", "-2", "two", "1.5", ""),
}


def check(environment):
    """All that is checked at the start: as app.py and nade_core/devices.py do it."""
    if "NADE_THREADS" in environment:
        set_threads(environment["NADE_THREADS"])
    hosting.check_folder(environment)
    return hosting.from_environment({"NADE_HOSTED": "1", **environment})


def test_each_variable_that_is_described_is_tried():
    assert set(re.findall(r"NADE_[A-Z_]+", hosting.__doc__)) <= set(BAD)


@pytest.mark.parametrize("name, value", [(name, value) for name, values in BAD.items() for value in values])
def test_a_variable_that_makes_no_sense_is_a_sentence_that_names_it(tmp_path, monkeypatch, name, value):
    monkeypatch.chdir(tmp_path)
    Path("a file").touch()
    with pytest.raises(NadeError, match="threads" if name == "NADE_THREADS" else name):
        check({name: value})


def test_a_folder_of_runs_is_made_and_limits_are_read(tmp_path):
    found = check({"NADE_RUNS": str(tmp_path / "a" / "b"), "NADE_UPLOAD_MB": "50", "NADE_KEEP_DAYS": "0.5"})
    assert (tmp_path / "a" / "b").is_dir() and not any((tmp_path / "a" / "b").iterdir())
    assert (found.uploads_mb, found.keep_days, found.disk_gb) == (50, 0.5, hosting.HOST.disk_gb)


def test_alone_on_a_machine_nothing_is_limited():
    assert hosting.from_environment({}) == hosting.ALONE
