"""nade models: what can be loaded by name."""

import sys

from .options import print_json

HELP = "list the models that come with the project"
EXAMPLE = "nade models --json"


def add_arguments(p, arguments: list[str]) -> None:
    """No options of its own."""


def run(args) -> None:
    """One line a model; files that are no models are named on stderr."""
    from .. import checkpoint

    cards = checkpoint.list_models()
    for path, error in checkpoint.model_faults():
        print(f"nade: {path.name} is left out: {error}", file=sys.stderr)
    if args.json:
        shown = ("name", "model", "title", "parameters", "data", "nats")
        return print_json([{key: getattr(card, key) for key in shown} for card in cards])
    for card in cards:
        nats = ", ".join(f"{split} {value:.2f}" for split, value in card.nats.items())
        print(f"{card.name:20} {card.model:17} {card.parameters:>10,} parameters   data: {card.data:12} nats: {nats}")
