"""A demo that no crowd can bring down: take-home pages and an index, static files for any host. python -m deploy.site

Every page computes in its reader's browser, so a thousand phones cost the host what it costs to hand out files once.
"""

import argparse
import base64
import html
import io
import json
from collections.abc import Iterator
from pathlib import Path
from string import Template

import torch
from PIL import Image

import texts
from nade_core import export, images, load_model, read_card
from nade_core.checkpoint import ModelCard
from nade_core.files import write_atomic
from nade_core.messages import N_

MODELS = "nade-mnist", "nade-mnist-classes", "nade-animals"
FOLDER = Path(__file__).parents[1] / "site"
SHOWN = 18  # samples on the card of a model
PAGE = Template(Path(__file__).with_name("site.html").read_text("utf-8"))
CARD = Template(
    '<li><a href="$file"><img src="data:image/png;base64,$samples" alt="$alt"><h2>$title</h2><p>$about</p>'
    "<small>$facts</small></a></li>"
)
LEAD = N_("A density p(x) that learned from images: draw, read the exact log p(x) of your drawing, and sample.")
ABOUT = N_("Draw with a finger or the mouse; the surprise of every pixel moves with the stroke.")
FACTS = N_("{megabytes:.1f} MB, computed in your browser; test: {nats:.1f} nats")
SAMPLES = N_("{n} samples of the model {title}")
APP = N_("The whole lecture, with all models and training:")
FOOT = N_("Everything here runs without a server, and without a network once it is loaded. MIT licence.")


def site(app: str = "") -> Iterator[tuple[str, bytes]]:
    """The files of the site, (name, content): a page a model, an index a language. ``app``: where the full app is."""
    languages = {code: texts.name(code) for code in texts.LANGUAGES}
    pages = {name: export.page(name, texts.translate, languages) for name in MODELS}
    for name, content in pages.items():
        yield f"{name}.html", content
    pictures = {name: _samples(name) for name in MODELS}
    for language in languages:
        cards = [_card(read_card(name), language, pages[name], pictures[name]) for name in MODELS]
        yield _index(language), _page(language, cards, app)


def _index(language: str) -> str:
    return "index.html" if language == texts.catalog.SOURCE else f"{language}.html"


def _page(language: str, cards: list[str], app: str) -> bytes:
    links = [f'<a href="{_index(id)}#{id}" lang="{id}" hreflang="{id}">{texts.name(id)}</a>' for id in texts.LANGUAGES]
    indices = json.dumps({id: _index(id) for id in texts.LANGUAGES}) if language == texts.catalog.SOURCE else "{}"
    link = f'<p>{_say(language, APP)} <a href="{html.escape(app)}">{html.escape(app)}</a></p>' if app else ""
    words = {"lead": _say(language, LEAD), "foot": _say(language, FOOT), "app": link, "indices": indices}
    return PAGE.substitute(words, language=language, languages=" ".join(links), cards="\n".join(cards)).encode()


def _card(card: ModelCard, language: str, page: bytes, samples: bytes) -> str:
    title = texts.translate(language, card.title)
    facts = {"megabytes": len(page) / 1e6, "nats": card.nats["test"]}
    return CARD.substitute(
        file=f"{card.name}.html#lang={language}",
        samples=base64.b64encode(samples).decode(),
        alt=_say(language, SAMPLES, n=SHOWN, title=title),
        title=html.escape(title),
        about=_say(language, ABOUT),
        facts=_say(language, FACTS, **facts),
    )


def _say(language: str, message: str, **facts) -> str:
    return html.escape(texts.translate(language, message, **facts))


def _samples(name: str) -> bytes:
    """Samples of a model as a PNG, always the same."""
    x = load_model(name, "cpu").sample(SHOWN, generator=torch.Generator().manual_seed(0))
    picture, sheet = io.BytesIO(), images.grid(x.numpy(), columns=6, scale=2)
    Image.fromarray(sheet).save(picture, "PNG", optimize=True)
    return picture.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=FOLDER, help="the folder to fill (default: %(default)s)")
    parser.add_argument("--app", default="", help="the address of the full app, if there is one")
    args = parser.parse_args()
    total = 0
    for name, content in site(args.app):
        write_atomic(args.out / name, content)
        total += len(content)
        print(f"{args.out / name}: {len(content):,} bytes")
    print(f"{total / 1e6:.1f} MB in all")


if __name__ == "__main__":
    main()
