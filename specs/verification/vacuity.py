"""Rejects vacuous runs: properties whose premises were never reached, and actions that were never taken.

Three checks. Every point of a checked formula was evaluated (`formulas` finds the points, `probes` watches them). Every
action was taken (by TLC's own counts, or by probes where TLC counts several actions as one). What the plan's `never`
excuses really did not happen.

Random walks reach most points within a second. A breadth-first search looks for the rest and ends as soon as none is
missing: only a vacuous run costs a second full search.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from specs.tla.syntax import configuration
from specs.tla.syntax.tree import ModuleError
from specs.tlc import runner as tlc
from specs.tlc.runner import TlcError, TlcResult
from specs.verification import cache, probes
from specs.verification.coverage import ActionCount
from specs.verification.formulas import ACTION, Module, Node, Target
from specs.verification.plan import Run
from specs.verification.result import Point

SEED = 1
TEXT_CHARACTERS_MAX = 60


@dataclass
class Watch:
    """The watched points of one run, and which of them were reached. Use as a context manager."""

    folder: Path
    run: Run
    targets: list[Target] = field(default_factory=list)
    reached: set[int] = field(default_factory=set)

    def __enter__(self) -> Watch:
        """Raises TlcError if the modules cannot be read."""
        root = self.folder / self.run.module
        try:
            self._wanted = configuration.read(self.folder / self.run.config)
            self._module = Module(root, self._wanted.replacements)
            start = self._next()
            self._definitions = [] if start is None else self._module.actions(start[1])
        except ModuleError as error:
            raise TlcError(str(error)) from error
        checked = [*self._wanted.invariants, *self._wanted.properties]
        self.targets = [target for name in checked for target in self._module.targets(name)]
        self.targets += [
            Target(action.name, ACTION, action.path, action.body)
            for action in self._definitions
            if action.is_indivisible
        ]
        self._steps = [name for name in self._wanted.properties if not self._module.is_temporal(name)]
        self._scratch = tempfile.TemporaryDirectory(prefix="amu-probe-")
        self._copy = Path(self._scratch.name)
        self._premises = probes.write_copy(self._copy, cache.reached(root), root, self.targets)
        return self

    def __exit__(self, *_: object) -> None:
        self._scratch.cleanup()

    def _next(self) -> tuple[Path, Node] | None:
        """The file and the node of this run's next-state relation."""
        if self._wanted.next is not None:
            start = self._module.find(self._wanted.next)
            return None if start is None else (start.path, start.body)
        specification = self._wanted.specification
        return self._module.next_action(specification) if specification is not None else None

    # --- runs ---------------------------------------------------------------------------------------

    def walk(self) -> TlcResult:
        """Random walks over the watched copy."""
        answer = self._run(probes.walking(self._wanted, self._premises, self._steps), simulate=self.run.walks)
        self.reached |= probes.reached(answer.output)
        return answer

    def search(self, actions: Sequence[ActionCount]) -> None:
        """Search breadth first for targets that are missing and not excused. `actions`: TLC's own counts."""
        counted = {action.name for action in actions}
        missing = [
            index
            for index, target in enumerate(self.targets)
            if index not in self.reached
            and target.formula not in self.run.never
            and not (target.what == ACTION and target.formula in counted)
        ]
        if not missing:
            return
        probes.wanting(self._copy, len(self.targets), missing)
        answer = self._run(probes.searching(self._wanted, self._premises, self._steps), simulate=None)
        if answer.outcome != "ok" and answer.violated != probes.MISSING:
            raise TlcError(f"the watched copy of {self.run.module} has another outcome: {answer.message}")
        self.reached |= probes.reached(answer.output)

    def _run(self, config: str, simulate: int | None) -> TlcResult:
        return tlc.run(
            self._copy / self.run.module,
            config,
            simulate=simulate,
            depth=self.run.depth,
            seed=SEED,
            heap_megabytes=self.run.heap_megabytes,
            timeout_seconds=self.run.timeout_seconds,
        )

    # --- findings -----------------------------------------------------------------------------------

    def points(self) -> list[Point]:
        """The watched points, in order."""
        return [
            Point(target.formula, target.what, target.place, _short(target), index in self.reached)
            for index, target in enumerate(self.targets)
        ]

    def named(self, actions: Sequence[ActionCount]) -> list[ActionCount]:
        """TLC's counts. A nameless disjunct that calls exactly one named action gets its name."""
        named = []
        for action in actions:
            called = self.called(action)
            rename = action.part is not None and len(called) == 1
            named.append(replace(action, name=called[0]) if rename else action)
        return named

    def called(self, action: ActionCount) -> list[str]:
        """Names of the actions that TLC counted as this one, in order: alternatives that it could not split."""
        known = {definition.name: definition for definition in self._definitions}
        path = self.folder / f"{action.module}.tla"
        if action.part is not None:
            return [name for name in action.part.names(path) if name in known] if path.is_file() else []
        definition = known.get(action.name)
        if definition is None or definition.is_indivisible:
            return []
        return [name for name in definition.calls() if name in known]


def findings(watch: Watch, actions: Sequence[ActionCount]) -> list[str]:
    """Reasons to reject a run whose outcome is as expected. `actions`: from `Watch.named`."""
    return [*_actions_never_taken(watch, actions), *_points_missed(watch), *_stale(watch, actions)]


def _actions_never_taken(watch: Watch, actions: Sequence[ActionCount]) -> list[str]:
    never = watch.run.never
    found = []
    taken = {action.name for action in actions if action.generated}
    for action in actions:
        if not action.generated and action.name not in never and action.name not in taken:
            found.append(f"action {action.name} ({action.module}.tla:{action.line}) is never taken")
            taken.add(action.name)
    probed = {target.formula: target for target in watch.targets if target.what == ACTION}
    reached = {watch.targets[index].formula for index in watch.reached}
    for action in actions:
        for name in watch.called(action) if len(watch.called(action)) > 1 else ():
            if name not in reached and name not in never:
                found.append(f"action {name} ({probed[name].place}) is never taken")
    return found


def _points_missed(watch: Watch) -> list[str]:
    return [
        f"{point.formula} is vacuous: the {point.what} at {point.place} is never "
        f"{'true' if point.what == 'premise' else 'evaluated'}: {point.text}"
        for point in watch.points()
        if not point.reached and point.what != ACTION and point.formula not in watch.run.never
    ]


def _stale(watch: Watch, actions: Sequence[ActionCount]) -> list[str]:
    points = watch.points()
    found = []
    for name in watch.run.never:
        counts = [action.generated for action in actions if action.name == name]
        own = [point for point in points if point.formula == name]
        if any(counts) or (not counts and own and all(point.reached for point in own)):
            found.append(f"never: {name} needs no excuse any more: remove it from the plan")
        elif not counts and not own:
            found.append(f"never: this run has no action and checks no formula {name}")
    return found


def _short(target: Target) -> str:
    text = " ".join((target.node.text or b"").decode("utf-8").split())
    return text if len(text) <= TEXT_CHARACTERS_MAX else text[: TEXT_CHARACTERS_MAX - 3] + "..."
