"""Which ground station may fly a folder of boards, and which numbers are never used again."""

import json
import shutil
from pathlib import Path

import pytest

from amu.core import limits
from groundstation.boards import claim
from groundstation.boards.claim import Claim
from groundstation.flight import resumption
from groundstation.record.run_directory import RunDirectoryError

NAME = "mission-1"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run whose ground station is gone."""
    path = tmp_path / NAME
    held = Claim(path / "boards")
    held.take(path)
    held.close()
    return path


def test_one_ground_station_at_a_time_and_the_refusal_says_which(run: Path) -> None:
    held = claim.resume(run, NAME, run / "boards")
    assert claim.is_held(run / "boards")
    with pytest.raises(RunDirectoryError, match=rf"ground station of run {run} \(process \d+\) flies these boards"):
        claim.resume(run, NAME, run / "boards")
    held.close()
    assert not claim.is_held(run / "boards")
    claim.resume(run, NAME, run / "boards").close()


@pytest.mark.parametrize(
    ("verdict", "is_refused"),
    [('{"mission": {"outcome": "complete"}}', True), ('{"mission": {"outcome": "interrupted"}}', False), ("[", False)],
)
def test_a_complete_mission_is_not_resumed(run: Path, verdict: str, is_refused: bool) -> None:
    (run / "run.json").write_text(json.dumps({"run": NAME, "boards": "boards"}))
    (run / "verdict.json").write_text(verdict)
    if is_refused:
        with pytest.raises(RunDirectoryError, match="complete; fly it again with: amu rehearse --replay"):
            resumption.take_over(run)
    else:
        resumption.take_over(run).claim.close()


def test_a_resumed_run_points_to_the_later_one(run: Path, tmp_path: Path) -> None:
    later = tmp_path / "mission-2"
    later.mkdir()
    held = claim.resume(run, NAME, run / "boards")
    held.take(later)
    held.close()
    with pytest.raises(RunDirectoryError, match=f"fly on in a later run; resume that one: {later}"):
        claim.resume(run, NAME, run / "boards")
    claim.resume(later, later.name, run / "boards").close()


def test_a_copy_is_refused_and_a_move_is_not(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    with pytest.raises(RunDirectoryError, match=f"{copy}: is a copy of {run}"):
        claim.resume(copy, NAME, copy / "boards")
    with pytest.raises(RunDirectoryError, match=f"{copy}: is a copy; its boards belong to {run}"):
        claim.resume(copy, NAME, run / "boards")  # as an absolute path in its run.json would say
    moved = run.rename(tmp_path / "moved")
    claim.resume(moved, NAME, moved / "boards").close()


def test_boards_that_are_gone_are_reported_with_what_to_do(run: Path) -> None:
    shutil.rmtree(run / "boards")
    with pytest.raises(RunDirectoryError, match=r"moved, or deleted\? `amu ps` lists"):
        claim.resume(run, NAME, run / "boards")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"run": 1}', '{"run": "a", "directory": "/", "pid": "x"}'])
def test_a_broken_note_is_reported(run: Path, text: str) -> None:
    (run / "boards" / claim.STATION).write_text(text)
    with pytest.raises(RunDirectoryError, match=r"station\.json"):
        claim.resume(run, NAME, run / "boards")


def test_numbers_are_reserved_before_they_are_used_and_never_given_twice(run: Path) -> None:
    used: set[int] = set()
    for _ in range(5):
        held = claim.resume(run, NAME, run / "boards")
        held.take(run)
        for number in range(held.first_operation, held.first_operation + 1500):
            held.reserve(number + 1, 0)
            assert json.loads((run / "boards" / claim.STATION).read_text())["operations"] > number
            assert number not in used
            used.add(number)
        held.close()


def test_a_jump_to_numbers_that_are_free_leaves_boards_their_answers(run: Path) -> None:
    """Boards forget a client's operations that lie OPERATIONS_PER_CLIENT_MAX below its highest."""
    held = claim.resume(run, NAME, run / "boards")
    held.take(run)
    first = held.first_operation
    held.reserve(first + 1, 0)
    held.close()
    after = claim.resume(run, NAME, run / "boards")
    assert first < after.first_operation <= first + limits.OPERATIONS_PER_CLIENT_MAX // 3
    after.take(run)
    after.reserve(after.first_operation, after.first_nonce + 1)  # questions to boards use up no operations
    assert claim.holder(run / "boards").operations == after.first_operation
    after.close()


def test_files_are_private(run: Path) -> None:
    modes = {path.name: path.stat().st_mode & 0o777 for path in (run / "boards").iterdir()}
    assert modes == {claim.LOCK: 0o600, claim.STATION: 0o600}
    assert (run / "boards").stat().st_mode & 0o777 == 0o700
