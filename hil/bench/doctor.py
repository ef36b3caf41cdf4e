"""Finds what is wrong with a bench, and says what to do.

    troubles = examine(Path("desk.toml"))

Each board is looked at from the outside in: is its line there, may we open it, does somebody hold it, does it give a
prompt, what does it carry, does it work. The first trouble that hides the rest ends the examination of a board. A
healthy bench has no trouble, and nothing is changed on it but that boards without a ground station leave their flight.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from groundstation.boards import environment, keys, provision
from groundstation.boards.base import BoardError
from groundstation.boards.environment import BoardEntry
from groundstation.boards.keys import Keys, KeysError
from hil.bench import self_test
from hil.boards.pico import deploy, holders, ports, tree
from hil.boards.pico.approach import approach
from hil.boards.pico.repl import Repl
from hil.boards.uart.diagnosis import IN_FLIGHT, LineError

BENCH = "bench"


@dataclass(frozen=True)
class Trouble:
    """Something that is wrong. `where`: "bench", or "board 2". `name`: which trouble it is, for programs."""

    where: str
    name: str
    what: str
    advice: str


def examine(path: Path) -> list[Trouble]:
    """Everything that is wrong with the bench of an environment file. Raises EnvironmentFileError."""
    described = environment.load(path)
    troubles: list[Trouble] = []
    found = _examine_keys(path, described.name, troubles)
    lines = ports.ports()
    for entry in described.entries():
        if entry.is_real:
            exits = () if found is None else provision.exits(found, entry.node)
            troubles += _examine_pico(entry, lines, exits)
    return troubles


def _examine_keys(path: Path, name: str, troubles: list[Trouble]) -> Keys | None:
    at = keys.path_of(path)
    if not at.exists():
        troubles.append(Trouble(BENCH, "no keys", f"{at}: there are no keys", f"make them: amu keys make {path}"))
        return None
    try:
        found = keys.load(at)
    except KeysError as error:
        troubles.append(Trouble(BENCH, "bad keys", str(error), "see above"))
        return None
    if found.bench != name:
        what = f"{at}: keys of the bench {found.bench!r}, and the file describes {name!r}"
        troubles.append(Trouble(BENCH, "other keys", what, "put the right keys there, or rename the bench"))
        return None
    return found


def _examine_pico(entry: BoardEntry, lines: Sequence[ports.Port], exits: Sequence[bytes]) -> Iterable[Trouble]:
    where = f"board {entry.node}"
    port = next((line for line in lines if line.serial_number.lower() == entry.serial_number.lower()), None)
    if port is not None:
        port = replace(port, baud=entry.adapter_baud)
    if port is None or port.device is None:
        return [_missing(where, entry, port, lines)]
    holder = holders.holder(port.device)
    if not holders.may_open(port.device):
        return [Trouble(where, "no permission", f"{port.device}: may not be opened", holders.group_advice(port.device))]
    if holder is not None:
        what = f"{port.device}: is held by process {holder[0]} ({holder[1]})"
        return [Trouble(where, "line held", what, holders.holder_advice(holder[1]))]
    troubles: list[Trouble] = []
    try:
        try:
            repl = approach(port)
        except BoardError as error:
            if isinstance(error, LineError) and error.name != IN_FLIGHT:
                raise
            repl = approach(port, exits)
            advice = "nothing: it has left its flight now; `amu ps` lists boards of ground stations that died"
            troubles.append(Trouble(where, "left in flight", "flew without a ground station", advice))
        with repl:
            return troubles + _examine_inside(where, repl, entry)
    except LineError as error:
        return [*troubles, Trouble(where, error.name, str(error), "as it says")]
    except BoardError as error:
        return [*troubles, Trouble(where, "no prompt", str(error), "press its reset button; then as it says")]


def _missing(where: str, entry: BoardEntry, port: ports.Port | None, lines: Sequence[ports.Port]) -> Trouble:
    if port is not None:
        what = f"{port.link}: leads nowhere: the board has left the bus, or is in a reset loop"
        return Trouble(where, "line gone", what, "unplug it and plug it in; if it comes and goes, deploy again")
    others = ", ".join(line.serial_number for line in lines) or "none"
    return Trouble(
        where,
        "not on the bus",
        f"serial number {entry.serial_number}: no such line; there are: {others}",
        "plug it in with a cable that carries data, try another port of the hub, look into dmesg; amu boards lists "
        "what is there",
    )


def _examine_inside(where: str, repl: Repl, entry: BoardEntry) -> list[Trouble]:
    found = deploy.look(repl)
    problem = deploy.image_problem(found)
    if problem is not None:
        return [Trouble(where, "wrong image", problem, "as it says; then: amu deploy")]
    troubles = [
        Trouble(where, check.name, check.detail, check.advice)
        for check in self_test.run(repl, "" if entry.adapter_baud else entry.serial_number)
        if not check.passed
    ]
    carried = deploy.digest_of(repl, found.slot) if found.slot else ""
    if not found.slot:
        troubles.append(Trouble(where, "no firmware", "carries no flight software", "amu deploy"))
    elif carried != found.digest:
        what = f"its active tree has hash {carried[:12]}, and should have {found.digest[:12]}"
        troubles.append(Trouble(where, "damaged firmware", what, "amu deploy"))
    elif carried not in (tree.digest(tree.flight_files()), tree.digest(tree.flight_files(with_adversaries=True))):
        what = f"carries other flight software than this installation: {carried[:12]}"
        troubles.append(Trouble(where, "stale firmware", what, "amu deploy"))
    if found.slot and not deploy.has_launcher(repl):
        troubles.append(Trouble(where, "no launcher", "main.py is not the bench's launcher", "amu deploy"))
    return troubles
