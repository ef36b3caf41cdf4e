"""`amu campaign`: many seeds, on all cores or on a cluster, into a store from which a campaign can continue."""

from __future__ import annotations

import json
import os
import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import panels
from groundstation.commands.options import PROCESSES_MAX, AsJson, finite, number, whole

if TYPE_CHECKING:
    from swarm_sim.campaign.campaign import Crew
    from swarm_sim.campaign.display import Display
    from swarm_sim.campaign.summary import Summary
    from swarm_sim.campaign.task import Task

NODES_DEFAULT = 4  # as `swarm_sim.draw.draw` has it, which is slow to import
SLOTS_DEFAULT = 20
SEED_SECONDS_MAX_DEFAULT = 300.0
SEED_SECONDS_MOST = 1_000_000.0  # eleven days
RUN_SEED = "swarm_sim.simulation:run_seed"

PANEL = panels.HUNT


def campaign(
    seeds: Annotated[str | None, typer.Option("--seeds", help="From A to before B.", metavar="A:B")] = None,
    nodes: Annotated[int, number("--nodes", "Boards of each swarm, 4 to 13.", 4, 13)] = NODES_DEFAULT,
    slots: Annotated[
        int,
        number("--slots", "Slots that each swarm is to decide.", 1),
    ] = SLOTS_DEFAULT,
    jobs: Annotated[
        int | None,
        number("--jobs", "Processes. Default: one for each core.", 1, PROCESSES_MAX),
    ] = None,
    store: Annotated[Path | None, typer.Option("--store", help="SQLite file that keeps the outcomes.")] = None,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="A Dask scheduler, tcp://host:port.", metavar="ADDRESS")
    ] = None,
    seed_seconds_max: Annotated[
        float,
        typer.Option(
            "--seed-seconds-max",
            help="A seed that takes longer is ended: no answer.",
            metavar="X",
            min=0.1,
            max=SEED_SECONDS_MOST,
            callback=finite,
        ),
    ] = SEED_SECONDS_MAX_DEFAULT,
    function: Annotated[
        str,
        typer.Option(
            "--function",
            help="What runs a seed: module:name, called with seed, nodes, slots.",
            show_default="the simulator",
        ),
    ] = RUN_SEED,
    report: Annotated[bool, typer.Option("--report", help="Run nothing; print what the store holds.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the simulator over many seeds.  Example: [cyan]amu campaign --seeds 0:1000 --store runs/night.sqlite[/cyan]

    Failures are printed as they happen, each with the command that replays it; at the end they are counted by cause.
    With --store the same command continues where it was interrupted, and a larger range runs only the new seeds.

        amu campaign --seeds 0:20 --nodes 7 --jobs 1

        amu campaign --seeds 0:9999 --store night.sqlite --cluster tcp://host:8786

        amu campaign --store runs/night.sqlite --report

    Exit codes: of the worst seed: 1 crash, 3 violation, 4 no progress, 5 incomplete or interrupted, 0 all pass; else 2
    bad input, or a store or cluster that does not work.
    """
    from groundstation.console import refused
    from swarm_sim.campaign.keeper import WorkerError
    from swarm_sim.campaign.store import StoreError
    from swarm_sim.campaign.task import TaskError

    wanted = None if seeds is None else _range(seeds)
    if report and store is None:
        raise typer.BadParameter("--report needs --store FILE")
    if not report and wanted is None:
        raise typer.BadParameter("say which seeds: --seeds A:B")
    if jobs is not None and cluster is not None:
        raise typer.BadParameter("give one of --jobs and --cluster: on a cluster its workers' threads count")
    try:
        if report:
            assert store is not None
            summary = _report(store, wanted, as_json)
        else:
            assert wanted is not None
            summary = _run(
                _task(function, nodes, slots, seed_seconds_max), wanted, store, _crew(jobs, cluster), as_json
            )
    except (StoreError, WorkerError, TaskError) as error:
        raise refused("campaign", error) from error
    raise typer.Exit(summary.exit_code)


def _range(text: str) -> range:
    """The seeds that A:B names. Raises typer.BadParameter."""
    from swarm_sim.campaign.store import SEED_END_MAX

    first, _, end = map(whole, text.partition(":"))
    if first is None or end is None:
        raise typer.BadParameter(f"--seeds {text[:80]}: write A:B, two numbers, as in 0:1000")
    if not first < end <= SEED_END_MAX:
        raise typer.BadParameter(f"--seeds {text}: A must be less than B, and B at most {SEED_END_MAX}")
    return range(first, end)


def _task(function: str, nodes: int, slots: int, seconds_max: float) -> Task:
    from swarm_sim.campaign.task import Task, fingerprint

    return Task(function, nodes, slots, seconds_max, fingerprint(function))


def _crew(jobs: int | None, cluster: str | None) -> Crew:
    if cluster is not None:
        from swarm_sim.campaign import dask_cluster

        return partial(dask_cluster.run, address=cluster)
    from swarm_sim.campaign import jobs as local

    return partial(local.run, jobs=jobs or len(os.sched_getaffinity(0)))


def _run(task: Task, seeds: range, path: Path | None, crew: Crew, as_json: bool) -> Summary:
    """Run what is missing; print and return the summary, even if the campaign is interrupted."""
    from groundstation.console import SafeConsole
    from swarm_sim.campaign import campaign as campaigns
    from swarm_sim.campaign import summary as summaries
    from swarm_sim.campaign.display import Display
    from swarm_sim.campaign.store import IN_MEMORY, Store

    console = SafeConsole(stderr=True)
    store = Store(IN_MEMORY if path is None else path)
    try:
        with Display(task, console) as display:
            try:
                campaigns.run(task, seeds, store, crew, display)
            except KeyboardInterrupt:
                console.print(_how_to_continue(task, seeds, path), soft_wrap=True)
        summary = summaries.of_store(store, task, seeds, len(seeds))
        _print(summary, _rates(summary, display), as_json)
    finally:
        store.close()
    return summary


def _how_to_continue(task: Task, seeds: range, path: Path | None) -> str:
    if path is None:
        return "interrupted; without --store nothing is kept"
    words = ["amu", "campaign", "--seeds", f"{seeds.start}:{seeds.stop}", "--nodes", str(task.nodes)]
    words += ["--slots", str(task.slots), "--store", str(path)]
    if task.function != RUN_SEED:
        words += ["--function", task.function]
    return f"interrupted; what is done is stored. Continue with:\n    {shlex.join(words)}"


def _rates(summary: Summary, display: Display) -> dict[str, float]:
    """Seeds per second of this run; deliveries per second if this run did all of its seeds itself."""
    rates = {"seeds/s": display.done / display.seconds} if display.done else {}
    if display.done == summary.done and "deliveries" in summary.counts:
        rates["deliveries/s"] = summary.counts["deliveries"] / display.seconds
    return rates


def _report(path: Path, seeds: range | None, as_json: bool) -> Summary:
    """Print and return the summary of an existing store, or of `seeds` in it."""
    from swarm_sim.campaign import summary as summaries
    from swarm_sim.campaign.store import Store, StoreError
    from swarm_sim.campaign.task import Task

    if not path.is_file():
        raise StoreError(f"{path}: no such file")
    store = Store(path)
    try:
        made = store.identity()
        if not made:
            raise StoreError(f"{path} holds nothing yet: run a campaign into it")
        task = Task(made["function"], int(made["nodes"]), int(made["slots"]), 0.0, made["fingerprint"])
        span = store.span() if seeds is None else seeds
        summary = summaries.of_store(store, task, span, None if seeds is None else len(seeds))
    finally:
        store.close()
    _print(summary, {}, as_json)
    return summary


def _print(summary: Summary, rates: dict[str, float], as_json: bool) -> None:
    from groundstation.console import table_console
    from swarm_sim.campaign.display import print_summary

    if as_json:
        told = {**summary.as_dict(), "rates": {name: round(rate, 3) for name, rate in rates.items()}}
        typer.echo(json.dumps({**told, "exit_code": summary.exit_code}, indent=2))
    else:
        print_summary(summary, rates, table_console())
