"""Which words of a text are not of the reader's language."""

import re

from nade_core import list_models
from nade_core.data.filetypes import suffixes
from nade_core.models import MODELS

# What Korean readers write in Latin letters: names, formats, and symbols of more than one letter.
TERMS = re.findall(
    r"\S+",
    """NADE EoNADE ConvNADE DeepNADE PixelRNN DARN DRAW VLAE RBM MNIST Fashion-MNIST Chow-Liu AUROC DeLong Otsu EXIF MoG KL
EM PNG SVG JPG JPEG GIF WEBP BMP TIF TIFF CSV NPZ NPY ZIP HTML RGB MB GB KB CPU GPU CUDA QR Lab log ln max min exp indep bits
nat dim or xor Enter Ctrl English cm kg km Parquet Excel HEIC AVIF scipy""",
)
TERMS += [end.upper() for suffix in suffixes() for end in suffix.strip(".").split(".")]
TERMS += [*MODELS, *(card.name for card in list_models())]
LATIN = re.compile(r"[A-Za-z][A-Za-z'’-]*[A-Za-z]")
NOT_WORDS = re.compile(
    r"(?<=[가-힣])\([A-Za-z ,'’-]+\)"  # an English term in brackets after the Korean one
    r"|(?:van den )?[A-Z]\w+ (?:et al\.|& [A-Z]\w+),? \d{4}"  # a citation
    r"|\d{8}-\d{6}-[0-9a-f]{6}"  # the name of a run
    r"|Particle Data Group"  # who publishes the density of the universe
    r"|%\{[^}]*\}|</?\w+>"  # the gaps and tags of hover texts
    r"|\b[\w-]+\.(?:png|csv|npz|npy|safetensors)\b"
)


def foreign(text: str, language: str) -> list[str]:
    """The words of a text that are not of that language."""
    if language == "en":
        return re.findall("[가-힣]+", text.replace("한국어", ""))
    return [word for word in LATIN.findall(NOT_WORDS.sub(" ", text)) if word not in TERMS]
