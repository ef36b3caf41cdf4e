"""Flies seeds in the simulator until one fails; run with the module path of a tree in which a bug is planted.

    python -m tests.mutants.hunt [--nodes N] [--encoded] SEED [SEED ...]

Prints one JSON object: the outcome of the first seed that fails or null, how many were flown, processor seconds.
"""

import argparse
import json
import time
from collections.abc import Iterable
from typing import Any

from swarm_sim.draw.draw import NODES_DEFAULT, draw
from swarm_sim.outcome import PASS
from swarm_sim.simulation import simulate


def hunt(seeds: Iterable[int], nodes: int, is_encoded: bool) -> dict[str, Any]:
    """The outcome of `seeds`, up to the first failure."""
    flown, failure = 0, None
    for seed in seeds:
        flown += 1
        outcome = simulate(draw(seed, nodes), None, is_encoded)
        if outcome.verdict != PASS:
            failure = outcome.as_dict()
            break
    return {"outcome": failure, "seeds": flown, "seconds": round(time.process_time(), 1)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("--nodes", type=int, default=NODES_DEFAULT)
    parser.add_argument("--encoded", action="store_true")
    options = parser.parse_args()
    print(json.dumps(hunt(options.seeds, options.nodes, options.encoded)))


if __name__ == "__main__":
    main()
