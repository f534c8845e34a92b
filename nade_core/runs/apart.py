"""A run planned in a process of its own: what is large is never read into the memory of the app."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import torch

from ..messages import NadeError
from .config import RunConfig, from_json
from .folder import as_error
from .planning import Request, plan
from .process import environment


def plan_apart(request: Request, device: torch.device) -> RunConfig:
    """What ``plan`` gives, or the NadeError that it raises."""
    asked = json.dumps({"request": asdict(request), "device": str(device)})
    command = [sys.executable, "-m", "nade_core.runs.apart"]
    done = subprocess.run(command, input=asked, capture_output=True, text=True, encoding="utf-8", env=environment())
    try:
        told = json.loads(done.stdout)
    except ValueError:
        raise NadeError(
            "The data could not be read: the process that read them ended (exit status {n}).", n=done.returncode
        ) from None
    if "error" in told:
        raise NadeError(told["error"]["message"], **told["error"]["facts"])
    return from_json(told["config"], Path("config.json"))


def _answer(asked: dict) -> dict:
    try:
        return {"config": asdict(plan(Request(**asked["request"]), torch.device(asked["device"])))}
    except Exception as error:
        return {"error": as_error(error).as_json()}


if __name__ == "__main__":
    json.dump(_answer(json.load(sys.stdin)), sys.stdout)
