"""Liars in the storm, and fuzzed peers: safety throughout, progress with the calm, no input costs more than its share.

Every trace is checked against the TLA+ modules. Seeds that found a bug stay here as regressions.
"""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from amu.boards.host import Settings
from amu.consensus import bodies
from amu.consensus.records import VOTE
from amu.core import limits
from amu.core.limits import GROUND
from amu.node.journal import BLANK, FRESH, OK, UNREADABLE, Recovered
from amu.node.node import VOTING, Node
from amu.wire import cbor, codec
from amu.wire import messages as m
from specs.checking.check import check_trace
from tests.support.flight.effects import performed
from tests.support.simulator.byzantine_storm import ByzantineStorm
from tests.support.simulator.storm import disagreement
from tests.support.simulator.wire_strategies import messages_of

# (n, seed) that once failed, and why.
REGRESSIONS = [
    (7, 208),  # a flooder's times drove correct clocks apart, and receipts came before their sendings
]


@pytest.mark.parametrize(("replica_count", "seed"), [(4, s) for s in range(4)] + [(7, 1)] + REGRESSIONS)
def test_liars_neither_mislead_nor_stop_the_swarm(replica_count: int, seed: int, tmp_path: Path) -> None:
    storm = ByzantineStorm(replica_count, seed, steps=20).run()
    assert disagreement(storm.cluster) is None
    assert storm.confirmed, f"operations were not confirmed; liars: {storm.kinds}"
    assert storm.level, f"a board did not catch up: {storm.applied()}; liars: {storm.kinds}"
    verdict = check_trace(storm.cluster.finish(tmp_path / "trace.ndjson"))
    assert verdict.verdict == "pass", verdict.first_bad_step


# --- one node among fuzzed peers ----------------------------------------------------------------------

SLOTS = st.integers(0, 2 * limits.INSTANCES_MAX) | st.integers(0, limits.SLOT_MAX)
VIEWS = st.integers(0, 5) | st.integers(0, limits.VIEW_MAX)
DIGESTS = st.integers(0, 3).map(lambda k: bytes([k]) * limits.DIGEST_BYTES)
REGISTERS = st.none() | st.tuples(VIEWS, DIGESTS)
SENDS_PER_STEP_MAX = 100
EVENTS_PER_STEP_MAX = 300
QUICK = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
FLIGHT = [cls for cls in m.ALL if m.is_flight(cls.KIND)]
BODIES = st.sampled_from(
    [
        b"",
        b"\x82\x00\x80",
        b"\x82\x01\x80",
        b"\x82\x00\x81\x83\x01\x01\x81\x64noop",  # [0, [[1, 1, ["noop"]]]]
        b"\x82\x00\x81\x83\x01\x02\x81\x64noop",
        b"\x82\x01\x82\x83\x01\x01\x81\x64noop\x83\x01\x02\x81\x64noop",
        b"\x82\x00\x81\x83\x20\x3b\xff\xff\xff\xff\xff\xff\xff\xff\x80",  # client -1, operation -2**64, no command
    ]
)
_LIKELY: dict[Any, st.SearchStrategy[Any]] = {
    m.slot: SLOTS,
    m.view: VIEWS,
    m.value: DIGESTS,
    m.optional_value: st.none() | DIGESTS,
    m.register: REGISTERS,
    m.body: BODIES,
}


def likely(cls: type[m.Message]) -> st.SearchStrategy[m.Message]:
    """Messages that meet each other: few slots, views and values, so that quorums of nonsense form."""
    known = [_LIKELY.get(check, st.none()) for _, check in cls.SHAPE]
    plain = messages_of(cls)

    def mix(drawn: tuple[m.Message, list[Any]]) -> m.Message:
        message, fields = drawn
        kept = message.fields()
        chosen = [
            new if check in _LIKELY else old for new, old, (_, check) in zip(fields, kept, cls.SHAPE, strict=True)
        ]
        return cls(*chosen)

    return st.tuples(plain, st.tuples(*known).map(list)).map(mix)


MESSAGES = st.sampled_from(FLIGHT).flatmap(lambda cls: likely(cls) | messages_of(cls))
REQUESTS = st.builds(m.Request, st.just(1), st.integers(1, 3), st.just(["noop"])) | messages_of(m.Request)
TIMES = st.integers(0, 100) | st.integers(0, limits.LAMPORT_MAX)
INPUTS = st.one_of(
    st.tuples(st.integers(0, 4), TIMES, MESSAGES),
    st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 100), st.sampled_from([m.Vote, m.Proposal]).flatmap(likely)),
    st.tuples(st.just(GROUND), TIMES, REQUESTS | messages_of(m.Hello)),
    st.just("tick"),
)


