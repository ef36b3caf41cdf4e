"""Each invariant in each list of a checker is evaluated, and a breach has its identifier.

Invariants follow from the guards of the steps, so a sound evaluator refuses a bad step before an invariant breaks. They
are the second line: for the case that a guard is evaluated wrongly. So these tests let the guards of steps allow
everything, plant a breach, and expect the invariant's identifier. The tables below are written by hand: an invariant
that is cut from a list, or one that is added without a breach, fails here.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from amu.core import limits
from specs.checking.check import check_trace
from specs.checking.consensus import conformance as consensus
from specs.checking.consensus.instance import Instance
from specs.checking.ledger import conformance as ledger
from specs.checking.ledger import operations
from specs.checking.ledger.steps import EXACTLY_ONCE
from specs.checking.services import conformance as services
from specs.checking.services import detector
from specs.checking.services.conformance import LINK, MUTEX, SNAPSHOT, Protocol
from specs.checking.trace import Event
from specs.tla.language.language import Module
from specs.verdict import VIOLATED, Verdict
from tests.support.flight.ops_swarm import OpsSwarm
from tests.support.records import ledger_traces
from tests.support.records.traces import Script

# --- consensus on one slot --------------------------------------------------------------------------


def decided_differently(script: Script) -> None:
    script.rounds(1, "a")
    script.decide(1, 0, "a", 0)
    script.decide(1, 0, "b", 1)


def two_chosen(script: Script) -> None:
    script.rounds(1, "a")
    script.enter(1, 1)
    script.rounds(1, "b", view=1)


def decided_without_votes(script: Script) -> None:
    script.decide(1, 0, "a", 0)


def voted_ahead_of_its_view(script: Script) -> None:
    script.vote(1, 1, 1, "a", 2)


def voted_without_a_quorum_before(script: Script) -> None:
    script.vote(1, 0, 2, "a", 2)


def voted_though_another_may_be_chosen(script: Script) -> None:
    script.rounds(1, "a", phases=4)
    script.enter(1, 1)
    script.vote(1, 1, 1, "b", 2)


def voted_for_no_proposal(script: Script) -> None:
    script.vote(1, 0, 1, "a", 2)


def proposable_and_not_acceptable(script: Script) -> None:
    """All locked a value in phase 4 without phase 3: a leader may propose another, and nobody may accept it."""
    script.vote(1, 0, 4, "a")
    script.enter(1, 1)
    script.vote(1, 0, 1, "b", 0)


def proposed_against_a_lock(script: Script) -> None:
    script.propose(1, 0, "a", 0)
    script.rounds(1, "a")
    script.enter(1, 1)
    script.propose(1, 1, "b", 1)


IN_A_SLOT: dict[str, tuple[str, Callable[[Script], None]]] = {
    "Agreement": ("CON-4", decided_differently),
    "OneValueChosen": ("CON-5", two_chosen),
    "DecisionHasQuorum": ("CON-6", decided_without_votes),
    "NoFutureVote": ("CON-7", voted_ahead_of_its_view),
    "VoteHasQuorumBefore": ("CON-8", voted_without_a_quorum_before),
    "VotesSafe": ("CON-9", voted_though_another_may_be_chosen),
    "VoteFollowsProposal": ("CON-10", voted_for_no_proposal),
    "ProposalAcceptable": ("CON-11", proposable_and_not_acceptable),
    "GuardsStand": ("CON-13", proposed_against_a_lock),
}


@pytest.mark.parametrize("name", IN_A_SLOT)
def test_an_invariant_of_a_slot_sees_what_a_guard_let_pass(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    identifier, plant = IN_A_SLOT[name]

    def take(self: Instance, action: str, arguments: Any) -> bool:
        self.state = self.after(action, arguments)
        return True

    monkeypatch.setattr(Instance, "take", take)
    script = Script()
    plant(script)
    verdict = check_trace(script.end().write(tmp_path / "trace.ndjson"))
    assert verdict.invariants[identifier] == VIOLATED
    assert any(what.startswith(f"{identifier}: slot 1: {name} does not hold") for what in verdict.violations)


def test_the_list_of_a_slot_is_this_one() -> None:
    assert {name: identifier for identifier, name in consensus.INVARIANTS.items()} == {
        name: identifier for name, (identifier, _) in IN_A_SLOT.items()
    }


def mended_later(script: Script) -> None:
    """A vote without the quorum that it needs, which comes after it."""
    script.enter(1, 1)
    script.propose(1, 1, "a", 1)
    script.vote(1, 1, 2, "a", 2)
    script.rounds(1, "a", view=1, phases=2)


PROVED_IN_A_SLOT = {
    "TypeOK": "CON-1",
    "NoFutureVote": "CON-7",
    "VoteHasQuorumBefore": "CON-8",
    "VoteFollowsProposal": "CON-10",
    "DecisionHasQuorum": "CON-6",
    "Heart": "CON-9",
    "Permitted": "CON-13",
}


@pytest.mark.parametrize("name", PROVED_IN_A_SLOT)
def test_what_proofs_rest_on_is_held_at_the_end_of_a_slot(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = Instance.holds
    monkeypatch.setattr(Instance, "holds", lambda self, asked: asked != name and sound(self, asked))
    script = Script()
    script.propose(1, 0, "a", 0)
    verdict = check_trace(script.end().write(tmp_path / "trace.ndjson"))
    assert f"{PROVED_IN_A_SLOT[name]}: slot 1: {name} does not hold" in verdict.violations


@pytest.mark.parametrize("is_held", [True, False], ids=["held", "not held"])
def test_what_is_mended_later_is_seen_by_the_proofs_of_a_slot_alone(
    is_held: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take(self: Instance, action: str, arguments: Any) -> bool:
        self.state = self.after(action, arguments)
        return True

    monkeypatch.setattr(Instance, "take", take)
    if not is_held:
        monkeypatch.setattr(consensus, "PROVED", {})
    script = Script()
    mended_later(script)
    verdict = check_trace(script.end().write(tmp_path / "trace.ndjson"))
    found = [what for what in verdict.violations if what.startswith("CON-")]
    assert found == (["CON-8: slot 1: VoteHasQuorumBefore does not hold"] if is_held else [])


def test_the_list_of_the_proofs_of_a_slot_is_this_one() -> None:
    assert consensus.PROVED == PROVED_IN_A_SLOT


# --- the ledger -------------------------------------------------------------------------------------

OK: list[Any] = ["ok"]
SHARD: tuple[list[Any], list[Any]] = (["shard-create", 3, b"b", b"m"], OK)
LEASE: tuple[list[Any], list[Any]] = (["lease-acquire", "shard/3", 2, 50], ["ok", 1, 52])
DOCK: tuple[list[Any], list[Any]] = (["lease-acquire", "dock/1", 2, 50], ["ok", 1, 51])
JOB: tuple[list[Any], list[Any]] = (["job-open", bytes(32), 9], ["ok", 1, 10])


def report(worker: int, digest: bytes, status: str) -> tuple[list[Any], list[Any]]:
    return ["job-result", 1, worker, digest * 32], ["ok", status]


# Operator: its identifier, and a log of (command, result), one a slot.
OF_THE_LEDGER: dict[str, tuple[str, list[tuple[list[Any], list[Any]]]]] = {
    "TypeOK": ("LED-1", [(DOCK[0], ["ok", 1, -5])]),
    "JobsTypeOK": ("LED-1", [(JOB[0], ["ok", 0, 10])]),
    "HalfOpen": ("LED-2", [SHARD, LEASE, (["shard-split", 3, 1, b"b", 4], ["ok", 2, 52])]),
    "ShardsDisjoint": ("LED-3", [SHARD, (["shard-create", 4, b"c", b"z"], OK)]),
    "CursorInBounds": ("LED-4", [SHARD, LEASE, (["cursor-advance", 3, 1, b"z", b""], OK)]),
    "TokensUnique": ("LED-6", [DOCK, (["lease-acquire", "dock/2", 3, 50], ["ok", 1, 52])]),
    "LeaseOnOpenShard": ("LED-9", [(["lease-acquire", "shard/3", 2, 50], ["ok", 1, 51])]),
    "TablesBounded": (
        "LED-10",
        [(["shard-create", k, bytes([k, 0]), bytes([k, 9])], OK) for k in range(limits.SHARDS_MAX + 1)],
    ),
    "AcceptedByQuorum": ("LED-13", [JOB, report(0, b"r", "accepted")]),
    "DisputedIsHopeless": ("LED-13", [JOB, report(0, b"r", "disputed")]),
    "ExpiredByLedgerTime": ("LED-14", [JOB, (["job-expire", 1], ["ok", "expired"])]),
    "CursorMonotoneStep": (
        "LED-5",
        [SHARD, LEASE, (["cursor-advance", 3, 1, b"f", b""], OK), (["cursor-advance", 3, 1, b"e", b""], OK)],
    ),
    "TokensMonotoneStep": (
        "LED-6",
        [(DOCK[0], ["ok", 7, 51]), (["lease-acquire", "dock/2", 3, 50], ["ok", 5, 52])],
    ),
    "OneHolderStep": ("LED-7", [DOCK, (["lease-renew", "dock/1", 3, 1, 50], ["ok", 1, 52])]),
    "NoTakingAwayStep": ("LED-7", [DOCK, (["lease-acquire", "dock/1", 3, 50], ["ok", 2, 52])]),
    "ExpiredLeaseMovesNothingStep": ("LED-8", [SHARD, (["cursor-advance", 3, 1, b"f", b""], OK)]),
    "CompleteIsTerminalStep": (
        "LED-9",
        [SHARD, LEASE, (["shard-complete", 3, 1], OK), (["cursor-advance", 3, 1, b"f", b""], OK)],
    ),
    "ReportStandsStep": ("LED-13", [JOB, report(0, b"r", "open"), report(0, b"w", "open")]),
    "JobEndsOnceStep": (
        "LED-14",
        [JOB, (["job-cancel", 1], ["ok", "cancelled"]), (["job-expire", 1], ["ok", "expired"])],
    ),
    "JobNumbersMonotoneStep": ("LED-14", [(JOB[0], ["ok", 5, 10]), (JOB[0], ["ok", 2, 11])]),
    "TokensDistinct": ("LED-6", [DOCK, (["lease-acquire", "dock/2", 3, 50], ["ok", 1, 52])]),
    "JobNumbersUsed": ("LED-14", [(JOB[0], ["ok", 5, 10]), (JOB[0], ["ok", 2, 11])]),
}


def judged(log: list[tuple[list[Any], list[Any]]]) -> Verdict:
    slots = [([[1, number, command]], [result]) for number, (command, result) in enumerate(log, 1)]
    verdict = Verdict()
    ledger.check_ledger(ledger_traces.events(slots), [], 4, verdict)
    return verdict


@pytest.mark.parametrize("name", OF_THE_LEDGER)
def test_an_invariant_of_the_ledger_sees_what_a_guard_let_pass(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Module, "is_step", lambda *_: True)
    identifier, log = OF_THE_LEDGER[name]
    verdict = judged(log)
    assert verdict.invariants[identifier] == VIOLATED
    last = [what for what in verdict.violations if f"slot={len(log)} " in what]
    assert any(what.startswith(f"{identifier}: ") and f" {name} does not hold" in what for what in last)


def test_the_lists_of_the_ledger_are_these() -> None:
    named = {name: identifier for name, (identifier, _) in OF_THE_LEDGER.items()}
    assert named == {**ledger.STATE_PREDICATES, **ledger.STEP_PROPERTIES}


# --- those that no result can break -----------------------------------------------------------------


def forced(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    """From now on the operator `wrong` is false in every state and of every step."""
    for kind in ("predicate", "action", "holds"):
        sound = getattr(Module, kind)
        never = False if kind == "holds" else lambda *_: False

        def evaluated(self: Module, name: str, *state: Any, sound: Any = sound, never: Any = never) -> Any:
            return never if name == wrong else sound(self, name, *state)

        monkeypatch.setattr(Module, kind, evaluated)


@pytest.mark.parametrize("name", ["WindowBounded", "ClientsBounded", "AnswersStandStep"])
def test_a_rule_of_operation_ids_is_evaluated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table that they judge is kept by the checker itself, which keeps it within its bounds."""
    assert judged([DOCK]).invariants[EXACTLY_ONCE] == "holds"
    forced(monkeypatch, name)
    assert judged([DOCK]).invariants[EXACTLY_ONCE] == VIOLATED


