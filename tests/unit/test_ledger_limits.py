"""The ledger's bounds hold with every table full and every field as long as it may be."""

import ast
from pathlib import Path

from amu.core import limits
from amu.core.errors import CodecError
from amu.ledger import commands, state, transitions
from amu.ledger.state import Ledger
from amu.wire import cbor

KEY = limits.KEY_SPACE_BYTES_MAX
REASON = "r" * 53  # ["refused", reason] then has RESULT_BYTES_MAX bytes


def full_state() -> list[object]:
    """A snapshot's item in which nothing could be longer."""
    last = limits.SHARD_NUMBER_MAX - limits.SHARDS_MAX
    shards = [
        [
            last + i,
            bytes([i] * KEY),
            bytes([i] * (KEY - 1) + [255]),
            bytes([i] * KEY),
            bytes(limits.TOKEN_BYTES_MAX),
            False,
        ]
        for i in range(limits.SHARDS_MAX)
    ]
    name = "x" * (limits.RESOURCE_BYTES_MAX - 2)
    expires = limits.SLOT_MAX + limits.LEASE_SLOTS_MAX
    leases = [
        [f"{name}{i:02}", limits.HOLDER_MAX, limits.FENCING_TOKEN_MAX - i, expires] for i in range(limits.LEASES_MAX)
    ]
    first = limits.OPERATION_MAX - limits.OPERATIONS_PER_CLIENT_MAX + 1
    rows = [
        cbor.encode([first + i, limits.SLOT_MAX, ["refused", REASON]]) for i in range(limits.OPERATIONS_PER_CLIENT_MAX)
    ]
    clients = [[limits.CLIENT_NUMBER_MAX - limits.CLIENTS_MAX + 1 + i, rows] for i in range(limits.CLIENTS_MAX)]
    return [limits.SLOT_MAX, limits.FENCING_TOKEN_MAX + 1, shards, leases, clients]


def test_the_largest_ledger_fits_its_bound() -> None:
    data = cbor.encode(full_state())
    assert limits.LEDGER_BYTES_MAX - 64 <= len(data) <= limits.LEDGER_BYTES_MAX <= limits.STATE_BYTES_MAX
    ledger = Ledger.restore(data)
    assert ledger.snapshot() == data


def reasons() -> set[str]:
    """Every refusal that the code can give, malformed commands apart."""
    found = set()
    for module in (transitions, state):
        for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "refused":
                found.update(part.value for part in node.args if isinstance(part, ast.Constant))
    return found


def test_every_refusal_fits_a_result() -> None:
    malformed = {f"malformed: {verb}: bad {name}" for verb, shape in commands.SHAPES.items() for name, _ in shape}
    malformed |= {f"malformed: {verb} wants {len(shape)} fields" for verb, shape in commands.SHAPES.items()}
    assert len(reasons()) > 12
    for reason in reasons() | malformed:
        assert len(cbor.encode(["refused", reason])) <= limits.RESULT_BYTES_MAX, reason


def test_every_longest_command_fits_its_bound() -> None:
    longest = [
        "cursor-advance",
        limits.SHARD_NUMBER_MAX,
        limits.FENCING_TOKEN_MAX,
        bytes(KEY),
        bytes(limits.TOKEN_BYTES_MAX),
    ]
    assert commands.parse(longest)[0] == "cursor-advance"
    assert len(cbor.encode(longest)) <= limits.COMMAND_BYTES_MAX


def test_a_flipped_bit_is_refused_or_another_ledger() -> None:
    """A damaged snapshot never passes for the one that was taken, and never raises anything but CodecError."""
    ledger = Ledger()
    ledger.apply(1, [[1, 1, ["shard-create", 3, b"b", b"m"]], [1, 2, ["lease-acquire", "shard/3", 2, 9]]])
    ledger.apply(2, [[1, 3, ["cursor-advance", 3, 1, b"f", b"x"]], [2, 1, ["shard-create", 4, b"m", b""]]])
    good = ledger.snapshot()
    refused = 0
    for place in range(8 * len(good)):
        data = bytearray(good)
        data[place // 8] ^= 1 << place % 8
        try:
            other = Ledger.restore(bytes(data))
        except CodecError:
            refused += 1
            continue
        assert other.digest() != ledger.digest()
        assert other.snapshot() == bytes(data)
    assert refused > 4 * len(good)  # most flips make no ledger at all
