"""Did a client submit every operation that a correct board applies, with the same command?

A Byzantine leader may propose requests that no client made. They stay out of the log because a replica votes only for
requests of which it has its own copy (external validity: Cachin, Kursawe, Petzold, Shoup, CRYPTO 2001).
"""

from collections.abc import Mapping

from specs.checking.trace import Event
from swarm_sim.oracles.finding import Finding
from swarm_sim.world.events import as_read

ORACLE = "SIM-ASKED"


class Validity:
    """Feed it every event; `finding` is the first forgery. `asked`: the commands so far, by client and number."""

    def __init__(self, faulty: frozenset[int], asked: Mapping[tuple[int, int], object]) -> None:
        self.finding: Finding | None = None
        self._faulty = faulty
        self._asked = asked

    def feed(self, event: Event) -> None:
        if event.name != "Operation" or event.node in self._faulty or self.finding is not None:
            return
        fields = event.fields
        command = self._asked.get((fields["client"], fields["operation"]))
        if command is None:
            self.finding = Finding(ORACLE, "an operation was applied that no client submitted", str(event))
        elif as_read(command) != fields["command"]:
            self.finding = Finding(ORACLE, "an operation was applied with another command than submitted", str(event))
