"""The ledger's bounds hold with every table full and every field as long as it may be."""

import ast
from pathlib import Path

from amu.core import limits
from amu.core.chunks import split
from amu.core.errors import CodecError
from amu.core.types import Item
from amu.ledger import commands, jobs, state, transitions
from amu.ledger.jobs import JobTable
from amu.ledger.state import Ledger
from amu.wire import cbor
from tests.support.flight import full_ledger

REASON = "r" * 53  # ["refused", reason] then has RESULT_BYTES_MAX bytes


def full_state() -> list[Item]:
    """A snapshot's item in which nothing could be longer."""
    last = max(limits.SHARD_NUMBER_MAX, limits.FENCING_TOKEN_MAX, limits.JOB_NUMBER_MAX)
    return full_ledger.state(limits.SLOT_MAX, limits.REPLICAS_MAX, ["refused", REASON], last, limits.OPERATION_MAX)


def test_the_largest_ledger_fits_its_bound() -> None:
    data = cbor.encode(full_state())
    assert limits.LEDGER_BYTES_MAX - 64 <= len(data) <= limits.LEDGER_BYTES_MAX <= limits.STATE_BYTES_MAX
    ledger = Ledger.restore(data, limits.REPLICAS_MAX)
    clients = ledger._tables.operations.clients
    assert [client.count() for client in clients] == [limits.OPERATIONS_PER_CLIENT_MAX] * limits.CLIENTS_MAX
    assert ledger.encoded() == split(data)


def test_no_job_has_more_digests_than_its_bound() -> None:
    """Whatever the reports, in every swarm: an open job that saw one more would have been disputed before."""
    for workers in range(limits.REPLICAS_MIN, limits.REPLICAS_MAX + 1):
        table = JobTable(workers)
        job = table.open(bytes(limits.DIGEST_BYTES), 9)
        for worker in range(workers):
            if job.status == jobs.OPEN:
                job.report(worker, bytes([worker] * limits.DIGEST_BYTES), table.needed)
        assert job.status == jobs.DISPUTED
        assert len(job.digests) == limits.quorum_size(workers) + 1 <= limits.JOB_DIGESTS_MAX


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
    ended = {"job is " + status for status in jobs.STATUSES}
    for reason in reasons() | malformed | ended:
        assert len(cbor.encode(["refused", reason])) <= limits.RESULT_BYTES_MAX, reason


def test_every_longest_command_fits_its_bound() -> None:
    longest = [
        "cursor-advance",
        limits.SHARD_NUMBER_MAX,
        limits.FENCING_TOKEN_MAX,
        bytes(full_ledger.KEY),
        bytes(limits.TOKEN_BYTES_MAX),
    ]
    assert commands.parse(longest)[0] == "cursor-advance"
    assert len(cbor.encode(longest)) <= limits.COMMAND_BYTES_MAX
    digest = bytes(limits.DIGEST_BYTES)
    report = ["job-result", limits.JOB_NUMBER_MAX, limits.REPLICAS_MAX - 1, digest]
    assert commands.parse(report)[0] == "job-result"
    assert len(cbor.encode(report)) <= limits.COMMAND_BYTES_MAX


def test_a_flipped_bit_is_refused_or_another_ledger() -> None:
    """A damaged snapshot never passes for the one that was taken, and never raises anything but CodecError."""
    ledger = Ledger()
    ledger.apply(1, [[1, 1, ["shard-create", 3, b"b", b"m"]], [1, 2, ["lease-acquire", "shard/3", 2, 9]]])
    ledger.apply(2, [[1, 3, ["cursor-advance", 3, 1, b"f", b"x"]], [2, 1, ["shard-create", 4, b"m", b""]]])
    digest = bytes(limits.DIGEST_BYTES)
    ledger.apply(3, [[1, 4, ["job-open", digest, 9]], [1, 5, ["job-result", 1, 2, digest]]])
    state = ledger.encoded()
    good = state.part(0, len(state))
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
        assert other.encoded() == split(bytes(data))
    assert refused > 4 * len(good)  # most flips make no ledger at all
