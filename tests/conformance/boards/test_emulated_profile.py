"""The sampler sees what a Pico works at, and changes nothing; a boot is profiled; `amu profile` needs an image."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hil.boards.emulated import pico_files
from hil.boards.emulated.pico_chip import PicoChip
from hil.profile import bytecode, collector, samples, stages
from hil.profile.samples import Names, Profile
from hil.profile.swarm import Setting, Swarm
from tests.support.command import app

NANOS = 8_000
MILLISECOND = 1_000_000
RUN_MILLISECONDS = 400
PROGRAM = """
import gc, time
gc.threshold(-1)

def short():
    return sum([number for number in range(20)])

def long():
    for turn in range(3):
        short()
        sum(tuple(range(90)))

class Box:
    def held(self):
        for turn in range(30):
            yield len([turn] * 3)

def work():
    for turn in range(8):
        long()
        for each in Box().held():
            pass

with open("out", "wb") as file:
    for turn in range(3):
        work()
        gc.collect()
        file.write(str(time.ticks_us()).encode() * 50)
        time.sleep_ms(7)
print("done", time.ticks_us(), gc.mem_free())
"""


@pytest.fixture(scope="module")
def collection(pico_image: Path) -> list[tuple[int, int]]:
    return collector.addresses(pico_image)


def run(image: Path, **sampling: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a board did, and what was seen of it."""
    board = PicoChip(image, pico_files.make({"main.py": PROGRAM.encode()}), "AMU-0001", 1, lambda most: b"")
    board.sample(**sampling)
    board.advance(RUN_MILLISECONDS * MILLISECOND)
    did = (board.receive(), board.files, board.nanos, board.idle_nanos, board.flash_operations)
    assert b"done" in did[0]
    return did, board.sample()


def names_of_program(folder: Path) -> Names:
    (folder / "main.py").write_text(PROGRAM)
    compiled = pico_files.compile_module("main.py", folder / "main.py", has_lines=True)  # as on the board
    return Names(bytecode.functions_of("main.py", PROGRAM, compiled))


def test_a_sampled_board_runs_as_it_would_without(pico_image: Path, collection: list[tuple[int, int]]) -> None:
    bare, nothing = run(pico_image)
    sampled, seen = run(pico_image, nanos=NANOS, collection=collection)
    assert bare == sampled
    assert nothing == {}
    assert sum(count for _, count in seen["stacks"]) == pytest.approx((bare[2] - bare[3]) / NANOS, abs=1)


def test_the_running_functions_are_found(pico_image: Path, collection: list[tuple[int, int]], tmp_path: Path) -> None:
    _, seen = run(pico_image, nanos=NANOS, collection=collection)
    profile = samples.told(seen, names_of_program(tmp_path), NANOS)
    total = {name.removeprefix("main.py:"): nanos for name, nanos in profile.total.items()}
    total.pop(samples.UNKNOWN)  # what the image itself runs before main.py
    assert set(total) == {"<module>", "short", "short.<listcomp>", "long", "Box", "Box.held", "work"}
    assert total["short.<listcomp>"] < total["short"] < total["long"] < total["work"] < total["<module>"]
    assert total["Box.held"] < total["work"] - total["long"]


def test_each_collection_is_seen_with_what_it_left(pico_image: Path, collection: list[tuple[int, int]]) -> None:
    did, seen = run(pico_image, nanos=NANOS, collection=collection)
    assert len(seen["collections"]) == 3
    free = int(did[0].split(b"done")[1].split()[1])
    for left, longest in seen["collections"]:
        assert free <= left <= seen["heap_bytes"]
        assert 0 < longest <= left
    # The last one frees what the program then uses.
    assert seen["collections"][-1][0] - free < 4_096


def boot(image: Path, collection: list[tuple[int, int]], names: Names) -> Profile:
    with Swarm(Setting(), image, {"nanos": 10 * NANOS, "collection": collection}) as swarm:
        swarm.boot([2])
        return samples.told(swarm.chip(2).sample(), names, 10 * NANOS)


def test_the_boot_of_a_board_is_profiled_the_same_twice(pico_image: Path, collection: list[tuple[int, int]]) -> None:
    names = Names(bytecode.firmware())
    first, again = boot(pico_image, collection, names), boot(pico_image, collection, names)
    assert first == again
    assert first.by_stage[stages.START] > first.busy / 4
    assert sum(first.by_stage.values()) == pytest.approx(first.busy, abs=10 * NANOS)
    known = sum(nanos for name, nanos in first.total.items() if name != samples.UNKNOWN)
    assert known > first.busy
    assert first.total["node/node.py:Node.__init__"] > 0


def test_without_an_image_the_command_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMU_PICO_UF2", raising=False)
    result = CliRunner().invoke(app, ["profile", "--json"])
    assert result.exit_code == 2
    assert "AMU_PICO_UF2 is not set" in result.output


@pytest.mark.parametrize("arguments", [["--nodes", "3"], ["--nodes", "14"], ["--picture", "picture.pdf"]])
def test_bad_options_are_refused_before_anything_is_done(arguments: list[str]) -> None:
    assert CliRunner().invoke(app, ["profile", *arguments]).exit_code == 2
