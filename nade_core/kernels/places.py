"""Places in memory: where the kernels read and write registers of float32.

A place is an address, counted in float32. A function that is called with places instead of arrays costs nothing but its
work: those who use an array are counted before and after every call, which takes as long as a hundred multiply-adds of
registers.
"""

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from .lanes import FLOAT, INTEGER, LANES, TRUTHS, VECTOR, fast, instruction, lanes, on_all_lanes

PAGE = 1024  # float32 in a page of memory


def _pointer(builder, place):
    """The address of a place, for a vector."""
    shift = ir.Constant(place.type, 2)
    return builder.inttoptr(builder.shl(place, shift), ir.PointerType(VECTOR))


@instruction
def row(typing, array, i):
    """The place of row i of an array of float32, which must outlive it."""
    if array.dtype != types.float32:
        return None

    def build(context, builder, kinds, values):
        array = context.make_array(kinds.args[0])(context, builder, values[0])
        shape, strides = (cgutils.unpack_tuple(builder, t) for t in (array.shape, array.strides))
        at = [context.cast(builder, values[1], kinds.args[1], types.intp)]
        at += [context.get_constant(types.intp, 0)] * (len(shape) - 1)
        first = cgutils.get_item_pointer2(context, builder, array.data, shape, strides, kinds.args[0].layout, at)
        return builder.lshr(builder.ptrtoint(first, ir.IntType(64)), ir.Constant(ir.IntType(64), 2))

    return types.int64(array, i), build


@instruction
def load(typing, place):
    """The LANES float32 at a place."""

    def build(context, builder, kinds, values):
        return builder.load(_pointer(builder, values[0]), align=4)

    return lanes(types.int64), build


def _first(builder, n):
    """Which lanes are among the first n."""
    places = ir.Constant(ir.VectorType(ir.IntType(64), LANES), list(range(LANES)))
    return builder.icmp_signed("<", places, on_all_lanes(builder, n, places.type))


@instruction
def load_first(typing, place, n):
    """The first n float32 at a place, and zeros: all LANES, if n is more."""

    def build(context, builder, kinds, values):
        kind = ir.FunctionType(VECTOR, [ir.PointerType(VECTOR), INTEGER, TRUTHS, VECTOR])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.load.v{LANES}f32.p0")
        zeros = ir.Constant(VECTOR, [0.0] * LANES)
        return builder.call(
            function, [_pointer(builder, values[0]), ir.Constant(INTEGER, 4), _first(builder, values[1]), zeros]
        )

    return lanes(types.int64, types.int64), build


@instruction
def store(typing, place, value):
    """Puts the value at a place."""

    def build(context, builder, kinds, values):
        builder.store(values[1], _pointer(builder, values[0]), align=4)
        return context.get_dummy_value()

    return types.none(types.int64, lanes), build


@instruction
def store_first(typing, place, n, value):
    """Puts the first n lanes, all if n is more, at a place."""

    def build(context, builder, kinds, values):
        kind = ir.FunctionType(ir.VoidType(), [VECTOR, ir.PointerType(VECTOR), INTEGER, TRUTHS])
        function = cgutils.get_or_insert_function(builder.module, kind, f"llvm.masked.store.v{LANES}f32.p0")
        place, n, value = values
        builder.call(function, [value, _pointer(builder, place), ir.Constant(INTEGER, 4), _first(builder, n)])
        return context.get_dummy_value()

    return types.none(types.int64, types.int64, lanes), build


@instruction
def splat_at(typing, place):
    """The one float32 at a place in every lane."""

    def build(context, builder, kinds, values):
        pointer = builder.bitcast(_pointer(builder, values[0]), ir.PointerType(FLOAT))
        return on_all_lanes(builder, builder.load(pointer, align=4), VECTOR)

    return lanes(types.int64), build


def _four_sums(builder, values):
    """The sums of the lanes of four vectors, side by side: in each group of four lanes, then over the groups."""

    def pick(a, b, places):
        """Of each group of four lanes these: 0 to 3 are of a, 4 to 7 of b."""
        every = [group + p % 4 + LANES * (p // 4) for group in range(0, LANES, 4) for p in places]
        return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INTEGER, LANES), every))

    def both(a, b, one, other):
        return builder.fadd(pick(a, b, one), pick(a, b, other))

    a, b, c, d = values
    v = both(both(a, b, (0, 4, 1, 5), (2, 6, 3, 7)), both(c, d, (0, 4, 1, 5), (2, 6, 3, 7)), (0, 1, 4, 5), (2, 3, 6, 7))
    while (half := v.type.count // 2) >= 4:
        low, high = (ir.Constant(ir.VectorType(INTEGER, half), list(range(k, k + half))) for k in (0, half))
        v = builder.fadd(builder.shuffle_vector(v, v, low), builder.shuffle_vector(v, v, high))
    return v


@instruction
def store_total(typing, place, value):
    """Puts the sum of the lanes at a place."""

    def build(context, builder, kinds, values):
        total = builder.extract_element(_four_sums(builder, values[1:] * 4), ir.Constant(INTEGER, 0))
        builder.store(total, builder.bitcast(_pointer(builder, values[0]), ir.PointerType(FLOAT)), align=4)
        return context.get_dummy_value()

    return types.none(types.int64, lanes), build


@instruction
def store_totals(typing, place, a, b, c, d):
    """Puts the sums of the lanes of each at a place, side by side."""

    def build(context, builder, kinds, values):
        sums = _four_sums(builder, values[1:])
        builder.store(sums, builder.bitcast(_pointer(builder, values[0]), ir.PointerType(sums.type)), align=4)
        return context.get_dummy_value()

    return types.none(types.int64, lanes, lanes, lanes, lanes), build


@fast
def page(size, after):
    """So many zeros that begin ``after`` so many float32 of a page of memory."""
    room = np.zeros(size + PAGE, np.float32)
    first = (after - room.ctypes.data // 4) % PAGE
    return room[first : first + size]
