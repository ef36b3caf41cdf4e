"""The report's text sections: the scenario as flown, the verdict, and the output of boards that failed."""

import html
import re
from collections.abc import Iterable, Mapping

from groundstation.faults.board_fault import BoardFault
from groundstation.faults.rule import Rule
from groundstation.record.board_events import spoken
from groundstation.record.contents import Judged, LineShown
from groundstation.report import failures as report_failures
from groundstation.report.contacts import Contact, links
from groundstation.report.figures import INJECTS_MAX
from groundstation.report.page import STATES, block, folded, listed, paragraph, section, table
from groundstation.report.series import Series
from groundstation.scenario.model import Scenario
from groundstation.verdict import not_checked
from specs import properties

FINDINGS_MAX = 20
_OF_ALL_RULES = {"fault", "name", "start", "end", "source", "destination", "kinds", "passes"}
SECONDS = frozenset({"restart_after", "seconds", "seconds_min", "seconds_max", "hold_seconds", "period_seconds"})
STATE_OF = {"holds": "good", "violated": "bad"}


def header(about: Mapping[str, object], verdict: Judged | None, scenario: Scenario | None) -> str:
    """What flew, when, and the verdict."""
    word = "not judged" if verdict is None else str(verdict["verdict"]).replace("_", " ")
    style = {"pass": "good", "violation": "bad", "crash": "bad"}.get(word, "open")
    parts = [
        f'<header><div class="badge {style}">{html.escape(word)}</div>',
        f"<h1>{html.escape(str(about['scenario']))} <small>seed {html.escape(str(about['seed']))}</small></h1>",
        paragraph("" if scenario is None else scenario.description),
        f'<p class="run">{html.escape(_when(about))}</p>',
    ]
    if about.get("resumed"):
        parts.append(paragraph(f"Resumes run {about['resumed']}, whose ground station had died."))
    if verdict is not None and verdict.get("replay"):
        parts.append(f"<p>Fly it again: <code>{html.escape(str(verdict['replay']))}</code></p>")
    return "\n".join([*parts, "</header>"])


def _when(about: Mapping[str, object]) -> str:
    started = str(about.get("started") or "")
    when = started.replace("T", " ").replace("+00:00", " UTC") if started else "date not recorded"
    return f"Flown on {about['kind']} boards, {when}; run {about['run']}"


def judgement(verdict: Judged) -> str:
    """The table of the verdict, what the mission waits for, and the findings."""
    rows = "\n".join(
        f'<tr class="{_state(line)}"><td class="sign">{STATES[_state(line)]}</td>'
        f"<th>{html.escape(str(line['name']))}</th><td>{html.escape(str(line['detail']))}</td></tr>"
        for line in verdict["lines"]
    )
    content = f'<table class="verdict">{rows}</table>'
    waits_for = (verdict.get("mission") or {}).get("waits_for") or []
    if waits_for and not any(line["name"] == "waits for" for line in verdict["lines"]):
        content += "<h3>What it waits for</h3>" + listed(str(reason) for reason in waits_for)
    findings = [str(finding) for finding in verdict["findings"]]
    if findings:
        content += "<h3>Findings</h3>" + "".join(block(finding) for finding in findings[:FINDINGS_MAX])
    if len(findings) > FINDINGS_MAX:
        content += paragraph(f"{len(findings) - FINDINGS_MAX} further findings are in verdict.json.")
    return section("Verdict", "", content)


def _state(line: LineShown) -> str:
    return line["status"] if line["status"] in STATES else "open"


# --- properties -------------------------------------------------------------------------------


