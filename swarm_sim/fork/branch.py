"""Flies a scenario in simulation, with changes at moments.

Rules
- A change takes place before all else of its moment, and the run up to it is that of the scenario, to the byte.
- A board that lies for some time is excused from the modules' rules for all of it: nothing says which of its steps
  were honest. From the moment on that it is sound the mission waits for it as for any other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from groundstation.scenario.model import Scenario, ScenarioError
from specs.checking.check import check_trace
from specs.verdict import Verdict
from swarm_sim.fork.change import Change, Edit, ForkError, work_out
from swarm_sim.outcome import Outcome
from swarm_sim.simulation import Simulation, faulty
from swarm_sim.world.events import open_trace


class Branch(Simulation):
    """The flight of `origin` with `edits`, in order of time. Call `fly` once."""

    def __init__(self, origin: Scenario, edits: Sequence[Edit], trace: Path) -> None:
        self._file = open_trace(trace)
        last = edits[-1].scenario if edits else origin
        # Rules of links have windows: a later change of them is part of the plan from the beginning.
        flown = origin.model_copy(update={"faults": last.faults})
        later = frozenset(node for edit in edits for node in faulty(edit.scenario))
        super().__init__(flown, self._file, False, True, later)
        self._due = len(edits)
        self._planned = edits

    def fly(self) -> Outcome:
        """Run to the end and judge. Raises ForkError if the run ends before a change, or a change cannot be made."""
        with self._file:
            for edit in self._planned:
                if edit.at <= 0.0:
                    self._make(edit)
                else:
                    self.world.first_at(edit.at, partial(self._make, edit))
            outcome = super().fly()
        if self._due:
            raise ForkError(f"the run ended at {self.world.now:.3f} s; want --at before that")
        return outcome

    def _make(self, edit: Edit) -> None:
        self._due -= 1
        self.change(edit.scenario)
        for act in edit.acts:
            act(self.world)


def work_out_all(origin: Scenario, changes: Sequence[Change]) -> list[Edit]:
    """The edits that `changes` mean, one after the other. Raises ForkError, ScenarioError."""
    edits: list[Edit] = []
    for change in changes:
        if edits and change.at < edits[-1].at:
            raise ForkError(f"the run was itself forked at {edits[-1].at:g} s; want --at no earlier than that")
        edits.append(work_out(edits[-1].scenario if edits else origin, change))
    return edits


@dataclass(frozen=True)
class Flown:
    """A flight: its outcome, the checker's verdict on the trace, and the scenario as it was in the end."""

    outcome: Outcome
    verdict: Verdict
    scenario: Scenario
    trace: Path


def fly(origin: Scenario, changes: Sequence[Change], trace: Path) -> Flown:
    """Fly into the file `trace`. Raises ForkError, ScenarioError, OSError."""
    if origin.hardware_faults():
        kinds = ", ".join(origin.hardware_faults())
        raise ScenarioError(f"scenario {origin.name}: the simulator has no lines and no chips, it cannot play {kinds}")
    edits = work_out_all(origin, changes)
    branch = Branch(origin, edits, trace)
    outcome = branch.fly()
    # A run that ended in a crash of flight code is not concluded yet.
    verdict = branch.verdict or check_trace(trace)
    return Flown(outcome, verdict, edits[-1].scenario if edits else origin, trace)
