"""Scores the pretrained models of digits, and builds the table of the README and of the app.

python -m benchmarks.leaderboard                              the embedded test digits
python -m benchmarks.leaderboard --data FILE.npz --key valid  another file of binary 28 x 28 images
python -m benchmarks.leaderboard --only any-order-mnist --orderings 32 --ensembles    its ensemble alone, anew

Ours stand beside the published ones. Each of ours is measured on all rows of the data along its own ordering: the
figure that it carries with it. One that knows several orderings is also measured as the ensemble of up to --orderings
of them. With --only NAME ... the other models keep the rows they have; all rows of a table are measured on the same
data. What is scored is kept in the folder --parts, so that a command that was stopped goes on where it stood.
"""

import argparse
import hashlib
import io
import json
import math
import time
from functools import reduce
from pathlib import Path

import numpy as np
import torch

from lesson.published import BENCHMARK, EXACT, HOW, PROTOCOL, PUBLISHED, Published
from nade_core import ModelCard, list_models, load_model, measures, scoring
from nade_core.checkpoint import PRETRAINED
from nade_core.data import SOURCES, load_dataset
from nade_core.data.reading import GIVEN, read_rows
from nade_core.files import write_atomic

TABLE, README = PRETRAINED / "leaderboard.json", Path(__file__).parent.parent / "README.md"
START, END = "<!-- leaderboard -->\n", "<!-- /leaderboard -->"
TRAINED_ON = "binarized_mnist_train_valid.npz"  # the static benchmark: its valid part is what `benchmark_valid` is on
WARM_UP = 64
PARTS, PART = Path("runs/leaderboard"), 1000  # and how many rows are scored between two moments at which it may stop


def facts(card: ModelCard) -> dict:
    """What the file of a model says of it."""
    header = card.header
    valid = header.get("trained_nats", {}).get("valid") if header.get("trained_on") == TRAINED_ON else None
    return {
        "name": card.name,
        "title": card.title.split(",")[0],
        "model": card.model,
        "description": card.description,
        "parameters": card.parameters,
        "seconds": header.get("seconds"),
        "benchmark_valid": valid,
    }


def measure(card: ModelCard, rows: np.ndarray) -> dict:
    """Nats and images/s along one ordering."""
    model = load_model(card.path, "cpu")
    scoring.log_probs(model, rows[:WARM_UP])
    start = time.perf_counter()
    nats, error = measures.mean_and_standard_error(-scoring.log_probs(model, rows))
    speed = len(rows) / (time.perf_counter() - start)
    return {
        "nats": round(nats, 4),
        "standard_error": round(error, 3),
        "all": len(rows),
        "images_per_second": round(speed, 1),
        "device": "cpu",
        "threads": torch.get_num_threads(),
    }


def ensemble(card: ModelCard, rows: np.ndarray, orderings: int, seed: int, parts: Path) -> dict:
    """Nats, and their standard error, by the mean probability over up to so many orderings, on n rows."""
    model = load_model(card.path, "cpu")
    known = model.orderings(orderings, seed)
    if len(known) == 1:
        return {"ensemble": None, "ensemble_error": None, "orderings": 1, "n": len(rows)}
    each = (_along(card, model, rows, ordering, parts) for ordering in known)
    nats, error = measures.mean_and_standard_error(math.log(len(known)) - reduce(np.logaddexp, each))
    return {
        "ensemble": round(nats, 3),
        "ensemble_error": round(error, 3),
        "orderings": len(known),
        "n": len(rows),
    }


def _along(card: ModelCard, model, rows: np.ndarray, ordering: torch.Tensor, parts: Path) -> np.ndarray:
    """log p of the rows along an ordering: (N,)."""
    pieces = np.split(rows, range(PART, len(rows), PART))
    return np.concatenate([_part(card, model, piece, ordering, parts) for piece in pieces])


def _part(card: ModelCard, model, rows: np.ndarray, ordering: torch.Tensor, parts: Path) -> np.ndarray:
    """log p of some rows, (N,), from the folder ``parts`` if they were found before."""
    said = hashlib.sha256(card.path.read_bytes() + rows.tobytes() + ordering.numpy().tobytes()).hexdigest()[:16]
    path = parts / f"{card.name}-{said}.npy"
    if not path.exists():
        parts.mkdir(parents=True, exist_ok=True)
        content = io.BytesIO()
        np.save(content, scoring.log_probs(model, rows, ordering=ordering))
        write_atomic(path, content.getvalue())
    return np.load(path)


def place(source: str, key: str) -> dict:
    """What the rows of a table are measured on, in words."""
    known = source in SOURCES
    return {
        "data": f"{load_dataset(source).title if known else Path(source).name}, {key} part",
        "binarisation": load_dataset(source).binarisation if known else GIVEN["binary"],
    }


