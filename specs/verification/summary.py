"""Writes specs/<feature>/verification_summary.md from the model checker's results, and reads it back.

Rules. Every figure comes from a result. A row of tier deep is kept while its content matches today's files; then it is
replaced by NOT_RUN: an old figure beside a new module would be a false claim. A comment at the end repeats the results
for programs to read.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

from specs import strict_json
from specs.verification import cache
from specs.verification.formulas import ACTION
from specs.verification.jobs import cores
from specs.verification.plan import SUMMARY, Plan, Run
from specs.verification.result import PASS, RunResult, of_dict

NOT_RUN = "not run on this version"
HASH_CHARACTERS = 12
_COLUMNS = (
    *("Run", "Tier", "Module", "Configuration", "Must end with", "Ended with"),
    *("Distinct states", "Depth", "Seconds", "Workers", "Content"),
)
_THEOREM = re.compile(r"^THEOREM (\w+) == \w+ => (.*\S)", re.MULTILINE)
_DATA = "<!-- results of `amu verify`, one per line\n"


class SummaryError(Exception):
    """A summary cannot be written here, or not from these results."""


def read(folder: Path) -> dict[str, RunResult]:
    """The results in a feature's summary, by name of the run. Empty if there is no summary."""
    try:
        text = (folder / SUMMARY).read_text(encoding="utf-8")
    except OSError:
        return {}
    results = {}
    for line in text.partition(_DATA)[2].split("\n"):
        try:
            result = of_dict(strict_json.loads(line))
        except ValueError:
            continue
        if result is not None:
            results[result.run] = result
    return results


def stale(folder: Path, plan: Plan) -> list[str]:
    """Names of the gate's runs that the summary lacks, or has only for other file contents."""
    results = read(folder)
    return [
        run.name
        for run in plan.runs
        if run.tier == "gate" and (run.name not in results or results[run.name].content != cache.content(folder, run))
    ]


def require_writable(folder: Path) -> None:
    """Raises SummaryError in an installation: a package manager owns those files, so only a checkout is writable."""
    if not (folder.parent.parent / "pyproject.toml").is_file() or not os.access(folder, os.W_OK):
        raise SummaryError(f"{folder} is not a source tree: run `amu verify --write` in a checkout of the project")


def write(folder: Path, plan: Plan, results: list[RunResult]) -> Path:
    """Write the summary. Raises SummaryError if a run did not pass, or the folder is not a source tree."""
    require_writable(folder)
    failed = [result.run for result in results if result.status != PASS]
    if failed:
        raise SummaryError(f"{plan.feature}: no summary written, these runs do not pass: {', '.join(failed)}")
    known = {name: result for name, result in read(folder).items() if result.status == PASS}
    known |= {result.run: result for result in results}
    rows = [(run, known.get(run.name)) for run in plan.runs]
    current = [(run, result if _is_current(folder, run, result) else None) for run, result in rows]
    path = folder / SUMMARY
    temporary = path.with_suffix(".part")
    temporary.write_text(text(plan, current, theorems(folder)), encoding="utf-8")
    os.replace(temporary, path)
    return path


def _is_current(folder: Path, run: Run, result: RunResult | None) -> bool:
    return result is not None and result.content == cache.content(folder, run)


def theorems(folder: Path) -> dict[str, str]:
    """What the feature's modules of proofs state about the specification, by name of the theorem."""
    modules = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*_proofs.tla"))]
    return {name: claim for module in modules for name, claim in _THEOREM.findall(module)}


def text(plan: Plan, rows: list[tuple[Run, RunResult | None]], proved: dict[str, str]) -> str:
    """The text of the whole file."""
    lines = [
        f"# Verification of {plan.feature}",
        "",
        f"{plan.title}. Written by `amu verify {plan.feature} --write` from the model checker's own output; rows of "
        "tier deep with `--deep`.",
        "",
        *_runs(rows),
        *_bounds(rows),
        *_theorems(plan, proved),
        *_actions(rows),
        *_vacuity(rows),
        *_tools(rows),
        "",
        _DATA + "\n".join(_data(result) for _, result in rows if result is not None),
        "-->",
    ]
    return "\n".join(lines) + "\n"


