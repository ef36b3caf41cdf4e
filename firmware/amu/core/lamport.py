"""Lamport's logical clock (L. Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", 1978).

If one event can have caused another then its time is smaller (the clock condition). Two rules make it so:

- IR1: a node's clock moves forward between any two of its events, so every event and every send takes `tick()`;
- IR2: a message carries the time of its sending, and its receipt is later than that: `witness(received)`.

Times of different nodes may be equal; node numbers break the tie. `order_key` is that total order, in which a trace is
checked. The clock knows nothing of seconds and of nodes' failures.

The clock is bounded above by `LAMPORT_MAX`, and IR2 would let one lying node push every clock there with one message.
So a time more than `LAMPORT_JUMP_MAX` ahead is refused. That is safe: a refused message is a lost message, which
the protocols above live with, and the clock condition speaks of receipts only, so a message that is never received owes
nothing. The price is stated in `limits`, beside the bound.
"""

from amu.core import limits
from amu.core.errors import AmuError, CodecError


def order_key(time, node):
    """Sort key of the total order: Lamport time, then node number."""
    return (time, node)


class LamportClock:
    """The clock of one node. `time` is the time of its latest event."""

    def __init__(self, time=0):
        assert 0 <= time <= limits.LAMPORT_MAX, "Lamport time"
        self.time = time

    def tick(self):
        """Time of the next event of this node, a send included. Raises AmuError when the times are used up."""
        if self.time >= limits.LAMPORT_MAX:
            raise AmuError("Lamport clock is used up at %d: provision a new epoch" % self.time)
        self.time += 1
        return self.time

    def witness(self, received):
        """Time of the receipt of a message sent at `received`: max(own, received) + 1.

        Raises CodecError, leaving the clock as it is, when `received` is too far ahead to be believed.
        The message is then refused whole and counted.
        """
        if received > self.time:
            if received - self.time > limits.LAMPORT_JUMP_MAX or received >= limits.LAMPORT_MAX:
                raise CodecError("Lamport time %d is too far ahead of %d" % (received, self.time))
            self.time = received
        return self.tick()