class Fuzzed:
    """One node on flash in memory, held to its bounds after every input."""

    def __init__(self, status: str = FRESH) -> None:
        self.settings = Settings(1, 4, view_timeout_ticks=10)
        self.status = status
        self.checkpoint: Any = None
        self.batches: list[list[Any]] = []
        self.node = Node(self.settings, Recovered(status, None, []), 7)
        self.perform()

    def feed(self, given_input: Any) -> None:
        if given_input == "tick":
            for _ in range(12):
                self.node.tick()
                self.perform()
        else:
            self.node.step(*given_input)
            self.perform()

    def perform(self) -> None:
        ready = self.node.ready()
        assert len(ready.sends) <= SENDS_PER_STEP_MAX
        assert len(ready.events) <= EVENTS_PER_STEP_MAX
        assert len(cbor.encode(ready.records)) <= 0xFFFF
        for _, lamport, message in ready.sends:
            codec.encode(lamport, message)
        for event in ready.events:
            codec.encode(0, m.Trace(0, 0, 0, [event]))
        if ready.checkpoint is not None:
            self.checkpoint, self.batches = cbor.decode(cbor.encode(ready.checkpoint)), []
            self.status = OK
        if ready.records:
            self.batches.append(cbor.decode(cbor.encode(ready.records)))
        self.node.advance()
        self.check_bounds()

    def check_bounds(self) -> None:
        replica = self.node.replica
        assert len(replica.instances) == limits.INSTANCES_MAX
        assert len(replica.pending) <= limits.PENDING_REQUESTS_MAX
        assert len(replica.catch_up._log) <= limits.LOG_SLOTS_MAX + 2 * limits.CHECKPOINT_SLOTS
        assert sum(map(len, self.batches)) <= limits.JOURNAL_RECORDS_MAX + 100
        opened: list[Any] = [instance for instance in replica.instances if instance is not None]
        assert all(len(instance.bodies.kept) <= limits.BODIES_PER_SLOT_MAX for instance in opened)

    def recovered(self, batch_count: int) -> Node:
        """A node that boots from a prefix of what was written since the last checkpoint."""
        records = [record for batch in self.batches[:batch_count] for record in batch]
        status = self.status if self.status == BLANK or batch_count == 0 else OK
        node = Node(self.settings, Recovered(status, self.checkpoint, records), 8)
        for kind, slot, *rest in records:
            instance = node.replica.find(slot)
            if kind == VOTE and instance is not None:
                view, phase, _ = rest
                assert instance.registers.voted(phase, view), "a vote on flash is forgotten"
        performed(node)
        node.tick()
        return node


@QUICK
@given(st.lists(INPUTS, max_size=60), st.sampled_from([FRESH, BLANK, UNREADABLE]))
def test_no_message_raises_or_costs_more_than_its_share(inputs: list[Any], status: str) -> None:
    fuzzed = Fuzzed(status)
    for given_input in inputs:
        fuzzed.feed(given_input)


@QUICK
@given(st.lists(INPUTS, max_size=25), st.integers(0, 30), st.lists(st.integers(0, 200), max_size=4))
def test_a_node_wakes_up_from_any_prefix_of_what_it_wrote(inputs: list[Any], slots: int, prefixes: list[int]) -> None:
    """Slots decided by quorums, with fuzz in between, so that all kinds of records are there."""
    fuzzed = Fuzzed()
    for slot in range(1, slots + 1):
        body = bodies.encode(0, [[1, slot, ["noop"]]])
        fuzzed.feed((GROUND, 1, m.Request(1, slot, ["noop"])))
        fuzzed.feed((0, 1, m.Proposal(slot, 0, body)))
        for phase in range(1, 5):
            for peer in (0, 2, 3):
                fuzzed.feed((peer, 1, m.Vote(slot, 0, phase, bodies.value_of(slot, body))))
        if slot <= len(inputs):
            fuzzed.feed(inputs[slot - 1])
    for prefix in [*prefixes, len(fuzzed.batches)]:
        node = fuzzed.recovered(min(prefix, len(fuzzed.batches)))
    if fuzzed.node.mode == VOTING:
        assert node.applied_slot >= fuzzed.node.applied_slot - limits.LATER_RECORDS_MAX
