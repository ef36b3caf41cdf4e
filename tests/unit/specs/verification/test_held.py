"""What a proof rests on is held on traces, or the feature's properties say why it is not: the audit misses each."""

import re
from pathlib import Path

import pytest

from specs import FOLDER
from specs.audit import held
from specs.audit.flags import BLOCK
from specs.audit.project import Project
from specs.checking.consensus import conformance as consensus
from specs.checking.ledger import conformance as ledger
from specs.checking.services.conformance import MUTEX
from specs.proof import script
from specs.proof.translation import modules
from specs.tla.syntax import tree
from tests import ROOT

MODULES = sorted(FOLDER.glob("*/*_proofs.tla"))
HELD = {  # by module of proofs, all that the checkers hold of it
    "tetrabft_proofs": {*consensus.PROVED, *consensus.INVARIANTS.values()},
    "ledger_proofs": {*ledger.STATE_PREDICATES},
    "lamport_mutex_proofs": {*MUTEX.rules},
}


def issues(folder: str, changed: str | None = None) -> list[str]:
    path = f"specs/{folder}/properties.md"
    project = Project(ROOT, {} if changed is None else {path: changed})
    found = list(held.check(project, f"specs/{folder}"))
    assert all(flag.severity == BLOCK and flag.location == path for flag in found)
    return [flag.issue for flag in found]


def properties(folder: str) -> str:
    return (FOLDER / folder / "properties.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_each_invariant_of_a_theorem_is_read(path: Path) -> None:
    found = {}
    for theorem in script.read(path):
        goal = theorem.sequent.goal
        claim = goal.arguments[1] if isinstance(goal, tree.Apply) and goal.name == "=>" else None
        if isinstance(claim, tree.Always) and not isinstance(claim.operand, tree.BoxAction):
            found[theorem.name] = claim.operand.place.text
    read = held.invariants(path.read_text(encoding="utf-8"))
    assert read.keys() == found.keys()
    assert all(items and items[-1] in found[name] for name, items in read.items())


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_of_proofs_without_a_row_is_missed(path: Path) -> None:
    text = properties(path.parent.name)
    without = re.sub(rf"^\| `{path.stem}` .*\n", "", text, flags=re.MULTILINE)
    assert without != text
    assert not issues(path.parent.name)
    assert any(f"of {path.stem} proves" in issue for issue in issues(path.parent.name, without))


@pytest.mark.parametrize("name", ["Heart", "Permitted", "Simple"])
def test_an_invariant_that_no_row_names_is_missed(name: str) -> None:
    (issue,) = issues("tetrabft", properties("tetrabft").replace(f"`{name}` (", f"{name} ("))
    assert f"proves {name}: say in" in issue


def test_a_row_for_what_no_theorem_proves_is_noticed() -> None:
    (issue,) = issues("tetrabft", properties("tetrabft").replace("`Heart` (", "`Liver` ("))[1:]
    assert issue == "says where `Liver` is held, which no theorem of tetrabft_proofs proves"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_the_checkers_hold_what_the_table_says(path: Path) -> None:
    rows = [row for row in held.rows(properties(path.parent.name)) if row.module == path.stem and row.is_held]
    named = {part for row in rows for name in row.names for part in _parts(path, name, HELD[path.stem])}
    known = HELD.get(path.stem, set())
    assert bool(rows) is bool(known)
    assert named <= known
    assert {name for name in known if _defined_in(path, name)} <= named


def _parts(path: Path, name: str, known: set[str]) -> set[str]:
    """The name, or the conjuncts of what it stands for."""
    body = modules.read(path).definitions[name].body
    if name in known or not (isinstance(body, tree.Junction) and body.conjunction):
        return {name}
    return {item.name for item in body.items if isinstance(item, tree.Apply)}


def _defined_in(path: Path, name: str) -> bool:
    return re.search(rf"^{name} ==", path.read_text(encoding="utf-8"), re.MULTILINE) is not None
