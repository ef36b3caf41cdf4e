"""The syntax of the ledger's commands, from docs/reference/ledger.md.

Independent of `amu.ledger.commands`, so that a mistake there is not repeated here. The bounds are the agreed ones.
"""

from collections.abc import Callable

from amu.core import limits

SHARD_PREFIX = "shard/"
Check = Callable[[object], bool]


def _uint(bound: int, least: int = 0) -> Check:
    return lambda field: type(field) is int and least <= field <= bound


def _octets(bound: int, least: int = 0) -> Check:
    return lambda field: type(field) is bytes and least <= len(field) <= bound


def shard_of(resource: str) -> int | None:
    """The number of the shard whose lease this resource is, or None."""
    digits = resource.removeprefix(SHARD_PREFIX)
    if digits == resource or not digits.isdecimal() or str(int(digits)) != digits:
        return None
    return int(digits) if int(digits) <= limits.SHARD_NUMBER_MAX else None


def _is_resource(field: object) -> bool:
    if type(field) is not str or not 1 <= len(field) <= limits.RESOURCE_BYTES_MAX:
        return False
    is_plain = all("!" <= character <= "~" for character in field)
    return is_plain and (shard_of(field) is not None or not field.startswith(SHARD_PREFIX))


_SHARD = _uint(limits.SHARD_NUMBER_MAX)
_KEY = _octets(limits.KEY_SPACE_BYTES_MAX)
_HOLDER = _uint(limits.HOLDER_MAX)
_TOKEN = _uint(limits.FENCING_TOKEN_MAX, 1)
_LEASE_SLOTS = _uint(limits.LEASE_SLOTS_MAX, 1)
_JOB = _uint(limits.JOB_NUMBER_MAX, 1)
_DIGEST = _octets(limits.DIGEST_BYTES, limits.DIGEST_BYTES)

_FIELDS: dict[str, tuple[Check, ...]] = {
    "noop": (),
    "shard-create": (_SHARD, _KEY, _KEY),
    "lease-acquire": (_is_resource, _HOLDER, _LEASE_SLOTS),
    "lease-renew": (_is_resource, _HOLDER, _TOKEN, _LEASE_SLOTS),
    "lease-release": (_is_resource, _HOLDER, _TOKEN),
    "cursor-advance": (_SHARD, _TOKEN, lambda field: field is None or _KEY(field), _octets(limits.TOKEN_BYTES_MAX)),
    "shard-split": (_SHARD, _TOKEN, _KEY, _SHARD),
    "shard-handover": (_SHARD, _TOKEN, _HOLDER),
    "shard-complete": (_SHARD, _TOKEN),
    "job-open": (_DIGEST, _uint(limits.JOB_SLOTS_MAX, 1)),
    "job-result": (_JOB, _uint(limits.REPLICAS_MAX - 1), _DIGEST),
    "job-cancel": (_JOB,),
    "job-expire": (_JOB,),
}


def is_well_formed(command: object) -> bool:
    """Whether `command` is well-formed. The ledger refuses any other, whatever its state."""
    if type(command) is not list or not command or type(command[0]) is not str or command[0] not in _FIELDS:
        return False
    checks = _FIELDS[command[0]]
    return len(checks) == len(command) - 1 and all(check(field) for check, field in zip(checks, command[1:]))
