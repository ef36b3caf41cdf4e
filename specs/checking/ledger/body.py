"""Binds each decided value to the operations that nodes report to have applied for it (LED-15).

Theory. A value is the SHA-256 of slot and body, and a body is an origin view and requests (amu.consensus.bodies). So
the operations that a node applies with a value are known in advance: if one were left out, added, renamed, changed or
moved, the body would have another digest. TLA+ has no SHA-256, so no module says this: the flight code's encoding does.

The trace has no bodies. They are composed again:

- Requests are the reported operations, in the order in which they were applied.
- The origin view is one of those up to the last in which the slot was decided. The first that fits is it.
- A trace writes bytes as hexadecimal text. The shape of a well-formed command says which of its texts are bytes; of a
  malformed one, each text that may be bytes is tried both ways, up to READINGS_MAX readings of a body. Beyond that the
  body is not bound, and the verdict says so; nor is it of a command with a map, which the trace does not write in full.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from amu.consensus import bodies
from amu.core.errors import CodecError
from amu.core.limits import VIEW_MAX
from amu.core.types import Array
from specs.checking.ledger.log import Operation
from specs.checking.ledger.steps import MALFORMED, outcome_of, well_formed
from specs.tla.values.values import Value

READINGS_MAX = 64
VIEWS_MAX = 1023  # as of the slots that are judged: no real run reaches a hundred
NOT_BOUND = -1  # no reading within the bounds has this value, and there may be others


def origin_view(slot: int, value: str, operations: Sequence[Operation], last_view: int | None) -> int | None:
    """The origin view of the body that has `value` and these operations. None if there is none; NOT_BOUND in doubt.

    `last_view`: the last view in which the trace says that the slot was decided, None if it does not say.
    """
    digest = bytes.fromhex(value)
    readings = [_readings(operation) for operation in operations]
    count = 1
    for each in readings:
        count *= len(each)
    views = range(min(VIEWS_MAX, VIEW_MAX if last_view is None else last_view) + 1)
    for commands in itertools.islice(itertools.product(*readings), READINGS_MAX):
        requests = [[each.client, each.operation, command] for each, command in zip(operations, commands)]
        for view in views:
            try:
                body = bodies.encode(view, requests)
            except (CodecError, ValueError):
                break  # no board can have decided on this reading
            if bodies.value_of(slot, body) == digest:
                return view
    is_in_doubt = count > READINGS_MAX or any(_may_have_map(each.command) for each in operations)
    return NOT_BOUND if is_in_doubt else None


def _readings(operation: Operation) -> list[Array]:
    """What a command may have been before the trace wrote it, the likeliest first."""
    fields = well_formed(operation.command)
    read = [] if fields is None else [[operation.command[0], *fields.values()]]
    if fields is None or outcome_of(operation.result) == MALFORMED:
        read += [list(items) for items in itertools.islice(_both_ways(operation.command), READINGS_MAX + 1)]
    return read


def _both_ways(items: Iterable[Value]) -> Iterable[tuple[Value, ...]]:
    return itertools.product(*[_item(item) for item in items])


def _item(item: Value) -> list[Value]:
    if isinstance(item, list):
        return [list(items) for items in itertools.islice(_both_ways(item), READINGS_MAX + 1)]
    if isinstance(item, str):
        try:
            as_bytes = bytes.fromhex(item)
        except ValueError:
            return [item]
        return [item, as_bytes] if as_bytes.hex() == item else [item]
    return [item]


def _may_have_map(item: Value) -> bool:
    """Whether the item has a map in it, or a list of pairs, which may stand for one."""
    if isinstance(item, dict):
        return True
    if not isinstance(item, list):
        return False
    is_of_pairs = bool(item) and all(isinstance(each, list) and len(each) == 2 for each in item)
    return is_of_pairs or any(_may_have_map(each) for each in item)
