"""Tries what can be tried of a hosted app without a registry: python -m deploy.check

Two replicas start as a user without rights and without a home, from a copy that nobody may write, on one folder of runs,
behind nginx where there is one. A browser opens deep links below a base path, trains, loses its replica, and comes back.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from string import Template
from typing import Any
from urllib.request import urlopen

from playwright.sync_api import Page, expect, sync_playwright

ROOT = Path(__file__).parents[1]
BASE, HOST, NOBODY = "nade", "127.0.0.1", 65534
PATIENCE = 120_000  # milliseconds
HTTP = Template(
    "worker_processes 1; pid $folder/nginx.pid; error_log $folder/nginx.log; events {}\n"
    "http { access_log off; client_body_temp_path $folder/body; proxy_temp_path $folder/proxy; "
    "fastcgi_temp_path $folder/f; uwsgi_temp_path $folder/u; scgi_temp_path $folder/s; $server }"
)


def free_port() -> str:
    with socket.socket() as free:
        free.bind((HOST, 0))
        return str(free.getsockname()[1])


def read_only_copy(folder: Path) -> Path:
    """What git tracks, where nobody may write."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    for path in [folder, *folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    return folder


def nobody() -> dict[str, Any]:
    """How a process is started as a user without rights: where root runs this, and such a user may run this Python."""
    user: dict[str, Any] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    try:
        subprocess.run([sys.executable, "-c", ""], check=True, **user)
    except (OSError, subprocess.SubprocessError):
        return {}
    return user


@contextmanager
def replica(app: Path, runs: Path, scratch: Path) -> Iterator[tuple[str, subprocess.Popen]]:
    """A replica as a container runs it: its address and its process."""
    port = free_port()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "PORT": port,
        "ADDRESS": HOST,
        "BASE_PATH": BASE,
        "TMPDIR": str(scratch),
        "NADE_RUNS": str(runs),
        "NADE_TEACHER_KEY": "a key for the check",
        "STREAMLIT_SERVER_COOKIE_SECRET": "one secret for both",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    process = subprocess.Popen(["sh", "deploy/start.sh"], cwd=app, env=environment, **nobody())
    with answering(process, f"{HOST}:{port}/{BASE}"):
        yield f"{HOST}:{port}", process


@contextmanager
def answering(process: subprocess.Popen, app: str) -> Iterator[None]:
    """The process answers as an app at that address; at the end it is ended."""
    try:
        wait_for(f"http://{app}/_stcore/health", process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE / 1000)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for(address: str, process: subprocess.Popen) -> None:
    until = time.monotonic() + PATIENCE / 1000
    while process.poll() is None and time.monotonic() < until:
        try:
            urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.3)
    raise SystemExit(f"{address} does not answer.")


@contextmanager
def nginx(folder: Path, replicas: list[str]) -> Iterator[str]:
    """nginx in front of the replicas: the address that viewers use."""
    port = free_port()
    server = Template((ROOT / "deploy" / "nginx.conf").read_text("utf-8")).safe_substitute(
        REPLICA_A=replicas[0], REPLICA_B=replicas[1], LISTEN=f"{HOST}:{port}"
    )
    (folder / "nginx.conf").write_text(HTTP.substitute(folder=folder, server=server))
    process = subprocess.Popen(["nginx", "-p", folder, "-c", folder / "nginx.conf", "-g", "daemon off;"])
    with answering(process, f"{HOST}:{port}/{BASE}"):
        yield f"{HOST}:{port}"


def says(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading, timeout=PATIENCE)


def walk(page: Page, site: str, replicas: list[tuple[str, subprocess.Popen]]) -> None:
    """A viewer's way: a deep link, a training, a replica that dies, and back by the link."""
    page.goto(f"http://{site}/{BASE}/coin?lang=ko&n=100")
    says(page, "분포를 학습한다는 건 무슨 뜻일까요?")
    print("A deep link below the base path opens in Korean.")
    page.goto(f"http://{site}/{BASE}/density?lang=en&source=own")
    page.locator('input[type="file"]').set_input_files(ROOT / "lab" / "icon.png", timeout=PATIENCE)
    expect(page.get_by_test_id("stMetricValue").first).to_contain_text("nats", timeout=PATIENCE)
    print("A picture is uploaded and scored.")
    page.goto(f"http://{site}/{BASE}/train?lang=en&data=animals&architecture=ChowLiu")
    page.get_by_role("button", name="Train", exact=True).click(timeout=PATIENCE)
    expect(page.get_by_text("Finished: the model is in the list of the other chapters.")).to_be_visible(
        timeout=PATIENCE
    )
    print("A training in a worker process ends.")
    link = page.url
    replicas[0][1].kill()
    for _, process in replicas[1:]:
        page.goto(link)
        expect(page.get_by_text("Finished: the model is in the list of the other chapters.")).to_be_visible(
            timeout=PATIENCE
        )
        print("With one replica killed, the link finds the run again.")
        assert process.poll() is None


def main() -> None:
    with ExitStack() as stack, sync_playwright() as playwright:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        folder.chmod(0o755)
        app, runs, scratch = read_only_copy(folder / "app"), folder / "runs", folder / "tmp"
        for place in (runs, scratch):
            place.mkdir()
            place.chmod(0o777)
        fronted = shutil.which("nginx") is not None
        replicas = [stack.enter_context(replica(app, runs, scratch)) for _ in range(2 if fronted else 1)]
        print("Replicas answer, without a home, from a copy that cannot be written.")
        print("They run as a user without rights." if nobody() else "A user without rights cannot be tried here.")
        addresses = [address for address, _ in replicas]
        site = stack.enter_context(nginx(folder, addresses)) if fronted else addresses[0]
        print("nginx stands in front." if fronted else "There is no nginx here: its configuration is not tried.")
        chromium = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM") or "/usr/bin/chromium")
        walk(chromium.new_page(), site, replicas)


if __name__ == "__main__":
    main()
