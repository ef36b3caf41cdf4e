"""A Byzantine board: the real node, with an adversary between it and its transmitter.

The node runs unchanged: it votes, persists and traces like a correct one. The adversary sees what the node receives and
decides what leaves the board. So its lies look like the protocol, and the trace still shows what a correct node would
have done. The adversary holds only the board's own keys: it can lie, but not in another's name.

Runs on a board as well as on the host, so it is written as flight code is.
"""

from amu.core import limits
from amu.core.errors import ConfigError
from amu.wire import messages

if "":  # for the type checker; see amu.core.types
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeVar

    from amu.consensus.replica import Replica
    from amu.core.types import AnyMessage, Item
    from amu.node.effects import Ready
    from amu.node.node import Node
    from amu.node.services import Services

    T = TypeVar("T")
    Parameters = dict[str, Item]  # of a behaviour, by name, as the configuration holds them

SEED_MAX = (1 << 30) - 1
TICKS_MAX = (1 << 30) - 1


class Draws:
    """A linear congruential generator (the constants of ISO C's rand): the same numbers on every interpreter."""

    def __init__(self, seed: int) -> None:
        self._state = seed

    def below(self, bound: int) -> int:
        """An integer in [0, bound), bound up to 32768."""
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return (self._state >> 16) % bound

    def one_in(self, count: int) -> bool:
        return self.below(count) == 0

    def blob(self, size: int) -> bytes:
        return bytes([self.below(256) for _ in range(size)])

    def pick(self, items: "list[T]") -> "T":
        return items[self.below(len(items))]


class Behaviour:
    """One way to misbehave. The default of every hook is to be honest.

    PARAMETERS: (name, default, least, most) of each integer that it takes; they become attributes. TEXTS: names of the
    other parameters, which it reads itself.
    """

    PARAMETERS: "tuple[tuple[str, int, int, int], ...]" = ()
    TEXTS: "tuple[str, ...]" = ()

    def __init__(self, me: int, replica_count: int, draws: Draws, parameters: "Parameters") -> None:
        self.me = me
        self.replica_count = replica_count
        self.draws = draws
        for name, default, least, most in self.PARAMETERS:
            setattr(self, name, number(parameters, name, default, least, most))

    def peers(self) -> list[int]:
        return [peer for peer in range(self.replica_count) if peer != self.me]

    def overhear(self, source: int, message: "AnyMessage") -> None:
        """Called with every message that the board receives, even while another behaviour has its turn."""

    def to_peer(self, peer: int, time: int, message: "AnyMessage") -> "list[tuple[int, AnyMessage]]":
        """What is sent instead of `message` to the replica `peer`: [(time, message), ...]."""
        return [(time, message)]

    def to_ground(self, message: "AnyMessage") -> "AnyMessage":
        """What is sent to the ground station instead."""
        return message

    def inject(self, tick: int, time: int) -> "Iterable[tuple[int, int, AnyMessage]]":
        """Additional messages, once per tick: (peer, time, message) each, bounded. `time`: the node's Lamport time."""
        return []

    def spoil_tag(self, destination: int, tag: bytes) -> bytes:
        """The tag under which a frame leaves."""
        return tag


class Adversary:
    """Has the interface of `amu.node.node.Node`; what is not written here is the node's own.

    behaviours: each takes its turn for `period_ticks`.
    """

    boot: int
    mode: str
    applied_slot: int
    messages_refused: int
    replica: "Replica"
    services: "Services"
    is_full: "Callable[[], bool]"
    advance: "Callable[[], None]"
    compact: "Callable[[], None]"
    note_refused: "Callable[[int, int, str], None]"

    def __init__(self, node: "Node", behaviours: list[Behaviour], period_ticks: int) -> None:
        self.node = node
        self._behaviours = behaviours
        self._period_ticks = period_ticks
        self._ticks = 0
        self._has_ticked = False  # since the last ready: injected messages go out once per tick

    def __getattr__(self, name: str) -> "Item":
        return getattr(self.node, name)

    def _active(self) -> Behaviour:
        return self._behaviours[self._ticks // self._period_ticks % len(self._behaviours)]

    def step(self, source: int, lamport: int, message: "AnyMessage") -> None:
        for behaviour in self._behaviours:
            behaviour.overhear(source, message)
        self.node.step(source, lamport, message)

    def is_surplus(self, source: int, vote: "Sequence[int]", data: bytes) -> bool:
        """A liar listens to everything."""
        return False

    def tick(self) -> None:
        self._ticks += 1
        self._has_ticked = True
        self.node.tick()

    def ready(self) -> "Ready":
        ready = self.node.ready()
        ready.sends = self._sends(self._active(), ready.sends, self._has_ticked, self.node.lamport)
        self._has_ticked = False
        return ready

    def _sends(
        self, active: Behaviour, sends: "Iterable[tuple[int, int, AnyMessage]]", has_ticked: bool, now: int
    ) -> "Iterator[tuple[int, int, AnyMessage]]":
        """Made one by one, as they are sent: all at once, one for each peer, would take 20 KB in a swarm of 13."""
        for destination, time, message in sends:
            if not messages.is_flight(message.KIND):
                yield destination, time, active.to_ground(message)
                continue
            peers = active.peers() if destination == limits.BROADCAST else [destination]
            for peer in peers:
                for changed_time, changed in active.to_peer(peer, time, message):
                    yield peer, changed_time, changed
        if has_ticked:
            for send in active.inject(self._ticks, now):
                yield send

    def spoil_tag(self, destination: int, tag: bytes) -> bytes:
        """The runtime seals each frame through this hook, where a node has it."""
        return self._active().spoil_tag(destination, tag)


def number(parameters: "Parameters", name: str, default: int, least: int, most: int) -> int:
    """Integer parameter. Raises ConfigError naming it and its bounds."""
    value = parameters.get(name, default)
    if type(value) is not int or value < least or value > most:
        raise ConfigError("adversary: %s: want an integer from %d to %d, have %r" % (name, least, most, value))
    return value


def replicas(parameters: "Parameters", name: str, replica_count: int) -> list[int]:
    """List of the replica numbers in a text parameter such as "0 2"; empty by default. Raises ConfigError."""
    text = parameters.get(name, "")
    numbers = []
    for word in text.replace(",", " ").split() if type(text) is str else [""]:
        if not word.isdigit() or int(word) >= replica_count:
            raise ConfigError(
                "adversary: %s: want replica numbers below %d in a text, have %r" % (name, replica_count, text)
            )
        numbers.append(int(word))
    return numbers


def kinds(parameters: "Parameters", name: str) -> list[int]:
    """List of the flight kinds in a text parameter such as "Vote Proof"; empty by default. Raises ConfigError."""
    text = parameters.get(name, "")
    found = []
    for word in text.replace(",", " ").split() if type(text) is str else [""]:
        kind = None
        for message in messages.ALL:
            if message.__name__ == word and messages.is_flight(message.KIND):
                kind = message.KIND
        if kind is None:
            raise ConfigError("adversary: %s: want names of flight messages in a text, have %r" % (name, text))
        found.append(kind)
    return found