def property_table(verdict: Judged) -> str:
    """Each property with its sentence, whether it held, and the reason if it was not checked."""
    known = properties.read()
    states: Mapping[str, str] = verdict["invariants"]
    missed = set(verdict.get("not_met", ()))  # listed below, with those that are not checked on traces
    names = sorted(states.keys() - missed, key=properties.order)
    rows, colours = [], []
    for name in names:
        state = str(states[name])
        why = "" if state in STATE_OF else _why_not(name, verdict)
        sentence = known[name].sentence if name in known else properties.NO_SENTENCE
        rows.append((name, sentence, f"{state}: {why}" if why else state))
        colours.append(STATE_OF.get(state, "open"))
    content = f'<div class="properties">{table(("id", "property", "in this run"), rows, colours)}</div>'
    others = not_checked.list_of(verdict)
    content += folded(
        f"{len(others)} properties that this run did not test, and why",
        table(("id", "property", "why"), [(each.identifier, each.sentence, each.why) for each in others]),
    )
    return section("Properties", "The properties that were checked on the trace of this run, and the results.", content)


def _why_not(name: str, verdict: Judged) -> str:
    reason = verdict.get("not_checked", {}).get(name)
    if reason:
        return str(reason)
    if verdict.get("missing"):
        return "events are missing from the trace"
    return "no event of this run concerns it"


def checked(verdict: Judged) -> str:
    """How much was checked against the modules."""
    tables = "".join(
        f"<div><h3>{title}</h3>{table((), numbers)}</div>"
        for title, numbers in (
            ("Steps checked against the modules", [(spoken(name), count) for name, count in verdict["steps"].items()]),
            ("Counts", verdict["counts"].items()),
        )
    )
    return section("What was checked", "", f'<div class="columns">{tables}</div>')


# --- failures ---------------------------------------------------------------------------------


def failures(found: list[report_failures.Failure]) -> str:
    """The output of boards that failed."""
    content = ""
    for failure in found[: report_failures.FAILURES_MAX]:
        title = f"board {failure.board}, {failure.at:.3f} s: {failure.what}"
        text = block(failure.text) if failure.text else paragraph("It printed nothing.")
        content += folded(title, text, is_open=failure in found[: report_failures.OPEN_MAX])
    if len(found) > report_failures.FAILURES_MAX:
        content += paragraph(f"{len(found) - report_failures.FAILURES_MAX} further ones are in ground.log.")
    return section("Boards that failed", "Their output, from ground.log, and their reports after a restart.", content)


def moments(series: Series) -> str:
    """A note on the lines in pictures: when another ground station resumed the run, and injects. Empty if none."""
    resumes = "; ".join(f"at {at:.2f} s, after run {run}" for at, run in series.resumes)
    injects = "; ".join(f"{number}, {name}" for number, (_, name) in enumerate(series.injects[:INJECTS_MAX], 1))
    said = f" Dotted line: the ground station was down, and another one resumed the run: {resumes}." if resumes else ""
    return said + (f" Dashed lines: what was injected: {injects}." if injects else "")


# --- as flown ---------------------------------------------------------------------------------


def as_flown(scenario: Scenario, text: str, contacts: list[Contact]) -> str:
    """A description of the scenario, and its text."""
    mission, workload = scenario.mission, scenario.workload
    lines = [
        f"{mission.boards} boards, until at least {mission.slots} slots are decided and {workload.operations} "
        f"operations confirmed, {workload.in_flight} at a time"
        + (f"; {mission.speed:g} mission seconds per second" if mission.speed != 1 else ""),
        *(
            f"board {entry.node} is Byzantine: {entry.adversary}"
            + (f" ({_values(entry.parameters)})" if entry.parameters else "")
            for entry in scenario.byzantine
        ),
    ]
    if scenario.liveness is not None:
        live = scenario.liveness
        lines.append(
            f"from {live.at:g} s on, boards {', '.join(map(str, live.core))} have no faults and must finish within "
            f"{live.bound_seconds:g} s"
        )
    content = listed(lines)
    if scenario.faults:
        rows = [
            (name, _sentence(rule), _window(rule.start, rule.end), links(rule) + _kinds(rule), _parameters(rule))
            for name, rule in zip(scenario.fault_plan().rule_names(), scenario.faults)
        ]
        content += "<h3>Faults of links</h3>" + table(("name", "what it does", "when", "links", "with"), rows)
    if scenario.board_faults:
        rows_of_boards = [
            (f"{fault.at:g} s", f"board {fault.node}", _of_board(fault)) for fault in scenario.board_faults
        ]
        content += "<h3>Faults of boards</h3>" + table(("when", "board", "what"), rows_of_boards)
    for contact in contacts:
        passes = [(f"{aos:.0f} s", f"{los:.0f} s", f"{los - aos:.0f} s") for aos, los in contact.passes]
        content += folded(
            f"{contact.name}: {len(contact.passes)} passes, {contact.links}", table(("AOS", "LOS", "lasts"), passes)
        )
    content += folded("scenario.toml", block(text))
    return section("As flown", "", content)


