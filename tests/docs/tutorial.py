"""Reads a page of commands and their output, and runs each command for real.

A block of the kind `console` holds commands (`$ ...`, continued by `> ...`) and, below each, its output.
`<!-- exit N -->` above a block gives the exit code of each of its commands; the default is 0. Each command must print
what the page shows, in that order: numbers may differ, `...` stands for anything, and lines may be broken elsewhere.
"""

import re
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"(?:^<!-- exit (\d+) -->\n)?^```console\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND_SECONDS_MAX = 300


@dataclass(frozen=True)
class Command:
    """One command of a page: its line, how it must end, what it must print."""

    line: int
    text: str
    exit_code: int
    shown: str


def commands(page: str) -> Iterator[Command]:
    """The commands of a page, in order."""
    for block in _BLOCK.finditer(page):
        line = page.count("\n", 0, block.start(2)) + 1
        for part in re.split(r"^\$ ", block[2], flags=re.MULTILINE)[1:]:
            text, *rest = part.splitlines()
            while rest and rest[0].startswith(">"):
                text += "\n" + rest.pop(0)[2:]
            yield Command(line, text, int(block[1] or 0), "\n".join(rest))
            line += part.count("\n")


def problem(command: Command, tree: Path, environment: Mapping[str, str]) -> str | None:
    """Run a command in `tree`. Returns its error, or None."""
    done = subprocess.run(
        ["bash", "-c", command.text],
        cwd=tree,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
    )
    said = f"line {command.line}: $ {command.text}\n{done.stdout}"
    if done.returncode != command.exit_code:
        return f"{said}\nexit code {done.returncode}, the page says {command.exit_code}"
    missing = not_printed(command.shown, done.stdout)
    return None if missing is None else f"{said}\nthe page shows what was not printed: {missing!r}"


def not_printed(shown: str, printed: str) -> str | None:
    """The first piece of what a page shows that was not printed after the pieces before it, or None."""
    rest = _plain(printed)
    for piece in filter(None, map(_plain, shown.split("..."))):
        _, found, rest = rest.partition(piece)
        if not found:
            return piece
    return None


def _plain(text: str) -> str:
    """Numbers alike, and no white space: a terminal's width decides where lines are broken."""
    return re.sub(r"\d+", "#", re.sub(r"\s+", "", text))
