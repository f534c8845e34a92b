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


def medians(*functions) -> list[float]:
    """The median time of each function, in seconds: called in turn, so that drift of the machine hits all alike."""
    times = [[] for _ in functions]
    for repetition in range(REPETITIONS + 1):
        for function, taken in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            if repetition:  # the first round loads code and data, and is not counted
                taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def multiply_adds_per_second() -> float:
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    return 2048**3 / medians(lambda: a @ b)[0]


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


def measure() -> list[dict]:
    """One row a task: images a second of both backends, their ratio, and the share of the limit reached."""
    data, model = torch.tensor(load_dataset("mnist").test), load_pretrained("nade-mnist", "cpu")
    limit = multiply_adds_per_second() / (model.config.dims * model.config.hidden)
    rows = []
    tasks = (
        ("log-density, batch 512", 512, 1),
        ("log-density, batch 10,000", 10_000, 1),
        ("training step, batch 100", 100, 3),
        ("draw 64 samples", 64, 1),
    )
    for name, batch, products in tasks:
        calls = [_task(model, backend, name, data[:batch]) for backend in ("reference", "cpu")]
        speeds = [batch / seconds for seconds in medians(*calls)]
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    rows = measure()
    if parser.parse_args().json:
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
