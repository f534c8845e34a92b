"""Do completions belong to the digit that they complete? python -m benchmarks.completion

A region of test images is erased, each model completes it, and a classifier by Bayes' rule names what came of it. The
share that is named as the whole image's label says, is reported with its standard error over images; the classifier's
share on the true images is the most that can be hoped for. What is left of an image may fit several digits: who draws
from the true p(missing | known) is named otherwise, too, as often as that says. So specks are counted as well, as the
connected pieces that an image has. The images are spread evenly over the test part.
"""

import argparse
import itertools
import json
import time
from collections.abc import Iterator

import numpy as np
import torch

from lesson import regions
from nade_core import load_model, measures, scoring, traits
from nade_core.data import load_dataset

MODELS, JUDGE = ("any-order-mnist", "pixelcnn-mnist", "pixelcnn-mnist-wide"), "nade-mnist-classes"
REGIONS, BOX = ("bottom-half", "left-half", "centre"), (0, 0, 0, 0)


def completed(model, images: np.ndarray, known: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """Draws of what is not ``known`` (D,) in images (N, D), so many of each: (N, draws, D)."""
    generator = torch.Generator().manual_seed(seed)
    return np.stack([model.complete(image, known, draws, generator).cpu().numpy() for image in images])


def judged(judge, images: np.ndarray, labels: np.ndarray) -> dict:
    """Of images (N, draws, D): the share named as the labels (N,) say, and the mean number of connected pieces.

    Each with its standard error over the N.
    """
    flat, shape = images.reshape(-1, images.shape[-1]), images.shape[:2]
    named = scoring.classify(judge, flat).argmax(1).reshape(shape)
    pieces = traits.traits(flat.reshape(-1, 28, 28))[traits.PIECES].reshape(shape)
    found = {"right": (named == labels[:, None]).mean(1), "pieces": pieces.mean(1)}
    means = {name: measures.mean_and_standard_error(each) for name, each in found.items()}
    return {name: [round(float(value), 4) for value in pair] for name, pair in means.items()}


def measure(models: list[str], names: list[str], n: int, draws: int, seed: int) -> Iterator[dict]:
    """A row for each region and model, after one for the true images."""
    data, judge = load_dataset("mnist"), load_model(JUDGE, "cpu")
    some = np.linspace(0, len(data.test) - 1, n).astype(int)
    assert data.test_labels is not None  # of the digits that come with the project
    images, labels = data.test[some], data.test_labels[some]
    yield {"region": None, "model": "the true images", "exact": True, **judged(judge, images[:, None], labels)}
    for region, name in itertools.product(names, models):
        known, model = ~regions.erased(region, 0.7, BOX, seed).ravel(), load_model(name, "cpu")
        start = time.process_time()
        found = completed(model, images, known, draws, seed)
        seconds = round((time.process_time() - start) / n, 3)
        exact = model.completes or model.fill(images[0], known, 1).exact
        yield {"region": region, "model": name, "exact": exact, **judged(judge, found, labels), "seconds": seconds}


def line(row: dict) -> str:
    """A row of the table, in Markdown."""
    (right, error), pieces = (100 * value for value in row["right"]), "{:.2f} ± {:.2f}".format(*row["pieces"])
    model = row["model"] if row["exact"] else f"{row['model']}, by particles"
    erased, seconds = regions.REGIONS.get(row["region"], ""), row.get("seconds", "")
    return f"| {erased} | {model} | {right:.1f} ± {error:.1f} % | {pieces} | {seconds} |"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=list(MODELS), help=f"({', '.join(MODELS)})")
    parser.add_argument("--regions", nargs="+", choices=regions.REGIONS, default=list(REGIONS))
    parser.add_argument("--images", type=int, default=500, help="of the test part (500)")
    parser.add_argument("--draws", type=int, default=4, help="completions of each image (4)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(arguments)
    rows = measure(args.models, args.regions, args.images, args.draws, args.seed)
    if args.json:
        print(json.dumps(list(rows), indent=1))
        return
    print(f"{args.images:,} test images, {args.draws} completions of each, named by {JUDGE}\n")
    print("| erased | model | named rightly | pieces | CPU seconds an image |\n| --- | --- | --- | --- | --- |")
    for row in rows:
        print(line(row), flush=True)


if __name__ == "__main__":
    main()
