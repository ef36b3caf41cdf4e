"""`amu byzzfuzz`: a few faults at random rounds of the protocol, many times."""

import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from groundstation.commands import panels
from groundstation.commands.options import AsJson, number, output, whole
from specs.seeds import SEED_MAX

if TYPE_CHECKING:
    from swarm_sim.byzzfuzz.runs import Outcome

FAULTS_MAX = 20

PANEL = panels.HUNT


def byzzfuzz(
    runs: Annotated[int, number("--runs", "Runs for each pair of c and d.", 1)] = 200,
    process: Annotated[
        str,
        typer.Option(
            "--c", help="In how many rounds the liar lies: a number, or each from A to before B.", metavar="A:B"
        ),
    ] = "0:3",
    network: Annotated[
        str, typer.Option("--d", help="In how many rounds the network is partitioned, likewise.", metavar="A:B")
    ] = "0:3",
    seed: Annotated[
        int,
        number(
            "--seed", "Seed of the first run of each pair; each further run takes the next.", 0, SEED_MAX, metavar="S"
        ),
    ] = 1,
    any_scope: Annotated[bool, typer.Option("--any-scope", help="Lies are noise, not near misses.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the first failed run's trace to this file.", callback=output)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Fuzz rounds of the protocol with lies and partitions.  Example: [cyan]amu byzzfuzz --runs 20[/cyan]

    Four boards, one of them Byzantine: the liar. A round is a step of a view, such as vote 2 of view 1. In d rounds,
    drawn at random, the network is partitioned; in c rounds the liar sends some of its peers a message close to the
    correct one: with another value in circulation or a neighbouring view, or no message. Every trace is checked against
    the modules, and every operation must be confirmed afterwards.

    Each pair of c and d is flown --runs times. By default c and d are 0:3, that is 0, 1 and 2: nine pairs.

        amu byzzfuzz --c 2 --d 1:3 --runs 1000

        amu byzzfuzz --any-scope --seed 7

    Exit codes: 0 pass, 1 crash, 2 bad input, 3 safety violation, 4 no progress, 5 incomplete trace.
    """
    from specs.verdict import EXIT_CODES, PASS
    from swarm_sim.byzzfuzz.runs import Pair, fly, fuzz
    from swarm_sim.outcome import worst

    if seed + runs - 1 > SEED_MAX:
        raise typer.BadParameter(f"--seed {seed} leaves no seeds for {runs} runs; the last one is {SEED_MAX}")
    pairs = [(c, d) for c in _numbers(process, "--c") for d in _numbers(network, "--d")]
    rows: list[dict[str, object]] = []
    failed: list[Outcome] = []
    for c, d in pairs:
        began = time.monotonic()
        pair = fuzz(Pair(c, d), runs, seed, any_scope)
        seconds = round(time.monotonic() - began, 1)
        rows.append({**pair.counts(), "seconds": seconds})
        failed += pair.failed
        if not as_json:
            _print_row(rows[-1], is_first=len(rows) == 1)
    verdict = worst([outcome.verdict for outcome in failed]) if failed else PASS
    if failed and out is not None:
        fly(failed[0].plan, out)
    if as_json:
        told = [{"plan": str(outcome.plan), "verdict": outcome.verdict, "detail": outcome.detail} for outcome in failed]
        typer.echo(json.dumps({"verdict": verdict, "cells": rows, "failed": told}, indent=2))
    else:
        _print_end(verdict, failed)
    raise typer.Exit(EXIT_CODES[verdict])


def _numbers(text: str, option: str) -> range:
    """A:B as a half-open range. A single number is a range of one."""
    head, colon, tail = text.partition(":")
    first, end = whole(head), whole(tail if colon else head)
    if first is None or end is None:
        raise typer.BadParameter(f"{option}: want A:B or a number, have {text[:80]!r}")
    numbers = range(first, end if colon else end + 1)
    if not numbers or numbers[-1] > FAULTS_MAX:
        raise typer.BadParameter(f"{option}: want at least one number, none above {FAULTS_MAX}, have {text!r}")
    return numbers


def _print_row(row: dict[str, object], is_first: bool) -> None:
    from groundstation.console import say

    if is_first:
        say(" c  d    runs  violations  no progress  seconds")
    numbers = f"{row['c']:>2} {row['d']:>2} {row['runs']:>7} {row['violations']:>11} {row['no_progress']:>12}"
    say(f"{numbers} {row['seconds']:>8}")
    sys.stdout.flush()


def _print_end(verdict: str, failed: list["Outcome"]) -> None:
    from groundstation.console import say

    for outcome in failed[:5]:
        say(f"failed   {outcome.plan}")
        say(f"         {outcome.verdict}: {outcome.detail}")
    if len(failed) > 5:
        say(f"         and {len(failed) - 5} more")
    say(f"verdict  {verdict.upper()}")
