"""nade score: exact log p(x) of pictures."""

import csv
import math
import sys

from ..messages import NadeError
from .evaluate import score_rows
from .options import Status, print_json

HELP = "exact log p(x) of pictures, as CSV"
EXAMPLE = "nade score pixelcnn-animals dog.png cat.jpg"


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("model", help="a pretrained name, a model file or a run folder")
    p.add_argument("files", nargs="+", metavar="FILE", help="pictures")
    p.add_argument("--threshold", type=float, help="binarise at this level of 0..255 (default: automatic)")


def run(args) -> None:
    """log p, bits/dim and percentile of each picture, among the test images that the model was made for; bad
    pictures are named after the good ones are scored."""
    status = Status()
    status.say("Loading the model…")
    from .. import checkpoint, images, measures
    from ..data import load_dataset

    card, model = checkpoint.read_card(args.model), checkpoint.load_model(args.model, args.device)
    if card.shape != (28, 28):
        raise NadeError(
            "The model {model} is not one of 28 x 28 images, so it cannot score pictures.", model=args.model
        )
    reference = score_rows(model, load_dataset(card.embedded).test, status) if card.embedded else None
    status.clear()
    rows, failed = [], []
    for file in args.files:
        try:
            log_p = model.log_prob(
                images.prepare(file, threshold=args.threshold, fit=card.fit).image.reshape(1, -1)
            ).item()
        except ValueError as error:
            failed.append(f"{file}: {error}")
            continue
        percentile = measures.percentile(log_p, reference) if reference is not None else None
        bits = measures.bits_per_dim(-log_p, math.prod(card.shape))
        rows.append({"file": file, "log_p": log_p, "bits_per_dim": bits, "percentile": percentile})
    print_json(rows) if args.json else _table(rows)
    if failed:
        raise NadeError("Not scored: {reasons}", reasons=" ".join(failed))


def _table(rows: list[dict]) -> None:
    if rows:
        writer = csv.DictWriter(sys.stdout, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
