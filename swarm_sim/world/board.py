"""One board in virtual time: flash that outlives it, a clock that may go wrong, a processor that may stop or be slow.

It does step by step what `firmware/main.py` does on a board: read the journal, build the node, let the runtime perform.
A board whose vote state cannot be read flies without a journal, in silence; so does a board whose flash fails in
flight, from then on.

Rules
- A frame that arrives while the processor is busy or stopped waits, and is taken in a turn with others that wait. The
  line holds at most INBOX_FRAMES_MAX frames; more are lost and counted. Ticks that pass meanwhile are skipped, as on a
  board.
- A board that died is silent at once: effects that its runtime had not performed are lost.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol, TypeVarTuple, cast

from amu.boards.config import FILES
from amu.boards.host import Decoded, Settings, wake
from amu.consensus.replica import Replica
from amu.core.limits import TURN_FRAMES_MAX
from amu.node import seams
from amu.node.journal import Journal
from amu.node.node import SILENT, Node
from amu.node.services import Services
from amu.wire.auth import Keyring
from swarm_sim import adversary
from swarm_sim.adversary.base import Adversary
from swarm_sim.world.flash import Flash
from swarm_sim.world.ring import open_store
from swarm_sim.world.runtimes import Carrier, Encoded, exchange

INBOX_FRAMES_MAX = 512  # a pseudo-terminal holds 20 KB: about two hundred frames, and the ground's own queue as many

Arguments = TypeVarTuple("Arguments")


class Scheduler(Protocol):
    """Virtual time."""

    @property
    def now(self) -> float: ...

    def at(self, when: float, action: Callable[[*Arguments], None], *arguments: *Arguments) -> None: ...


class Flight(seams.Machine, Protocol):
    """A node, or the adversary around it, as oracles look at it."""

    @property
    def mode(self) -> str: ...

    @property
    def replica(self) -> Replica: ...

    @property
    def services(self) -> Services: ...


class Runtime(Protocol):
    """What drives a node: messages travel decoded, or as bytes."""

    def start(self) -> None: ...

    def tick(self, __now_ticks: int) -> None: ...

    @property
    def receive_turn(self) -> Callable[[list[Any]], None]: ...


class Board:
    """Board `config.replica` of a swarm. With a `keyring` its messages travel as bytes. `journal`: where it keeps its
    vote state, as in `amu.boards.config`."""

    def __init__(
        self,
        config: Settings,
        flash: Flash,
        carrier: Carrier,
        time: Scheduler,
        tick_seconds: float,
        keyring: Keyring | None,
        journal: str = FILES,
    ) -> None:
        self.node = config.replica
        self.flash = flash
        self.runtime: Runtime | None = None  # of the present life; None while the board is off
        self.flight: Flight | None = None
        self.journal: Journal | None = None
        self._config = config
        self._carrier = carrier
        self._time = time
        self._tick_seconds = tick_seconds
        self._keyring = keyring
        self._life = 0
        self._kind_of_journal = journal
        Journal(open_store(flash, journal)).commission()
        self._reset_faults()

    def _reset_faults(self) -> None:
        self._ticks = 0
        self._factor, self._factor_until = 1.0, 0.0
        self._stopped_until = 0.0
        self._step_seconds, self._slow_until = 0.0, 0.0
        self._busy_until = 0.0
        self._inbox: deque[tuple[object, ...]] = deque()
        self._has_missed_tick = False
        self._is_wake_due = False

    # --- life -----------------------------------------------------------------------------------

    @property
    def is_up(self) -> bool:
        return self.runtime is not None

    @property
    def is_silent(self) -> bool:
        """Its vote state is unreadable, or it met a contradiction."""
        return self.flight is not None and self.flight.mode == SILENT

    @property
    def flying(self) -> Flight:
        """What flies. The board must be up."""
        assert self.flight is not None, "the board is off"
        return self.flight

    @property
    def life(self) -> int:
        """Changes with every start and stop."""
        return self._life

    def is_prompt_since(self, since: float) -> bool:
        """Has the processor taken every frame and tick without delay, from mission second `since` on?"""
        return max(self._busy_until, self._slow_until) <= since and not self._inbox

    def start(self, nonce: int, phase_seconds: float) -> None:
        """Switch on. `phase_seconds`: when in the first tick that happens. May raise PowerCut."""
        self._life += 1
        self._reset_faults()
        self._live(self.flash, nonce)
        self._time.at(self._time.now + phase_seconds, self._tick, self._life)

    def fail_flash(self, nonce: int) -> None:
        """Flash has failed in flight: from now on the board flies without a journal."""
        self._live(None, nonce)

    def _live(self, flash: Flash | None, nonce: int) -> None:
        config = self._config
        store = None if flash is None else open_store(flash, self._kind_of_journal)
        self.flight, self.journal = wake(config, store, nonce, self._wrap)
        if flash is not None:
            flash.mend_reads()
        if self._keyring is None:
            self.runtime = Decoded(self.flight, config, self.journal, self._carrier)
        else:
            self.runtime = Encoded(self.flight, config, self.journal, self._carrier, self._keyring)
        self.runtime.start()

    def _wrap(self, node: Node) -> Flight:
        """The configured adversary around `node`, if there is one."""
        liar = self._config.adversary
        return node if liar is None else adversary.wrap(node, liar[0], liar[1])

    def stop(self) -> None:
        """Sudden death: only flash stays."""
        self._life += 1
        self.runtime = self.flight = self.journal = None
        self._inbox.clear()
        self.flash.disarm()

    def flash_again(self) -> Journal:
        """The journal as a boot would find it now, for who looks at flash without changing it."""
        return Journal(open_store(self.flash.copy(), self._kind_of_journal))

    def convert(self, liar: tuple[str, dict[str, Any]] | None) -> None:
        """From now on an adversary (its name and parameters) is between node and transmitter, or none is. The node
        stays as it is."""
        self._config.adversary = liar
        if self.flight is not None:
            assert self.runtime is not None
            node = self.flight.node if isinstance(self.flight, Adversary) else self.flight
            self.flight = self._wrap(cast(Node, node))
            exchange(self.runtime, self.flight)

    # --- clock and processor --------------------------------------------------------------------

    def pause(self, seconds: float) -> None:
        """Stop the processor for `seconds`."""
        self._busy_until = max(self._busy_until, self._time.now + seconds)

    def slow(self, seconds: float, step_seconds: float) -> None:
        """For `seconds` each frame and each tick costs `step_seconds`."""
        self._step_seconds, self._slow_until = step_seconds, self._time.now + seconds

    def drift(self, seconds: float, factor: float) -> None:
        """For `seconds` ticks pass `factor` times as fast."""
        self._factor, self._factor_until = factor, self._time.now + seconds

    def jump(self, ticks: int) -> None:
        """The counter of ticks jumps."""
        self._ticks += ticks

    def stop_clock(self, seconds: float) -> None:
        """For `seconds` no tick passes."""
        self._stopped_until = self._time.now + seconds

    def mend(self) -> None:
        """Repair processor, clock and flash."""
        self._factor_until = self._stopped_until = self._slow_until = 0.0
        self._busy_until = min(self._busy_until, self._time.now)
        self.flash.disarm()
        self.flash.mend_reads()
        self._wake_soon()

    def relieve(self, fault: str) -> bool:
        """End a lasting fault of this kind. False if none lasts."""
        now = self._time.now
        ends = {
            "pause": self._busy_until,
            "slow": self._slow_until,
            "clock_drift": self._factor_until,
            "clock_stop": self._stopped_until,
        }
        if ends.get(fault, now) <= now:
            return False
        if fault == "clock_drift":
            self._factor_until = now
        elif fault == "clock_stop":
            self._stopped_until = now
        elif fault == "slow":
            self._slow_until = now
        else:
            self._busy_until = now
            self._is_wake_due = False  # it was due at the end of the pause
            self._wake_soon()
        return True

    def _tick(self, life: int) -> None:
        if life != self._life:
            return
        now = self._time.now
        if now >= self._stopped_until:
            self._ticks += 1
            if now < self._busy_until:
                self._has_missed_tick = True
                self._wake_soon()
            else:
                self._spend(now)
                assert self.runtime is not None, "a clock of a former life"
                self.runtime.tick(self._ticks)
                if self.journal is not None and not self._inbox:
                    self.journal.rest()
        seconds = self._tick_seconds / self._factor if now < self._factor_until else self._tick_seconds
        self._time.at(now + seconds, self._tick, life)

    def _spend(self, now: float, count: int = 1) -> None:
        if now < self._slow_until:
            self._busy_until = now + count * self._step_seconds

    # --- frames ---------------------------------------------------------------------------------

    def receive(self, *arrival: object) -> bool:
        """A frame has arrived: (source, [(lamport, message), ...], is_sound), or (wire bytes,). False: there is
        no room for it."""
        now = self._time.now
        if now >= self._busy_until and not self._inbox:
            if now < self._slow_until:
                self._spend(now)
            assert self.runtime is not None, "the board is off"
            self.runtime.receive_turn([arrival])
            return True
        if len(self._inbox) >= INBOX_FRAMES_MAX:
            return False
        self._inbox.append(arrival)
        self._wake_soon()
        return True

    def _wake_soon(self) -> None:
        if not self._is_wake_due:
            self._is_wake_due = True
            self._time.at(max(self._busy_until, self._time.now), self._wake, self._life)

    def _wake(self, life: int) -> None:
        if life != self._life:
            return
        self._is_wake_due = False
        now = self._time.now
        while now >= self._busy_until and (self._inbox or self._has_missed_tick):
            assert self.runtime is not None, "a waking up of a former life"
            if self._inbox:
                count = min(len(self._inbox), TURN_FRAMES_MAX)
                self._spend(now, count)
                self.runtime.receive_turn([self._inbox.popleft() for _ in range(count)])
            else:
                self._spend(now)
                self._has_missed_tick = False
                self.runtime.tick(self._ticks)
        if self._inbox or self._has_missed_tick:
            self._wake_soon()
