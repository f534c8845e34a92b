"""Scores the pretrained models of digits, and builds the table of the README and of the app.

python -m benchmarks.leaderboard                              the embedded test digits
python -m benchmarks.leaderboard --data FILE.npz --key valid  another file of binary 28 x 28 images

Ours stand beside the published ones. Each of ours is measured on all rows of the data along its own ordering: the
figure that it carries with it. One that knows several orderings is also measured as the ensemble of up to --orderings
of them, on the first --limit rows. With --only NAME ... the other models keep the rows they have; all rows of
a table are measured on the same data.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch

from lesson.published import BENCHMARK, HOW, PUBLISHED, Published
from nade_core import ModelCard, list_models, load_model, measures, scoring
from nade_core.checkpoint import PRETRAINED
from nade_core.data import SOURCES, load_dataset
from nade_core.data.reading import GIVEN, read_rows
from nade_core.files import write_atomic

TABLE, README = PRETRAINED / "leaderboard.json", Path(__file__).parent.parent / "README.md"
START, END = "<!-- leaderboard -->\n", "<!-- /leaderboard -->"
TRAINED_ON = "binarized_mnist_train_valid.npz"  # the static benchmark: its valid part is what `benchmark_valid` is on
WARM_UP = 64


def measure(card: ModelCard, rows: np.ndarray, limit: int, orderings: int, seed: int) -> dict:
    """Nats and images/s along one ordering, and nats by the ensemble of orderings on the first ``limit`` rows."""
    model = load_model(card.path, "cpu")
    scoring.log_probs(model, rows[:WARM_UP])
    start = time.perf_counter()
    nats, error = measures.mean_and_standard_error(-scoring.log_probs(model, rows))
    speed = len(rows) / (time.perf_counter() - start)
    known, ensemble = len(model.orderings(orderings, seed)), None
    if known > 1:
        ensemble = round(float(-scoring.ensemble_log_probs(model, rows[:limit], orderings, seed).mean()), 3)
    header = card.header
    valid = header.get("trained_nats", {}).get("valid") if header.get("trained_on") == TRAINED_ON else None
    return {
        "name": card.name,
        "title": card.title.split(",")[0],
        "model": card.model,
        "description": card.description,
        "nats": round(nats, 4),
        "standard_error": round(error, 3),
        "all": len(rows),
        "ensemble": ensemble,
        "orderings": known,
        "n": min(limit, len(rows)),
        "parameters": card.parameters,
        "seconds": header.get("seconds"),
        "benchmark_valid": valid,
        "images_per_second": round(speed, 1),
        "device": "cpu",
        "threads": torch.get_num_threads(),
    }


def place(source: str, key: str) -> dict:
    """What the rows of a table are measured on, in words."""
    known = source in SOURCES
    return {
        "data": f"{load_dataset(source).title if known else Path(source).name}, {key} part",
        "binarisation": load_dataset(source).binarisation if known else GIVEN["binary"],
    }


def build(
    source: str, key: str, limit: int, orderings: int, seed: int, only: list[str] | None, path: Path = TABLE
) -> dict:
    """The table: rows of every pretrained model of digits, or new rows of those in ``only`` beside the old ones, which
    stand in the file ``path``."""
    cards = {card.name: card for card in list_models() if card.embedded == "mnist"}
    if unknown := set(only or ()) - cards.keys():
        raise ValueError(f"Unknown: {', '.join(sorted(unknown))}; models of digits are {', '.join(cards)}.")
    table, rows = place(source, key), read_rows(source, key)
    old = json.loads(path.read_text(encoding="utf-8")) if only is not None and path.exists() else {"rows": []}
    kept = {row["name"]: row for row in old["rows"] if row["name"] in cards and row["name"] not in only}
    for row in kept.values():
        if old["data"] != table["data"] or (row["all"], row["n"]) != (len(rows), min(limit, len(rows))):
            raise ValueError(f"{path.name} is measured on {row['n']} rows of {old['data']}: leave --only out.")
    for name, card in cards.items():
        if only is None or name in only:
            kept[name] = measure(card, rows, limit, orderings, seed)
            print(f"{name}: {kept[name]['nats']} nats, {kept[name]['images_per_second']:,.0f} images/s", flush=True)
    return {**table, "published_on": BENCHMARK, "rows": sorted(kept.values(), key=lambda row: row["nats"])}


def markdown(table: dict) -> str:
    """Both kinds of rows in one table, the best last."""
    lines = [
        f"Ours, in bold: measured on all {table['rows'][0]['all']:,} images of {table['data']} ({table['binarisation']}),",
        f"along one ordering. *Ensemble*: the mean probability over several orderings, on the first {table['rows'][0]['n']:,}",
        f"of them. Published: {BENCHMARK}.",
        "The binarisations differ, so tenths of a nat between the two kinds mean nothing. The column *benchmark valid*",
        "is on the published benchmark's own validation part, without an ensemble; it is what chose the weights.",
        "≤ marks an upper bound, ≈ an estimate.",
        "",
        "| model | nats | ensemble | benchmark valid | parameters | training | images/s | source |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    rows = [(row["nats"], _ours(row)) for row in table["rows"]] + [(p.nats, _published(p)) for p in PUBLISHED]
    return "\n".join(lines + [text for _, text in sorted(rows, reverse=True)]) + "\n"


def _ours(row: dict) -> str:
    valid = "" if row["benchmark_valid"] is None else f"{row['benchmark_valid']:.2f}"
    ensemble = "" if row["ensemble"] is None else f"{row['ensemble']:.2f} of {row['orderings']}"
    return (
        f"| **{row['title']}** | **{row['nats']:.2f}** ± {row['standard_error']:.2f} | {ensemble} | {valid} "
        f"| {row['parameters']:,} | {_duration(row['seconds'])} | {row['images_per_second']:,.0f} "
        f"| `{row['name']}`, measured here |"
    )


def _published(p: Published) -> str:
    return f"| {p.model} | {p.figure} | | | {_count(p.parameters)} | | | {p.source}, {HOW[p.how]} |"


def _count(parameters: int | None) -> str:
    return "" if parameters is None else f"{parameters:,}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--key", default="test")
    parser.add_argument("--limit", type=int, default=2000, help="ensembles on the first N rows only (2000)")
    parser.add_argument("--orderings", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", help="names of models; the others keep their rows")
    parser.add_argument("--table", type=Path, default=TABLE, help="the JSON file to write (the app's)")
    parser.add_argument("--readme", type=Path, default=README, help="the text to write the table into (README.md)")
    args = parser.parse_args(arguments)
    try:
        table = build(args.data, args.key, args.limit, args.orderings, args.seed, args.only, args.table)
    except ValueError as error:
        parser.error(str(error))
    write_atomic(args.table, (json.dumps(table, indent=1) + "\n").encode())
    before, rest = args.readme.read_text(encoding="utf-8").split(START)
    write_atomic(args.readme, (before + START + markdown(table) + END + rest.split(END)[1]).encode())


if __name__ == "__main__":
    main()
