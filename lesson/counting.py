"""How many free parameters a joint distribution needs, exactly, under each factorisation of the lecture.

All counts are Python integers. ``dims`` is the number n of binary variables, ``order`` the number k of
predecessors that a Markov chain remembers, ``hidden`` the number H of hidden units.
"""

from dataclasses import dataclass

from nade_core.messages import N_, NadeError


@dataclass(frozen=True)
class Count:
    """A factorisation: its id and title, its number of free parameters, and the formula in text and in LaTeX."""

    id: str
    title: str
    parameters: int
    formula: str
    latex: str


def _check(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise NadeError(
            "Expected {name} to be an integer of at least {least}; got {value!r}.", name=name, least=least, value=value
        )


def categorical(sides: int) -> Count:
    """A die with m sides: m probabilities that sum to one."""
    _check("sides", sides, 1)
    return Count("categorical", N_("categorical"), sides - 1, "m - 1", r"m - 1")


def rgb_pixel(levels: int = 256) -> Count:
    """One pixel (r, g, b) as a single categorical over levels^3 colours."""
    _check("levels", levels, 1)
    return Count("rgb-table", N_("RGB pixel, full table"), levels**3 - 1, "L^3 - 1", r"L^3 - 1")


def rgb_independent(levels: int = 256) -> Count:
    """One pixel with r, g and b independent."""
    _check("levels", levels, 1)
    return Count("rgb-independent", N_("RGB pixel, independent channels"), 3 * (levels - 1), "3 (L - 1)", r"3\,(L - 1)")


def rgb_chain(levels: int = 256) -> Count:
    """One pixel as p(r) p(g|r) p(b|r,g), each a table: as many as the full table."""
    _check("levels", levels, 1)
    parameters = (1 + levels + levels**2) * (levels - 1)
    return Count(
        "rgb-chain", N_("RGB pixel, chain of tables"), parameters, "(1 + L + L^2)(L - 1)", r"(1 + L + L^2)(L - 1)"
    )


def full_joint(dims: int) -> Count:
    """A table with one probability for each of the 2^n cases."""
    _check("dims", dims, 1)
    return Count("full-joint", N_("full joint table"), 2**dims - 1, "2^n - 1", r"2^n - 1")


def independent(dims: int) -> Count:
    """p(x) = p(x_1) ... p(x_n): one Bernoulli a variable."""
    _check("dims", dims, 1)
    return Count("independent", N_("independent"), dims, "n", r"n")


def chain_tables(dims: int) -> Count:
    """The chain rule with a table a conditional: p(x_i | x_<i) has 2^(i-1) rows."""
    _check("dims", dims, 1)
    parameters = sum(2**i for i in range(dims))
    return Count(
        "chain-tables", N_("chain rule, tables"), parameters, "1 + 2 + 4 + ... + 2^(n-1)", r"\sum_{i=1}^{n} 2^{i-1}"
    )


def markov(dims: int, order: int = 1) -> Count:
    """Each variable depends on the k before it: min(i - 1, k) parents have 2^min(i-1, k) rows."""
    _check("dims", dims, 1)
    _check("order", order, 0)
    parameters = sum(2 ** min(i, order) for i in range(dims))
    return Count(
        "markov", N_("Markov chain of order k"), parameters, "sum_i 2^min(i-1, k)", r"\sum_{i=1}^{n} 2^{\min(i-1,\,k)}"
    )


def fvsbn(dims: int) -> Count:
    """A logistic regression a conditional: i - 1 weights and a bias."""
    _check("dims", dims, 1)
    return Count("fvsbn", N_("FVSBN (logistic)"), dims * (dims + 1) // 2, "n (n + 1) / 2", r"\tfrac{n(n+1)}{2}")


def nade(dims: int, hidden: int) -> Count:
    """W and V are n x H, b has n and c has H entries."""
    _check("dims", dims, 1)
    _check("hidden", hidden, 1)
    return Count("nade", N_("NADE"), 2 * dims * hidden + dims + hidden, "2 n H + n + H", r"2nH + n + H")


def nade_pays_from(hidden: int) -> int:
    """The smallest n from which on a NADE needs fewer numbers than the full joint table.

    2^n - 1 is convex in n and 2 n H + n + H a line that starts above it: they cross once.
    """
    dims = 1
    while nade(dims, hidden).parameters >= full_joint(dims).parameters:
        dims += 1
    return dims


def made(dims: int, hidden: int) -> Count:
    """One hidden layer, masks zero some weights but all are stored: n H + H in, H n + n out."""
    _check("dims", dims, 1)
    _check("hidden", hidden, 1)
    return Count(
        "made", N_("MADE, one hidden layer"), 2 * dims * hidden + dims + hidden, "2 n H + n + H", r"2nH + n + H"
    )
