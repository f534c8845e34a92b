"""Integers of any size as people read them."""

import math

import pytest

from lab import numbers


def test_logarithms_hold_beyond_floats():
    assert numbers.log10(2**784 - 1) == pytest.approx(236.0075, abs=1e-4)
    assert numbers.log10(10**400) == 400 and numbers.log10(1) == 0
    assert numbers.log10(12345) == pytest.approx(math.log10(12345))


@pytest.mark.parametrize("value", [1, 999, 1000, 2**39, 2**784])
def test_all_digits_stand_in_groups_of_three(value):
    groups = numbers.grouped(value)
    assert "".join(groups) == str(value) and {len(group) for group in groups[1:]} <= {3}


def test_long_numbers_become_powers_of_ten():
    assert numbers.big(10**12 - 1) == "999,999,999,999" and numbers.latex(1234) == "1{,}234"
    assert numbers.big(2**784) == "1.01\u00a0×\u00a010²³⁶" and numbers.latex(2**784) == r"1.01 \times 10^{236}"
