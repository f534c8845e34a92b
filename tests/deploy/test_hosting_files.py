"""The files of deploy/: they name what there is, and nginx and the shell take them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy import check
from nade_core import hosting

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
KNOWN = set(re.findall(r"NADE_[A-Z_]+", hosting.__doc__)) | {"NADE_RUNS", "NADE_THREADS"}


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml", "kubernetes.yaml", "README.md", "space.md", "check.py"])
def test_only_variables_that_the_app_reads_are_named(name):
    assert set(re.findall(r"\bNADE_[A-Z_]+", (DEPLOY / name).read_text("utf-8"))) <= KNOWN


def test_the_readme_names_every_variable_and_no_file_that_is_not_there():
    words = (DEPLOY / "README.md").read_text("utf-8")
    assert set(re.findall(r"NADE_[A-Z_]+", words)) >= KNOWN
    for path in re.findall(r"deploy/[\w.]+", words):
        assert (ROOT / path).exists(), path


def test_the_start_script_is_one_that_a_shell_takes():
    subprocess.run(["sh", "-n", DEPLOY / "start.sh"], check=True)


@pytest.mark.skipif(shutil.which("nginx") is None, reason="there is no nginx here")
def test_nginx_takes_its_configuration(tmp_path):
    server = (DEPLOY / "nginx.conf").read_text("utf-8")
    for name, value in (("REPLICA_A", "127.0.0.1:1"), ("REPLICA_B", "127.0.0.1:2"), ("LISTEN", "127.0.0.1:8999")):
        server = server.replace(f"${{{name}}}", value)
    (tmp_path / "nginx.conf").write_text(check.HTTP.substitute(folder=tmp_path, server=server))
    done = subprocess.run(["nginx", "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout: what belongs to it is not known")
def test_what_a_replica_gets_cannot_be_written(tmp_path):
    app = check.read_only_copy(tmp_path / "app")
    assert (app / "app.py").read_bytes() == (ROOT / "app.py").read_bytes()
    assert not any(path.stat().st_mode & 0o222 for path in [app, *app.rglob("*")])
    for path in [app, *app.rglob("*")]:
        path.chmod(0o755)  # or pytest could not remove it
