"""A board restarts with every table of its ledger full, and has heap left to fly with."""

import re
from pathlib import Path

import pytest

from amu.node.journal import OK
from amu.node.tracer import CODES
from groundstation.boards.base import BoardPlan
from hil.profile.swarm import Setting, Swarm
from tests.bench import picos
from tests.support.flight import full_ledger, interpreters

SCRIPT = Path(interpreters.__file__).with_name("restart_full.py")
# Less than a virtual board has: a board that kept its two checkpoints in bytes of their own had no room here.
HEAP = BoardPlan.__dataclass_fields__["heap_bytes"].default - 40 * 1024
FREE_MIN, RUN_MIN = 60 * 1024, 16 * 1024


@pytest.mark.parametrize("results", sorted(picos.RESULTS))
def test_a_virtual_board_restarts_with_full_tables(results: str, tmp_path: Path) -> None:
    for name, data in full_ledger.store(4, picos.RESULTS[results]).items():
        (tmp_path / name).write_bytes(data)
    before = (tmp_path / "checkpoint").read_bytes()
    done = interpreters.run_micropython(SCRIPT, str(tmp_path), heap=str(HEAP))
    found = re.findall(r"slot (\d+) free (\d+) run (\d+)", done.stdout)
    assert len(found) == 2, done.stdout
    for slot, free, run in found:
        assert int(slot) == full_ledger.CHECKPOINT_SLOT
        assert int(free) >= FREE_MIN
        assert int(run) >= RUN_MIN
    after = (tmp_path / "checkpoint").read_bytes()
    assert after != before  # it has another generation,
    assert len(after) == len(before)  # and the same states


def test_an_emulated_pico_restarts_with_full_tables(pico_image: Path) -> None:
    with Swarm(Setting(), pico_image, store=full_ledger.store(4, picos.RESULTS["longest"])) as swarm:
        swarm.boot([1])
        assert swarm.texts == ["board 1: power came back\n"]  # and nothing else
        ((_, _, boot),) = [event for event in swarm.events if event[2][0] == CODES["Boot"]]
        assert boot[-2:] == [OK, full_ledger.CHECKPOINT_SLOT]
