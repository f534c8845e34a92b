"""The command line: models, evaluate, score, sample, train. Only this module of the library prints."""

import argparse
import csv
import json
import math
import sys
import time
from pathlib import Path

from . import checkpoint, images, measures, runs, scoring
from .data import DATASETS, load_dataset
from .data.reading import EMBEDDED_NAMES, read_rows
from .devices import as_device
from .files import write_atomic
from .train_arguments import add_arguments, run_config


def models(args) -> None:
    cards = checkpoint.list_models()
    if args.json:
        rows = [
            {
                "name": c.name,
                "model": c.model,
                "title": c.title,
                "parameters": c.parameters,
                "data": c.data,
                "nats": c.nats,
            }
            for c in cards
        ]
        return _print_json(rows)
    for c in cards:
        nats = ", ".join(f"{split} {value:.2f}" for split, value in c.nats.items())
        print(f"{c.name:20} {c.model:17} {c.parameters:>10,} parameters   data: {c.data:12} nats: {nats}")


def evaluate(args) -> None:
    """Mean negative log-likelihood, its standard error, bits/dim and speed."""
    model = checkpoint.load_pretrained(args.model, args.device)
    rows = read_rows(args.data, args.key, model.values)[: args.limit]
    if args.orderings < 1:
        raise ValueError(f"Expected --orderings of at least 1; got {args.orderings}.")
    model.log_prob(rows[:1])  # loads the kernels, so that the time is that of scoring
    start = time.perf_counter()
    log_probs = scoring.ensemble_log_probs(model, rows, args.orderings, args.seed)
    seconds = time.perf_counter() - start
    mean, error = measures.mean_and_standard_error(-log_probs)
    result = {
        "model": args.model,
        "data": args.data,
        "n": len(rows),
        "orderings": len(model.orderings(args.orderings, args.seed)),
        "nats": mean,
        "standard_error": error,
        "bits_per_dim": measures.bits_per_dim(mean, rows.shape[1]),
        "images_per_second": len(rows) / seconds,
    }
    if model.values == "real":
        result["standardised_nats"] = mean - model.scale.log().sum().item()
    labels = _labels_of(args)
    if labels is not None and getattr(model.config, "classes", 0):
        judged = measures.judge_classifier(scoring.classify(model, rows), labels[: len(rows)])
        result["classifier"] = {"accuracy": judged.accuracy, "calibration_error": judged.calibration_error}
    if args.json:
        return _print_json(result)
    by = f", mean probability of {result['orderings']} orderings" if result["orderings"] > 1 else ""
    print(
        f"{len(rows):,} rows{by}: {mean:.3f} nats (standard error {error:.3f}), "
        f"{result['bits_per_dim']:.4f} bits/dim, {result['images_per_second']:,.0f} rows/s"
    )
    if model.values == "real":
        print(f"{result['standardised_nats']:.3f} nats for the variables standardised as in training")
    if "classifier" in result:
        print(
            f"p(y | x) by Bayes' rule: {100 * judged.accuracy:.2f}% right, "
            f"calibration error {100 * judged.calibration_error:.2f}%"
        )


def _labels_of(args):
    """The labels of an embedded data set's part, None for anything else."""
    return getattr(load_dataset(args.data), f"{args.key or 'test'}_labels") if args.data in DATASETS else None


