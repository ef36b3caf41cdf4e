"""Plays a golden script on real nodes and prints what they did. Runs on MicroPython and on CPython.

A script is blocks of commands, each followed by `----` and the output that it must give:

    boot N                     N new boards, commissioned, in memory
    request [I] VERB [N]       operation with that verb to every board (or to board I), an integer argument at most
    deliver A->B KIND | all    the oldest such message in flight (`*` for any board), or messages until none are left
    drop A->B KIND             lose all such messages in flight
    tick K [I]                 K ticks on every board (or on board I)
    crash I / restart I        sudden death; boot again from flash
    erase I                    blank flash
    show I                     applied slot and mode

Output: every trace event but Send and Receive, and how many messages are in flight.
Usage: engine.py SCRIPT prints the script with the output that the nodes give now.
"""

import sys

from amu.boards.host import Decoded, MemoryStore, Settings, wake
from amu.core.limits import GROUND
from amu.node.events import EVENTS
from amu.node.journal import Journal
from amu.wire.messages import Request


def _short(field):
    if type(field) is bytes:
        return "".join(["%02x" % b for b in field[:3]])
    if type(field) in (list, tuple):
        return "[" + " ".join([_short(item) for item in field]) + "]"
    return str(field)


class Engine:
    def __init__(self):
        self.lines = []
        self._size = 0
        self._stores = []
        self._nodes = []
        self._runtimes = []
        self._flying = []  # (source, destination, lamport, message)
        self._operations = 0
        self._ground_time = 0

    def run(self, command):
        """Perform one command line; what happened is appended to `lines`."""
        words = command.split()
        getattr(self, "_" + words[0])(*words[1:])

    def end_of_block(self):
        self.lines.append("in flight: %d" % len(self._flying))

    def _boot(self, size):
        self._size = int(size)
        self._nodes = [None] * self._size
        self._runtimes = [None] * self._size
        for i in range(self._size):
            self._stores.append(MemoryStore())
            Journal(self._stores[i]).commission()
            self._start(i)

    def _start(self, i):
        settings = Settings(i, self._size, view_timeout_ticks=10, trace_messages=False)
        self._nodes[i], journal = wake(settings, self._stores[i], 7)
        self._runtimes[i] = Decoded(self._nodes[i], settings, journal, self)
        self._runtimes[i].perform()

    def _request(self, *words):
        targets = range(self._size)
        if words[0].isdigit():
            targets = [int(words[0])]
            words = words[1:]
        self._operations += 1
        self._ground_time += 1
        command = [words[0]] + [int(word) for word in words[1:]]
        for i in targets:
            self._step(GROUND, i, self._ground_time, Request(1, self._operations, command))

    def _matching(self, link, kind):
        source, destination = link.split("->")
        found = []
        for flight in self._flying:
            if (
                source in ("*", str(flight[0]))
                and destination in ("*", str(flight[1]))
                and kind in ("*", type(flight[3]).__name__)
            ):
                found.append(flight)
        return found

    def _deliver(self, link, kind="*"):
        if link == "all":
            while self._flying:
                self._step(*self._flying.pop(0))
            return
        flight = self._matching(link, kind)[0]
        self._flying.remove(flight)
        self._step(*flight)

    def _drop(self, link, kind="*"):
        gone = self._matching(link, kind)
        self._flying = [flight for flight in self._flying if flight not in gone]

    def _tick(self, count, *one):
        for _ in range(int(count)):
            for i in [int(one[0])] if one else range(self._size):
                if self._nodes[i] is not None:
                    self._nodes[i].tick()
                    self._runtimes[i].perform()

    def _crash(self, i):
        self._nodes[int(i)] = None

    def _restart(self, i):
        self._start(int(i))

    def _erase(self, i):
        self._stores[int(i)] = MemoryStore()

    def _show(self, i):
        node = self._nodes[int(i)]
        self.lines.append("%s applied=%d mode=%s" % (i, node.applied_slot, node.mode))

    def _step(self, source, destination, lamport, message):
        if self._nodes[destination] is not None:
            self._nodes[destination].step(source, lamport, message)
            self._runtimes[destination].perform()

    def trace(self, i, boot, first_seq, ticks, events):
        """Write a board's trace events in words."""
        for event in events:
            name, fields = EVENTS[event[0]]
            words = []
            for k in range(len(fields)):
                words.append("%s=%s" % (fields[k], _short(event[2 + k])))
            self.lines.append("%d %s %s" % (i, name, " ".join(words)))

    def carry(self, i, peer, found, is_sound):
        """Take the messages of a board's frame, each on its own: scripts say in which order they arrive."""
        if peer != GROUND:
            for lamport, message in found:
                self._flying.append((i, peer, lamport, message))


def play(lines):
    """Yields the lines of a script, its outputs replaced by what the nodes say now."""
    engine = Engine()
    in_output = False
    for line in lines:
        line = line.rstrip()
        if line == "----":
            in_output = True
            yield line
            engine.end_of_block()
            yield from engine.lines
            engine.lines = []
        elif in_output:
            if line == "":
                in_output = False
                yield ""
        else:
            yield line
            if line and not line.startswith("#"):
                engine.run(line)


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        for line in play(file):
            print(line)
