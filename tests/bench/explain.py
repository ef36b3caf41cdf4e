"""How often `amu explain` names the right cause, over drawn flights whose plan knows the answer.

    python -m tests.bench.explain [--seeds A:B] [--told]

Each seed draws a flight, with a fault, a pair or none, which stands still or does not; the simulator flies it; the
engine is asked about its trace; the truth comes from the simulated world (`tests.support.stalls.truth`). Right: state,
causes and boards are so. Wrong: any of them is not. `--told` prints every answer that is not right.
"""

import argparse
import tempfile
from pathlib import Path

from tests.support.stalls.score import RIGHT, Scored, fly, table

SEEDS = "0:200"


def main() -> None:
    parser = argparse.ArgumentParser(description="How often the right cause is named.")
    parser.add_argument("--seeds", default=SEEDS, metavar="A:B")
    parser.add_argument("--told", action="store_true")
    options = parser.parse_args()
    first, last = map(int, options.seeds.split(":"))
    results: list[Scored] = []
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(first, last):
            scored = fly(seed, Path(folder))
            results.append(scored)
            if options.told and scored.outcome != RIGHT:
                _tell(scored)
    print("\n".join(table(results)))


def _tell(scored: Scored) -> None:
    drawn = scored.drawn
    about = f"seed {drawn.seed}, {drawn.scenario.mission.boards} boards, asked at {drawn.at} s"
    print(f"{scored.outcome}: {' and '.join(drawn.kinds) or 'nothing'} ({about}): {scored.why}")
    print(f"    {scored.answer.state}: {scored.answer.cause}: {scored.answer.sentence}", flush=True)


if __name__ == "__main__":
    main()
