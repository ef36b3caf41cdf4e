"""report.html: the flight in pictures, in one file that needs no other.

Drawn from the run's folder alone - trace, verdict, scenario - so that it can be drawn anew at any time, and as far as
the trace goes when the ground station died. A trace without a folder, such as a simulator writes, tells all but the
verdict and the windows of faults.
"""

import html
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from groundstation import report_figures as figures
from groundstation import report_space_time as space_time
from groundstation import run_directory
from groundstation.exports.causality import EmptyTraceError, Step, read
from groundstation.report_canvas import PICTURES, save
from groundstation.report_excerpt import excerpt
from groundstation.report_series import ARROWS_MAX, Collector, Series, SlotStory
from groundstation.report_timeline import timeline
from groundstation.scenario import Scenario, ScenarioError, load
from specs.checking.trace import TraceError
from specs.escape import shown

SIGNS = {"good": "✓", "bad": "✗", "open": "?"}


@dataclass(frozen=True)
class Sources:
    """What a report is drawn from."""

    about: Mapping[str, Any]
    verdict: Mapping[str, Any] | None
    scenario: Scenario | None
    byzantine: list[int]
    series: Series
    steps: list[Step]


def write(directory: Path, out: Path | None = None) -> Path:
    """Write the report of the run in a folder, there or to `out`; its path. Raises RunDirectoryError."""
    verdict = _read_if_there(directory / run_directory.VERDICT)
    scenario = _scenario(directory)
    byzantine = [] if scenario is None else scenario.byzantine_nodes()
    trace = directory / run_directory.TRACE
    about = run_directory.read_json(directory / run_directory.RUN)
    sources = Sources(about, verdict, scenario, byzantine, read_series(trace, byzantine), _steps_of(trace))
    return _write(sources, out or directory / run_directory.REPORT)


def write_trace(trace: Path, out: Path | None = None) -> Path:
    """Write the report of a trace alone, beside it or to `out`; its path. Raises RunDirectoryError."""
    steps = _steps_of(trace)
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
    sources = Sources(about, None, None, byzantine, read_series(trace, byzantine), steps)
    return _write(sources, out or trace.with_suffix(".html"))


def write_figure(trace: Path, out: Path) -> Path:
    """Write the space-time diagram of a trace alone, as SVG or PNG by the name of `out`. Raises RunDirectoryError."""
    if out.suffix not in PICTURES:
        raise run_directory.RunDirectoryError(
            f"{out}: no kind of picture that can be drawn; want {' or '.join(PICTURES)}"
        )
    steps = _steps_of(trace)
    part = excerpt(steps) if steps else None
    if part is None:
        raise run_directory.RunDirectoryError(f"{trace}: no board traced a message, there is nothing to draw")
    drawing, height_inches, titles = space_time.flight_drawing(part, _run_start(steps).get("byzantine", []))
    try:
        save(drawing, height_inches, out, titles)
    except OSError as error:
        raise run_directory.RunDirectoryError(f"{out}: cannot be written ({error.strerror}); choose another") from error
    return out


def _write(sources: Sources, out: Path) -> Path:
    page = PAGE.replace("@TITLE@", html.escape(sources.about["run"])).replace("@BODY@", "\n".join(_body(sources)))
    try:
        run_directory.write_text(out, shown(page, keep="\n\t"))
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise run_directory.RunDirectoryError(f"{out}: {what}; choose another --out") from error
    return out


def _steps_of(trace: Path) -> list[Step]:
    try:
        return read(trace)
    except EmptyTraceError:
        return []
    except TraceError as error:
        raise run_directory.RunDirectoryError(str(error)) from error


def _run_start(steps: Iterable[Step]) -> dict[str, Any]:
    return next((step.event.fields for step in steps if step.event.name == "RunStart"), {})


def read_series(trace: Path, byzantine: Iterable[int]) -> Series:
    """What there is to draw of a trace. A last line that was cut off is left out."""
    collector = Collector(byzantine)
    try:
        with trace.open("rb") as file:
            for number, line in enumerate(file, 1):
                if line.endswith(b"\n"):
                    try:
                        collector.feed(json.loads(line))
                    except (ValueError, KeyError, TypeError) as error:
                        raise run_directory.RunDirectoryError(f"{trace}:{number}: no trace event: {error!r}") from error
    except OSError as error:
        raise run_directory.RunDirectoryError(f"{trace}: cannot be read ({error.strerror})") from error
    return collector.series()


def _read_if_there(path: Path) -> Any:
    return run_directory.read_json(path) if path.exists() else None


def _scenario(directory: Path) -> Scenario | None:
    try:
        return load(str(directory / run_directory.SCENARIO))
    except ScenarioError:
        return None


