"""The CPU kernels against the plain torch loop, on the same weights and images: python -m benchmarks.engine

Each row is measured in this one run, best of several repetitions. The arithmetic limit is this machine's own
float32 matrix product (torch, same threads), at n H multiply-adds an image for density and three times that
for a training step.
"""

import argparse
import copy
import json
import time

import torch

from nade_core import load_pretrained
from nade_core.data import load_dataset


def best(function, repetitions: int) -> float:
    """The shortest time of one call, in seconds, after one call that is not counted."""
    function()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def multiply_adds_per_second() -> float:
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    return 2048**3 / best(lambda: a @ b, 5)


def density(model, x):
    with torch.no_grad():
        return model.log_prob(x)


def training_step(model, x, optimizer):
    optimizer.zero_grad()
    (-model.log_prob(x).mean()).backward()
    optimizer.step()


def measure() -> list[dict]:
    """One row a task: images a second of both backends, their ratio, and the share of the limit reached."""
    data, model = torch.tensor(load_dataset("mnist").test), load_pretrained("nade-mnist", "cpu")
    limit = multiply_adds_per_second() / (model.config.dims * model.config.hidden)
    rows = []
    tasks = (("log-density, batch 512", 512, 1), ("log-density, batch 10,000", 10_000, 1),
             ("training step, batch 100", 100, 3), ("draw 64 samples", 64, 1))  # fmt: skip
    for name, batch, products in tasks:
        speeds = []
        for backend, repetitions in (("reference", 2), ("cpu", 8)):
            tested = copy.deepcopy(model).requires_grad_(name.startswith("training"))
            tested.backend = backend
            optimizer = torch.optim.AdamW(tested.parameters(), 1e-6, fused=True) if products == 3 else None
            x = data[:batch] if backend == "cpu" or batch <= 512 else data[:512]
            if products == 3:
                seconds = best(lambda tested=tested, x=x, o=optimizer: training_step(tested, x, o), repetitions)
            elif name.startswith("draw"):
                seconds = best(lambda tested=tested: tested.sample(64), repetitions)
            else:
                seconds = best(lambda tested=tested, x=x: density(tested, x), repetitions)
            speeds.append((64 if name.startswith("draw") else len(x)) / seconds)
        rows.append({"task": name, "loop": speeds[0], "kernels": speeds[1], "ratio": speeds[1] / speeds[0],
                     "share_of_limit": speeds[1] * products / limit})  # fmt: skip
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
