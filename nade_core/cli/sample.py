"""nade sample: x ~ p(x), as a PNG of images or a table of rows."""

from pathlib import Path

from ..messages import NadeError
from .options import Status, print_json
from .tables import SUFFIXES, check_out, layout_for, write_columns

HELP = "draw images into a PNG, or rows into a table"
EXAMPLE = "nade sample pixelcnn-animals -n 64 --seed 0 --label dog --out dogs.png"


def add_arguments(p, arguments: list[str]) -> None:
    """The options of the verb."""
    p.add_argument("model", help="a pretrained name, a model file or a run folder")
    p.add_argument("-n", type=int, default=64, help="how many (64)")
    p.add_argument("--seed", type=int, default=0, help="the same seed, the same images (0)")
    p.add_argument("--label", help="a class by name, for a class-conditional model")
    p.add_argument("--temperature", type=float, default=1.0, help="divides every logit; 1 samples from p(x)")
    p.add_argument("--out", type=Path, required=True, metavar="FILE", help="a .png of images; .csv or .parquet of rows")


def run(args) -> None:
    """Draw, write the picture, and say log p of each image."""
    status = Status()
    status.say("Loading the model…")
    import torch

    from .. import checkpoint, images, scoring
    from ..files import write_atomic

    check_out(args.out, (".png", *SUFFIXES))
    as_picture = args.out.suffix.lower() == ".png"
    most = 10_000 if as_picture else 1_000_000
    if not 1 <= args.n <= most:
        raise NadeError("Expected -n from 1 to {most}; got {n}.", most=most, n=args.n)
    card, model = checkpoint.read_card(args.model), checkpoint.load_model(args.model, args.device)
    if as_picture and card.shape != (28, 28):
        raise NadeError(
            "The model {model} is not one of 28 x 28 images, so it cannot draw pictures: name a .csv.", model=args.model
        )
    status.say("Drawing…")
    generator, label = torch.Generator().manual_seed(args.seed), _label(args, card)
    sizes = [min(scoring.BATCH, args.n - done) for done in range(0, args.n, scoring.BATCH)]
    x = torch.cat([model.sample(size, label, generator, args.temperature) for size in sizes])
    if as_picture:
        write_atomic(args.out, images.to_png(images.grid(x.cpu().numpy())))
    else:
        write_columns(args.out, layout_for(card).restored(x.cpu().numpy()))
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