def test_the_rules_of_operation_ids_are_these() -> None:
    assert {*operations.INVARIANTS, operations.STEP_PROPERTY} == {"AnswersStandStep", "ClientsBounded", "WindowBounded"}


OF_THE_DETECTOR = {
    "TraceTypeOK": "FDT-1",
    "WithinEnvelope": "FDT-4",
    "MonotoneStep": "FDT-2",
    "FallsWhenHeardStep": "FDT-3",
    "HeardIsToldStep": "FDT-3",
}


@pytest.fixture
def _compiles_again() -> Iterator[None]:
    """What is compiled once for all runs must be compiled with the forced operator, and not be kept."""
    detector._compiled.cache_clear()
    yield
    detector._compiled.cache_clear()


@pytest.mark.usefixtures("_compiles_again")
@pytest.mark.parametrize("name", OF_THE_DETECTOR)
def test_a_rule_of_the_detector_is_evaluated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    forced(monkeypatch, name)
    verdict = Verdict()
    boot = Event(1, 0, 0, 0, 1, "Boot", {"version": "1", "journal": "fresh", "applied_slot": 0})
    told = Event(2, 0, 0, 1, 2, "Suspicion", {"peer": 1, "silent_ticks": 20, "level_milli": 1263})
    detector.check_detector([boot, told], [], 4, verdict)
    assert verdict.invariants[OF_THE_DETECTOR[name]] == VIOLATED
    assert f"{name} does not hold" in verdict.violations[0]


