"""nade evaluate: mean negative log-likelihood, its standard error, bits/dim and speed."""

import time
from typing import Any

from ..messages import NadeError
from .options import Status, add_reading, data_help, print_json
from .tables import read_for

HELP = "mean nats of a model on a data set"
EXAMPLE = "nade evaluate nade-mnist digits.npz --key test"


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("model", help="a pretrained name, a model file or a run folder")
    p.add_argument("data", help=data_help())
    add_reading(p)
    p.add_argument(
        "--orderings",
        type=int,
        default=1,
        metavar="M",
        help="average the probability over M orderings, or over all that the model knows (1)",
    )
    p.add_argument("--seed", type=int, default=0, help="of the random orderings, where the model knows any (0)")
    p.add_argument("--limit", type=int, metavar="N", help="the first N rows only")


def run(args) -> None:
    """Score the rows and print what they say of the model."""
    status = Status()
    status.say("Loading the model…")
    from .. import checkpoint, measures, scoring

    for name in ("orderings", "limit"):
        if getattr(args, name) is not None and getattr(args, name) < 1:
            raise NadeError(
                "Expected {option} of at least 1; got {value}.", option=f"--{name}", value=getattr(args, name)
            )
    model = checkpoint.load_model(args.model, args.device)
    rows = read_for(args, checkpoint.read_card(args.model)).rows[: args.limit]
    status.say("Preparing the kernels…")
    model.log_prob(rows[:1])  # loads them, so that the time is that of scoring
    start = time.perf_counter()
    log_probs = score_rows(model, rows, status, args.orderings, args.seed)
    taken = time.perf_counter() - start
    mean, error = measures.mean_and_standard_error(-log_probs)
    result: dict[str, Any] = {
        "model": args.model,
        "data": args.data,
        "n": len(rows),
        "orderings": len(model.orderings(args.orderings, args.seed)),
        "nats": mean,
        "standard_error": error,
        "bits_per_dim": measures.bits_per_dim(mean, rows.shape[1]),
        "images_per_second": len(rows) / taken,
    }
    if model.values == "real":
        result["standardised_nats"] = mean - model.scale.log().sum().item()
    labels = _labels(args)
    if labels is not None and checkpoint.read_card(args.model).classes:
        judged = measures.judge_classifier(scoring.classify(model, rows), labels[: len(rows)])
        result["classifier"] = {"accuracy": judged.accuracy, "calibration_error": judged.calibration_error}
    print_json(result) if args.json else _print(result)


def score_rows(model, rows, status: Status, orderings: int = 1, seed: int = 0):
    """log p of every row (N, D), (N,) float64: by the ensemble of the orderings, saying how far it is."""
    import numpy as np

    from .. import scoring

    parts = []
    for i in range(0, len(rows), scoring.BATCH):
        status.say(f"{i:,} of {len(rows):,} rows scored…")
        parts.append(scoring.ensemble_log_probs(model, rows[i : i + scoring.BATCH], orderings, seed))
    status.clear()
    return np.concatenate(parts)


def _labels(args):
    """The labels of an embedded source's part, None for anything else."""
    from ..data import SOURCES, load_dataset

    return getattr(load_dataset(args.data), f"{args.key or 'test'}_labels") if args.data in SOURCES else None


def _print(result: dict) -> None:
    by = f", mean probability of {result['orderings']} orderings" if result["orderings"] > 1 else ""
    print(
        f"{result['n']:,} rows{by}: {result['nats']:.3f} nats (standard error {result['standard_error']:.3f}), "
        f"{result['bits_per_dim']:.4f} bits/dim, {result['images_per_second']:,.0f} rows/s"
    )
    if "standardised_nats" in result:
        print(f"{result['standardised_nats']:.3f} nats for the variables standardised as in training")
    if "classifier" in result:
        judged = result["classifier"]
        print(
            f"p(y | x) by Bayes' rule: {100 * judged['accuracy']:.2f}% right, "
            f"calibration error {100 * judged['calibration_error']:.2f}%"
        )
