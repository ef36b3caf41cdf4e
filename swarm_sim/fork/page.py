"""The page of a fork: what was changed, the first divergent event, both runs around it, and the outcomes."""

import html
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from groundstation.record.run_directory import write_text
from groundstation.report import space_time
from groundstation.report.excerpt import Excerpt, Traffic
from groundstation.report.exports import causality
from groundstation.report.messages import OTHER
from groundstation.report.page import listed, page, paragraph, section, table
from groundstation.report.page import space_time as diagram
from groundstation.scenario.model import Scenario
from specs.checking.trace import Event
from swarm_sim.fork.compare import Divergence, Row, told
from swarm_sim.fork.found import Fork
from swarm_sim.fork.twin import Parting, Side, Twin

COMPARED = (
    "For each slot, in order, and each honest board: its consensus steps in that slot, in its own order, each with its "
    "view. Not compared: seconds, ticks, values (only counted), the order of steps between slots or boards, services, "
    "lives. Orders that people gave in flight are not repeated in the simulation."
)
MESSAGES_SHOWN = 90  # of each run: a third before the divergence


def write(found: Fork, out: Path) -> None:
    """Write the page. Raises OSError, TraceError."""
    sections = [_header(found), _divergence(found)]
    if found.divergence is not None:
        sections += pictures(
            [("Without the change", found.parent.trace), ("With the change", found.branch.trace)],
            found.divergence.at,
            found.divergence.first[1].lamport,
            found.branch.scenario.byzantine_nodes(),
        )
    sections.append(_outcomes(found.rows))
    write_text(out, page(f"fork of {found.origin.path.name}", sections))


def _header(found: Fork) -> str:
    verdict = found.branch.outcome.verdict
    style = {"pass": "good", "violation": "bad", "crash": "bad"}.get(verdict, "open")
    name = html.escape(found.origin.scenario.name)
    seed = found.origin.scenario.mission.seed
    changes = [str(change) for change in [*found.origin.changes, found.change]]
    return "\n".join(
        [
            f'<header><div class="badge {style}">{html.escape(verdict.replace("_", " "))}</div>',
            f"<h1>{name} <small>seed {seed}, forked {html.escape(changes[-1])}</small></h1>",
            paragraph(f"Of run {found.origin.path}, whose verdict was {found.parent.outcome.verdict}."),
            *(paragraph(f"Earlier change: {change}") for change in changes[:-1]),
            listed(found.notes),
            "</header>",
        ]
    )


def _divergence(found: Fork) -> str:
    divergence = found.divergence
    if divergence is None:
        return section("First divergent event", "", paragraph("None: both runs are equal to the byte."))
    rows = _sides("event", divergence)
    if found.step is not None:
        rows += _sides("step of a board", found.step)
    return section(
        "First divergent event",
        f"Before line {divergence.line} of the traces both runs are equal to the byte.",
        table(("first divergent", "in the parent", "in the branch"), rows),
    )


def _sides(name: str, divergence: Divergence) -> list[tuple[str, str, str]]:
    return [(name, _told(divergence.parent), _told(divergence.branch))]


def _told(event: Event | None) -> str:
    return "the run has ended" if event is None else told(event)


def pictures(runs: Sequence[tuple[str, Path]], at: float, lamport: int, byzantine: list[int]) -> list[str]:
    """A section with the space-time diagram of each run, all over the same span around mission second `at`."""
    traffics = [(title, Traffic(causality.read(trace))) for title, trace in runs]
    spans = [traffic.around(at, MESSAGES_SHOWN) for _, traffic in traffics]
    since = min(at, max(first for first, _ in spans))
    until = max(min(last for _, last in spans), at + (at - since) / 2, at + 1e-3)
    sections = []
    for title, traffic in traffics:
        said = f"{since:.3f} s to {until:.3f} s of {traffic.end:.2f} s. Consensus messages only."
        part = traffic.between(since, until, said, (at, lamport, "first divergent event"))
        sections.append(section(title, said, diagram(space_time.picture(part, byzantine))))
    return sections


def _outcomes(rows: Sequence[Row]) -> str:
    shown = [
        (row.name, _shown(row.parent), _shown(row.branch), "" if row.parent == row.branch else "differs")
        for row in rows
    ]
    return section("Outcomes", "", table(("", "parent", "branch", ""), shown))


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def write_twin(found: Twin, scenario: Scenario, out: Path) -> None:
    """Write the page of a run beside its simulation. Raises OSError."""
    title = f"{html.escape(scenario.name)} <small>seed {scenario.mission.seed}, on boards and in simulation</small>"
    sections = [f"<header><h1>{title}</h1>{paragraph(found.told())}</header>"]
    parting = found.parting
    if parting is not None:
        told = [side.told(parting.board, parting.slot) for side in parting.sides]
        sections.append(section("First divergence", "What each did, and what it had received by then.", listed(told)))
        for side, traffic in zip(parting.sides, found.traffics):
            part = _story(parting, side, traffic)
            shown = paragraph("No board traced a message of this slot.")
            if part is not None:
                shown = diagram(space_time.picture(part, found.liars))
            sections.append(section(side.name.capitalize(), "" if part is None else part.said, shown))
    sections.append(section("What was compared", "", paragraph(COMPARED)))
    write_text(out, page(f"twin of {scenario.name}", sections))


def _story(parting: Parting, side: Side, traffic: Traffic) -> Excerpt | None:
    """The slot of the divergence in one run, with the board's step marked. None if it has no message."""
    if not any(message.slot == parting.slot and message.label != OTHER for message in traffic.messages):
        return None
    part, step = traffic.story(parting.slot), side.step
    if step is None:
        return part
    name = f"board {parting.board}: {step.name} in view {step.view}"
    return replace(part, marked=(step.at, step.clock, name), until=max(part.until, step.at))