def _sentence(rule: Rule) -> str:
    """The first line of the rule's docstring, with this rule's values in place of field names."""
    text = (type(rule).__doc__ or rule.fault).split("\n", 1)[0].rstrip(".")
    return re.sub(r"`(\w+)`", lambda field: _with_value(field[1], getattr(rule, field[1], None)), text)


def _with_value(name: str, value: object) -> str:
    if not isinstance(value, int | float):
        return name.replace("_", " ")
    if name in SECONDS:
        return f"{_brief(value)} s"
    return f"probability {_brief(value)}" if name == "probability" else _brief(value)


def _window(start: float, end: float | None) -> str:
    if end is None:
        return "all the time" if start == 0 else f"from {start:g} s"
    return f"{start:g} s to {end:g} s"


def _kinds(rule: Rule) -> str:
    return "" if rule.kinds is None else f"; only {', '.join(rule.kinds)}"


def _parameters(rule: Rule) -> str:
    return _values({key: value for key, value in rule.model_dump(mode="json").items() if key not in _OF_ALL_RULES})


def _of_board(fault: BoardFault) -> str:
    given = fault.model_dump(mode="json", exclude_unset=True)
    values = _values({key: given[key] for key in given if key not in ("at", "node", "kind")})
    return fault.kind.replace("_", " ") + (f", {values}" if values else "")


def _values(values: Mapping[str, object]) -> str:
    return ", ".join(
        f"{_spoken_key(key)}{_brief(value)}{' s' if key in SECONDS else ''}"
        for key, value in values.items()
        if value is not None
    )


def _spoken_key(key: str) -> str:
    """A field's name to print before its value, without the unit, which follows the value: "hold ", "min ", or ""."""
    words = [word for word in key.split("_") if word != "seconds" or key not in SECONDS]
    return "".join(f"{word} " for word in words)


def _brief(value: object) -> str:
    text = (
        ", ".join(map(str, value))
        if isinstance(value, list)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value)
    )
    return text if len(text) <= 120 else text[:119] + "\N{HORIZONTAL ELLIPSIS}"


def versions(found: Mapping[str, object]) -> str:
    """The versions that flew, for flying the same again."""
    packages = found.get("packages")
    rows: list[tuple[str, str]] = [
        (key.replace("_", " "), str(value)) for key, value in found.items() if key != "packages"
    ]
    content = table((), rows)
    if isinstance(packages, Mapping):
        content += folded("packages", table((), [(name, str(version)) for name, version in packages.items()]))
    return section("Versions", "", content)


def crashes(series: Series, found: Iterable[report_failures.Failure]) -> list[report_failures.Failure]:
    """Failures that boards printed, boards that restarted by themselves, and boards that crashed without output."""
    failures = list(found)
    for board, at, reason, heap in series.restarts:
        what = f"restarted by itself: {reason}"
        # A board prints its traceback before it starts again.
        printed = [each for each in failures if each.board == board and each.at <= at and "restarted" not in each.what]
        text = reason
        if printed:
            failures.remove(printed[-1])
            text = printed[-1].text
        failures.append(report_failures.Failure(board, at, what, f"{text}\n{heap}"))
    for board, at, reason in series.failures:
        if not any(failure.board == board and failure.at <= at + 1e-3 for failure in failures):
            failures.append(report_failures.Failure(board, at, reason or "crashed", ""))
    return sorted(failures, key=lambda failure: (failure.at, failure.board))
