"""Tries the Dockerfile without a registry of images: python -m deploy.image (as root, where debootstrap is)

Its RUN lines are executed as they stand there, in a root folder that debootstrap makes, whose Python stands for that of
the image that the Dockerfile begins with; packages are wheels that pip has fetched before. Then the app starts in it by
the CMD line: as the user of the Dockerfile, without HOME, with all but /tmp and /runs read-only. What the root folder
takes is what the image would take, unpacked.
"""

import argparse
import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import load

from .check import HOST, ROOT, free_port, wait_for

SUITE = "bookworm"  # whose Python is 3.11
PACKAGES = "python3,python3-pip,python-is-python3,ca-certificates"
MOST = 1500  # MB
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PIP = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/wheels", "PIP_BREAK_SYSTEM_PACKAGES": "1"}
READ_ONLY = """set -e
mount --bind {root} {root} && mount -o remount,bind,ro {root}
mount -t tmpfs tmpfs {root}/tmp && mount -t proc proc {root}/proc && mount --bind {runs} {root}/runs
exec chroot --userspec={user} {root} {command}"""


@dataclass
class Image:
    """A root folder, and what the lines of a Dockerfile have set until now."""

    root: Path
    user: str = "root"
    place: str = "/"
    environment: dict[str, str] = field(default_factory=dict)

    def do(self, word: str, rest: str) -> None:
        """One line of the Dockerfile; those that only describe are passed over."""
        if word == "RUN":
            self.run(rest)
        elif word == "COPY":
            *names, to = rest.split()
            for name in names:
                copy(ROOT / name, self.root / self.place.strip("/") / to)
        elif word == "WORKDIR":
            self.place = rest
            (self.root / rest.strip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "USER":
            self.user = rest
        elif word == "ENV":
            self.environment |= dict(pair.split("=", 1) for pair in rest.split())

    def run(self, command: str) -> None:
        inside = ["chroot", f"--userspec={self.user}", str(self.root), *self.shell(PIP, command)]
        subprocess.run(["unshare", "--mount", f"--mount-proc={self.root}/proc", "--pid", "--fork", *inside], check=True)

    def shell(self, more: dict[str, str], command: str) -> list[str]:
        """A command in the place and with the environment that were set, and no other."""
        known = [f"{name}={value}" for name, value in {"PATH": PATH, **self.environment, **more}.items()]
        return ["env", "-i", *known, "sh", "-c", f"cd {self.place} && {command}"]


def copy(source: Path, to: Path) -> None:
    """A file; or of a folder, what git tracks."""
    if source.is_file():
        shutil.copy(source, to)
        return
    names = subprocess.run(["git", "ls-files", "-z"], cwd=source, capture_output=True, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / name, to / name)


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """The lines of a Dockerfile, (word, rest), those that go on put together."""
    lines = re.sub(r"^#.*\n", "", dockerfile, flags=re.M).replace("\\\n", " ").splitlines()
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in lines if line.strip()]


def mirror() -> str:
    """Where this machine has its Debian from."""
    told = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(SITE) $(RELEASE)"], capture_output=True, check=True, text=True
    ).stdout
    return next(line.split()[0] for line in told.splitlines() if line.endswith(f" {SUITE}"))


@contextmanager
def started(image: Image, command: list[str], port: str, runs: Path) -> Iterator[subprocess.Popen]:
    """The image as a container runs it, read-only."""
    inside = image.shell({"PORT": port, "ADDRESS": HOST}, " ".join(command))
    quoted = " ".join("'" + word.replace("'", "'\\''") + "'" for word in inside)
    script = READ_ONLY.format(root=image.root, runs=runs, user=image.user, command=quoted)
    process = subprocess.Popen(["unshare", "--mount", "--pid", "--fork", "sh", "-c", script], start_new_session=True)
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # what unshare has started does not end with it
        process.wait()


def megabytes(root: Path) -> int:
    """What a root folder takes, without the wheels."""
    told = subprocess.run(
        ["du", "-sm", "--exclude=./wheels", "."], cwd=root, capture_output=True, check=True, text=True
    )
    return int(told.stdout.split()[0])


def build(image: Image, wheels: Path, lines: list[tuple[str, str]]) -> None:
    """The root folder, from nothing to what the Dockerfile makes of it."""
    subprocess.run(
        ["debootstrap", "--variant=minbase", f"--include={PACKAGES}", SUITE, str(image.root), mirror()], check=True
    )
    shutil.rmtree(image.root / "var/cache/apt/archives")
    shutil.move(wheels, image.root / "wheels")
    shutil.copy("/etc/resolv.conf", image.root / "etc/resolv.conf")
    for word, rest in lines:
        print(f"{word} {rest[:100]}", flush=True)
        image.do(word, rest)
    shutil.rmtree(image.root / "wheels")


def fetch(wheels: Path) -> None:
    """The packages of the app, as this machine's pip finds them."""
    names = ["-r", str(ROOT / "requirements.txt")]
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(wheels), *names], check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keep", type=Path, help="a folder that is not there yet, in which the root folder stays")
    options = parser.parse_args()
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        print("The Dockerfile's steps are not tried: that needs debootstrap, and root.")
        return
    lines = instructions((ROOT / "deploy" / "Dockerfile").read_text("utf-8"))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
        folder = options.keep or Path(temporary)
        image, runs, port = Image(folder / "root"), folder / "runs", free_port()
        runs.mkdir(parents=True)
        fetch(folder / "wheels")
        build(image, folder / "wheels", lines)
        runs.chmod(0o777)
        print(f"Unpacked, the image takes {megabytes(image.root)} MB; at most {MOST} are promised.")
        with started(image, re.findall(r'"([^"]+)"', dict(lines)["CMD"]), port, runs) as process:
            wait_for(f"http://{HOST}:{port}/_stcore/health", process)
            seen = load.Seen()
            asyncio.run(load.visit(f"ws://{HOST}:{port}", 0, load.MIXES["all"], 1, seen, hurry=True))
            print(f"As that user, without a home and read-only, it answers on {len(seen.first)} pages.")
            assert len(seen.first) == len(load.MIXES["all"]), seen.faults


if __name__ == "__main__":
    main()
