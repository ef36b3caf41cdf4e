"""pytest fixtures that fly missions on a swarm: of an environment file's boards, or of boards in memory.

    def test_a_killed_board_comes_back(amu_swarm, amu_ether):
        amu_ether.add("drop", probability=0.05)
        flight = amu_swarm.fly(slots=8, board_faults=[{"kind": "kill", "node": 2, "at": 1.0, "restart_after": 1.0}])
        assert flight.verdict == "pass"

    pytest                               a fake swarm: the flight software in memory, in virtual time, without hardware
    pytest --amu-boards desk.toml        the boards of a bench, made ready once
    pytest --amu-boards desk.toml --count 10       with pytest-repeat

A flight that does not pass is not an error of the fixture: the test decides. The report names its folder.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from groundstation.boards.bench import Bench
    from groundstation.verdict.verdict import Judgement

FAKE_BOARDS = 4
_MISSION = {"slots": 5, "limit_seconds": 120.0, "no_progress_seconds": 60.0}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("amu", "swarms of AMUs")
    group.addoption(
        "--amu-boards",
        metavar="ENV.toml",
        type=Path,
        help="environment file of the boards to fly; without it, boards in memory",
    )
    group.addoption("--amu-seed", metavar="S", type=int, default=1, help="seed of workload and faults")


class Ether:
    """Faults of the links in the flights of one test, in the words of a scenario file."""

    def __init__(self) -> None:
        self.faults: list[dict[str, Any]] = []

    def add(self, fault: str, **parameters: Any) -> None:
        """A rule, as a [[faults]] table of a scenario has it: `add("drop", probability=0.1)`."""
        self.faults.append({"fault": fault, **parameters})


@dataclass(frozen=True)
class Flight:
    """A flight that was checked. `verdict`: pass, violation, no_progress, crash or incomplete."""

    directory: Path
    judgement: Judgement

    @property
    def verdict(self) -> str:
        return self.judgement.verdict

    @property
    def summary(self) -> dict[str, Any]:
        """The mission's own, as in verdict.json."""
        return dict(self.judgement.summary or {})

    def events(self, name: str | None = None, node: int | None = None) -> list[dict[str, Any]]:
        """Events of the trace, in order: all, of one name, of one board."""
        lines = (self.directory / "trace.ndjson").read_text(encoding="utf-8").split("\n")[:-1]
        found = [json.loads(line) for line in lines]
        return [
            event
            for event in found
            if (name is None or event["event"] == name) and (node is None or event["node"] == node)
        ]


class Swarm:
    """Flies missions on the boards of the session."""

    def __init__(self, bench: Bench, ether: Ether, out: Path, seed: int, note: Callable[[str, object], None]) -> None:
        self.flights: list[Flight] = []
        self.kinds = list(bench.kinds)
        self._bench, self._ether, self._out, self._seed, self._note = bench, ether, out, seed, note

    def fly(self, slots: int = 5, **tables: Any) -> Flight:
        """Fly and check one mission. `tables`: of a scenario file, such as `workload={"in_flight": 4}`.

        Raises ScenarioError, PlanError for a mission that these boards cannot fly.
        """
        from groundstation.commands.rehearse import judge_flight
        from groundstation.flight import rehearsal
        from groundstation.flight.progress import SilentDisplay
        from groundstation.scenario.model import parse

        mission = {
            **_MISSION,
            "boards": len(self.kinds),
            "seed": self._seed,
            **tables.pop("mission", {}),
            "slots": slots,
        }
        document = {"name": "test", "description": "A flight of a test.", **tables, "mission": mission}
        document["faults"] = [*document.get("faults", []), *self._ether.faults]
        flown = rehearsal.fly(
            rehearsal.Plan(parse(document, "amu_swarm.fly"), "", self._out, bench=self._bench), SilentDisplay()
        )
        judgement, problems = judge_flight(flown, tlc=False)
        assert not problems, problems
        flight = Flight(flown.directory, judgement)
        self.flights.append(flight)
        self._note("amu_run", flown.directory)
        self._note("amu_verdict", flight.verdict)
        return flight


@pytest.fixture(scope="session")
def amu_bench(request: pytest.FixtureRequest) -> Bench:
    """The session's boards, made ready once: found, deployed and tried at their prompts."""
    from groundstation.boards import bench

    path: Path | None = request.config.getoption("--amu-boards")
    if path is None:
        return bench.uniform("host", FAKE_BOARDS)
    from hil.bench import run

    said: list[str] = []
    ready = run.make_ready(path, said.append)
    if not ready.is_ready:
        pytest.fail("the bench is not ready:\n" + "\n".join(said), pytrace=False)
    return bench.of_environment(path)


@pytest.fixture
def amu_ether() -> Ether:
    """The links between the boards: add faults before a flight."""
    return Ether()


@pytest.fixture
def amu_swarm(
    amu_bench: Bench,
    amu_ether: Ether,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> Swarm:
    """The swarm: `fly` a mission and get its verdict. The JUnit report names boards, seed, run and verdict."""
    seed: int = request.config.getoption("--amu-seed")

    def note(name: str, value: object) -> None:
        request.node.user_properties.append((name, str(value)))

    note("amu_kinds", amu_bench.name)
    note("amu_serial_numbers", ",".join(unit.serial_number or "-" for unit in amu_bench.units))
    note("amu_seed", seed)
    return Swarm(amu_bench, amu_ether, tmp_path / "runs", seed, note)


@pytest.fixture
def amu_board(amu_bench: Bench, tmp_path: Path) -> Iterator[Any]:
    """Board 0 alone, switched on, with keys of its own: a `groundstation.boards.base.Board`."""
    import secrets

    from groundstation.boards import provision
    from groundstation.boards.base import BoardPlan

    swarm = provision.Swarm(cluster=b"amu board", replica_count=len(amu_bench.kinds), master=secrets.token_bytes(32))
    exits: tuple[bytes, ...] = ()
    if amu_bench.keys is not None:
        from groundstation.boards import keys

        exits = provision.exits(keys.load(amu_bench.keys), 0)
    (board,) = amu_bench.create(tmp_path / "boards", [BoardPlan(0, provision.configuration(swarm, 0), exits=exits)])
    try:
        board.start()
        yield board
    finally:
        board.close()


@pytest.fixture
def amu_trace(amu_swarm: Swarm) -> Iterator[Callable[..., list[dict[str, Any]]]]:
    """Events of the latest flight: `amu_trace("Decide", node=2)`. At the end all flights must have passed."""

    def events(name: str | None = None, node: int | None = None) -> list[dict[str, Any]]:
        assert amu_swarm.flights, "no flight yet: amu_swarm.fly() comes first"
        return amu_swarm.flights[-1].events(name, node)

    yield events
    for flight in amu_swarm.flights:
        assert flight.verdict == "pass", f"{flight.directory}: {flight.verdict}: {flight.judgement.findings}"
