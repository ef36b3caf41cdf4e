"""Draws report.html: the flight in text and pictures, in one self-contained file.

The only input is the folder of a run (trace, verdict, scenario, log), so the report can be drawn again at any time; if
the ground station died, it covers the trace up to there. The report of a trace without a folder, such as the simulator
writes, lacks the verdict and the windows of faults.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from groundstation.clocks.clocks import Clocks
from groundstation.record import run_directory
from groundstation.record.contents import About, Judged
from groundstation.report import clocks as report_clocks
from groundstation.report import failures as report_failures
from groundstation.report import figures, space_time
from groundstation.report import words as report_words
from groundstation.report.canvas import PICTURES, save
from groundstation.report.contacts import contacts
from groundstation.report.excerpt import Excerpt, Traffic, pick_slots
from groundstation.report.exports.causality import EmptyTraceError, Step, read
from groundstation.report.page import page, picture, section
from groundstation.report.page import space_time as diagram
from groundstation.report.series import Collector, Series
from groundstation.report.stall import stall
from groundstation.report.timeline import mission
from groundstation.scenario.model import Scenario, ScenarioError, load
from groundstation.why.read import line_of
from specs.checking.prefix import named_lines
from specs.checking.schema import Fields
from specs.checking.trace import Event, TraceError
from specs.escape import escaped


@dataclass(frozen=True)
class Sources:
    """The input of a report. `events`: of the trace, in its order; `text`: the scenario as flown."""

    trace: Path
    about: Mapping[str, object]
    series: Series
    steps: list[Step]
    events: list[Event]
    byzantine: list[int]
    verdict: Judged | None = None
    scenario: Scenario | None = None
    text: str = ""
    versions: Mapping[str, object] = field(default_factory=dict)
    failures: list[report_failures.Failure] = field(default_factory=list)
    clocks: Clocks = field(default_factory=Clocks)


Chapters = Callable[[Sources], Iterable[str]]


def write(directory: Path, out: Path | None = None, chapters: Chapters | None = None) -> Path:
    """Write the report of the run in `directory`, to there or to `out`. Returns its path. Raises RunDirectoryError.

    chapters: sections of a debrief, which stand first.
    """
    scenario, text = _scenario(directory)
    byzantine = [] if scenario is None else scenario.byzantine_nodes()
    trace = directory / run_directory.TRACE
    about = run_directory.read_as(directory / run_directory.RUN, About)
    verdict = directory / run_directory.VERDICT
    versions = directory / run_directory.VERSIONS
    clocks = Clocks()
    steps = _steps_of(trace, clocks)
    events = _in_file_order(steps)
    sources = Sources(
        trace,
        about,
        _series_of(trace, events, byzantine),
        steps,
        events,
        byzantine,
        run_directory.read_as(verdict, Judged) if verdict.exists() else None,
        scenario,
        text,
        run_directory.read_as(versions, dict[str, object]) if versions.exists() else {},
        report_failures.read(directory / run_directory.LOG),
        clocks,
    )
    return _write(sources, out or directory / run_directory.REPORT, chapters)


def write_trace(trace: Path, out: Path | None = None, chapters: Chapters | None = None) -> Path:
    """Write the report of a single trace, as `write` does, beside it or to `out`."""
    clocks = Clocks()
    steps = _steps_of(trace, clocks)
    if not steps:
        raise run_directory.RunDirectoryError(f"{trace}: holds no event; want a trace as amu rehearse records it")
    start = _run_start(steps)
    byzantine = start.get("byzantine", [])
    about = {
        "run": trace.name,
        "scenario": start.get("scenario", trace.stem),
        "seed": start.get("seed", "?"),
        "kind": "simulated or unknown",
    }
    versions = start.get("versions")
    events = _in_file_order(steps)
    sources = Sources(
        trace,
        about,
        _series_of(trace, events, byzantine),
        steps,
        events,
        byzantine,
        versions=versions if isinstance(versions, dict) else {},
        clocks=clocks,
    )
    return _write(sources, out or trace.with_suffix(".html"), chapters)


def write_figure(trace: Path, out: Path) -> Path:
    """Write only the space-time diagram of a trace, as SVG or PNG by the suffix of `out`. Raises RunDirectoryError."""
    if out.suffix not in PICTURES:
        raise run_directory.RunDirectoryError(f"{out}: not a supported kind of picture; want {' or '.join(PICTURES)}")
    steps = _steps_of(trace)
    part = Traffic(steps).excerpt() if steps else None
    if part is None:
        raise run_directory.RunDirectoryError(f"{trace}: no board traced a message, there is nothing to draw")
    drawing, height_inches, parts = space_time.picture(part, _run_start(steps).get("byzantine", [])).file()
    try:
        save(drawing, height_inches, out, parts)
    except OSError as error:
        raise run_directory.RunDirectoryError(f"{out}: cannot be written ({error.strerror}); choose another") from error
    return out


def _write(sources: Sources, out: Path, chapters: Chapters | None) -> Path:
    text = page(str(sources.about["run"]), _body(sources, chapters))
    try:
        run_directory.write_text(out, escaped(text, keep="\n\t"))
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise run_directory.RunDirectoryError(f"{out}: {what}; choose another --out") from error
    return out


def _steps_of(trace: Path, clocks: Clocks | None = None) -> list[Step]:
    try:
        return read(trace, clocks=clocks)
    except EmptyTraceError:
        return []
    except TraceError as error:
        raise run_directory.RunDirectoryError(str(error)) from error


def _run_start(steps: Iterable[Step]) -> Fields:
    starts = (step.event.fields for step in steps if step.event.name == "RunStart")
    return next(starts, Fields())


def _in_file_order(steps: Iterable[Step]) -> list[Event]:
    return sorted((step.event for step in steps), key=lambda event: event.line)


def _series_of(trace: Path, events: Iterable[Event], byzantine: Iterable[int]) -> Series:
    try:
        return read_series(events, byzantine)
    except TraceError as error:
        raise run_directory.RunDirectoryError(f"{trace}: {error}") from error


def read_series(events: Iterable[Event], byzantine: Iterable[int]) -> Series:
    """The series of a trace. events: in the file's order. Raises TraceError."""
    collector = Collector(byzantine)
    for event in events:
        line: Any = line_of(event)
        try:
            collector.feed(line)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise TraceError(f"line {event.line}: {event.name} is not as amu rehearse records it: {error!r}") from error
    return collector.series()


