"""`amu campaign`: options, progress, interruption and continuation, output and exit codes."""

import io
import json
import os
import signal
from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from swarm_sim.campaign.campaign import run
from swarm_sim.campaign.display import Display
from swarm_sim.campaign.store import IN_MEMORY, Store
from swarm_sim.campaign.task import RUN_SEED, Finished, Task
from swarm_sim.commands import campaign as commands
from swarm_sim.draw import draw
from swarm_sim.outcome import PASS, VIOLATION, Outcome
from tests.support.simulator import campaign_seeds
from tests.support.simulator.campaigns import SEEDS, outcomes_of, start_campaign, task_of, wait_for, wait_until_gone

RUNNER = CliRunner()
APP = typer.Typer()
APP.command()(commands.campaign)
SIZE = ("--nodes", "4", "--slots", "7")


def amu(function: str, *arguments: str) -> Any:
    return RUNNER.invoke(APP, ["--function", f"{SEEDS}:{function}", "--jobs", "2", *SIZE, *arguments])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "campaign.sqlite"


def passing(seeds: range) -> list[Outcome]:
    return [campaign_seeds.passes(seed, 4, 7) for seed in seeds]


def test_a_campaign_that_passes(store: Path) -> None:
    result = amu("passes", "--seeds", "10:30", "--store", str(store))
    assert result.exit_code == 0
    assert "seeds     20 of 20" in result.stdout
    assert "marks     reboot 10  view change 20" in result.stdout
    assert f"sums      deliveries {sum(range(10, 30)) * 4:,}  slots 140" in result.stdout
    assert "verdict    PASS" in result.stdout
    assert outcomes_of(store) == passing(range(10, 30))


def test_failures_are_printed_as_they_happen_with_their_replay() -> None:
    result = amu("mixed", "--seeds", "0:10")
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    at = lines.index("seed 6  violation  CON-4  two values in one slot")
    assert lines[at + 1].strip() == f"amu campaign --seeds 6:7 --nodes 4 --slots 7 --function {SEEDS}:mixed"
    assert sum(line.startswith("seed ") for line in lines) == 8


@pytest.mark.parametrize(("seed", "code"), [(0, 0), (1, 3), (2, 4), (3, 5), (4, 1)])
def test_the_exit_code_is_the_worst_seeds(seed: int, code: int) -> None:
    assert amu("mixed", "--seeds", f"{seed}:{seed + 1}").exit_code == code


def test_json_is_one_object_and_nothing_else_on_standard_output() -> None:
    process = start_campaign("talks", "--seeds", "0:4", "--jobs", "2", "--json", *SIZE)
    output, errors = process.communicate()
    told = json.loads(output)
    assert told["verdicts"] == {"pass": 4}
    assert told["verdict"] == PASS
    assert told["exit_code"] == process.returncode == 0
    assert set(told["rates"]) == {"seeds/s", "deliveries/s"}
    assert errors.count("noise") == 4