def score(args) -> None:
    """log p, bits/dim and percentile (among the model's test images) of each picture; bad ones are named."""
    path = checkpoint.find_model(args.model)
    model, card = checkpoint.load_model(path, args.device), checkpoint.read_card(path)
    if card.shape != (28, 28):
        raise ValueError(f"The model {args.model} is not one of 28 x 28 images, so it cannot score pictures.")
    reference = scoring.log_probs(model, load_dataset(card.data).test) if card.data in DATASETS else None
    rows, failed = [], []
    for file in args.files:
        try:
            log_p = model.log_prob(images.prepare(file, threshold=args.threshold).image.reshape(1, -1)).item()
        except ValueError as error:
            failed.append(f"{file}: {error}")
            continue
        percentile = measures.percentile(log_p, reference) if reference is not None else None
        bits = measures.bits_per_dim(-log_p, math.prod(card.shape))
        rows.append({"file": file, "log_p": log_p, "bits_per_dim": bits, "percentile": percentile})
    if args.json:
        _print_json(rows)
    elif rows:
        writer = csv.DictWriter(sys.stdout, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    if failed:
        raise ValueError(" ".join(failed))


def sample(args) -> None:
    """A grid of images, x ~ p(x), as a PNG."""
    import torch

    if not 1 <= args.n <= 10_000:
        raise ValueError(f"Expected -n from 1 to 10000; got {args.n}.")
    path = checkpoint.find_model(args.model)
    model, card = checkpoint.load_model(path, args.device), checkpoint.read_card(path)
    if card.shape != (28, 28):
        raise ValueError(f"The model {args.model} is not one of 28 x 28 images, so it cannot draw pictures.")
    if args.label is not None and args.label not in card.classes:
        known = f"its classes are {', '.join(card.classes)}" if card.classes else "it has no classes"
        raise ValueError(f"Unknown label {args.label!r} for {args.model}: {known}.")
    y = None if args.label is None else card.classes.index(args.label)
    x = model.sample(args.n, y, torch.Generator().manual_seed(args.seed), args.temperature)
    write_atomic(args.out, images.to_png(images.grid(x.cpu().numpy())))
    log_probs = scoring.log_probs(model, x).tolist()
    result = {"out": str(args.out), "n": args.n, "seed": args.seed, "log_p": log_probs}
    _print_json(result) if args.json else print(f"{args.n} samples in {args.out}")


def train(args) -> None:
    """Train in a run folder; Ctrl-C stops it, --resume goes on."""
    if args.resume and (args.out / "config.json").exists():
        config = runs.read_config(args.out)
    else:
        config = run_config(args)
        runs.create(args.out, config)
    report = None
    for report in runs.run(args.out, as_device(args.device), args.time_budget):
        if args.json:
            print(json.dumps(report), flush=True)
        else:
            _progress(report, config.train.epochs)
    state = runs.read_json(args.out / "status.json")["state"]
    summary = f"{state}: {args.out / 'model.safetensors'}"
    print(json.dumps({"state": state, "model": str(args.out / "model.safetensors")}) if args.json else f"\n{summary}")


def _progress(report: dict, epochs: int) -> None:
    filled = round(30 * report["progress"])
    left = "" if report["seconds_left"] is None else f"{report['seconds_left']:5.0f} s left"
    valid = f"  valid {report['valid_nats']:.3f} nats\n" if report["valid_nats"] is not None else ""
    bar = "#" * filled + "." * (30 - filled)
    line = f"\r[{bar}] epoch {report['epoch']}/{epochs}  train {report['train_nats']:.3f} nats  {left}{valid}"
    print(line, end="", flush=True)


def _print_json(value) -> None:
    print(json.dumps(value, indent=1))


def _verb(verbs, function, help: str, example: str) -> argparse.ArgumentParser:
    parser = verbs.add_parser(function.__name__, help=help, description=help, epilog=f"example: {example}")
    parser.set_defaults(function=function)
    parser.add_argument("--json", action="store_true", help="print JSON")
    if function is not models:
        parser.add_argument("--device", help="cuda, mps or cpu (default: the best there is)")
    return parser


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("nade", description="Exact neural densities of binary images.")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    _verb(verbs, models, "list the models that come with the project", "nade models --json")
    p = _verb(verbs, evaluate, "mean nats of a model on a data set", "nade evaluate nade-mnist digits.npz --key test")
    p.add_argument("model", help="a pretrained name, a model file or a run folder")
    p.add_argument("data", help=f"{', '.join(EMBEDDED_NAMES)}, or an .npz, .npy, .csv, .zip or folder")
    p.add_argument("--key", help="which array of the file")
    p.add_argument(
        "--orderings",
        type=int,
        default=1,
        metavar="M",
        help="average the probability over M orderings, or over all that the model knows (1)",
    )
    p.add_argument("--seed", type=int, default=0, help="of the random orderings, where the model knows any (0)")
    p.add_argument("--limit", type=int, metavar="N", help="the first N rows only")
    p = _verb(verbs, score, "exact log p(x) of pictures, as CSV", "nade score nade-animals dog.png cat.jpg")
    p.add_argument("model")
    p.add_argument("files", nargs="+", metavar="FILE")
    p.add_argument("--threshold", type=float, help="binarise at this level of 0..255 (default: automatic)")
    p = _verb(
        verbs, sample, "draw images into a PNG", "nade sample nade-animals -n 64 --seed 0 --label dog --out dogs.png"
    )
    p.add_argument("model")
    p.add_argument("-n", type=int, default=64, help="how many (64)")
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--label", help="a class by name, for a class-conditional model")
    p.add_argument("--temperature", type=float, default=1.0, help="divides every logit; 1 samples from p(x)")
    p.add_argument("--out", type=Path, required=True)
    p = _verb(verbs, train, "train a NADE", "nade train --data mnist --out runs/first --epochs 20 --time-budget 9m")
    add_arguments(p)
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Run one verb. Bad input is one line on stderr and exit status 2."""
    args = _parser().parse_args(arguments)
    try:
        args.function(args)
    except (ValueError, OSError) as error:
        print(f"nade: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("\nnade: stopped; add --resume to go on.", file=sys.stderr)
        raise SystemExit(130) from None
