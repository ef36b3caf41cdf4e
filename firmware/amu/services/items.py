"""What services send to each other over the channels: small arrays, the kind first.

    [REQUEST, time]    [REPLY, time]    [RELEASE, time]      mutual exclusion, Lamport 1978
    [MARKER, initiator, number]                              global snapshot, Chandy and Lamport 1985

An item comes from a board that may lie, so it is checked before use.
"""

from amu.core import limits
from amu.core.errors import CodecError

if "":  # for the type checker; see amu.core.types
    from amu.core.types import Item

REQUEST = 1
REPLY = 2
RELEASE = 3
MARKER = 4

_LENGTHS = {REQUEST: 2, REPLY: 2, RELEASE: 2, MARKER: 3}


def checked(item: "Item") -> int:
    """The kind of `item`. Raises CodecError unless it is one of the four, with numbers that can be Lamport times."""
    if not isinstance(item, (list, tuple)) or not item or _LENGTHS.get(_number(item[0])) != len(item):
        raise CodecError("want an item [kind, number, ...], have something else")
    for number in item:
        if _number(number) < 0 or number > limits.LAMPORT_MAX:
            raise CodecError("item of kind %d: want integers from 0 to LAMPORT_MAX" % item[0])
    return item[0]  # type: ignore[no-any-return]


def _number(value: "Item") -> int:
    """`value` if it is an integer (True is not), else -1."""
    return value if type(value) is int else -1
