"""Has every operation that a correct board applies been asked for by a client, in these words?

A liar that leads may propose requests that nobody made; what keeps them out of the log is that a replica votes for
requests of which it holds its own copy (external validity: Cachin, Kursawe, Petzold, Shoup, CRYPTO 2001).
"""

from collections.abc import Mapping
from typing import Any

from specs.checking.trace import Event
from swarm_sim.oracles.finding import Finding
from swarm_sim.world.events import as_read

ORACLE = "SIM-ASKED"


class Validity:
    """Feed it every event; `finding` is the first forgery. `asked`: the commands so far, by client and number."""

    def __init__(self, faulty: frozenset[int], asked: Mapping[tuple[int, int], Any]) -> None:
        self.finding: Finding | None = None
        self._faulty = faulty
        self._asked = asked

    def feed(self, event: Event) -> None:
        if event.name != "Operation" or event.node in self._faulty or self.finding is not None:
            return
        fields = event.fields
        command = self._asked.get((fields["client"], fields["operation"]))
        if command is None:
            self.finding = Finding(ORACLE, "an operation was applied that nobody asked for", str(event))
        elif as_read(command) != fields["command"]:
            self.finding = Finding(ORACLE, "an operation was applied in other words than it was asked for", str(event))
