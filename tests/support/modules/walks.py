"""Random walks through the states of a module, in this process: which step was taken, and the state after it."""

import random
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from specs.tla.language import language
from specs.tla.language.language import State


class Walker:
    """`steps` are (operator, arguments): the candidates for each step, as many entries as its weight.

    `definitions` are read as if they stood at the end of the module.
    """

    def __init__(
        self,
        path: Path,
        constants: Mapping[str, Any],
        init: str,
        steps: Sequence[tuple[str, tuple[int, ...]]],
        definitions: str = "",
    ) -> None:
        self.steps = list(steps)
        names = [f"Walk{number} == {name}({', '.join(map(str, args))})" for number, (name, args) in enumerate(steps)]
        self.module = language.load(path, constants, "\n".join([definitions, *names]))
        self._init = init

    def walk(self, seed: int, length: int) -> Iterator[tuple[str, tuple[int, ...], State, State]]:
        """Up to `length` steps: operator, arguments, the states before and after. Ends where none is enabled."""
        chance = random.Random(seed)
        state = chance.choice(list(self.module.initials(self._init)))
        for _ in range(length):
            found = None
            for number in chance.sample(range(len(self.steps)), len(self.steps)):
                successors = list(self.module.successors(f"Walk{number}", state))
                if successors:
                    found = number, chance.choice(successors)
                    break
            if found is None:
                return
            name, arguments = self.steps[found[0]]
            yield name, arguments, state, found[1]
            state = found[1]
