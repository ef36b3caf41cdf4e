"""Plants each mistake of the catalogue in its module, one at a time, and shows what catches it.

    python -m tests.spec_mutants [FEATURE ...]

One line per mutant: feature, name, what caught it, states (or steps of the trace) until then, seconds. Exit code 1 if
one survives or is caught by something else than listed, 2 if the catalogue no longer fits the modules.
"""

import sys
from functools import partial

from specs.verification.jobs import Job, cores, run_all
from specs.verification.plan import PlanError
from tests.spec_mutants import run
from tests.spec_mutants.run import CatalogueError, Kill

TROUBLE_CHARACTERS_MAX = 160


def line(kill: Kill) -> str:
    """A mutant's end in one line."""
    caught = ", ".join(kill.catchers) or "SURVIVES"
    if kill.trouble:
        caught = "NO ANSWER: " + " ".join(kill.trouble.split())[:TROUBLE_CHARACTERS_MAX]
    elif kill.catchers and not kill.is_as_listed:
        caught += f" (listed: {kill.mutant.caught_by})"
    mutant = kill.mutant
    return f"{mutant.feature:18} {mutant.name:58} {caught:32} {kill.states:>9,} {kill.seconds:7.1f} s"


def main(features: list[str]) -> int:
    mutants = run.catalogue()
    known = sorted({mutant.feature for mutant in mutants})
    unknown = [feature for feature in features if feature not in known]
    if unknown:
        print(f"no mutants of {', '.join(unknown)}; there are of {', '.join(known)}")
        return 2
    chosen = [mutant for mutant in mutants if not features or mutant.feature in features]
    try:
        for mutant in chosen:
            run.require_fit(mutant)
    except (CatalogueError, PlanError) as error:
        print(error)
        return 2
    if any(mutant.run == run.TRACE for mutant in chosen) and run.trace_is_sound() != "pass":
        print(f"the recorded trace is not sound by itself: amu check {run.recorded_trace()}")
        return 2
    print(f"{'feature':18} {'mutant':58} {'caught by':32} {'states':>9} {'seconds':>9}")
    as_listed = 0
    for kill in run_all([Job(partial(run.kill, mutant)) for mutant in chosen], cores()):
        as_listed += kill.is_as_listed
        print(line(kill), flush=True)
    print(f"{as_listed} of {len(chosen)} mutants caught as listed")
    return 0 if as_listed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
