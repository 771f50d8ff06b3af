"""Products of 64-bit numbers in 128 bits, as one machine instruction."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.extending import intrinsic


def _product(typing_context: Any, a: Any, b: Any) -> Any:
    """Give numba the type and the code of `product`."""
    if (a, b) != (types.uint64, types.uint64):
        return None
    halves: Any = types.UniTuple(types.uint64, 2)  # type: ignore[no-untyped-call]

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        whole = builder.mul(*(builder.zext(argument, wide) for argument in arguments))
        high = builder.trunc(builder.lshr(whole, ir.Constant(wide, 64)), ir.IntType(64))
        low = builder.trunc(whole, ir.IntType(64))
        return context.make_tuple(builder, signature.return_type, (high, low))

    return halves(types.uint64, types.uint64), generate


product: Any = intrinsic(_product)
"""Multiply two uint64 in compiled code; returns the high and the low half of the product."""
