"""Numbers as people read them: exact as long as they can be taken in, then as a power of ten."""

import math

LONGEST = 12  # digits that are still shown one by one
RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(exponent: int) -> str:
    """A power of ten with a raised exponent."""
    return "10" + str(exponent).translate(RAISED)


def short(value: int) -> str:
    """A natural number, exact up to a million million, then a power of ten with digits cut off the exact one."""
    digits = str(value)
    if len(digits) <= LONGEST:
        return f"{value:,}"
    return f"{digits[0]}.{digits[1:3]}·{power(len(digits) - 1)}"


def latex(value: int) -> str:
    """The same in a formula."""
    digits = str(value)
    if len(digits) <= LONGEST:
        return f"{value:,}".replace(",", "{,}")
    return rf"{digits[0]}.{digits[1:3]} \cdot 10^{{{len(digits) - 1}}}"


def log10(value: int) -> float:
    """log10 of a natural number of any size."""
    digits = str(value)
    return len(digits) - 1 + math.log10(float(f"{digits[0]}.{digits[1:16]}"))


def grouped(value: int, size: int = 3) -> list[str]:
    """All digits, in groups counted from the last one."""
    digits = str(value)
    first = len(digits) % size
    return [digits[:first]] * bool(first) + [digits[i : i + size] for i in range(first, len(digits), size)]
