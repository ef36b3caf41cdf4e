"""Lamport's logical clock (L. Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", 1978).

If one event can have caused another then its time is smaller (the clock condition). Two rules make it so:

- IR1: a node's clock moves forward between any two of its events, so every event and every send takes `tick()`;
- IR2: a message carries the time of its sending, and its receipt is later than that: `witness(received)`.

Times of different nodes may be equal; node numbers break the tie. `order_key` is that total order, in which a trace is
checked. The clock measures neither seconds nor failures of nodes.

The clock is bounded above by `LAMPORT_MAX`, and IR2 would let one lying node push every clock there with one message.
So a time more than `LAMPORT_JUMP_MAX` ahead is refused. That is safe: a refused message is a lost message, which
the protocols above live with, and the clock condition speaks of receipts only, so a message that is never received owes
nothing. The price is stated in `limits`, beside the bound.

Refusal alone would give a liar a weapon: it pushes the clock of one correct node twice, and all others refuse that node
forever. So `Witnesses` keeps the time that each peer claims, and no clock moves further than LAMPORT_LEAD_MAX past the
time that f + 1 peers have claimed, one of them correct. A node that hears a time slightly past the bound advances to
the bound and drops the message; the others do the same, so the next message is in order. If a liar keeps doing this,
the messages of its victim are received all the same, outside the order: liveness before a complete trace.
"""

from amu.core import limits
from amu.core.errors import AmuError, CodecError


def order_key(time: int, node: int) -> tuple[int, int]:
    """Sort key of the total order: Lamport time, then node number."""
    return (time, node)


class LamportClock:
    """The clock of one node. `time` is the time of its latest event."""

    def __init__(self, time: int = 0) -> None:
        assert 0 <= time <= limits.LAMPORT_MAX, "Lamport time"
        self.time = time

    def tick(self) -> int:
        """Time of the next event of this node, a send included. Raises AmuError when the times are used up."""
        if self.time >= limits.LAMPORT_MAX:
            raise AmuError("Lamport clock is used up at %d: provision a new epoch" % self.time)
        self.time += 1
        return self.time

    def witness(self, received: int) -> int:
        """Time of the receipt of a message sent at `received`: max(own, received) + 1.

        Raises CodecError, leaving the clock as it is, when `received` is too far ahead to be believed.
        The message is then refused whole and counted.
        """
        if received > self.time:
            if received - self.time > limits.LAMPORT_JUMP_MAX or received >= limits.LAMPORT_MAX:
                raise CodecError("Lamport time %d is too far ahead of %d" % (received, self.time))
            self.time = received
        return self.tick()


IN_ORDER = "in order"
OUT_OF_ORDER = "out of order"  # to be acted upon, but the receipt may be earlier than the sending
LOST = "lost"  # as if the message had never arrived


class Witnesses:
    """The latest time that each of `count` peers has claimed. `blocking` of them include a correct one: f + 1."""

    def __init__(self, count: int, blocking: int) -> None:
        self._claims = [-1] * count
        self._common = -1  # the latest time that f + 1 peers have claimed, -1 if fewer have spoken
        self._blocking = blocking
        self._lost = [0] * count  # messages of each peer in a row

    def believable(self, clock: LamportClock, peer: int, claimed: int) -> int:
        """The latest time that we believe of `peer`, which claims `claimed`. Moves `clock` up to what f + 1 claim."""
        common = self._common
        before = self._claims[peer]
        if claimed > before:
            self._claims[peer] = claimed
            if before <= common < claimed:  # else as many peers as before claim a later time than the common one
                common = self._common = sorted(self._claims)[len(self._claims) - self._blocking]
        if common < 0:  # too few have spoken: go by our own clock
            return clock.time + limits.LAMPORT_LEAD_MAX
        if clock.time < common < limits.LAMPORT_MAX:
            clock.time = common
        common += limits.LAMPORT_LEAD_MAX
        return common if common > clock.time else clock.time

    def judge(self, clock: LamportClock, peer: int, claimed: int) -> str:
        """What to do with a message of `peer`, sent at `claimed`. If it is in order, `clock.witness` will accept it."""
        bound = self.believable(clock, peer, claimed)
        if bound >= limits.LAMPORT_MAX:
            bound = limits.LAMPORT_MAX - 1
        if claimed <= bound:
            self._lost[peer] = 0
            return IN_ORDER
        if self._common < 0:
            return LOST
        if claimed <= bound + limits.LAMPORT_LEAD_MAX:
            clock.time = max(clock.time, bound)
        self._lost[peer] += 1
        return LOST if self._lost[peer] <= limits.LAMPORT_LOST_MAX else OUT_OF_ORDER

    def judge_stranger(self, clock: LamportClock, claimed: int) -> str:
        """What to do with a message of a node that is not a witness: its time does not count, its question may.

        It pushes a clock no further than a lying witness could, and not at all before f + 1 witnesses have spoken.
        """
        bound = min(max(clock.time, self._common + limits.LAMPORT_LEAD_MAX), limits.LAMPORT_MAX - 1)
        return IN_ORDER if claimed <= bound else OUT_OF_ORDER
