"""`amu twins`: every schedule of a replica that exists twice."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson, number, output

if TYPE_CHECKING:
    from swarm_sim.twins.replay import Outcome
    from swarm_sim.twins.search import Coverage, Search

PROGRESS_SECONDS = 5.0
ROUNDS_MAX = 100

PANEL = panels.HUNT


def twins(
    rounds: Annotated[
        int,
        number("--rounds", "Rounds of a schedule; a round lasts a view.", 1, ROUNDS_MAX),
    ] = 6,
    twin: Annotated[int, number("--twin", "The replica that exists twice, 0 to 3.", 0, 3)] = 0,
    sample: Annotated[
        int,
        number("--sample", "Schedules flown alone, before the whole checker.", 0),
    ] = 30,
    search: Annotated[
        bool, typer.Option("--search/--no-search", help="Cover all schedules, or only the sample.")
    ] = True,
    settle: Annotated[
        bool, typer.Option("--settle/--no-settle", help="Leave a schedule when all have decided.")
    ] = True,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the trace of a failed schedule to this file.", callback=output)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run two copies of one replica through all partitions of all rounds.  Example: [cyan]amu twins --rounds 4[/cyan]

    Two copies under one identity are a Byzantine replica that equivocates, votes twice and forgets. Four replicas and a
    second copy have 15 partitions, so there are 15**rounds schedules. The search covers all of them, merging equal
    states. A sample is also flown one by one: each step is checked against the modules, and the swarm must make
    progress after the network has healed.

        amu twins --rounds 4 --twin 2

        amu twins --rounds 4 --no-settle

        amu twins --no-search --sample 1000

    Exit codes: 0 pass, 1 crash, 2 bad input, 3 safety violation, 4 no progress.
    """
    from specs.verdict import EXIT_CODES, PASS, VIOLATION
    from swarm_sim.twins import replay
    from swarm_sim.twins.search import Search

    if not search and not sample:
        raise typer.BadParameter("--no-search with --sample 0 leaves nothing to check; give one of them up")
    searched = Search(twin, rounds, _progress(), settle)
    coverage = searched.run() if search else None
    outcomes = [replay.fly(twin, coverage.schedule, out)] if coverage and coverage.violation else []
    outcomes += _fly_sample(searched, sample, search and not outcomes)
    bad = next((outcome for outcome in outcomes if outcome.verdict != PASS), None)
    if coverage is not None and coverage.violation:
        verdict = VIOLATION
    else:
        verdict = PASS if bad is None else bad.verdict
    if bad is not None and out is not None:
        replay.fly(twin, bad.schedule, out)
    report = _report(verdict, twin, rounds, coverage, outcomes, bad)
    if as_json:
        typer.echo(json.dumps(report, indent=2))
    else:
        _print(report)
    raise typer.Exit(EXIT_CODES[verdict])


def _fly_sample(searched: "Search", sample: int, compare: bool) -> list["Outcome"]:
    """The sampled schedules, one by one; with `compare`, the search must have gone through their states."""
    from specs.verdict import PASS
    from swarm_sim.twins import replay

    outcomes: list[Outcome] = []
    tell = _seldom(lambda: f"sample: {len(outcomes):,} of {sample:,} schedules flown")
    for schedule in replay.sampled(sample, searched.coverage.rounds):
        tell()
        outcome = replay.fly(searched.coverage.twin, schedule)
        outcomes.append(outcome)
        if outcome.verdict != PASS:
            break
        if compare:
            replay.compare(searched, outcome)
    return outcomes


def _report(
    verdict: str, twin: int, rounds: int, coverage: "Coverage | None", outcomes: list["Outcome"], bad: "Outcome | None"
) -> dict[str, Any]:
    report: dict[str, Any] = {"verdict": verdict, "twin": twin, "rounds": rounds}
    if coverage is not None:
        members = ("settled", "walked", "states", "prefixes", "local_states", "parts_played", "parts_looked_up")
        report.update({"schedules": coverage.schedules, "covered": coverage.covered})
        report.update({member: getattr(coverage, member) for member in (*members, "parts_idle", "deliveries")})
        report.update(seconds=round(coverage.seconds, 1), processor_seconds=round(coverage.processor_seconds, 1))
        report.update(violation=coverage.violation, schedule=coverage.schedule)
    report.update(flown=len(outcomes), steps=sum(outcome.steps for outcome in outcomes))
    report["healed_rounds_max"] = max((outcome.healed_rounds for outcome in outcomes), default=0)
    report["failed"] = None if bad is None else {"schedule": bad.schedule, "verdict": bad.verdict, "detail": bad.detail}
    return report


def _print(report: dict[str, Any]) -> None:
    from groundstation.console import say as echo

    echo(f"twin        replica {report['twin']}, {report['rounds']} rounds")
    if "schedules" in report:
        share = report["covered"] / max(report["seconds"], 0.1)
        echo(f"schedules   {report['covered']:,} of {report['schedules']:,} covered:")
        echo(f"            {report['settled']:,} settled before their last round, {report['walked']:,} walked to it")
        states = " ".join(f"{count:,}" for count in report["states"])
        echo(f"merged      into {report['prefixes']:,} rounds of distinct states ({states} after each round)")
        echo(f"parts       {report['parts_played']:,} played, {report['parts_looked_up']:,} looked up")
        echo(
            f"time        {report['seconds']} s, {report['processor_seconds']} s of processor; {share:,.0f} schedules/s"
        )
        if report["violation"]:
            echo(f"violation   {report['violation']}")
            echo(f"            after {report['prefixes']:,} rounds tried; schedule {_shown(report['schedule'])}")
    echo(f"flown       {report['flown']} alone, {report['steps']:,} steps checked against the modules,")
    echo(f"            decided at most {report['healed_rounds_max']} rounds after the network healed")
    if report["failed"] is not None:
        failed = report["failed"]
        echo(f"failed      {failed['verdict']} in schedule {_shown(failed['schedule'])}: {failed['detail']}")
    echo(f"verdict     {report['verdict'].upper()}")


def _shown(schedule: list[int]) -> str:
    """A schedule in words: the parts of each round, such as 01|234."""
    from swarm_sim.twins.search import PARTITIONS

    parted = [PARTITIONS[partition] for partition in schedule]
    return " ".join("|".join("".join(map(str, part)) for part in parts) for parts in parted)


def _progress() -> Callable[["Coverage"], None]:
    found: Coverage

    def words() -> str:
        covered = f"round {len(found.states) + 1}: {found.covered:,} of {found.schedules:,} schedules covered"
        return f"{covered}, {found.parts_played:,} parts played"

    tell = _seldom(words)

    def show(coverage: "Coverage") -> None:
        nonlocal found
        found = coverage
        tell()

    return show


def _seldom(words: Callable[[], str]) -> Callable[[], None]:
    """Prints the words on standard error when called, at most once per PROGRESS_SECONDS."""
    last = time.monotonic()

    def tell() -> None:
        nonlocal last
        if time.monotonic() - last >= PROGRESS_SECONDS:
            last = time.monotonic()
            print(words(), file=sys.stderr, flush=True)

    return tell
