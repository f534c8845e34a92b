"""Makes the embedded files from the original images: python -m benchmarks.embed --source FOLDER

FOLDER holds mnist.npz, animals.npz, fashion_mnist_test2000.npz and chelsea.png as nade_core/data/README.md describes
them. The result is the same, bit for bit, each time.
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from nade_core.data import EMBEDDED
from nade_core.images import decode

SEED = 0
SILHOUETTE = 96  # keeps thin legs and the stripes of zebras; 128 loses legs
FASHION_THRESHOLD = 128
PHOTO_SIZE = (120, 80)
VALID_MNIST = 10_000


def bernoulli(images: np.ndarray, seed: int) -> np.ndarray:
    """Static binarisation: each pixel is on with probability grey / 255, drawn once: (N, 784)."""
    uniforms = np.random.default_rng(seed).random(images.shape, dtype=np.float32)
    return (uniforms < images / np.float32(255)).reshape(len(images), -1).astype(np.uint8)


def threshold(images: np.ndarray, level: int) -> np.ndarray:
    """On where grey >= level. (N, 28, 28) to (N, 784)."""
    return (images >= level).reshape(len(images), -1).astype(np.uint8)


def mnist(source: Path) -> dict:
    file = np.load(source / "mnist.npz", allow_pickle=False)
    images, labels = file["train_images"], file["train_labels"]
    binary, split = bernoulli(images, SEED), len(images) - VALID_MNIST
    return {
        "train": binary[:split],
        "train_labels": labels[:split],
        "valid": binary[split:],
        "valid_labels": labels[split:],
        "test": bernoulli(file["test_images"], SEED + 1),
        "test_labels": file["test_labels"],
        "class_names": [str(digit) for digit in range(10)],
        "title": "MNIST digits",
        "binarisation": f"static: one Bernoulli draw a pixel with probability grey/255, seeds {SEED} and {SEED + 1}",
        "source": "MNIST, Y. LeCun, C. Cortes, C. Burges, CC BY-SA 3.0",
    }


def animals(source: Path) -> dict:
    """Duplicates go first, before and after binarisation, so that no test image was ever trained on."""
    file = np.load(source / "animals.npz", allow_pickle=False)
    binary, labels = threshold(file["images"], SILHOUETTE), file["labels"]
    first = np.sort(np.unique(binary, axis=0, return_index=True)[1])
    rng = np.random.default_rng(SEED)
    parts: dict[str, list[np.ndarray]] = {"train": [], "valid": [], "test": []}
    for label in np.unique(labels):
        alike = rng.permutation(first[labels[first] == label])
        tenth = len(alike) // 10
        for name, part in zip(parts, np.split(alike, [len(alike) - 2 * tenth, len(alike) - tenth]), strict=True):
            parts[name].append(part)
    rows = {name: np.sort(np.concatenate(several)) for name, several in parts.items()}
    return dict(
        {name: binary[part] for name, part in rows.items()},
        **{f"{name}_labels": labels[part] for name, part in rows.items()},
        class_names=file["class_names"].tolist(),
        title="Animal silhouettes",
        binarisation=f"on where grey >= {SILHOUETTE}; no duplicates; 80/10/10 % a class, seed {SEED}",
        source="animal-mnist, S. Mohammadi, MIT",
    )


def fashion(source: Path) -> dict:
    file = np.load(source / "fashion_mnist_test2000.npz", allow_pickle=False)
    binary, none = threshold(file["images"], FASHION_THRESHOLD), np.zeros((0, 784), np.uint8)
    return {
        "train": none,
        "valid": none,
        "test": binary,
        "train_labels": none[:, 0],
        "valid_labels": none[:, 0],
        "test_labels": file["labels"],
        "class_names": file["class_names"].tolist(),
        "title": "Fashion-MNIST (2,000 test images)",
        "binarisation": f"on where grey >= {FASHION_THRESHOLD}",
        "source": "Fashion-MNIST, Zalando SE, MIT",
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True, help="the folder with the original files")
    parser.add_argument("--into", type=Path, default=EMBEDDED, help="where the files go (the package's own folder)")
    args = parser.parse_args(arguments)
    args.into.mkdir(exist_ok=True)
    for build in (mnist, animals, fashion):
        content = build(args.source)
        for part in ("train", "valid", "test"):
            content[part] = np.packbits(content[part], axis=1)
        np.savez_compressed(args.into / f"{build.__name__}.npz", **content)
    cat = decode(args.source / "chelsea.png").convert("RGB").resize(PHOTO_SIZE, Image.Resampling.LANCZOS)
    cat.save(args.into / "cat.png", optimize=True)


if __name__ == "__main__":
    main()
