"""The TLA+ module that the authors of TetraBFT published, under the schedule of the starved voters.

The module is not part of this repository. AMU_TETRABFT_PUBLIC names a folder that holds its TetraBFT.tla (a checkout of
github.com/nano-o/tetrabft-tla); data/public_starved_voters.tla extends it, and both are copied side by side.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from specs.tla.language import language
from specs.tla.language.language import Module, State, to_tla
from specs.tlc import runner as tlc
from specs.tlc.runner import TlcResult
from tests import ROOT

VARIABLE = "AMU_TETRABFT_PUBLIC"
MODULE = "TetraBFT.tla"
PLAYER = ROOT / "tests" / "conformance" / "data" / "public_starved_voters.tla"
LIAR = 3
QUORUMS = ({1, 2, 3}, {1, 2, 4}, {1, 3, 4}, {2, 3, 4}, {1, 2, 3, 4})
BLOCKING = ({1, 2}, {1, 3}, {1, 4}, {2, 3}, {2, 4}, {3, 4})


def _sets(sets: Iterable[set[int]]) -> frozenset[frozenset[int]]:
    return frozenset(frozenset(one) for one in sets)


CONSTANTS: dict[str, Any] = {
    "V": frozenset({"a", "c", "d"}),
    "P": frozenset({1, 2, 3, 4}),
    "Quorum": _sets(QUORUMS),
    "Blocking": _sets(BLOCKING),
    "FailProneSets": _sets([{LIAR}]),
    "Round": frozenset(range(4)),
}


def missing() -> str | None:
    """Why the public module cannot be used here, or None."""
    named = os.environ.get(VARIABLE)
    if not named:
        return f"{VARIABLE} names no folder with the published {MODULE} (github.com/nano-o/tetrabft-tla)"
    if not (Path(named) / MODULE).is_file():
        return f"{VARIABLE}={named}: no {MODULE} there"
    return None


def script(steps: Iterable[tuple[str, tuple[Any, ...]]]) -> list[tuple[Any, ...]]:
    """The schedule as steps of the player: all enter view 0, the liar pretends, the schedule, the liar falls silent."""
    played: list[tuple[Any, ...]] = [("EnterView", replica, 0, "a") for replica in (1, 2, 4)]
    played.append(("Pretend", LIAR, 3, "a"))
    played += [(action, *arguments, *["a"][len(arguments) - 2 :]) for action, arguments in steps]
    played.append(("FallSilent", LIAR, 0, "a"))
    return played


def prepare(folder: Path, played: Sequence[tuple[Any, ...]]) -> Path:
    """Puts the published module, the player and the script into `folder`; returns the player's path there."""
    shutil.copy(Path(os.environ[VARIABLE]) / MODULE, folder / MODULE)
    lines = ",\n".join(to_tla(step) for step in played)
    (folder / "public_script.tla").write_text(f"---- MODULE public_script ----\nScript == <<\n{lines}\n>>\n====\n")
    return Path(shutil.copy(PLAYER, folder / PLAYER.name))


def by_tlc(player: Path, invariant: str) -> TlcResult:
    """TLC's verdict on the invariant along the schedule."""
    lines = ["SPECIFICATION PlaySpec", "CONSTANTS"]
    lines += [f"  {name} = {to_tla(value)}" for name, value in CONSTANTS.items()]
    return tlc.run(player, "\n".join([*lines, f"INVARIANT {invariant}", ""]))


def in_process(player: Path) -> tuple[Module, list[State]]:
    """The states of the schedule. The published module allows each of its steps."""
    module = language.load(player, CONSTANTS)
    (state,) = module.initials("PlayInit")
    states = [state]
    while True:
        following = list(module.successors("PlayNext", states[-1]))
        if not following:
            return module, states
        states += following
