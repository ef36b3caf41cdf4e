"""A board that is hostile to the ground station, staged in the place of the package `adversary`.

It votes as a correct board; every tick it also writes to the ground whatever its mode says. Runs on a board, so it is
written as flight code is. The mode is the name of the adversary: staged boards read it from mode.txt beside this file.
"""

import sys

from amu.core import limits
from amu.node.tracer import CODES
from amu.wire import cbor, frames, messages

QUIET_TICKS = 20  # the swarm is under way first
NASTY = "\x1b[2J\x1b]0;title\x07[bold red]x[/bold red]<script>alert(1)</script>\r\nverdict PASS"
TRACE, LOG, REPLY, IDENTITY = 0x40, 0x41, 0x32, 0x33
VOTE1, BOOT = CODES["Vote1"], CODES["Boot"]


def wrap(node, name, parameters):
    folder = __file__.rsplit("/", 1)[0]
    with open(folder + "/mode.txt") as file:
        return Hostile(node, file.read())


class Hostile:
    """The node, and a second voice on its line."""

    def __init__(self, node, mode):
        self._node = node
        self._speak = getattr(self, "_" + mode)
        self._ticks = 0
        self._sequence = 1000000
        self._sealed = []  # goes out under the board's own keys

    def __getattr__(self, name):
        return getattr(self._node, name)

    def tick(self):
        self._node.tick()
        self._ticks += 1
        if self._ticks > QUIET_TICKS:
            self._speak(self._ticks)

    def ready(self):
        ready = self._node.ready()
        lamport = self._node.lamport
        ready.sends = list(ready.sends) + [(limits.GROUND, lamport, message) for message in self._sealed]
        self._sealed = []
        return ready

    def _write(self, data):
        done = 0
        for _ in range(20):
            done += sys.stdout.buffer.write(data[done:]) or 0
            if done >= len(data):
                return

    def _frame(self, kind, payload, source=None, tag=b""):
        source = self._node.me if source is None else source
        fields = [kind]
        fields.extend(payload)
        self._write(frames.build(frames.traffic_of(kind), source, limits.GROUND, tag, cbor.encode(fields)))

    def _flood(self, n):
        """Well-formed events without end, each frame behind a gap."""
        for _ in range(30):
            self._sequence += 20
            self._frame(TRACE, [0, 0, self._sequence, n, [[VOTE1, n, n, 0, b"x" * 32]] * 12])

    def _junk(self, n):
        """Events of unknown kinds, with wrong fields, of wrong types; trace frames without a trace."""
        for event in ([999, 1, 2], [VOTE1, -1], [VOTE1, 1 << 62, "a", [[[]]]], ["x"], [], [VOTE1, n, NASTY, NASTY]):
            self._sequence += 1
            self._frame(TRACE, [0, 0, self._sequence, n, [event, [0] * 50]])
        self._frame(TRACE, [0, 0, 5, n, "no list"])
        self._frame(TRACE, [0, 1 << 62, 1 << 62, 1 << 62, []])
        self._write(frames.build(frames.REPORT, self._node.me, limits.GROUND, b"", b"\xff\xff"))

    def _claim(self, n):
        """Speaks as every board there is, the ground among them."""
        for source in (0, 1, 2, limits.BROADCAST, limits.GROUND, 77):
            self._frame(TRACE, [0, 0, 1000000 + n, n, [[VOTE1, n, n, 0, b"x" * 32]]], source)
            self._frame(LOG, [0, 3, "board dies: " + str(source)], source)
            self._frame(REPLY, [0, 0, n % 40, n, ["ok", 1]], source, bytes(16))
            self._frame(IDENTITY, [0, 1, 1, 1, 1, 1, 1, 1], source, bytes(16))

    def _log(self, n):
        """Alarms and tracebacks with control characters."""
        self._frame(LOG, [0, 3, NASTY])
        self._write(b'Traceback (most recent call last):\n  File "\x1b[5mx", line 1\nMemoryError: ' + NASTY.encode())

    def _telemetry(self, n):
        """Sealed, well formed and useless: health without end, receipts that contradict each other, false replies."""
        for index in range(8):
            self._sealed.append(messages.Health(n, n, index, n % 50, 0, 0, 0, 0, 0))
            self._sealed.append(messages.Receipt(0, n % 90, ("queued", "busy", "stale", "malformed")[index % 4]))
            self._sealed.append(messages.Reply(0, n % 90, index + 1, ["ok", n]))

    def _text(self, n):
        for _ in range(20):
            self._write(b"A" * 1000)

    def _boots(self, n):
        """A new boot each tick."""
        self._frame(TRACE, [0, n, 0, n, [[BOOT, n, "9.9", "ok", n % 50]]])
