"""The audit passes on the project, and each kind of hole planted in it makes it fail."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from amu.ledger import cursors
from specs.audit import chain, features, monotonicity, prohibitions, records
from specs.audit.audit import audit
from specs.audit.flags import BLOCK, Flag
from specs.audit.project import AuditError, Project
from specs.checking.check import check_trace
from specs.verdict import VIOLATED
from swarm_sim.testing.cluster import Cluster, Links
from tests import ROOT
from tests.support.command import app

PROJECT = Project(ROOT)
RECORDS = chain.read_records(PROJECT)
REFERENCES = chain.read_references(PROJECT)
INSTANCE = "firmware/amu/consensus/instance.py"


def blocks(changed: dict[str, str | None]) -> list[Flag]:
    """What blocks in the chain and the prohibitions when the project is changed like this."""
    project = Project(ROOT, changed)
    found = [*chain.check(project), *prohibitions.check(project), *monotonicity.check(project)]
    return [flag for flag in found if flag.severity == BLOCK]


def planted(path: str, before: str, after: str) -> dict[str, str | None]:
    text = PROJECT.text(path)
    assert before in text, f"{path} has no {before}"
    return {path: text.replace(before, after)}


def test_the_project_passes() -> None:
    found = audit(ROOT)
    assert found.passed, "\n".join(str(flag) for flag in found.flags if flag.severity == BLOCK)
    assert found.records == len(RECORDS) >= 20
    assert found.references == len(REFERENCES) >= 20


@pytest.mark.parametrize("path", [record.path for record in RECORDS])
def test_deleting_any_record_blocks(path: str) -> None:
    assert any(flag.location == records.INDEX and path in flag.issue for flag in blocks({path: None}))


def test_a_theorem_that_a_record_names_is_in_its_module() -> None:
    unnamed = planted("specs/link/link_proofs.tla", "THEOREM PairsStand ==", "THEOREM")
    assert any(flag.issue.endswith("has no PairsStand") for flag in blocks(unnamed))


def test_deleting_any_reference_blocks() -> None:
    whole = PROJECT.text(records.REFERENCES)
    for reference in REFERENCES:
        without = "\n".join(line for line in whole.splitlines() if not line.startswith(f"| {reference.key} |"))
        assert without != whole.rstrip()
        found = list(chain.check(Project(ROOT, {records.REFERENCES: without})))
        assert any(flag.severity == BLOCK and f"[{reference.key}]" in flag.issue for flag in found), reference.key


def test_deleting_any_citation_blocks() -> None:
    """A key that is no longer cited blocks the audit; so does a level without citation."""
    for reference in REFERENCES:
        texts = [*(record.path for record in RECORDS), records.INDEX]
        without = {path: PROJECT.text(path).replace(f"[{reference.key}]", "") for path in texts}
        found = list(chain.check(Project(ROOT, without)))
        assert any(flag.severity == BLOCK and f"[{reference.key}]" in flag.issue for flag in found), reference.key


@pytest.mark.parametrize(("folder", "theorem"), [("tetrabft", "Agreed"), ("ledger", "CursorsGrow")])
def test_a_proof_that_no_module_states_blocks(folder: str, theorem: str) -> None:
    for path in (f"specs/{folder}/{folder}_proofs.tla", f"specs/{folder}/properties.md"):
        text = PROJECT.text(path)
        changed = re.sub(rf"\b{theorem}\b", f"{theorem}Gone", text)
        assert changed != text
        found = [flag for flag in features.check(Project(ROOT, {path: changed})) if flag.severity == BLOCK]
        assert any("no module of proofs states" in flag.issue and theorem in flag.issue for flag in found), path


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: Path(record.path).stem)
def test_a_record_without_citations_blocks(record: records.Record) -> None:
    if max(record.levels) == 0:
        pytest.skip("level 0 throughout: it claims no source")
    bare = re.sub(r"\[[A-Z]\w*\d\w*\](?!\()", "", record.text)
    found = chain.check(Project(ROOT, {record.path: bare}))
    assert any(flag.location == record.path and "without a citation" in flag.issue for flag in found)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: Path(record.path).stem)
def test_deleting_any_test_module_code_or_mutant_blocks(record: records.Record) -> None:
    """The audit misses each name in a record's evidence when its file no longer has it."""
    known = {reference.key: reference for reference in REFERENCES}

    def is_missed(changed: dict[str, str | None], name: str) -> bool:
        found = chain.check_record(Project(ROOT, changed), record, known)
        return any(flag.severity == BLOCK and name in flag.issue for flag in found)

    for link in ("Module", "Code", "Test"):
        for named in record.named(link):
            last = named.name.rpartition(".")[2]
            changed = re.sub(rf"\b{last}\b", f"{last}Gone", PROJECT.text(named.path)) if last else None
            assert is_missed({named.path: changed}, named.name or named.path), named
    for name in record.mutants():
        path = PROJECT.mutants[name]
        whole = f'"{name}"' in PROJECT.text(path)  # else a function puts a prefix before it
        literal = name if whole else name.partition(": ")[2]
        assert is_missed(planted(path, f'"{literal}"', '"another"'), name), name