# --- sections ---------------------------------------------------------------------------------


def _body(sources: Sources) -> Iterable[str]:
    about, verdict, scenario, byzantine, series = (
        sources.about,
        sources.verdict,
        sources.scenario,
        sources.byzantine,
        sources.series,
    )
    yield _header(about, verdict, scenario)
    if verdict is not None:
        yield _verdict(verdict)
    windows = [] if scenario is None else _windows(scenario, series.end_seconds)
    always = [name for name, start, stop in windows if start <= 0 and stop >= series.end_seconds]
    passing = [window for window in windows if window[0] not in always]
    yield _section(
        "Mission",
        "How far each board has applied the log. Shaded: a board is down."
        + (" Bars above: when a fault was on." if passing else "")
        + (f" All the time: {', '.join(always)}." if always else ""),
        figures.progress(series, byzantine, passing),
    )
    if series.life or series.board_faults or passing:
        yield _section(
            "Fault timeline",
            "What befell the boards; a bar in a lane: how long it lasted."
            + (" Bars on top: when a fault of the links was on." if passing else ""),
            timeline(series, byzantine, passing),
        )
    yield from _flight(sources)
    yield from _stories(series, byzantine)
    if series.latency:
        yield _section(
            "Decision latency",
            "From the first proposal of a slot to its decision; a sample for each correct board that decided by votes.",
            figures.latency(series),
        )
    common = series.common_fates()
    if len(series.fates) > len(common):
        said = f" Left out, for it befell nearly every frame: {', '.join(common)}." if common else ""
        yield _section("Faults over time", "What the ether did to flight frames." + said, figures.faults(series))
    if series.stages:
        yield _section(
            "Telecommands",
            "Time from the ground station's queue to each stage. Sent is not received, received is not applied.",
            figures.stages(series),
        )
    if verdict is not None:
        yield _steps(verdict)


def _header(about: Mapping[str, Any], verdict: Mapping[str, Any] | None, scenario: Scenario | None) -> str:
    word = "not judged" if verdict is None else verdict["verdict"].replace("_", " ")
    style = {"pass": "good", "violation": "bad", "crash": "bad"}.get(word, "open")
    description = "" if scenario is None else html.escape(scenario.description)
    parts = [
        f'<header><div class="badge {style}">{html.escape(word)}</div>',
        f"<h1>{html.escape(about['scenario'])} <small>seed {about['seed']}</small></h1>",
        f"<p>{description}</p>",
        f'<p class="run">{html.escape(about["run"])}, {html.escape(about["kind"])} boards</p>',
    ]
    if verdict is not None and verdict.get("replay"):
        parts.append(f"<p>Fly it again: <code>{html.escape(verdict['replay'])}</code></p>")
    return "\n".join([*parts, "</header>"])


def _verdict(verdict: Mapping[str, Any]) -> str:
    rows = "\n".join(
        f'<tr class="{line["status"]}"><td class="sign">{SIGNS[line["status"]]}</td>'
        f"<th>{html.escape(line['name'])}</th><td>{html.escape(line['detail'])}</td></tr>"
        for line in verdict["lines"]
    )
    findings = "".join(f"<li><pre>{html.escape(finding)}</pre></li>" for finding in verdict["findings"][:20])
    return _section("Verdict", "", f"<table>{rows}</table>" + (f"<ul>{findings}</ul>" if findings else ""))


def _flight(sources: Sources) -> Iterable[str]:
    bad_line = _bad_line(sources.verdict)
    part = excerpt(sources.steps, bad_line) if sources.steps else None
    if part is not None:
        yield _section(
            "Space-time diagram",
            f"{part.said} Dots are votes; a short dashed line that ends in a cross is a message that no trace shows to "
            "have arrived. Point at an arrow to read what it is.",
            space_time.flight_diagram(part, sources.byzantine),
        )


def _bad_line(verdict: Mapping[str, Any] | None) -> int | None:
    """The line of the trace that the first finding is about, if it names one."""
    named = re.search(r"line (\d+)", str((verdict or {}).get("first_bad_step") or ""))
    return int(named[1]) if named else None


def _stories(series: Series, byzantine: list[int]) -> Iterable[str]:
    for title, story in pick_stories(series):
        first, last = story.received
        shown, hero = story.legible()
        views = f"{story.view_changes} view change{'s' if story.view_changes > 1 else ''}" if story.view_changes else ""
        yield _section(
            f"Slot {story.slot}: {title}",
            f"Space-time diagram, {first:.2f} s to {last:.2f} s of mission time"
            + (f", {views}" if views else "")
            + ". A short dashed line that ends in a cross is a message that no trace shows to have arrived."
            + ("" if hero is None else f" Of all messages only those to and from board {hero} are drawn."),
            space_time.slot_diagram(shown, series.nodes, byzantine),
        )


