"""How a class fares: many viewers on one server. python -m benchmarks.load [--viewers 100] [--mix lecture] [--visits 1000]

Viewers arrive over three minutes, walk through pages, change something every four to six seconds, and leave. Each one
speaks Streamlit's own websocket protocol, as a browser does, without a browser: a change is a run of the script with
another value of a control in the link, and its answer has come when the script has finished. What a browser then fetches
and draws is not measured. The goal for a hundred, on two cores that do nothing else (this program runs beside): 0.3 s in
the median, 2 s for 95 of 100, no fault, at most 1.5 GB more memory, and that given back but for a tenth.

With ``--visits`` viewers come one after another instead, each for one page and one change, and the memory is read on the
way: it should not grow. The processor's seconds a run, and its bytes, are what a shared machine can compare by.
"""

import argparse
import asyncio
import os
import random
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from lab.housekeeping import kept

from .handout import serving

# A page, and the control that is changed on it with its values.
LECTURE = (
    ("", "one", ("real", "noise")),
    ("coin", "n", (10, 60, 110, 510)),
    ("pixel", "levels", (16, 64, 256)),
    ("cases", "n", tuple(range(8, 784, 37))),
    ("independence", "seed", tuple(range(6))),
    ("rules", "case", ("000", "010", "101", "111")),
    ("ordering", "order", ("raster", "reverse", "spiral", "random")),
    ("nade", "H", tuple(range(100, 1000, 100))),
    ("continuous", "K", (1, 2, 3, 4)),
    ("conditional", "seed", tuple(range(6))),
)
LAB = (
    ("generate", "seed", tuple(range(1000))),
    ("density", "image", tuple(range(200))),
    ("rank", "seed", tuple(range(5))),
)
MIXES = {"lecture": LECTURE, "lab": LAB, "all": LECTURE + LAB, "seeds": LAB[:1]}
PAUSE = 4.0, 6.0  # seconds between two changes of a viewer
PATIENCE = 120.0  # seconds until an answer that has not come is a fault
BUCKET = 25  # viewers a line of the table
LANGUAGES = "ko", "en"
SOON = 10.0  # seconds after which what a server has forgotten is given back
PARTS = 10  # of visits, after each of which the memory is read
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Seen:
    """What all viewers saw: seconds by how many were there, of first pages and of changes; bytes; and faults."""

    here: int = 0
    bytes: int = 0
    changes: dict[int, list[float]] = field(default_factory=lambda: defaultdict(list))
    first: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Viewer:
    """One websocket: a session of the app."""

    def __init__(self, socket: websockets.ClientConnection, number: int, seen: Seen):
        self.socket, self.seen = socket, seen
        self.chance, self.language = random.Random(number), LANGUAGES[number % len(LANGUAGES)]

    async def run(self, page: str, **state: object) -> float:
        """A run of a page with that state in its link; how many seconds until it has finished."""
        message, began = BackMsg(), time.monotonic()
        message.rerun_script.query_string = urlencode({"lang": self.language, **state})
        message.rerun_script.page_name = page
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while True:
                content = await self.socket.recv(decode=False)
                self.seen.bytes += len(content)
                answer = ForwardMsg.FromString(content)
                kind = answer.WhichOneof("type")
                if kind == "delta" and answer.delta.new_element.WhichOneof("type") == "exception":
                    raise RuntimeError(f"{page}: {answer.delta.new_element.exception.message}")
                if kind == "page_not_found":
                    raise RuntimeError(f"there is no page {page}")
                if kind == "script_finished" and answer.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                    return time.monotonic() - began


async def visit(address: str, number: int, mix: tuple, changes: int, seen: Seen, hurry: bool = False) -> None:
    """A viewer comes, walks from page to page with a few changes on each, at once if in a hurry, and goes."""
    seen.here += 1
    try:
        spoken = [websockets.Subprotocol("streamlit")]
        stream = f"{address}/_stcore/stream"
        socket = websockets.connect(stream, subprotocols=spoken, max_size=None, max_queue=None, open_timeout=PATIENCE)
        async with socket as connection:
            viewer = Viewer(connection, number, seen)
            for page, key, values in mix:
                here = seen.here
                seen.first.append(await viewer.run(page))
                for _ in range(changes):
                    await asyncio.sleep(0 if hurry else viewer.chance.uniform(*PAUSE))
                    here = seen.here
                    seen.changes[here].append(await viewer.run(page, **{key: viewer.chance.choice(values)}))
    except (OSError, RuntimeError, TimeoutError, websockets.WebSocketException) as error:
        seen.faults.append(f"{type(error).__name__}: {error}")
    finally:
        seen.here -= 1


