"""nade sample: a grid of images, x ~ p(x), as a PNG."""

from pathlib import Path

from ..messages import NadeError
from .options import Status, print_json

HELP = "draw images into a PNG"
EXAMPLE = "nade sample pixelcnn-animals -n 64 --seed 0 --label dog --out dogs.png"


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("model", help="a pretrained name, a model file or a run folder")
    p.add_argument("-n", type=int, default=64, help="how many (64)")
    p.add_argument("--seed", type=int, default=0, help="the same seed, the same images (0)")
    p.add_argument("--label", help="a class by name, for a class-conditional model")
    p.add_argument("--temperature", type=float, default=1.0, help="divides every logit; 1 samples from p(x)")
    p.add_argument("--out", type=Path, required=True, metavar="FILE.png", help="where the picture goes")


def run(args) -> None:
    """Draw, write the picture, and say log p of each image."""
    status = Status()
    status.say("Loading the model…")
    import torch

    from .. import checkpoint, images, scoring
    from ..files import write_atomic

    if not 1 <= args.n <= 10_000:
        raise NadeError("Expected -n from 1 to 10000; got {n}.", n=args.n)
    card, model = checkpoint.read_card(args.model), checkpoint.load_model(args.model, args.device)
    if card.shape != (28, 28):
        raise NadeError("The model {model} is not one of 28 x 28 images, so it cannot draw pictures.", model=args.model)
    status.say("Drawing…")
    x = model.sample(args.n, _label(args, card), torch.Generator().manual_seed(args.seed), args.temperature)
    write_atomic(args.out, images.to_png(images.grid(x.cpu().numpy())))
    result = {"out": str(args.out), "n": args.n, "seed": args.seed, "log_p": scoring.log_probs(model, x).tolist()}
    status.clear()
    print_json(result) if args.json else print(f"{args.n} samples in {args.out}")


def _label(args, card) -> int | None:
    if args.label is None:
        return None
    if not card.classes:
        raise NadeError("The model {model} has no classes: leave --label out.", model=args.model)
    if args.label not in card.classes:
        known = ", ".join(card.classes)
        raise NadeError(
            "Unknown label {label!r} for {model}: its classes are {known}.",
            label=args.label,
            model=args.model,
            known=known,
        )
    return card.classes.index(args.label)
