"""The contests of one photo, computed once per server: begun in the background, for the page to look in on."""

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import streamlit as st

from lesson import pixel

from .words import _

EVERY = 0.4  # seconds between two looks at what the networks have learned
WORKERS = 2  # at once, whoever asks


@dataclass(frozen=True, eq=False)
class Race:
    """The split of a photo, and its contest at each of pixel.LEVELS, done or on its way."""

    split: pixel.Split
    contests: dict[int, Future[pixel.Contest]]

    def done(self) -> list[pixel.Contest]:
        """The contests that are decided, by their levels."""
        return [contest.result() for contest in self.contests.values() if contest.done()]

    @property
    def is_over(self) -> bool:
        return all(contest.done() for contest in self.contests.values())


@st.cache_resource(show_spinner=False)
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(WORKERS, "contests")


def race(image: np.ndarray, seed: int = 0) -> Race:
    """The race on a picture (H, W, 3) uint8. Returns at once; a contest takes about half a second of one core."""
    return _race(image.tobytes(), image.shape, seed)


@st.cache_resource(max_entries=32, show_spinner=False)
def _race(picture: bytes, shape: tuple[int, ...], seed: int) -> Race:
    split, workers = pixel.split(np.frombuffer(picture, np.uint8).reshape(shape), seed), _workers()
    return Race(split, {levels: workers.submit(pixel.compete, split, levels, seed) for levels in pixel.LEVELS})


@st.fragment(run_every=EVERY)
def wait(race: Race, drawn: int) -> None:
    """How far the networks are; the page is drawn anew whenever there is more to draw."""
    done, of = len(race.done()), len(race.contests)
    st.progress(done / of, _("The networks learn: {done} of {all} contests are decided.", done=done, all=of))
    if done > drawn:
        st.rerun()
