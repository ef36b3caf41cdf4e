"""Finds the seeds that tests rest on, again after a change of the flight code's timing: for people, no test calls it.

    python -m tests.support.simulator.search MODULE:FUNCTION A:B [ARGUMENT ...]

prints each seed of the range for which FUNCTION(seed, *arguments) is true. The functions stand beside the tests; their
docstrings give the command.
"""

import importlib
import sys
from collections.abc import Iterator


def found(where: str, seeds: range, *arguments: str) -> Iterator[int]:
    module, function = where.split(":")
    shows = getattr(importlib.import_module(module), function)
    yield from (seed for seed in seeds if shows(seed, *arguments))


if __name__ == "__main__":
    first, end = map(int, sys.argv[2].split(":"))
    for seed in found(sys.argv[1], range(first, end), *sys.argv[3:]):
        print(seed, flush=True)