def _scenario(directory: Path) -> tuple[Scenario | None, str]:
    path = directory / run_directory.SCENARIO
    try:
        return load(str(path)), path.read_text(encoding="utf-8")
    except (ScenarioError, OSError, UnicodeDecodeError):
        return None, ""


# --- sections ---------------------------------------------------------------------------------


def _body(sources: Sources, chapters: Chapters | None) -> Iterable[str]:
    verdict, scenario, series = sources.verdict, sources.scenario, sources.series
    yield report_words.header(sources.about, verdict, scenario)
    if chapters is not None:
        yield from chapters(sources)
    if verdict is not None:
        yield report_words.judgement(verdict)
    yield from stall(sources.events)
    failed = report_words.crashes(series, sources.failures)
    if failed:
        yield report_words.failures(failed)
    yield _mission(sources)
    if series.health:
        yield section(
            "Heap of the boards",
            "The heap as each board reported it. The longest free run bounds the largest allocation."
            + report_words.moments(series),
            picture(figures.heap(series, sources.byzantine)),
        )
    if sources.clocks.lives():
        yield report_clocks.table(sources.clocks)
    yield from _space_time(sources)
    if series.latency:
        yield section(
            "Decision latency",
            "From the first proposal of a slot to its decision: one sample per correct board that decided by votes."
            + figures.thinned(len(series.latency)),
            picture(figures.latency(series)),
        )
    common = series.common_fates()
    if len(series.fates) > len(common):
        said = f" Omitted, because nearly every frame had it: {', '.join(common)}." if common else ""
        rare = len(series.fates) - len(common) - figures.FATES_MAX
        said += f" Omitted, because they are rarer: {rare} further kinds." if rare > 0 else ""
        explanation = "Faults that the ether injected into flight frames." + said + report_words.moments(series)
        yield section("Faults over time", explanation, picture(figures.faults(series)))
    if series.stages:
        yield section(
            "Telecommands",
            "Time from the ground station's queue to each stage. Sent is not received, received is not applied."
            + figures.thinned(max(len(values) for values in series.stages.values())),
            picture(figures.stages(series)),
        )
    if verdict is not None:
        yield report_words.property_table(verdict)
        yield report_words.checked(verdict)
    if scenario is not None:
        yield report_words.as_flown(scenario, sources.text, contacts(scenario, series.end_seconds))
    if sources.versions:
        yield report_words.versions(sources.versions)


def _mission(sources: Sources) -> str:
    series, scenario = sources.series, sources.scenario
    windows = [] if scenario is None else _windows(scenario, series.end_seconds)
    always = [name for name, start, stop in windows if start <= 0 and stop >= series.end_seconds]
    passing = [window for window in windows if window[0] not in always]
    said = (
        "The last slot that each board has applied; its line has a gap while it is down. Below, on the same axis, one "
        "lane for each temporary fault of links, each contact window, and each board."
        + (f" Active all the time: {', '.join(always)}." if always else "")
        + report_words.moments(series)
    )
    windows_of_contact = [] if scenario is None else contacts(scenario, series.end_seconds)
    drawn, left_out = mission(series, sources.byzantine, passing, windows_of_contact)
    said += f" {left_out} further lanes are omitted." if left_out else ""
    return section("Mission", said, picture(drawn))


def _space_time(sources: Sources) -> Iterable[str]:
    if not sources.steps:
        return
    traffic = Traffic(sources.steps)
    part = traffic.excerpt(_bad_line(sources.verdict))
    if part is None:
        return
    lost = (
        " A short dashed line with a cross is a message that, by the traces, did not arrive. "
        "Marks that would overlap are drawn above or below their line."
    )
    said = f"{part.said}{lost}{_resumes_in(part)} Point at an arrow for its details."
    yield section("Space-time diagram", said, diagram(space_time.picture(part, sources.byzantine)))
    for title, story in pick_slots(traffic, part.slot):
        drawn = space_time.picture(story, sources.byzantine, by_order=True)
        yield section(title, story.said + lost + _resumes_in(story), diagram(drawn))


def _resumes_in(part: Excerpt) -> str:
    return " Dotted line: the ground station was down, and another one resumed the run." if part.resumes else ""


def _bad_line(verdict: Judged | None) -> int | None:
    """The line of the trace that the first bad step names, if any."""
    named = named_lines(("" if verdict is None else verdict.get("first_bad_step")) or "")
    return named[0] if named else None


def _windows(scenario: Scenario, end: float) -> list[tuple[str, float, float]]:
    """(name, from, to) of each fault of links within the run, without contact windows: they have their own lanes."""
    names = scenario.fault_plan().rule_names()
    windows = [
        (name, rule.start, end if rule.end is None else rule.end)
        for name, rule in zip(names, scenario.faults)
        if rule.fault != "contact_window"
    ]
    return [window for window in windows if window[1] < end]