def test_the_lists_of_the_detector_are_these() -> None:
    assert OF_THE_DETECTOR == {**detector.INVARIANTS, **detector.STEP_PROPERTIES}


OF_THE_SERVICES: list[tuple[Protocol, dict[str, str]]] = [
    (
        MUTEX,
        {
            "MutualExclusion": "MUT-2",
            "GrantedInOrder": "MUT-3",
            "LaterMeansKnown": "MUT-5",
            "RequestsArrive": "MUT-6",
            "QueueTruthful": "MUT-6",
            "TimesGrow": "MUT-7",
            "WireBounded": "MUT-8",
            "RebootEndsTurn": "MUT-9",
            "NoTakingAway": "MUT-9",
            "TypeOK": "MUT-1",
            "Lives": "MUT-1",
            "Hearing": "MUT-5",
            "Channels": "MUT-7",
            "Queues": "MUT-6",
            "Truthful": "MUT-6",
            "LaterIsLater": "MUT-5",
            "Turns": "MUT-3",
        },
    ),
    (
        SNAPSHOT,
        {
            "MarkerOnce": "SNP-5",
            "ConsistentCutKept": "SNP-2",
            "PartsFitKept": "SNP-2",
            "ChannelsExactKept": "SNP-3",
            "DoneIsWholeKept": "SNP-6",
            "StateKept": "SNP-7",
            "NoSilentEnd": "SNP-8",
            "OneHolderInPictureKept": "SNP-9",
        },
    ),
    (LINK, {"NothingInvented": "LNK-1", "QueueKept": "LNK-5", "LeftForGood": "LNK-6"}),
]
RULES = [(protocol, name, identifier) for protocol, rules in OF_THE_SERVICES for name, identifier in rules.items()]