def _runs(rows: list[tuple[Run, RunResult | None]]) -> list[str]:
    lines = [
        "## Runs",
        "",
        "| " + " | ".join(_COLUMNS) + " |",
        "|---" * len(_COLUMNS) + "|",
    ]
    for run, result in rows:
        cells = [run.name, run.tier, f"`{run.module}`", f"`{run.config}`", str(run.expect)]
        if result is None:
            cells += [NOT_RUN, "", "", "", str(run.workers), ""]
        else:
            ended = result.outcome if result.violated is None else f"{result.violated} violated"
            states = f"{result.states_distinct:,}"
            if run.kind == "simulate":
                states = f"{result.states_generated:,} on {run.walks} walks"
            depth = str(result.depth or run.depth)
            cells += [ended, states, depth, f"{result.check_seconds:.1f}", str(run.workers)]
            cells += [result.content[:HASH_CHARACTERS]]
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, ""]


def _bounds(rows: list[tuple[Run, RunResult | None]]) -> list[str]:
    return ["## Bounds", "", *[f"- {run.name}: {run.bounds}" for run, _ in rows], ""]


def _theorems(plan: Plan, proved: dict[str, str]) -> list[str]:
    if not proved:
        return []
    return [
        "## Theorems without bounds",
        "",
        f"`amu prove {plan.feature}` proves these of the specification, for all constants that the ASSUMEs permit "
        "(docs/reference/proofs.md). What is not among them is known within the bounds above.",
        "",
        *[f"- {name}: `{claim}`" for name, claim in proved.items()],
        "",
    ]


def _actions(rows: list[tuple[Run, RunResult | None]]) -> list[str]:
    """Steps by action, without the runs that end at a violation: those take only some of the steps."""
    whole = [(run, result) for run, result in rows if result is not None and run.expect.outcome == "ok"]
    names = list(dict.fromkeys(action.name for _, result in whole for action in result.actions))
    if not names:
        return []
    lines = [
        "## Actions",
        "",
        "Steps that TLC made, by action. A dash: not an action of this run, or not counted separately.",
        "",
        "| Action | " + " | ".join(run.name for run, _ in whole) + " |",
        "|---|" + "---|" * len(whole),
    ]
    for name in names:
        cells = []
        for run, result in whole:
            counts = [action.generated for action in result.actions if action.name == name]
            excuse = f" ({run.never[name]})" if name in run.never else ""
            cells.append(f"{sum(counts):,}{excuse}" if counts else "-")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return [*lines, ""]


def _vacuity(rows: list[tuple[Run, RunResult | None]]) -> list[str]:
    lines = []
    for run, result in rows:
        points = [point for point in result.points if point.what != ACTION] if result is not None else []
        if points:
            reached = sum(point.reached for point in points)
            lines.append(f"- {run.name}: {reached} of {len(points)}" + _excuses(run, [p.formula for p in points]))
    if not lines:
        return []
    return [
        "## Nothing vacuous",
        "",
        "Consequents, bodies of quantifiers and premises in what is checked that some state has reached:",
        "",
        *lines,
        "",
    ]


def _excuses(run: Run, formulas: list[str]) -> str:
    excuses = [f"{name}: {reason}" for name, reason in run.never.items() if name in formulas]
    return f" ({'; '.join(excuses)})" if excuses else ""


def _tools(rows: list[tuple[Run, RunResult | None]]) -> list[str]:
    results = [result for _, result in rows if result is not None]
    checkers = sorted({result.tlc for result in results if result.tlc})
    runtimes = sorted({result.java for result in results if result.java})
    return [
        "## Tools",
        "",
        f"- TLC {', '.join(checkers)}, tla2tools.jar with SHA-256 {cache.jar_hash()[:HASH_CHARACTERS]}",
        f"- Java: {', '.join(runtimes)}",
        f"- Pipeline version {cache.PIPELINE}, on {cores()} cores; seconds are of wall time, of the check alone",
    ]


def _data(result: RunResult) -> str:
    # Without counterexamples: they are long, and quickly found again.
    return json.dumps(replace(result, trace=()).as_dict(), separators=(",", ":"))