def pick_stories(series: Series) -> list[tuple[str, SlotStory]]:
    """One slot without and one with a view change, each of middling size among those that can be read."""
    decided = [story for story in series.stories.values() if any(mark[2] == "Decide" for mark in story.marks)]
    readable = [story for story in decided if 0 < len(story.arrows) <= ARROWS_MAX] or decided
    plain = sorted((story for story in readable if not story.view_changes), key=lambda s: (len(s.arrows), s.slot))
    changed = sorted((s for s in readable if s.view_changes), key=lambda s: (s.view_changes, len(s.arrows), s.slot))
    picked = []
    if plain:
        picked.append(("decided in its first view", plain[len(plain) // 2]))
    if changed:
        simplest = [story for story in changed if story.view_changes == changed[0].view_changes]
        picked.append(("decided after a view change", simplest[len(simplest) // 2]))
    return picked


def _windows(scenario: Scenario, end: float) -> list[tuple[str, float, float]]:
    names = scenario.fault_plan().rule_names()
    windows = [(name, rule.start, end if rule.end is None else rule.end) for name, rule in zip(names, scenario.faults)]
    return [window for window in windows if window[1] < end]


def _steps(verdict: Mapping[str, Any]) -> str:
    steps = "".join(
        f"<tr><th>{html.escape(k)}</th><td class='number'>{v}</td></tr>" for k, v in verdict["steps"].items()
    )
    invariants = "".join(
        f"<tr class='{ {'holds': 'good', 'violated': 'bad'}.get(state, 'open') }'><th>{html.escape(name)}</th>"
        f"<td>{html.escape(state)}</td></tr>"
        for name, state in verdict["invariants"].items()
    )
    counts = "".join(
        f"<tr><th>{html.escape(k)}</th><td class='number'>{v}</td></tr>" for k, v in verdict["counts"].items()
    )
    tables = "".join(
        f"<div><h3>{title}</h3><table>{rows}</table></div>"
        for title, rows in (("Steps held against the modules", steps), ("Properties", invariants), ("Counts", counts))
    )
    return _section("What was checked", "", f'<div class="columns">{tables}</div>')


def _section(title: str, explanation: str, content: str) -> str:
    said = f'<p class="said">{html.escape(explanation)}</p>' if explanation else ""
    return f"<section><h2>{html.escape(title)}</h2>{said}{content}</section>"


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>@TITLE@</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { --ink: #1d2733; --faint: #66737f; --line: #e3e8ee; --good: #0a7f56; --bad: #c4122f; --open: #a36a00; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 72rem; color: var(--ink); background: #f6f8fa;
       font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
header, section { background: #fff; border: 1px solid var(--line); border-radius: 10px; padding: 1.2rem 1.6rem;
                  margin-bottom: 1.2rem; }
header { position: relative; }
h1 { margin: 0 0 .2rem; font-size: 1.7rem; } h1 small { color: var(--faint); font-weight: 400; font-size: 1rem; }
h2 { margin: 0 0 .3rem; font-size: 1.15rem; } h3 { margin: .3rem 0; font-size: .95rem; }
p { margin: .25rem 0; } .said, .run { color: var(--faint); font-size: .88rem; }
code, pre { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", monospace; background: #f0f3f6; border-radius: 4px;
            padding: .1rem .35rem; }
pre { white-space: pre-wrap; }
.badge { float: right; padding: .35rem 1.1rem; border-radius: 999px; color: #fff; font-weight: 700;
         text-transform: uppercase; letter-spacing: .05em; }
.badge.good { background: var(--good); } .badge.bad { background: var(--bad); } .badge.open { background: var(--open); }
table { border-collapse: collapse; margin-top: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .22rem .9rem .22rem 0; border-top: 1px solid var(--line); }
tr:first-child > * { border-top: 0; } th { font-weight: 600; white-space: nowrap; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
.sign { font-weight: 700; width: 1.4rem; }
tr.good .sign, tr.good td:last-child:not([class]):nth-child(2) { color: var(--good); }
tr.bad .sign, tr.bad td { color: var(--bad); } tr.open .sign { color: var(--open); }
.columns { display: flex; flex-wrap: wrap; gap: 2.5rem; }
svg { width: 100%; height: auto; display: block; margin-top: .6rem; }
ul { padding-left: 1.2rem; }
</style></head><body>
@BODY@
</body></html>
"""
