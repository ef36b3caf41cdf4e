"""Plays behaviours of tetrabft.tla to real nodes: the flight code must take each step of the module, and no other.

The driver is the network and the Byzantine replica. To bring about a step of replica p it hands p only the messages
that make the step's guard true: those that honest replicas really sent (kept in `sent`), and those that the liar would
send to help. No tick passes. Values are bound as they appear: the first proposal of a model value gives it its digest.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from amu.boards.host import Decoded, MemoryStore, Settings, wake
from amu.consensus import bodies
from amu.core.limits import GROUND
from amu.node.journal import Journal
from amu.wire import messages as m
from specs.checking.consensus.tetrabft_behaviour import SLOT, Act, acts
from specs.checking.trace_line import decode_event
from specs.tla.values.values import Value

STEPS = {"EnterView", "Propose", "Vote1", "Vote2", "Vote3", "Vote4", "Decide", "Learn"}
CLIENT = 1


class Mismatch(AssertionError):
    """The flight code did not take a step of the module, or took another one."""


class OtherChoice(Exception):
    """A leader proposed another value than the behaviour's. Both may be permitted: the caller asks the module."""

    def __init__(self, act: Act, value: Value) -> None:
        super().__init__(f"{act}: the flight code proposes {value or 'a value of its own'}")
        self.act = act
        self.value = value


