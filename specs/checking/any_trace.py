"""Checks a trace against a module and its TLC configuration: what `amu check TRACE --spec MODULE --cfg FILE` does.

    check(trace, spec, config, tlc=False, silent=()) -> Checked

Rules. The initial predicate and the next-state relation are those of the configuration; its constraints, SYMMETRY and
VIEW bound a search and are not applied to a trace. With `tlc`, TLC must reach the same verdict on the same steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from specs.escape import escaped
from specs.tla.explore.model import load_configured, operator_of, property_of
from specs.tla.language import temporal
from specs.tla.language.language import Module
from specs.tla.language.temporal import Formula
from specs.tla.observe.observations import TraceFile
from specs.tla.observe.observe import CANDIDATES_MAX, ObservationError, Observer, Result
from specs.tla.syntax import configuration, tree
from specs.tla.syntax.configuration import Configuration, ConfigurationError
from specs.tlc import observe as observe_tlc
from specs.tlc.runner import TlcError
from specs.verdict import Verdict

AGREES_WITH_TLC = "TLC-3"  # TLC accepts the observations exactly if the in-process check does


@dataclass(frozen=True)
class Checked:
    """The outcome for a trace: the full result, and the verdict in the form that every check of a trace gives."""

    result: Result
    verdict: Verdict

    def as_dict(self) -> dict[str, object]:
        """The verdict as JSON, with the module's own part: steps outside it, properties, the bad step's parts."""
        bad = self.result.bad
        return {
            "module": self.result.module,
            **self.verdict.as_dict(),
            "outside": dict(sorted(self.result.outside.items())),
            "bad_step": None if bad is None else {**asdict(bad), "module_file": str(bad.module_file)},
        }


def check(
    trace: Path | str,
    spec: Path | str,
    config: Path | str,
    *,
    tlc: bool = False,
    silent: Sequence[str] = (),
    candidates_max: int = CANDIDATES_MAX,
) -> Checked:
    """The verdict on the trace. `silent`: operators whose steps may be missing from the log.

    Raises ModuleError, ItfError, ObservationError, and TlcError if TLC was requested and gives no answer.
    """
    settings = configuration.read(config)
    module = load_configured(spec, settings)
    init, next_action = behaviour(module, settings)
    observer = Observer(
        module,
        init=init,
        next_action=next_action,
        invariants=settings.invariants,
        properties=settings.properties,
        silent=silent,
        candidates_max=candidates_max,
    )
    kept = observe_tlc.Observed(module, init, next_action, silent)
    file = TraceFile(trace, module, settings.model_values())
    try:
        for observation in file:
            observer.feed(observation)
            if tlc:
                kept.feed(observation)
    except ObservationError as error:
        raise ObservationError(f"{escaped(trace)}: {error}") from error
    observer.finish()
    result = observer.result()
    verdict = result.verdict()
    if file.truncated:
        verdict.miss("the last line is cut off")
    for what in file.unknown:
        verdict.note(what)
    if file.after_end:
        verdict.counts["events after RunEnd"] = file.after_end
        verdict.note(f"{file.after_end} events after RunEnd do not belong to the run: not judged")
    if file.byzantine_events:
        verdict.counts["events of byzantine nodes"] = file.byzantine_events
    if tlc:
        _ask_tlc(kept, settings, result, verdict)
    return Checked(result, verdict)


def behaviour(module: Module, settings: Configuration) -> tuple[str, str]:
    """The names of the initial predicate and of the next-state relation. Raises ModuleError."""
    if settings.init is not None and settings.next is not None:
        return settings.init, settings.next
    if settings.specification is None:
        raise ConfigurationError(f"{escaped(settings.path)}: neither SPECIFICATION nor INIT and NEXT")
    parts = temporal.split(module.compiler, operator_of(module, settings.specification))
    names = [_name(module, formula) for formula in (*parts.initial, *parts.steps)]
    if len(parts.initial) != 1 or len(parts.steps) != 1 or None in names:
        raise ConfigurationError(
            f"{escaped(settings.path)}: {settings.specification} is not of the form Init /\\ [][Next]_vars with "
            "names for both: give INIT and NEXT instead"
        )
    return str(names[0]), str(names[1])


def _name(module: Module, formula: Formula) -> str | None:
    """The name of the definition that a conjunct consists of."""
    node = formula.expression
    if isinstance(node, tree.BoxAction):
        node = node.action
    if isinstance(node, tree.Apply) and not node.arguments and not node.path and node.name in module.definitions:
        return node.name
    return None


def _ask_tlc(kept: observe_tlc.Observed, settings: Configuration, result: Result, verdict: Verdict) -> None:
    verdict.expect(AGREES_WITH_TLC)
    properties = [name for name in settings.properties if not property_of(kept.module, name).temporal]
    try:
        answer = observe_tlc.run(kept, settings, properties)
    except TlcError:
        if result.bad is None or not result.bad.without_value:
            raise
        verdict.tlc = "rejected"  # TLC stops with an error where a guard has no value
        return
    accepted = observe_tlc.accepted(answer)
    verdict.tlc = "accepted" if accepted else "rejected"
    if accepted and not result.accepted:
        verdict.violate(AGREES_WITH_TLC, f"TLC accepts what is rejected here: {result.bad}")
    elif result.accepted and not accepted:
        taken = observe_tlc.steps_taken(answer)
        where = f"step {taken + 1} of {len(kept.steps)}" if answer.ok and not kept.silent else answer.message
        verdict.violate(AGREES_WITH_TLC, f"TLC rejects what is accepted here: {where}")
