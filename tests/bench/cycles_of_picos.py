"""Pulls the cable of a Pico at random moments: in deployments, and in flight beside three virtual boards.

    python -m tests.bench.cycles_of_picos [--cycles 40] [--seed 1] [--of-flight 5]      needs AMU_PICO_UF2

The Pico is an emulated one at the end of a pseudo-terminal, in real time, behind real pyserial and mpremote. The first
cycle of a flight pulls the cable in the middle of a deployment: the board must have the whole old tree or the whole new
one. The others pull it while the mission flies, and plug it in again. A flight is good as in `cycles`.
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from groundstation.boards import bench, keys, provision
from groundstation.boards.base import BoardError
from groundstation.flight import rehearsal
from groundstation.flight.progress import Picture, SilentDisplay
from groundstation.scenario.model import Scenario, parse
from hil.boards.emulated.usb import Hub, UsbPico
from hil.boards.pico import deploy, flights, ports, tree
from hil.boards.pico.approach import approach
from hil.boards.pico.repl import Repl
from tests.bench.cycles import Flight, judge_into, report

NODE = 3
FLIES_SECONDS = (1.0, 6.0)  # between the return of the Pico and the next pull
AWAY_SECONDS = (0.1, 3.0)
GIVE_UP_SECONDS = 60.0
END_SLOTS = 60  # of a mission, in which no cable is pulled any more: the Pico must come back before the end


class Puller(SilentDisplay):
    """Pulls and plugs by the mission's clock. A life is pulled once it has been heard."""

    def __init__(self, pico: UsbPico, pulls: int, draw: random.Random) -> None:
        self._pico, self._left, self._draw = pico, pulls, draw
        self._due: float | None = None
        self._boot = -1
        self._is_in = True

    def show(self, picture: Picture, refresh: Callable[[], None]) -> None:
        refresh()
        board, now = picture.boards[NODE], picture.mission_seconds
        if self._due is None:
            has_time = picture.slots_decided < picture.slots_wanted - END_SLOTS
            if self._is_in and self._left and has_time and board.mode != "-" and board.boot > self._boot:
                self._due, self._boot = now + self._draw.uniform(*FLIES_SECONDS), board.boot
            elif not self._is_in:
                self._due = now + self._draw.uniform(*AWAY_SECONDS)
        elif now >= self._due:
            self._due = None
            if self._is_in:
                self._pico.unplug()
                self._left -= 1
            else:
                self._pico.plug_in()
            self._is_in = not self._is_in


def pull_in_deployment(pico: UsbPico, draw: random.Random, exits: Sequence[bytes]) -> list[str]:
    """Deploy a tree that differs, and pull the cable in the middle. Complaints.

    A board that comes back has what it flew with before, and flies: it takes one of `exits` to make it leave.
    """
    files = {**tree.flight_files(), "mark": draw.randbytes(8)}
    at = draw.randrange(sum(map(len, files.values())))

    def tell(done: int, whole: int) -> None:
        if done >= at:
            pico.unplug()

    try:
        with _approach(pico, exits) as repl:
            before = deploy.look(repl).digest
            deploy.deploy(repl, files, tell)
        return ["the cable was pulled, and the deployment went on"]
    except BoardError:
        pico.unplug()
    pico.plug_in()
    with _approach(pico, exits) as repl:
        found = deploy.look(repl)
        whole = not found.slot or deploy.digest_of(repl, found.slot) == found.digest
    if not whole or found.digest not in (before, tree.digest(files)):
        return [f"after a pull at byte {at} of a deployment the board has neither tree"]
    return []


def _approach(pico: UsbPico, exits: Sequence[bytes]) -> Repl:
    """Its prompt. On a busy machine an emulated board boots more slowly than a real one, which is waited for."""
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while True:
        try:
            return approach(_line(pico), exits)
        except BoardError:
            if time.monotonic() > give_up:
                raise


def _line(pico: UsbPico) -> ports.Port:
    give_up = time.monotonic() + GIVE_UP_SECONDS
    while (port := ports.find(pico.serial_number)) is None or port.line is None:
        if time.monotonic() > give_up:
            raise BoardError("the Pico did not come back to the hub")
        time.sleep(0.05)
    return port


def scenario(pulls: int, seed: int) -> Scenario:
    slots = END_SLOTS + 50 * pulls
    return parse(
        {
            "name": "pulls",
            "description": "The cable of a Pico is pulled again and again.",
            "mission": {
                "boards": 4,
                "slots": slots,
                "seed": seed,
                "limit_seconds": 900.0,
                "no_progress_seconds": 120.0,
                "settle_seconds": 30.0,
                "journal": "pages",
            },
            "clock": {"tick_ms": 20, "view_timeout_seconds": 4.0},
            "workload": {"operations": slots, "in_flight": 1, "pause_seconds": 0.3},
        },
        "pulls",
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.cycles_of_picos")
    parser.add_argument("--cycles", type=int, default=40)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--of-flight", type=int, default=5)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="amu-pulls-"))
    os.environ[ports.LINKS_VARIABLE] = str(folder / "by-id")
    os.environ[flights.STATE_VARIABLE] = str(folder / "state")
    draw = random.Random(f"pulls {options.seed}")
    print(f"{options.cycles} cycles, kept in {folder}", flush=True)
    flown_so_far: list[Flight] = []
    with Hub(folder / "by-id") as hub:
        pico = hub.add("AMU-0003")
        pico.plug_in()
        path = folder / "desk.toml"
        others = "".join(f'[[boards]]\nnode = {node}\nkind = "virtual"\n' for node in range(NODE))
        own = f'[[boards]]\nnode = {NODE}\nkind = "pico"\nserial_number = "{pico.serial_number}"\n'
        path.write_text('name = "desk"\n' + others + own)
        keys.make(keys.path_of(path), "desk")
        for number in range(options.cycles // options.of_flight):
            pulls = options.of_flight - 1
            flight = Flight(number, scenario(pulls, draw.randrange(100_000)), options.of_flight)
            flown_so_far.append(flight)
            began = time.monotonic()
            flight.complaints += pull_in_deployment(pico, draw, provision.exits(keys.load(keys.path_of(path)), NODE))
            plan = rehearsal.Plan(flight.scenario, "", folder / "runs", bench=bench.of_environment(path))
            flown = rehearsal.fly(plan, Puller(pico, pulls, draw))
            flight.seconds, flight.ends = time.monotonic() - began, dict(flown.summary["board_events"])
            judge_into(flight, flown)
            print(flight.row(), flush=True)
    sys.exit(report(flown_so_far))


if __name__ == "__main__":
    main()