@pytest.mark.parametrize(("protocol", "name", "identifier"), RULES, ids=[name for _, name, _ in RULES])
def test_a_rule_of_the_services_is_evaluated(
    protocol: Protocol, name: str, identifier: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = services.observer

    def observer(asked: Protocol, *swarm: Any) -> Any:
        found = sound(asked, *swarm)
        if asked is protocol:
            found._invariants = [(known, _never if known == name else holds) for known, holds in found._invariants]
            found._properties = [_broken(item) if item.name == name else item for item in found._properties]
        return found

    monkeypatch.setattr(services, "observer", observer)
    verdict = Verdict()
    services.check_ops(_life(protocol), [], 3, (), verdict)
    assert verdict.invariants[identifier] == VIOLATED
    assert any(f"{name} does not hold" in what for what in verdict.violations)


@pytest.mark.parametrize(("protocol", "rules"), OF_THE_SERVICES, ids=lambda item: getattr(item, "is_step", ""))
def test_the_lists_of_the_services_are_these(protocol: Protocol, rules: dict[str, str]) -> None:
    assert protocol.rules == rules


@pytest.mark.parametrize("is_held", [True, False], ids=["held", "not held"])
def test_a_turn_before_any_answer_is_seen_by_the_proofs_of_the_services_alone(
    is_held: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A wrong guard lets the only board that waits enter: no other board has a turn, and none waits."""
    sound = services.language.load

    def load(path: Path, known: dict[str, Any]) -> Module:
        return sound(path, {**known, "CanEnter": lambda board: True} if path == MUTEX.module else known)

    monkeypatch.setattr(services.language, "load", load)
    monkeypatch.setattr(services, "_observer", services._observer.__wrapped__)
    if not is_held:
        monkeypatch.setattr(services, "PROTOCOLS", (replace(MUTEX, proved={}, proofs=None), LINK))
    swarm = OpsSwarm(3)
    swarm.connect()
    swarm.request(0)
    time = next(event.fields["time"] for event in swarm.events if event.name == "MutexRequest")
    last = swarm.events[-1]
    entered = Event(last.line + 1, 0, 0, last.seq + 1, last.lamport + 1, "MutexEnter", {"time": time})
    verdict = Verdict()
    services.check_ops([*swarm.events, entered], [], 3, (), verdict)
    found = [what for what in verdict.violations if what.startswith("MUT-")]
    assert len(found) == is_held
    assert all("Turns does not hold" in what for what in found)


def _never(values: Any) -> bool:
    return False


def _broken(item: Any) -> Any:
    return replace(item, steps=[replace(part, test=lambda before, after: False) for part in item.steps])


def _life(protocol: Protocol) -> list[Event]:
    """A turn and a snapshot; or an item that is given to a channel."""
    if protocol is LINK:
        boot = {"version": "1", "journal": "fresh", "applied_slot": 0}
        sent = {"peer": 1, "peer_boot": None, "sequence": 1}
        return [Event(1, 0, 0, 0, 1, "Boot", boot), Event(2, 0, 0, 1, 2, "ChannelSend", sent)]
    swarm = OpsSwarm(3)
    swarm.connect()
    swarm.request(0)
    swarm.start_snapshot(2)
    swarm.drain()
    swarm.release(0)
    swarm.drain()
    return swarm.events