async def crowd(address: str, viewers: int, over: float, mix: tuple, changes: int, seen: Seen) -> None:
    """All of them, arriving one after another."""
    async with asyncio.TaskGroup() as group:
        for number in range(viewers):
            group.create_task(visit(address, number, mix, changes, seen))
            await asyncio.sleep(over / viewers)


async def visits(address: str, mix: tuple, numbers: range, seen: Seen) -> None:
    """Viewers one after another, each on the next page of the mix."""
    for number in numbers:
        await visit(address, number, (mix[number % len(mix)],), 1, seen, hurry=True)


def processor(process: int) -> float:
    """The seconds that a process has computed (Linux)."""
    after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICK


def memory(process: int) -> float:
    """The memory that a process and its children hold, in GB (Linux)."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except OSError:
            continue
        if process in (int(lines["Pid"]), int(lines["PPid"])) and "VmRSS" in lines:
            total += int(lines["VmRSS"].split()[0])
    return total / (1 << 20)


def spread(seconds: list[float]) -> str:
    return f"{np.median(seconds):.2f} | {np.quantile(seconds, 0.95):.2f} | {len(seconds)}"


def told(seen: Seen) -> None:
    """The table: seconds from a change to its answer, by how many viewers were there."""
    print("| viewers | median, s | 95 %, s | runs |\n| --- | ---: | ---: | ---: |")
    print(f"| a page opened | {spread(seen.first)} |") if seen.first else None
    for low in range(0, max(seen.changes, default=0) + 1, BUCKET):
        times = [t for here, all_times in seen.changes.items() if low < here <= low + BUCKET for t in all_times]
        if times:
            print(f"| {low + 1} to {low + BUCKET} | {spread(times)} |")
    print(f"{len(seen.faults)} faults", *seen.faults[:5], sep="\n  ")


def a_class(address: str, process: int, options: argparse.Namespace, seen: Seen) -> None:
    """All viewers at once; what they waited for, and what they cost."""
    before, computed, began = memory(process), processor(process), time.monotonic()
    asyncio.run(crowd(address, options.viewers, options.over, MIXES[options.mix], options.changes, seen))
    lasted, computed = time.monotonic() - began, processor(process) - computed
    left = memory(process)
    time.sleep(kept() + SOON)
    print(f"{lasted:.0f} s; memory {before:.2f} GB before, {left:.2f} at the end, {memory(process):.2f} a while after")
    runs = len(seen.first) + sum(map(len, seen.changes.values()))
    print(
        f"{computed / lasted:.2f} cores; a run: {1000 * computed / runs:.0f} ms of them, {seen.bytes / runs / 1000:.0f} kB"
    )
    told(seen)


def one_after_another(address: str, process: int, options: argparse.Namespace, seen: Seen) -> None:
    """Visits in ten parts, and the memory after each."""
    print("| visits | memory, GB |\n| ---: | ---: |")
    for part in range(PARTS):
        numbers = range(part * options.visits // PARTS, (part + 1) * options.visits // PARTS)
        asyncio.run(visits(address, MIXES[options.mix], numbers, seen))
        print(f"| {numbers.stop} | {memory(process):.3f} |", flush=True)
    time.sleep(kept() + SOON)
    print(f"{memory(process):.3f} GB a while after")
    told(seen)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, default=100)
    parser.add_argument("--over", type=float, default=180.0, metavar="SECONDS", help="in which they arrive")
    parser.add_argument("--changes", type=int, default=3, help="of each viewer on each page")
    parser.add_argument("--mix", choices=list(MIXES), default="lecture")
    parser.add_argument("--visits", type=int, default=0, help="one after another, instead of viewers at once")
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}; mix {options.mix}")
    measure = one_after_another if options.visits else a_class
    with serving() as (at, process):
        address = at.replace("http", "ws")
        asyncio.run(crowd(address, 1, 0.0, MIXES[options.mix], 1, Seen()))  # what is loaded once
        measure(address, process.pid, options, Seen())


if __name__ == "__main__":
    main()
