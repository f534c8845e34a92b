"""Float32 side by side in one register, 16 with AVX-512, else 8: what the CPU kernels are written in, and how they are
compiled.

numba turns simple loops into vector instructions by itself. A tile of dot products it does not: all its sums must stay
in registers from the first unit to the last. So the kernels say what a register holds. A value of type ``Lanes`` is
made by ``splat`` or by ``load`` of places.py, and takes part in + - * / and comparisons as a number does, lane by lane.
Nothing is reordered, so that a result does not depend on what else is computed beside it.
"""

import operator
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.core.codegen import get_host_cpu_features
from numba.core.imputils import lower_builtin
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, models, register_model

FEATURES = getattr(config, "CPU_FEATURES", None) or get_host_cpu_features()  # numba's own, of this machine unless told
WIDE = "+avx512f" in FEATURES.split(",")
LANES = 16 if WIDE else 8
FLOAT, INTEGER, BITS = ir.FloatType(), ir.IntType(32), ir.IntType(LANES)
VECTOR, INTEGERS, TRUTHS = (ir.VectorType(t, LANES) for t in (FLOAT, INTEGER, ir.IntType(1)))
instruction: Any = intrinsic  # what it makes takes the arguments of the function, without the first
OPTIONS: dict = {"error_model": "numpy", "nogil": True}
# What stands on disk is of these files. numba itself looks at a kernel's own file alone, though what it calls from the
# others is part of its machine code: with one of them changed, it would go on as before.
SOURCES = [
    (path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(Path(__file__).parent.glob("*.py"))
]


def fast(function):
    """The function as machine code, kept on disk, beside this file, in the user's cache or in NUMBA_CACHE_DIR.

    Where none of these can be written, each process compiles it anew.
    """
    try:
        compiled = njit(cache=True, **OPTIONS)(function)
    except RuntimeError:
        return njit(**OPTIONS)(function)
    compiled._cache._cache_file._source_stamp = SOURCES
    return compiled


class Lanes(types.Type):
    """The type of such a register."""

    def __init__(self):
        super().__init__("Lanes")


lanes = Lanes()


@register_model(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager, kind):
        super().__init__(manager, kind, VECTOR)


def _operator(symbol, instruction: str, *flags: str) -> None:
    @infer_global(symbol)
    class _Typed(ConcreteTemplate):
        cases = [signature(lanes, lanes, lanes)]

    @lower_builtin(symbol, lanes, lanes)
    def _lower(context, builder, kinds, values):
        return getattr(builder, instruction)(*values, flags=flags)


_operator(operator.add, "fadd", "contract")  # a product and a sum become one instruction
_operator(operator.sub, "fsub", "contract")
_operator(operator.mul, "fmul", "contract")
_operator(operator.truediv, "fdiv")


@instruction
def apart(typing):
    """The function in which this stands is called, not merged into a longer one, which would keep its sums in memory."""

    def build(context, builder, kinds, values):
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.none(), build


def on_all_lanes(builder, value, vector):
    one = builder.insert_element(ir.Constant(vector, ir.Undefined), value, ir.Constant(INTEGER, 0))
    return builder.shuffle_vector(one, one, ir.Constant(INTEGERS, [0] * LANES))


@instruction
def splat(typing, value):
    """The float32 in every lane."""
    return lanes(types.float32), lambda context, builder, kinds, values: on_all_lanes(builder, values[0], VECTOR)


@instruction
def nearly_inverse(typing, value):
    """1 / value to 14 bits, where there is AVX-512."""

    def build(context, builder, kinds, values):
        kind = ir.FunctionType(VECTOR, [VECTOR, VECTOR, BITS])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx512.rcp14.ps.512")
        return builder.call(function, [values[0], ir.Constant(VECTOR, ir.Undefined), ir.Constant(BITS, -1)])

    return lanes(lanes), build


@instruction
def least(typing, a, b):
    """min(a, b), and b where one of them is no number."""

    def build(context, builder, kinds, values):
        return builder.select(builder.fcmp_ordered("<", *values), *values)

    return lanes(lanes, lanes), build


@instruction
def above(typing, a, b):
    """Bit t says whether a > b in lane t."""

    def build(context, builder, kinds, values):
        return builder.zext(builder.bitcast(builder.fcmp_ordered(">", *values), BITS), ir.IntType(64))

    return types.int64(lanes, lanes), build


@instruction
def where(typing, bits, a, b):
    """a in the lanes whose bit is set, b in the others."""

    def build(context, builder, kinds, values):
        return builder.select(builder.bitcast(builder.trunc(values[0], BITS), TRUTHS), *values[1:])

    return lanes(types.int64, lanes, lanes), build


@instruction
def lowest(typing, bits):
    """The place of the lowest bit that is set."""

    def build(context, builder, kinds, values):
        return builder.cttz(values[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.int64), build


@instruction
def whole(typing, value):
    """The nearest whole numbers."""

    def build(context, builder, kinds, values):
        near = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(VECTOR, [VECTOR]), f"llvm.rint.v{LANES}f32"
        )
        return builder.call(near, values)

    return lanes(lanes), build


@instruction
def times_power(typing, value, n):
    """value 2^n, for whole n and results within the range of float32: n is added to the exponent's bits."""

    def build(context, builder, kinds, values):
        shift = on_all_lanes(builder, ir.Constant(INTEGER, 23), INTEGERS)
        n = builder.shl(builder.fptosi(values[1], INTEGERS), shift)
        return builder.bitcast(builder.add(builder.bitcast(values[0], INTEGERS), n), VECTOR)

    return lanes(lanes, lanes), build


PER_LN2, LN2_HIGH = (
    np.float32(1 / np.log(2)),
    np.float32(0.693359375),
)  # the upper part has nine bits: n times it is exact
LEAST, LN2_LOW = np.float32(-87), np.float32(np.log(2) - 0.693359375)
TAYLOR = [np.float32(1 / np.prod(np.arange(1.0, k + 1))) for k in range(8)]
T7, T6, T5, T4, T3, T2, T1, T0 = TAYLOR[::-1]


@fast
def exp(y):
    """e^y to float32 accuracy for y up to 87, and e^-87 for less: 2^n e^f, n = round(y / ln 2), e^f by its Taylor series."""
    y = where(above(splat(LEAST), y), splat(LEAST), y)
    n = whole(y * splat(PER_LN2))
    f = y - n * splat(LN2_HIGH) - n * splat(LN2_LOW)
    series = ((splat(T7) * f + splat(T6)) * f + splat(T5)) * f + splat(T4)
    return times_power((((series * f + splat(T3)) * f + splat(T2)) * f + splat(T1)) * f + splat(T0), n)


def _by_one_division(x, y):
    """1/x and 1/y, where xy is a number: one division takes as long as ten products, and 1/x = y / xy."""
    both = splat(ONE) / (x * y)
    return both * y, both * x


def _by_newton(x, y):
    """1/x and 1/y to float32 accuracy: one step of Newton's method doubles the bits."""
    p, q = nearly_inverse(x), nearly_inverse(y)
    return p * (splat(TWO) - x * p), q * (splat(TWO) - y * q)


ONE, TWO = np.float32(1), np.float32(2)
inverses = fast(_by_newton if WIDE else _by_one_division)
