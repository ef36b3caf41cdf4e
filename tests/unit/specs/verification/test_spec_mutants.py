"""The catalogue of module mutants fits the modules, and a quick handful of it is run; `make spec-mutants` runs all."""

from dataclasses import replace

import pytest

from tests.spec_mutants import run
from tests.spec_mutants.mutant import SpecMutant
from tests.spec_mutants.run import CatalogueError

CATALOGUE = run.catalogue()
QUICK = (
    "ledger: any token will do",
    "ledger: a held resource is granted",
    "ledger: empty shards",
    "tetrabft: vote twice",
    "tetrabft: vote for what was not proposed",
)


def test_names_are_unique() -> None:
    assert len({mutant.name for mutant in CATALOGUE}) == len(CATALOGUE)


@pytest.mark.parametrize("mutant", CATALOGUE, ids=lambda mutant: mutant.name)
def test_the_catalogue_fits_the_modules(mutant: SpecMutant) -> None:
    run.require_fit(mutant)


@pytest.mark.parametrize("name", QUICK)
def test_a_mutant_is_caught_as_listed(name: str) -> None:
    [mutant] = [mutant for mutant in CATALOGUE if mutant.name == name]
    found = run.kill(mutant)
    assert found.catchers == (mutant.caught_by,), found.trouble


def test_a_harmless_change_survives() -> None:
    """The runner can say that nothing noticed."""
    mutant = replace(CATALOGUE[0], feature="ledger", module="ledger.tla", run="the effector looks at the token")
    harmless = replace(mutant, before="HalfOpen == ", after="HalfOpen == TRUE /\\ ", caught_by="HalfOpen")
    found = run.kill(harmless)
    assert (found.catchers, found.is_as_listed, found.trouble) == ((), False, "")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"before": "no such text"}, "its place stands 0 times"),
        ({"before": "\n"}, "its place stands .* times"),
        ({"module": "none.tla"}, "there is no module"),
        ({"run": "no such run"}, "has no run 'no such run'; it has "),
    ],
)
def test_a_mutant_that_does_not_fit_is_an_error(changes: dict[str, str], complaint: str) -> None:
    with pytest.raises(CatalogueError, match=complaint):
        run.require_fit(replace(CATALOGUE[0], **changes))


def test_a_trace_rejects_a_module_that_forbids_what_boards_do() -> None:
    mutant = SpecMutant(
        "tetrabft: nobody votes in phase 4",
        "tetrabft",
        "tetrabft.tla",
        "Vote4(p, v, val) ==\n",
        "Vote4(p, v, val) ==\n    /\\ FALSE\n",
        run.TRACE,
        "CON-1",
    )
    assert "CON-1" in run.kill(mutant).catchers
