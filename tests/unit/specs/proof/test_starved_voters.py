"""Without clause (iii-B) voters may refuse what a leader may propose: a reachable state, which the theorem forbids.

The solvers do not find it: where the clause is dropped, they say of theorem Accepting that they do not know.
"""

import shutil
from pathlib import Path

import pytest

from specs import FOLDER, tla
from tests import ROOT
from tests.conformance.protocols import test_tetrabft_starved_voters as starved

PAGE = ROOT / "docs" / "reference" / "proofs.md"
FOLDER_OF_PROOFS = FOLDER / "tetrabft"
INVARIANTS = ("TypeOK", "Simple", "Heart", "VotesSafe", "OneValueChosen", "Agreement")


@pytest.mark.parametrize("clause", [False, True], ids=["without", "with"])
def test_acceptance_breaks_without_the_clause_and_agreement_does_not(clause: bool) -> None:
    module = tla.load(FOLDER_OF_PROOFS / "tetrabft_proofs.tla", starved.constants(clause))
    state = starved.play(module)  # each step of the schedule is one of the module
    assert {name: module.holds(name, state) for name in INVARIANTS} == dict.fromkeys(INVARIANTS, True)
    assert module.holds("ProposalAcceptable", state) is clause
    assert module.value("AllEntered", state, starved.GOOD_VIEW)
    assert module.value("SafeToPropose", state, "d", starved.GOOD_VIEW)
    assert module.value("SafeAt", state, "d", starved.GOOD_VIEW, 4, 1, clause, frozenset()) is clause


def test_the_page_shows_that_state(tmp_path: Path) -> None:
    for path in FOLDER_OF_PROOFS.glob("*.tla"):
        shutil.copy(path, tmp_path)
    section = PAGE.read_text(encoding="utf-8").partition("## Without clause (iii-B)")[2]
    code = section.partition("```text\n")[2].partition("```")[0]
    module = f"---- MODULE page ----\nEXTENDS tetrabft_proofs\n{code}\n====\n"
    (tmp_path / "page.tla").write_text(module, encoding="utf-8")
    page = tla.load(tmp_path / "page.tla", starved.constants(False))
    state = starved.play(page)
    assert page.holds("Starved", state)
    assert not page.holds("Starved", page.replace(state, view=dict.fromkeys(range(1, 5), 3)))
