"""Eight bytes written at any place of an array, as one machine instruction."""

from __future__ import annotations

from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


def _store_word(typing_context: Any, out: Any, place: Any, word: Any) -> Any:
    """Give numba the type and the code of `store_word`."""
    is_bytes = isinstance(out, types.Array) and out.dtype == types.uint8 and out.layout == "C"
    if not is_bytes or not isinstance(place, types.Integer) or word != types.uint64:
        return None

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        address = cgutils.gep(builder, array.data, arguments[1])  # type: ignore[no-untyped-call]
        word_address = builder.bitcast(address, ir.IntType(64).as_pointer())
        builder.store(arguments[2], word_address, align=1)
        return context.get_dummy_value()

    return types.none(out, place, word), generate


store_word: Any = intrinsic(_store_word)
"""Store a uint64 in a contiguous uint8 array from an index on, in the machine's byte order.

Neither the index nor the room behind it is checked."""