def test_a_file_that_no_record_claims_blocks(tmp_path: Path) -> None:
    for folder in ("firmware/amu/consensus", "specs/decisions", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "firmware/amu/consensus/gossip.py").write_text('"""Spreads rumours."""\n')
    found = list(chain.check(Project(tmp_path)))
    assert [flag.location for flag in found if "NOVEL" in flag.issue] == ["firmware/amu/consensus/gossip.py"]


@pytest.mark.parametrize(
    ("planted_lines", "words"),
    [
        (["import time"], "prohibitions 2 and 5"),
        (["self.leader_failed = True"], "prohibition 3"),
        (["self.queue = []", "self.queue.append(1)"], "prohibition 4"),
        (["self.queue: list[int] = []", "self.queue.append(1)"], "prohibition 4"),
        (["self.queue = []  # at most BAGS_MAX", "self.queue.append(1)"], "no limit BAGS_MAX"),
        (["# at most BAGS_MAX", "self.queue: list[int] = []", "self.queue.append(1)"], "no limit BAGS_MAX"),
        (["try:", "    1", "except OSError:", "    pass"], "prohibition 6"),
    ],
)
def test_a_prohibition_that_shows_in_the_code_blocks(planted_lines: list[str], words: str) -> None:
    place = "        self.view = "
    lines = "".join(f"        {line}\n" for line in planted_lines)
    text = PROJECT.text(INSTANCE)
    assert place in text
    found = blocks({INSTANCE: text.replace(place, lines + place, 1)})
    assert any(words in flag.issue and flag.location.startswith(INSTANCE) for flag in found), found


def test_a_prohibition_that_nothing_holds_blocks() -> None:
    index = PROJECT.text(records.INDEX)
    without = "\n".join(line for line in index.splitlines() if not line.startswith("| 6 |"))
    assert any("prohibition 6 has no row" in flag.issue for flag in blocks({records.INDEX: without}))
    renamed = index.replace("test_the_pending_queue_says_no_and_loses_nothing", "test_gone")
    assert any("prohibition 4" in flag.issue and "test_gone" in flag.issue for flag in blocks({records.INDEX: renamed}))


@pytest.mark.parametrize("number", range(monotonicity.ROWS))
def test_a_hard_invariant_without_its_row_blocks(number: int) -> None:
    index = PROJECT.text(records.INDEX)
    line, _ = records.tables(index, *monotonicity.TABLE)[number]
    lines = index.splitlines()
    changed = "\n".join(lines[: line - 1] + lines[line:])
    assert any(flag.rule == "monotonicity" for flag in blocks({records.INDEX: changed}))


def test_a_ledger_that_lets_a_cursor_go_back_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not [flag for flag in monotonicity.check(PROJECT) if flag.location == "firmware/amu/ledger"]
    monkeypatch.setattr(cursors, "is_monotone", lambda last_key, new_key: True)
    found = [flag.issue for flag in monotonicity.check(PROJECT) if flag.location == "firmware/amu/ledger"]
    assert "a cursor moves back (D2.3)" in found


class _Hasty:
    """Around a node: `pace` board ticks pass where one should, or none."""

    def __init__(self, node: Any, pace: int) -> None:
        self._node, self._pace = node, pace

    def __getattr__(self, name: str) -> Any:
        return getattr(self._node, name)

    def tick(self) -> None:
        for _ in range(self._pace):
            self._node.tick()


def test_boards_whose_clocks_race_or_stand_still_agree(tmp_path: Path) -> None:
    """Time decides nothing: one board's clock runs nine times too fast, another's stands still."""
    cluster = Cluster(4, seed=5, links=Links(drop=0.05, delay_max=4))
    cluster.seats[0].wrap = lambda node: _Hasty(node, 9)
    cluster.seats[1].wrap = lambda node: _Hasty(node, 0)
    cluster.start()
    for _ in range(12):  # one after the other: together they would share slots
        operation = cluster.request(["noop"])
        assert cluster.run(4000, until=lambda operation=operation: cluster.confirmed(operation))
    verdict = check_trace(cluster.finish(tmp_path / "trace.ndjson"))
    # FDT-1 compares silences with the counter of the board, which does not race as the clock of its node does.
    assert {name for name, state in verdict.invariants.items() if state == VIOLATED} <= {"FDT-1"}
    assert verdict.steps["Decide"] >= 12


def test_the_command_prints_and_fails(tmp_path: Path) -> None:
    run = CliRunner().invoke(app, ["audit", str(ROOT), "--json"])
    assert run.exit_code == 0
    told = json.loads(run.stdout)
    assert told["passed"]
    assert told["counts"]["BLOCK"] == 0
    assert all(
        set(row) == {"name", "location", "invariant", "references", "violation", "verification"}
        for row in told["patterns"]
    )
    assert "PASS" in CliRunner().invoke(app, ["audit", str(ROOT), "--all"]).stdout
    assert CliRunner().invoke(app, ["audit", str(tmp_path)]).exit_code == 2
    with pytest.raises(AuditError, match="needs a checkout"):
        audit(tmp_path)
