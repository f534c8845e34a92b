"""Numbers as people read them: integers of any size, powers of ten, and what a log-probability amounts to."""

import math

NBSP = "\u00a0"  # a space at which no line ends
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(exponent: int) -> str:
    """A power of ten with a raised exponent."""
    return "10" + str(exponent).translate(RAISED)


def big(value: int) -> str:
    """An integer: all its digits up to twelve, then as a power of ten read off the exact integer."""
    digits = str(value)
    if len(digits) <= 12:
        return f"{value:,}"
    return f"{digits[0]}.{digits[1:3]}{NBSP}×{NBSP}{power(len(digits) - 1)}"


def log10(value: int) -> float:
    """log10 of a positive integer of any size."""
    digits = str(value)
    return len(digits) - 1 + math.log10(int(digits[:16]) / 10 ** (len(digits[:16]) - 1))


def as_power(nats: float) -> str:
    """What a log-probability in nats amounts to: about such a power of ten."""
    return power(round(nats / math.log(10)))


def latex(value: int) -> str:
    """An integer in a formula, as ``big`` says it."""
    digits = str(value)
    if len(digits) <= 12:
        return f"{value:,}".replace(",", "{,}")
    return rf"{digits[0]}.{digits[1:3]} \times 10^{{{len(digits) - 1}}}"


def grouped(value: int) -> list[str]:
    """All digits of an integer, in threes counted from the last one."""
    return f"{value:,}".split(",")
