"""How a class fares: many viewers on one server. python -m benchmarks.load [--viewers 100] [--mix lecture]

Viewers arrive over three minutes, walk through pages, change something every four to six seconds, and leave. Each one
speaks Streamlit's own websocket protocol, as a browser does, without a browser: a change is a run of the script with
another value of a control in the link, and its answer has come when the script has finished. What a browser then fetches
and draws is not measured. The goal for a hundred, on two cores that do nothing else (this program runs beside): 0.3 s in
the median, 2 s for 95 of 100, no fault, at most 1.5 GB more memory, and that given back but for a tenth.

With ``--visits`` viewers come one after another instead, each for one page and one change, and the memory is read on the
way: it should not grow. The processor's seconds a run, and its bytes, are what a shared machine can compare by.

With ``--uploads`` so many viewers of a hosted app, all at the same moment, drop a table each on the page that trains and
have it read, while one more goes on changing something: what was taken, what was refused, and the most memory.
"""

import argparse
import asyncio
import os
import time
from collections import Counter
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
import websockets
from streamlit.proto.Common_pb2 import UploadedFileInfo

from lab.borrowed import SAID
from lab.housekeeping import kept

from .handout import serving
from .viewers import Seen, coming, put

# A page, the control that is changed on it with its values, and what else its link says.
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
    ("density", "image", tuple(range(200)), {"source": "test"}),
    ("complete", "seed", tuple(range(1000))),
    ("rank", "seed", tuple(range(5))),
)
MIXES = {"lecture": LECTURE, "lab": LAB, "all": LECTURE + LAB, "seeds": LAB[:1]}
PAUSE = 4.0, 6.0  # seconds between two changes of a viewer
BUCKET = 25  # viewers a line of the table
SOON = 10.0  # seconds after which what a server has forgotten is given back
PARTS = 10  # of visits, after each of which the memory is read
TICK = os.sysconf("SC_CLK_TCK")
OFTEN = 0.05  # seconds between two looks at the memory
TRAIN, OWN = "train", {"data": "own"}  # the page where a file is dropped
TAKEN, LINE = 204, b",".join([b"0", b"1"] * 392) + b"\n"  # the status of an upload that was taken; a line of a table


async def visit(address: str, number: int, mix: tuple, changes: int, seen: Seen, hurry: bool = False) -> None:
    """A viewer comes, walks from page to page with a few changes on each, at once if in a hurry, and goes."""
    seen.here += 1
    try:
        async with coming(address, number, seen) as viewer:
            for page, key, values, *fixed in mix:
                here, state = seen.here, dict(*fixed)
                seen.first.append(await viewer.run(page, **state))
                for _ in range(changes):
                    await asyncio.sleep(0 if hurry else viewer.chance.uniform(*PAUSE))
                    here = seen.here
                    state[key] = viewer.chance.choice(values)
                    seen.changes[here].append(await viewer.run(page, **state))
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


async def dropped(address: str, n: int, content: bytes, process: int, seen: Seen, other: Seen) -> tuple[list, float]:
    """n viewers drop a file each at the same moment, and have it read, beside one other: statuses, and the most memory."""
    peak = [memory(process)]
    async with AsyncExitStack() as pages, asyncio.TaskGroup() as group:
        viewers = [await pages.enter_async_context(coming(address, number, seen)) for number in range(n)]
        seen.first += [await viewer.run(TRAIN, None, **OWN) for viewer in viewers]
        beside = visit(address, n, LECTURE * n, 1, other), watched(process, peak)
        tasks = [group.create_task(one) for one in beside]
        places = [await viewer.place(f"table-{viewer.number}.csv", len(content)) for viewer in viewers]
        statuses = await sent(address.replace("ws", "http", 1), places, content)
        taken = zip(viewers, places, statuses, strict=True)
        await read([viewer.run(TRAIN, place, **OWN) for viewer, place, status in taken if status == TAKEN], seen)
        for task in tasks:
            task.cancel()
    return statuses, peak[0]


async def sent(site: str, places: list[UploadedFileInfo], content: bytes) -> list[int]:
    """A content to all places at once: the statuses."""
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(len(places)) as threads:
        return await asyncio.gather(*(loop.run_in_executor(threads, put, site, place, content) for place in places))


async def read(runs: list[Coroutine[None, None, float]], seen: Seen) -> None:
    """Runs of pages, all at once: how long they took, or what was wrong."""
    for answer in await asyncio.gather(*runs, return_exceptions=True):
        if isinstance(answer, BaseException):
            seen.faults.append(f"{type(answer).__name__}: {answer}")
        else:
            seen.changes[len(runs)].append(answer)


async def watched(process: int, peak: list[float]) -> None:
    """Keeps the most memory."""
    while True:
        peak[0] = max(peak[0], memory(process))
        await asyncio.sleep(OFTEN)


def all_at_once(address: str, process: int, options: argparse.Namespace, seen: Seen) -> None:
    """Uploads, what came of them, and the memory."""
    before, size = memory(process), options.megabytes << 20
    content = LINE * (size // len(LINE))
    other = Seen()
    statuses, most = asyncio.run(dropped(address, options.uploads, content, process, seen, other))
    print(f"{options.uploads} files of {len(content) / 1e6:.1f} MB at once:")
    for status, n in Counter(statuses).items():
        said = next((words for name, words in SAID.items() if name.endswith(str(status))), "taken")
        print(f"  {n} x {status}: {said}")
    time.sleep(kept() + SOON)
    print(f"memory {before:.2f} GB before, {most:.2f} at most, {memory(process):.2f} a while after")
    told(seen)
    print("The other one:")
    told(other)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--viewers", type=int, default=100)
    parser.add_argument("--over", type=float, default=180.0, metavar="SECONDS", help="in which they arrive")
    parser.add_argument("--changes", type=int, default=3, help="of each viewer on each page")
    parser.add_argument("--mix", choices=list(MIXES), default="lecture")
    parser.add_argument("--visits", type=int, default=0, help="one after another, instead of viewers at once")
    parser.add_argument("--uploads", type=int, default=0, help="at the same moment, instead of viewers who come and go")
    parser.add_argument("--megabytes", type=int, default=20, help="of each of the uploads")
    options = parser.parse_args(arguments)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {time.strftime('%Y-%m-%d')}; mix {options.mix}")
    measure = one_after_another if options.visits else all_at_once if options.uploads else a_class
    hosted = {"NADE_HOSTED": "1"} if options.uploads else {}
    with serving(**hosted) as (at, process):
        address = at.replace("http", "ws")
        asyncio.run(crowd(address, 1, 0.0, MIXES[options.mix], 1, Seen()))  # what is loaded once
        measure(address, process.pid, options, Seen())


if __name__ == "__main__":
    main()
