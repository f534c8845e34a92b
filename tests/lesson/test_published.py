"""Published figures say by an id how they came here, and every id has words."""

from lesson import published


def test_every_row_says_how_it_came_here():
    assert {row.how for row in published.PUBLISHED} == set(published.HOW)
    assert all(row.source for row in published.PUBLISHED)
    assert len({row.model for row in published.PUBLISHED}) == len(published.PUBLISHED)


def test_bounds_and_estimates_are_marked():
    figures = {row.model: row.figure for row in published.PUBLISHED}
    assert figures["DRAW"] == "≤ 80.97" and figures["DARN"] == "≈ 84.13" and figures["NADE, 500 units"] == "88.33"


def test_what_is_no_density_of_the_benchmark_is_no_exact_row():
    """Static and exact are the mixtures, FVSBN and the autoregressive models alone."""
    others = {row.model for row in published.PUBLISHED if row.protocol != published.EXACT}
    assert others == {"RBM, 500 units", "DARN", "DRAW", "VLAE"}
    assert all(words.startswith("static") for words in published.PROTOCOL.values())