def build(
    source: str,
    key: str,
    limit: int | None,
    orderings: int,
    seed: int,
    only: list[str] | None,
    path: Path = TABLE,
    parts: Path = PARTS,
    ensembles: bool = False,
) -> dict:
    """The table: rows of every pretrained model of digits, or new rows of those in ``only`` beside the old ones, which
    stand in the file ``path``; with ``ensembles`` the other figures of a row stay, its speed among them."""
    cards = {card.name: card for card in list_models() if card.embedded == "mnist"}
    if unknown := set(only or ()) - cards.keys():
        raise ValueError(f"Unknown: {', '.join(sorted(unknown))}; models of digits are {', '.join(cards)}.")
    table, rows = place(source, key), read_rows(source, key)
    fresh = only is None and not ensembles
    old = json.loads(path.read_text(encoding="utf-8")) if not fresh and path.exists() else {"rows": []}
    kept = {row["name"]: row for row in old["rows"] if row["name"] in cards}
    for row in kept.values():
        if old["data"] != table["data"] or row["all"] != len(rows):
            raise ValueError(f"{path.name} is measured on {row['all']} rows of {old['data']}: leave --only out.")
    for name, card in cards.items():
        if only is None or name in only:
            one = kept[name] if ensembles and name in kept else measure(card, rows)
            kept[name] = {**one, **facts(card), **ensemble(card, rows[:limit], orderings, seed, parts)}
            print(f"{name}: {kept[name]['nats']} nats, ensemble {kept[name]['ensemble']}", flush=True)
    return {**table, "published_on": BENCHMARK, "rows": sorted(kept.values(), key=lambda row: row["nats"])}


def markdown(table: dict) -> str:
    """Both kinds of rows in one table, the best last."""
    lines = [
        f"Ours, in bold: measured on all {table['rows'][0]['all']:,} images of {table['data']} ({table['binarisation']}),",
        "along one ordering, ± the standard error. *Ensemble*: the mean probability over several orderings, on all of them",
        f"too unless it says otherwise. Published: {BENCHMARK}.",
        "The binarisations differ, so tenths of a nat between the two kinds mean nothing. The column *benchmark valid*",
        "is on the published benchmark's own validation part, without an ensemble; it is what chose the weights.",
        "*Protocol*: static, if every pixel was drawn once and for all; exact, or a bound (≤), or an estimate (≈).",
        "",
        "| model | nats | ensemble | protocol | benchmark valid | parameters | training | images/s | source |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    rows = [(row["nats"], _ours(row)) for row in table["rows"]] + [(p.nats, _published(p)) for p in PUBLISHED]
    return "\n".join(lines + [text for _, text in sorted(rows, reverse=True)]) + "\n"


def _ours(row: dict) -> str:
    valid = "" if row["benchmark_valid"] is None else f"{row['benchmark_valid']:.2f}"
    return (
        f"| **{row['title']}** | **{row['nats']:.2f}** ± {row['standard_error']:.2f} | {_ensemble(row)} "
        f"| {PROTOCOL[EXACT]} | {valid} | {row['parameters']:,} | {_duration(row['seconds'])} "
        f"| {row['images_per_second']:,.0f} | `{row['name']}`, measured here |"
    )


def _ensemble(row: dict) -> str:
    if row["ensemble"] is None:
        return ""
    some = "" if row["n"] == row["all"] else f", the first {row['n']:,} images"
    error = "" if row["ensemble_error"] is None else f" ± {row['ensemble_error']:.2f}"  # of an old measurement: unknown
    return f"{row['ensemble']:.2f}{error} of {row['orderings']}{some}"


def _published(p: Published) -> str:
    return f"| {p.model} | {p.figure} | | {PROTOCOL[p.protocol]} | | {_count(p.parameters)} | | | {p.source}, {HOW[p.how]} |"


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
    parser.add_argument("--limit", type=int, help="ensembles on the first N rows only (all)")
    parser.add_argument("--orderings", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", nargs="+", help="names of models; the others keep their rows")
    parser.add_argument("--ensembles", action="store_true", help="the ensembles alone; the other figures stay")
    parser.add_argument("--parts", type=Path, default=PARTS, help=f"the folder of what is done ({PARTS})")
    parser.add_argument("--table", type=Path, default=TABLE, help="the JSON file to write (the app's)")
    parser.add_argument("--readme", type=Path, default=README, help="the text to write the table into (README.md)")
    args = parser.parse_args(arguments)
    try:
        asked = args.data, args.key, args.limit, args.orderings, args.seed, args.only
        table = build(*asked, args.table, args.parts, args.ensembles)
    except ValueError as error:
        parser.error(str(error))
    write_atomic(args.table, (json.dumps(table, indent=1) + "\n").encode())
    before, rest = args.readme.read_text(encoding="utf-8").split(START)
    write_atomic(args.readme, (before + START + markdown(table) + END + rest.split(END)[1]).encode())


if __name__ == "__main__":
    main()
