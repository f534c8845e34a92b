"""Density: the exact log p(x) of what one brings, chooses, or draws by lot."""

from nade_core.messages import N_

from .. import kinds
from ..chapter import Chapter
from ..session import choose_model

CHAPTER = Chapter(
    id="density",
    group="lab",
    place=1,
    icon=":material/straighten:",
    title=N_("Density"),
    lead=N_("An explicit model gives the probability of **any** image, exactly: hand it one, and read log p(x)."),
)


def render() -> None:
    card = choose_model(*kinds.all_kinds())
    kinds.kind_of(card).report(card)
