"""Words for the type checker alone: what flight code names in annotations. No interpreter imports this module.

MicroPython has no `typing`, and its compiler drops annotations and every block behind a false constant. So flight files
write

    if "":  # for the type checker; see amu.core.types
        from amu.core.types import Item

and name `Item` in annotations that are strings: the type checker follows the import, a board pays nothing for it.
"""

from collections.abc import Callable
from typing import Any, TypeAlias, dataclass_transform

# anything: CBOR that arrived and is not checked yet, or an item to encode, which may be refused
Item: TypeAlias = object
Array: TypeAlias = list[Any]  # a CBOR array whose members its reader knows: a record, a request, a command, a result
Register: TypeAlias = tuple[int, bytes] | None  # (view, value) of the last vote of some phase
RegisterList: TypeAlias = list[Register]  # hi1, second1, hi2, second2, hi3, hi4
Report: TypeAlias = tuple[Register, Register, Register]  # (hi_a, hi_b, second_b): amu.consensus.rules
# What a peer reported on entering a view: (view, hi1, second1, hi4) in a proof, (view, hi2, second2, hi3) in a suggest.
Told: TypeAlias = tuple[int, Register, Register, Register]
AnyMessage: TypeAlias = Any  # a message that its reader knows by its KIND
TraceEvent: TypeAlias = tuple[Any, ...]  # (code, lamport, field, ...): amu.node.tracer
Keys: TypeAlias = list[bytes | None]  # one per node, the ground station last; None where a key does not exist
Sink: TypeAlias = Callable[[bytes], object]
ptr8: TypeAlias = Any  # bytes of an object, without bounds: words of MicroPython's viper compiler
ptr32: TypeAlias = Any
Source: TypeAlias = Callable[[], bytes]  # b"" at the end


Shape: TypeAlias = tuple[tuple[str, Callable[[Item], Item]], ...]  # of a message: each field's name and check


@dataclass_transform(eq_default=False)
class Fields:
    """Base of messages to the type checker: it takes their annotated attributes, in order, for their constructor."""