def test_a_larger_range_runs_what_is_new_alone(store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(campaign_seeds.FOLDER, str(tmp_path))
    assert amu("kills_once_at_3", "--seeds", "0:5", "--store", str(store)).exit_code == 0
    result = amu("kills_once_at_3", "--seeds", "2:9", "--store", str(store), "--json")
    assert "3 of 7 seeds are already in the store" in result.stderr
    assert json.loads(result.stdout)["done"] == 7
    assert outcomes_of(store) == passing(range(9))
    assert not campaign_seeds.mark_of(tmp_path, 3, visit=3).exists()


def test_ctrl_c_keeps_what_is_done_and_the_same_command_continues(store: Path, tmp_path: Path) -> None:
    environment = {campaign_seeds.FOLDER: str(tmp_path)}
    arguments = ("--seeds", "0:10", "--store", str(store), "--jobs", "1", *SIZE)
    process = start_campaign("hangs_once_at_5", *arguments, environment=environment)
    worker = int(wait_for(campaign_seeds.mark_of(tmp_path, 5), process).split()[0])
    assert os.getpgid(worker) != os.getpgid(process.pid)  # a terminal sends Ctrl-C to the whole group
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate()
    assert process.returncode == 5
    assert "seeds     5 of 10" in output
    assert "Continue with:" in errors
    assert f"amu campaign --seeds 0:10 --nodes 4 --slots 7 --store {store}" in errors
    assert "Traceback" not in errors
    wait_until_gone(worker)
    assert outcomes_of(store) == passing(range(5))

    process = start_campaign("hangs_once_at_5", *arguments, environment=environment)
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    assert "5 of 10 seeds are already in the store" in errors
    assert outcomes_of(store) == passing(range(10))


def test_a_coordinator_that_is_killed_loses_nothing_and_leaves_nothing(store: Path, tmp_path: Path) -> None:
    environment = {campaign_seeds.FOLDER: str(tmp_path)}
    arguments = ("--seeds", "0:10", "--store", str(store), "--jobs", "1", *SIZE)
    process = start_campaign("hangs_once_at_5", *arguments, environment=environment)
    worker = int(wait_for(campaign_seeds.mark_of(tmp_path, 5), process).split()[0])
    process.kill()
    process.communicate()
    wait_until_gone(worker)  # although it was in the midst of a seed that does not end
    assert outcomes_of(store) == passing(range(5))
    process = start_campaign("hangs_once_at_5", *arguments, environment=environment)
    _, errors = process.communicate()
    assert process.returncode == 0, errors
    assert outcomes_of(store) == passing(range(10))


def test_a_seed_that_does_not_end_is_reported_as_unanswered_and_tried_again(store: Path) -> None:
    result = amu("hangs_at_3", "--seeds", "3:4", "--seed-seconds-max", "0.2", "--store", str(store))
    assert result.exit_code == 5
    result = amu("hangs_at_3", "--seeds", "3:4", "--seed-seconds-max", "0.3", "--store", str(store))
    assert result.exit_code == 5
    assert "no end after 0.3 s" in result.stderr
    result = amu("hangs_at_3", "--seeds", "3:4", "--seed-seconds-max", "0.2")
    assert "seed 3  incomplete  no answer  no end after 0.2 s" in result.stderr


def test_a_store_of_another_campaign_is_refused(store: Path) -> None:
    assert amu("passes", "--seeds", "0:2", "--store", str(store)).exit_code == 0
    result = amu("mixed", "--seeds", "0:2", "--store", str(store))
    assert result.exit_code == 2
    assert "was made with function" in result.stderr
    result = amu("passes", "--seeds", "0:2", "--store", str(store), "--nodes", "7")
    assert result.exit_code == 2
    assert "was made with nodes 4, not 7" in result.stderr
    assert outcomes_of(store) == passing(range(2))


def test_a_disk_that_fills_up_ends_the_campaign_with_advice(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put = Store.put

    def put_until_full(self: Store, finished: Finished) -> bool:
        if len(self.stored(range(100))) == 3:
            self._database.execute("PRAGMA max_page_count = 1")  # SQLite takes it as no more than there are
            big = Outcome(finished.outcome.seed, PASS, detail="x" * 100_000)
            return put(self, Finished(big, finished.seconds))
        return put(self, finished)

    monkeypatch.setattr(Store, "put", put_until_full)
    result = amu("passes", "--seeds", "0:20", "--store", str(store))
    assert result.exit_code == 2
    assert "make room on the disk" in result.stderr
    monkeypatch.undo()
    assert len(outcomes_of(store)) == 3
    assert amu("passes", "--seeds", "0:20", "--store", str(store)).exit_code == 0
    assert outcomes_of(store) == passing(range(20))


def test_report_of_a_store(store: Path) -> None:
    amu("mixed", "--seeds", "0:10", "--store", str(store))
    amu("mixed", "--seeds", "40:45", "--store", str(store))
    before = store.read_bytes()
    result = RUNNER.invoke(APP, ["--store", str(store), "--report", "--json"])
    told = json.loads(result.stdout)
    assert result.exit_code == told["exit_code"] == 1
    assert told["done"] == told["wanted"] == 15
    assert told["causes"][0]["replay"] == f"amu campaign --seeds 1:2 --nodes 4 --slots 7 --function {SEEDS}:mixed"
    assert told["causes"][0]["count"] == 3
    result = RUNNER.invoke(APP, ["--store", str(store), "--report", "--seeds", "0:1"])
    assert result.exit_code == 0
    assert "seeds     1 of 1" in result.stdout
    result = RUNNER.invoke(APP, ["--store", str(store), "--report", "--seeds", "10:11"])
    assert result.exit_code == 5
    assert store.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "say which seeds: --seeds A:B"),
        (["--seeds", "7"], "write A:B"),
        (["--seeds", "-1:3"], "write A:B"),
        (["--seeds", "3:3"], "A must be less than B"),
        (["--seeds", f"0:{2**63}"], "B at most"),
        (["--report"], "--report needs --store"),
        (["--report", "--store", "nowhere.sqlite"], "no such file"),
        (["--seeds", "0:3", "--cluster", "tcp://127.0.0.1:1", "--jobs", "2"], "one of --jobs and --cluster"),
        (["--seeds", "0:3", "--function", "nowhere:run"], "no function 'nowhere:run'"),
        (["--seeds", "0:3", "--nodes", "3"], "want a whole number from 4 to 13"),
        (["--seeds", "0:3", "--function", f"{SEEDS}:passes", "--store", "nowhere/a.sqlite"], "folder must exist"),
    ],
)
def test_bad_input_exits_2(arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = RUNNER.invoke(APP, arguments)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert os.listdir(tmp_path) == []


def test_defaults_are_those_of_amu_sim() -> None:
    assert (commands.NODES_DEFAULT, commands.SLOTS_DEFAULT) == (draw.NODES_DEFAULT, draw.SLOTS_DEFAULT)
    assert commands.RUN_SEED == RUN_SEED


def test_a_report_of_an_empty_store_is_refused(store: Path) -> None:
    with closing(Store(store)):
        pass
    result = RUNNER.invoke(APP, ["--store", str(store), "--report"])
    assert result.exit_code == 2
    assert "holds nothing yet" in result.stderr


def test_a_missing_dask_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    result = RUNNER.invoke(APP, ["--seeds", "0:3", "--function", f"{SEEDS}:passes", "--cluster", "tcp://127.0.0.1:1"])
    assert result.exit_code == 2
    assert "pip install 'amu-swarm[cluster]'" in result.stderr


def test_a_seed_is_in_the_store_before_anyone_hears_of_it_and_once() -> None:
    heard: list[tuple[int, bool]] = []
    with closing(Store(IN_MEMORY)) as store:

        def crew(task: Task, seeds: Iterable[int]) -> Generator[Finished, None, None]:
            for seed in seeds:
                for _ in range(2):  # as a cluster may
                    yield Finished(campaign_seeds.passes(seed, task.nodes, task.slots), 0.1)

        class Listener:
            def began(self, wanted: int, stored: int) -> None:
                assert (wanted, stored) == (3, 0)

            def finished(self, finished: Finished, is_new: bool) -> None:
                assert finished.outcome.seed in store.stored(range(3))
                heard.append((finished.outcome.seed, is_new))

        run(task_of("passes"), range(3), store, crew, Listener())
    assert heard == [(0, True), (0, False), (1, True), (1, False), (2, True), (2, False)]


def shown(is_terminal: bool) -> str:
    """A display of two seeds of four: one fails, the other was stored by another campaign."""
    console = Console(file=io.StringIO(), force_terminal=is_terminal, width=120, color_system=None)
    with Display(task_of("passes"), console) as display:
        display.began(5, 1)
        display.finished(Finished(campaign_seeds.passes(1, 4, 7), 0.1), True)
        display.finished(Finished(Outcome(2, VIOLATION, "CON-4", "two values"), 0.1), False)
        assert "violation 1" in display.line()
        assert "left" in display.line()
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert isinstance(text, str)
    return text


def test_progress_without_a_terminal_is_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swarm_sim.campaign.display.LINE_SECONDS", 0.0)
    text = shown(is_terminal=False)
    assert "1 of 5 seeds are already in the store" in text
    assert "3/5 seeds" in text
    assert "no failure" in text
    assert "violation 1" in text
    assert "1 seeds were stored by another campaign meanwhile" in text
    assert "\x1b" not in text


def test_progress_on_a_terminal_is_a_bar() -> None:
    text = shown(is_terminal=True)
    assert "3/5" in text
    assert "\x1b[?25h" in text  # the cursor is shown again
