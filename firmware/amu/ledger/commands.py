"""The commands of the ledger: their verbs, their fields and each field's shape.

A command is the CBOR array `[verb, field, ...]`. `parse` refuses a malformed command, whatever the ledger holds; the
ledger's state decides about the others. Each table row below is one verb; its transition in `amu.ledger.transitions`
and its action in specs/ledger/ledger.tla have the same name.
"""

from amu.core import limits
from amu.core.errors import CodecError

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable
    from typing import TypeGuard

    from amu.core.types import Array, Item

SHARD_PREFIX = "shard/"


def is_uint(field: "Item", bound: int) -> "TypeGuard[int]":
    """An unsigned integer up to `bound`; `True` is not one."""
    return type(field) is int and 0 <= field <= bound


def is_client(field: "Item") -> "TypeGuard[int]":
    return is_uint(field, limits.CLIENT_NUMBER_MAX)


def is_operation(field: "Item") -> "TypeGuard[int]":
    return is_uint(field, limits.OPERATION_MAX)


def is_shard(field: "Item") -> "TypeGuard[int]":
    return is_uint(field, limits.SHARD_NUMBER_MAX)


def is_holder(field: "Item") -> "TypeGuard[int]":
    return is_uint(field, limits.HOLDER_MAX)


def is_token(field: "Item") -> "TypeGuard[int]":
    """A fencing token; they count from 1."""
    return is_uint(field, limits.FENCING_TOKEN_MAX) and field > 0


def is_slots(field: "Item") -> "TypeGuard[int]":
    """Length of a lease in slots."""
    return is_uint(field, limits.LEASE_SLOTS_MAX) and field > 0


def is_job(field: "Item") -> "TypeGuard[int]":
    """A job's number; they count from 1."""
    return is_uint(field, limits.JOB_NUMBER_MAX) and field > 0


def is_worker(field: "Item") -> "TypeGuard[int]":
    """A replica's number. Whether this swarm has such a replica is for the ledger to say."""
    return is_uint(field, limits.REPLICAS_MAX - 1)


def is_job_slots(field: "Item") -> "TypeGuard[int]":
    """Slots from a job's opening to its deadline."""
    return is_uint(field, limits.JOB_SLOTS_MAX) and field > 0


def is_digest(field: "Item") -> "TypeGuard[bytes]":
    return type(field) is bytes and len(field) == limits.DIGEST_BYTES


def is_key(field: "Item") -> "TypeGuard[bytes]":
    return type(field) is bytes and len(field) <= limits.KEY_SPACE_BYTES_MAX


def is_last_key(field: "Item") -> "TypeGuard[bytes | None]":
    """A key or null. Cursors refuse null; the shape allows it."""
    return field is None or is_key(field)


def is_opaque(field: "Item") -> "TypeGuard[bytes]":
    return type(field) is bytes and len(field) <= limits.TOKEN_BYTES_MAX


def is_resource(field: "Item") -> "TypeGuard[str]":
    """Printable ASCII without spaces; `shard/<number>` in its one spelling, so that no shard has two leases."""
    if type(field) is not str or not 0 < len(field) <= limits.RESOURCE_BYTES_MAX:
        return False
    for character in field:
        if not 32 < ord(character) < 127:
            return False
    return not field.startswith(SHARD_PREFIX) or shard_of(field) is not None


def resource_of(shard: int) -> str:
    """Name of the resource whose lease covers `shard`."""
    return SHARD_PREFIX + str(shard)


def shard_of(resource: str) -> int | None:
    """Number of the shard that `resource` names, or None if it names none."""
    if not resource.startswith(SHARD_PREFIX):
        return None
    digits = resource[len(SHARD_PREFIX) :]
    if not digits.isdigit() or (digits[0] == "0" and digits != "0"):
        return None
    number = int(digits)
    return number if is_shard(number) else None


_RESOURCE = ("resource", is_resource)
_HOLDER = ("holder", is_holder)
_TOKEN = ("token", is_token)
_SLOTS = ("slots", is_slots)
_SHARD = ("shard", is_shard)
_JOB = ("job", is_job)

# verb: ((field, check), ...). Looked up only, never iterated.
SHAPES: "dict[str, tuple[tuple[str, Callable[[Item], bool]], ...]]" = {
    "noop": (),
    "shard-create": (_SHARD, ("start", is_key), ("end", is_key)),
    "lease-acquire": (_RESOURCE, _HOLDER, _SLOTS),
    "lease-renew": (_RESOURCE, _HOLDER, _TOKEN, _SLOTS),
    "lease-release": (_RESOURCE, _HOLDER, _TOKEN),
    "cursor-advance": (_SHARD, _TOKEN, ("last_key", is_last_key), ("opaque", is_opaque)),
    "shard-split": (_SHARD, _TOKEN, ("at_key", is_key), ("new_shard", is_shard)),
    "shard-handover": (_SHARD, _TOKEN, ("to_holder", is_holder)),
    "shard-complete": (_SHARD, _TOKEN),
    "job-open": (("payload", is_digest), ("slots", is_job_slots)),
    "job-result": (_JOB, ("worker", is_worker), ("digest", is_digest)),
    "job-cancel": (_JOB,),
    "job-expire": (_JOB,),
}


def parse(command: "Item") -> "tuple[str, Array]":
    """(verb, fields) of a well-formed command. Raises CodecError, naming what is wrong with it, for any other item."""
    if type(command) is not list or not command or type(command[0]) is not str:
        raise CodecError("want [verb, field, ...]")
    verb = command[0]
    shape = SHAPES.get(verb)
    if shape is None:
        raise CodecError("unknown verb")
    if len(command) != 1 + len(shape):
        raise CodecError("%s wants %d fields" % (verb, len(shape)))
    for i in range(len(shape)):
        name, is_well_formed = shape[i]
        if not is_well_formed(command[1 + i]):
            raise CodecError("%s: bad %s" % (verb, name))
    return verb, command[1:]