class Driver:
    """Four nodes, `replicas` in order of their numbers; those in `byzantine` are the driver's own."""

    def __init__(self, replicas: Sequence[Value], byzantine: Sequence[Value]) -> None:
        self.replicas = list(replicas)
        self.liars = [self.replicas.index(replica) for replica in byzantine]
        self.nodes: list[Any] = [None] * len(replicas)
        self.runtimes: list[Any] = [None] * len(replicas)
        self.sent: list[tuple[int, int, Any]] = []  # (source, destination, message), in the order of sending
        self.digests: dict[Value, bytes] = {}  # model value -> digest
        self.bodies: dict[bytes, bytes] = {}
        self.requests: list[Any] = []
        self.decided: dict[int, Value] = {}
        self.ahead: Act | None = None  # a leader's vote for its own proposal of view 0, which it casts at once
        self._taken: list[tuple[str, dict[str, Any]]] = []  # steps of the module, since they were last asked for
        for i in range(len(replicas)):
            if i not in self.liars:
                self._boot(i)

    def _boot(self, i: int) -> None:
        store = MemoryStore()
        Journal(store).commission()
        settings = Settings(i, len(self.replicas), trace_messages=False)
        self.nodes[i], journal = wake(settings, store, i + 1)
        self.runtimes[i] = Decoded(self.nodes[i], settings, journal, self)
        self._drain(i)

    def play(self, states: Sequence[Mapping[str, Value]]) -> list[Act]:
        """Take every step of the behaviour. Raises Mismatch, or OtherChoice where a leader is free to differ."""
        done = []
        for act in acts(states, len(self.liars)):
            i = self.replicas.index(act.replica)
            if act == self.ahead:
                self.ahead = None
                done.append(act)
                continue
            self._hand(i, act)
            self._require(act, self._drain(i))
            if act.name in ("Decide", "Learn"):
                self.decided[i] = act.value
            done.append(act)
        return done

    def steps_on(self, act: Act) -> list[tuple[str, dict[str, Any]]]:
        """What replica `act.replica` would do if it were handed all that may speak for `act`. Changes nothing."""
        other = copy.deepcopy(self)
        i = other.replicas.index(act.replica)
        other._hand(i, act)
        return other._drain(i)

    # --- bringing a step about -----------------------------------------------------------------

    def _hand(self, i: int, act: Act) -> None:
        """Give replica `i` what the step needs."""
        if act.name == "EnterView":
            for peer in self._others(i):
                self._step(i, peer, m.ViewChange(SLOT, act.view))
        elif act.name == "Propose":
            self._fresh_request(i)
            if act.view:
                for request in self.requests:  # a leader proposes again only what it would vote for
                    self._step(i, GROUND, request)
                self._forward(i, m.Suggest, view=act.view)
                for liar in self.liars:
                    self._step(i, liar, m.Suggest(SLOT, act.view, *self._claims(act)))
                if act.value in self.digests:  # the answer, should the leader have asked for a body that it lacks
                    self._step(i, self._others(i)[0], m.Body(SLOT, self.bodies[self.digests[act.value]]))
        elif act.name == "Vote1":
            self._hand_proposal(i, act)
        elif act.name == "Decide":
            self._hand_votes(i, act, 4)
        elif act.name == "Learn":
            for peer in self._others(i):
                if peer in self.liars or self.decided.get(peer) == act.value:
                    self._step(i, peer, m.Decided(SLOT, self.digests[act.value], b""))
        else:
            self._hand_votes(i, act, int(act.name[-1]) - 1)

    def _hand_proposal(self, i: int, act: Act) -> None:
        assert act.view is not None
        leader = act.view % len(self.replicas)
        if leader in self.liars:
            message = m.Proposal(SLOT, act.view, self._body_of(act))
        else:
            message = self._sent_by(leader, m.Proposal, view=act.view)[-1]
        for request in self.requests:
            self._step(i, GROUND, request)
        if act.view:
            self._forward(i, m.Proof, view=act.view)
            for liar in self.liars:
                self._step(i, liar, m.Proof(SLOT, act.view, *self._claims(act)))
        if leader != i:
            self._step(i, leader, message)

    def _hand_votes(self, i: int, act: Act, phase: int) -> None:
        value = self.digests.get(act.value, bytes(32))
        self._forward(i, m.Vote, view=act.view, phase=phase, value=value)
        for liar in self.liars:
            self._step(i, liar, m.Vote(SLOT, act.view, phase, value))

    def _claims(self, act: Act) -> tuple[Any, Any, None]:
        """What a liar says in proof or suggest so that `act.value` is safe: voted for it last, for another before,
        never in the phase that locks. With a second value it claims every value at once (Rules 2 and 4)."""
        assert act.view is not None
        value = self.digests.get(act.value, bytes(32))
        other = bytes([value[0] ^ 1]) + value[1:]
        return (act.view - 1, value), (act.view - 1, other), None

    def _fresh_request(self, i: int) -> None:
        request = m.Request(CLIENT, len(self.requests) + 1, ["noop"])
        self.requests.append(request)
        self._step(i, GROUND, request)

    def _body_of(self, act: Act) -> bytes:
        """The body behind a value that a Byzantine leader proposes: made up when it is new."""
        if act.value not in self.digests:
            request = m.Request(CLIENT, len(self.requests) + 1, ["noop"])
            self.requests.append(request)
            body = bodies.encode(act.view, [[request.client, request.operation, request.command]])
            self._bind(act.value, bodies.value_of(SLOT, body), body)
        return self.bodies[self.digests[act.value]]

    def _bind(self, value: Value, digest: bytes, body: bytes) -> None:
        self.digests[value] = digest
        self.bodies[digest] = body

    # --- outcome ---------------------------------------------------------------------------------

    def _require(self, act: Act, taken: list[tuple[str, dict[str, Any]]]) -> None:
        i = self.replicas.index(act.replica)
        if act.name == "Propose" and taken and taken[0][0] == "Propose":
            if act.view == 0 and len(taken) == 2 and taken[1] == ("Vote1", taken[0][1]):
                self.ahead = Act("Vote1", act.replica, 0, act.value)
                taken.pop()
            digest = taken[0][1]["value"]
            known = {bound: value for value, bound in self.digests.items()}
            if act.value not in self.digests and digest not in known:
                self._bind(act.value, digest, self._sent_by(i, m.Proposal, view=act.view)[-1].body)
            elif known.get(digest) != act.value:
                raise OtherChoice(act, known.get(digest))
        wanted = {"view": act.view, "value": self.digests.get(act.value)}
        if act.name in ("EnterView", "Learn"):
            del wanted["value" if act.name == "EnterView" else "view"]
        if len(taken) != 1 or taken[0][0] != act.name or any(taken[0][1][key] != wanted[key] for key in wanted):
            raise Mismatch(f"want {act}, the flight code took {taken or 'no step'}")

    def _drain(self, i: int) -> list[tuple[str, dict[str, Any]]]:
        """Perform the effects of node `i`. Returns the steps of the module that it took, as (name, fields)."""
        self.runtimes[i].perform()
        taken, self._taken = self._taken, []
        return taken

    def trace(self, i: int, boot: int, first_seq: int, ticks: int, events: list[Any]) -> None:
        for event in events:
            name, _, fields = decode_event(event)
            if name in STEPS and fields["slot"] == SLOT:
                self._taken.append((name, fields))

    def carry(self, source: int, destination: int, found: list[tuple[int, Any]], is_sound: bool) -> None:
        self.sent += [(source, destination, message) for _, message in found]

    # --- the network -----------------------------------------------------------------------------

    def _others(self, i: int) -> list[int]:
        return [peer for peer in range(len(self.replicas)) if peer != i]

    def _step(self, i: int, source: int, message: Any) -> None:
        self.nodes[i].step(source, self.nodes[i].lamport, message)

    def _forward(self, i: int, cls: type, **fields: Any) -> None:
        """Deliver to replica `i` the messages that others really sent."""
        for peer in self._others(i):
            for message in self._sent_by(peer, cls, to=i, **fields):
                self._step(i, peer, message)

    def _sent_by(self, source: int, cls: type, to: int | None = None, **fields: Any) -> list[Any]:
        return [
            message
            for sender, destination, message in self.sent
            if sender == source
            and to in (None, destination)
            and isinstance(message, cls)
            and message.slot == SLOT  # type: ignore[attr-defined]
            and all(getattr(message, name) == value for name, value in fields.items())
        ]
