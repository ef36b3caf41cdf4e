"""What a journal costs a Pico, on files and on raw flash pages: microseconds, flash operations, years to wear-out.

    python -m tests.bench.journals [--slots 64] [--rounds 4] [--rate 1.0]

The same acts, recorded from one board of a simulated swarm without faults, are played on an emulated Pico (microseconds
of the processor; flash itself takes no time there) and under the unix port on a flash image as large as a Pico's, which
counts the erases of each block. Years: until the first block has been erased CYCLES times, at `--rate` slots a second,
all year; a checkpoint's share of the wear is in a row of its own, because its files lie beside the ring.
"""

import argparse
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amu.boards.config import JOURNALS, PAGES
from amu.wire import cbor
from groundstation.boards import provision
from groundstation.boards.base import BoardError
from groundstation.scenario.model import Scenario, parse
from hil.boards.emulated import folding, pico_files
from hil.boards.emulated.board import micropython_image
from hil.boards.emulated.pico_chip import BLOCKS, PicoChip
from swarm_sim.simulation import Simulation
from tests.support.flight.interpreters import FIRMWARE, micropython

PROGRAM = Path(__file__).with_name("journals_main.py")
BOARD = 1
CYCLES = 100_000
RING_BLOCKS = 64  # of a Pico, see amu.boards.pico
FILES_BLOCKS = 60  # what firmware, configuration and checkpoints take of them, about
SECONDS_A_YEAR = 365.25 * 24 * 3600
MILLISECOND = 1_000_000
LIMIT_MILLISECONDS = 60_000
SLOTS_ON_PICO = 20
STEP_SECONDS = 0.005


@dataclass(frozen=True)
class Wear:
    """Flash operations of all rounds, and of the most worn block."""

    pages: int
    erases: int
    most: int
    ring_erases: int
    ring_most: int


def scenario(slots: int) -> Scenario:
    told = {
        "name": "journals",
        "description": "one operation at a time, no faults",
        "mission": {"slots": slots, "limit_seconds": 1e6, "no_progress_seconds": 1e6},
        "clock": {"trace_messages": False, "view_timeout_seconds": 5.0},
        "workload": {"operations": slots, "in_flight": 1},
    }
    return parse(told, "journals")


def record(slots: int) -> tuple[bytes, int]:
    """The acts of one board, each as its length and a CBOR array, [records, null] or [null, checkpoint]; how many slots
    it applied meanwhile."""
    acts = bytearray()

    def keep(records: Any, checkpoint: Any) -> None:
        data = bytearray()
        cbor.write([records, checkpoint], data.extend)
        acts.extend(len(data).to_bytes(4, "big") + data)

    run = Simulation(scenario(slots), None, False, False)
    run.world.begin()
    journal: Any = run.world.boards[BOARD].journal
    append, checkpoint = journal.append, journal.checkpoint
    journal.append = lambda records: (keep(records, None), append(records))
    journal.checkpoint = lambda data: (keep(None, data), checkpoint(data))
    flying = run.world.boards[BOARD].flying
    while flying.applied_slot < slots:
        run.world.run(run.world.now + STEP_SECONDS)
    return bytes(acts), flying.applied_slot


def wear(kind: str, acts: bytes, rounds: int) -> Wear:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "acts").write_bytes(acts)
        command = [micropython(), "-X", "heapsize=2m", PROGRAM, kind, rounds, BLOCKS - FILES_BLOCKS, RING_BLOCKS]
        done = subprocess.run(
            list(map(str, command)),
            cwd=folder,
            env={"MICROPYPATH": f".frozen:{FIRMWARE}"},
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"WEAR (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if found is None:
        raise ValueError(f"journals_main.py says: {done.stdout[-600:]} {done.stderr[-600:]}")
    return Wear(*map(int, found.groups()))


def times(kind: str, acts: bytes, image: Path) -> dict[str, tuple[int, int, int, int]]:
    """(count, median, most, mean) microseconds of each act of an emulated Pico."""
    swarm = provision.Swarm(b"bench", 4, b"not a secret at all", journal=kind)
    stored = {f"store/{name}": data for name, data in provision.commissioned_files(kind).items()}
    own = {
        "config.cbor": provision.configuration(swarm, BOARD),
        "main.py": folding.folded("main.py", PROGRAM.read_text()).encode(),
        "acts": acts,
    }
    chip = PicoChip(image, pico_files.make({**pico_files.modules(), **stored, **own}), "AMU-0001", 1, lambda most: b"")
    said = b""
    for _ in range(0, LIMIT_MILLISECONDS, 10):
        chip.advance(10 * MILLISECOND)
        said += chip.receive()
        if b"END" in said or b"FAILED" in said or b"Traceback" in said:
            break
    chip.power_off()
    found = re.findall(rb"TIME (\w+) (\d+) (\d+) (\d+) (\d+)", said)
    if b"END" not in said:
        raise ValueError(f"the Pico says: {said[-600:]!r}")
    return {name.decode(): tuple(map(int, numbers)) for name, *numbers in found}  # type: ignore[misc]


def tell_wear(kind: str, found: Wear, slots: int, rate: float) -> None:
    print(f"  {kind}: flash pages a slot {found.pages / slots:10.2f}")
    print(f"  {kind}: erases a slot      {found.erases / slots:10.3f}   most worn block {found.most} of {found.erases}")

    def years(most: int) -> float:
        return CYCLES / (most / slots) / rate / SECONDS_A_YEAR

    if kind == PAGES:
        beside = found.erases - found.ring_erases
        print(f"  {kind}: erases of the ring {found.ring_erases / slots:10.3f}   most worn block {found.ring_most}")
        print(f"  {kind}: erases beside it   {beside / slots:10.3f}")
        print(f"  {kind}: years of the ring  {years(found.ring_most):10.2f}   at {rate:g} slots/s, {CYCLES} cycles")
    print(f"  {kind}: years              {years(found.most):10.2f}   at {rate:g} slots/s, {CYCLES} cycles")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.journals", description=__doc__.splitlines()[0])
    parser.add_argument("--slots", type=int, default=64, help="recorded")
    parser.add_argument("--rounds", type=int, default=16, help="the record is played so often where wear is counted")
    parser.add_argument("--rate", type=float, default=1.0, help="slots a second")
    chosen = parser.parse_args()
    acts, slots = record(chosen.slots)
    print(f"journal of one board, {slots} slots, {len(acts)} bytes of acts")
    for kind in JOURNALS:
        tell_wear(kind, wear(kind, acts, chosen.rounds), slots * chosen.rounds, chosen.rate)
    try:
        image = micropython_image()
    except BoardError as error:
        print(f"emulated Pico: skipped; {error}")
        return
    acts, slots = record(min(chosen.slots, SLOTS_ON_PICO))
    print(f"emulated Pico, {slots} slots, {len(acts)} bytes of acts")
    for kind in JOURNALS:
        for name, (count, median, most, mean) in times(kind, acts, image).items():
            print(f"  {kind}: {name:12} {median:8} us median {most:8} us at most {mean:8} us mean of {count}")


if __name__ == "__main__":
    main()
