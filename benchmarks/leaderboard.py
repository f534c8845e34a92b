"""Scores the pretrained models of digits, and builds the table of the README and of the app.

python -m benchmarks.leaderboard                              the embedded test digits
python -m benchmarks.leaderboard --data FILE.npz --key valid  another file of binary 28 x 28 images

Ours stand beside the published ones. Each of ours is measured on the first --limit rows of the data, as the
ensemble of up to --orderings orderings. Rows of models that are not asked for (--only) stay as they were.
"""

import argparse
import json
import time
from pathlib import Path

import torch

from nade_core import ModelCard, evaluation, list_models, load_model
from nade_core.checkpoint import PRETRAINED
from nade_core.data.reading import read_rows
from nade_core.files import write_atomic
from nade_core.published import BENCHMARK, PUBLISHED, Published

TABLE, README = PRETRAINED / "leaderboard.json", Path(__file__).parent.parent / "README.md"
START, END = "<!-- leaderboard -->\n", "<!-- /leaderboard -->"
WARM_UP = 64


def measure(card: ModelCard, rows, orderings: int, seed: int) -> dict:
    """Nats by the ensemble of orderings, and images/s along one ordering."""
    model = load_model(card.path, "cpu")
    evaluation.log_probs(model, rows[:WARM_UP])
    start = time.perf_counter()
    single, error = evaluation.mean_and_standard_error(-evaluation.log_probs(model, rows))
    speed = len(rows) / (time.perf_counter() - start)
    known = len(model.orderings(orderings, seed))
    nats = single
    if known > 1:
        nats, error = evaluation.mean_and_standard_error(-evaluation.ensemble_log_probs(model, rows, orderings, seed))
    return {
        "name": card.name, "title": card.title.split(",")[0], "model": card.model, "description": card.description,
        "nats": round(nats, 3), "standard_error": round(error, 3), "one_ordering": round(single, 3),
        "orderings": known, "n": len(rows), "parameters": card.parameters, "seconds": card.header.get("seconds"),
        "benchmark_valid": card.header.get("trained_nats", {}).get("valid"), "images_per_second": round(speed, 1),
        "threads": torch.get_num_threads(),
    }  # fmt: skip


def markdown(table: dict) -> str:
    """Both kinds of rows in one table, the best last."""
    lines = [
        f"Ours: measured on {table['data']}. Published: {BENCHMARK}. The binarisations differ; the column *benchmark",
        "valid* is on the published benchmark's own validation part, along one ordering.",
        "",
        "| model | nats | benchmark valid | orderings | parameters | training | images/s | source |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    rows = [(row["nats"], _ours(row)) for row in table["rows"]] + [(p.nats, _published(p)) for p in PUBLISHED]
    return "\n".join(lines + [text for _, text in sorted(rows, reverse=True)]) + "\n"


def _ours(row: dict) -> str:
    valid = "" if row["benchmark_valid"] is None else f"{row['benchmark_valid']:.2f}"
    return (
        f"| **{row['title']}** | **{row['nats']:.2f}** ± {row['standard_error']:.2f} | {valid} | {row['orderings']} "
        f"| {row['parameters']:,} | {_duration(row['seconds'])} | {row['images_per_second']:,.0f} "
        f"| `{row['name']}`, n = {row['n']:,} |"
    )


def _published(p: Published) -> str:
    bound = "≤ " if p.bound else ""
    return f"| {p.model} | {bound}{p.nats:.2f} | | | {_count(p.parameters)} | | | {p.source}, {p.how} |"


def _count(parameters: int | None) -> str:
    return "" if parameters is None else f"{parameters:,}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--key", default="test")
    parser.add_argument("--limit", type=int, help="the first N rows only")
    parser.add_argument("--orderings", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", help="names of models; the others keep their rows")
    args = parser.parse_args()
    rows = read_rows(args.data, args.key)[: args.limit]
    name = "the embedded digits" if args.data == "mnist" else Path(args.data).name
    table = {"data": f"{name}, part {args.key}", "published_on": BENCHMARK, "rows": []}
    old = {row["name"]: row for row in json.loads(TABLE.read_text())["rows"]} if TABLE.exists() else {}
    for card in list_models():
        if card.data != "mnist" or card.shape != (28, 28):
            continue
        if args.only is not None and card.name not in args.only and card.name in old:
            table["rows"].append(old[card.name])
            continue
        table["rows"].append(measure(card, rows, args.orderings, args.seed))
        print(f"{card.name}: {table['rows'][-1]['nats']} nats", flush=True)
    write_atomic(TABLE, (json.dumps(table, indent=1) + "\n").encode())
    before, rest = README.read_text().split(START)
    write_atomic(README, (before + START + markdown(table) + END + rest.split(END)[1]).encode())


if __name__ == "__main__":
    main()
