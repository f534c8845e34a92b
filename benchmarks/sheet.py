"""Computes what the first page of the app shows at once: python -m benchmarks.sheet

It draws a hundred images of each class from the model, makes the images to rank, and scores all of them exactly.
"""

import argparse
from pathlib import Path

from lesson import sheet
from nade_core import load_pretrained
from nade_core.data import load_dataset


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--into", type=Path, default=sheet.FILE, help="the file (the app's own)")
    parser.add_argument("--seeds", type=int, default=sheet.SEEDS, help="draws of each class")
    parser.add_argument("--lots", type=int, default=sheet.LOTS, help="lots of four images to rank")
    parser.add_argument("--tests", type=int, help="test images to score (all)")
    args = parser.parse_args(arguments)
    model, data = load_pretrained(sheet.MODEL, "cpu"), load_dataset("animals")
    sheet.save(sheet.make(model, data, args.seeds, args.lots, args.tests), args.into)


if __name__ == "__main__":
    main()
