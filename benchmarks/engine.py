"""The CPU kernels against the plain torch loop, on the same weights and images: python -m benchmarks.engine

Each row is measured in this one run: both backends in turn, the median of equally many repetitions. The
arithmetic limit is this machine's own float32 matrix product (torch, same threads), at n H multiply-adds an
image for density and three times that for a training step.
"""

import argparse
import copy
import json
import statistics
import time

import torch

from nade_core import load_pretrained
from nade_core.data import load_dataset

REPETITIONS = 7
TASKS = (  # what is done, on how many images, and how many products of matrices it takes
    ("log-density, batch {batch:,}", 512, 1),
    ("log-density, batch {batch:,}", 10_000, 1),
    ("training step, batch {batch:,}", 100, 3),
    ("draw {batch:,} samples", 64, 1),
)


def medians(repetitions: int, *functions) -> list[float]:
    """The median time of each function, in seconds: called in turn, so that drift of the machine hits all alike."""
    times: list[list[float]] = [[] for _ in functions]
    for repetition in range(repetitions + 1):
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            if repetition:  # the first round loads code and data, and is not counted
                taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def multiply_adds_per_second(repetitions: int) -> float:
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    return 2048**3 / medians(repetitions, lambda: a @ b)[0]


def density(model, x):
    with torch.no_grad():
        return model.log_prob(x)


def training_step(model, x, optimizer):
    optimizer.zero_grad()
    (-model.log_prob(x).mean()).backward()
    optimizer.step()


def _task(model, backend: str, name: str, x):
    tested = copy.deepcopy(model).requires_grad_(name.startswith("training"))
    tested.backend = backend
    if name.startswith("draw"):
        return lambda: tested.sample(len(x))
    if name.startswith("training"):
        optimizer = torch.optim.AdamW(tested.parameters(), 1e-6, fused=True)
        return lambda: training_step(tested, x, optimizer)
    return lambda: density(tested, x)


def measure(repetitions: int, scale: float) -> list[dict]:
    """One row a task: images a second of both backends, their ratio, and the share of the limit reached.

    ``scale`` multiplies the number of images of each task.
    """
    data, model = torch.tensor(load_dataset("mnist").test), load_pretrained("nade-mnist", "cpu")
    limit = multiply_adds_per_second(repetitions) / (model.config.dims * model.config.hidden)
    rows = []
    for task, images, products in TASKS:
        batch = max(1, round(scale * images))
        name = task.format(batch=batch)
        calls = [_task(model, backend, name, data[:batch]) for backend in ("reference", "cpu")]
        speeds = [batch / seconds for seconds in medians(repetitions, *calls)]
        rows.append(
            {
                "task": name,
                "loop": speeds[0],
                "kernels": speeds[1],
                "ratio": speeds[1] / speeds[0],
                "share_of_limit": speeds[1] * products / limit,
            }
        )
    return rows


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, help=f"of each task ({REPETITIONS})")
    parser.add_argument("--scale", type=float, default=1, help="multiplies the number of images of each task (1)")
    args = parser.parse_args(arguments)
    rows = measure(args.repetitions, args.scale)
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    print(f"784 visible, 500 hidden, {torch.get_num_threads()} threads, torch {torch.__version__}\n")
    print("| task | plain torch loop, images/s | kernels, images/s | ratio | share of the arithmetic limit |")
    print("| --- | --- | --- | --- | --- |")
    for r in rows:
        print(
            f"| {r['task']} | {r['loop']:,.0f} | {r['kernels']:,.0f} | {r['ratio']:.0f} | {r['share_of_limit']:.0%} |"
        )


if __name__ == "__main__":
    main()
