"""For the tests of tables: images in 256 greys as rows, and what was told of a file."""

import numpy as np

GREYS = np.random.default_rng(0).integers(0, 256, (50, 784)).astype(np.uint8)


def said(about):
    return "\n".join(map(str, about.warnings))
