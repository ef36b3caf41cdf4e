"""From what the emulator saw to what it means: functions by name, time by stage and by function.

The emulator gives each function by the first bytes of its code in memory. That finds it among the functions of the
firmware. Short functions may be equal in several modules; then the module's context tells, which its other functions
share.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hil.profile import stages
from hil.profile.bytecode import Function

UNKNOWN = "(unknown)"  # code of the image itself, or of a file that is not the firmware's
_WORK, _COLLECT, _INTERRUPT = range(3)  # what a sample found: see core/profiler.mjs
_NATIVE_BEFORE = 16  # bytes of machine code in front of the address
_STAGE_OF_MODE = {_COLLECT: stages.COLLECTION, _INTERRUPT: stages.INTERRUPTS}
_OWN_OF_MODE = {mode: f"({stage})" for mode, stage in _STAGE_OF_MODE.items()}


@dataclass
class Profile:
    """What boards did, added up. Times in nanoseconds.

    own: of a function itself; collections and interrupts have entries of their own. total: with what it called, and
    with those.

    collections: (free bytes, longest free run) after each garbage collection.
    """

    nanos: int = 0
    idle: int = 0
    by_stage: Counter[str] = field(default_factory=Counter)
    own: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    erases: int = 0
    heap_bytes: int = 0
    collections: list[tuple[int, int]] = field(default_factory=list)

    @property
    def busy(self) -> int:
        return self.nanos - self.idle

    def add(self, other: "Profile") -> None:
        """Add what another board, or the same one at another time, did."""
        self.nanos += other.nanos
        self.idle += other.idle
        self.by_stage += other.by_stage
        self.own += other.own
        self.total += other.total
        self.pages += other.pages
        self.erases += other.erases
        self.heap_bytes = max(self.heap_bytes, other.heap_bytes)
        self.collections += other.collections


class Names:
    """Finds functions of the firmware by their code."""

    def __init__(self, functions: Sequence[Function]) -> None:
        self._functions = [function for function in functions if not function.is_native]
        self._natives = [function for function in functions if function.is_native]
        self._known: dict[str, list[str]] = {}

    def of(self, seen: Sequence[dict[str, Any]]) -> list[str]:
        """Names of the functions that one board ran, in the given order."""
        candidates = [self._candidates(one["code"]) for one in seen]
        modules: dict[int, Counter[str]] = defaultdict(Counter)  # by context
        for one, names in zip(seen, candidates, strict=True):
            if len(names) == 1:
                modules[one["context"]][_module(names[0])] += 1
        return [self._choose(names, modules[one["context"]]) for one, names in zip(seen, candidates, strict=True)]

    def native(self, around: str) -> str:
        """Name of the function of machine code that these bytes are from."""
        code = bytes.fromhex(around)
        names = [one.name for one in self._natives if code in one.code or _starts_with_end(one.code, code)]
        return names[0] if len(names) == 1 else UNKNOWN

    def _candidates(self, code_hex: str) -> list[str]:
        if code_hex not in self._known:
            code = bytes.fromhex(code_hex)
            self._known[code_hex] = [
                one.name for one in self._functions if one.code[: len(code)] == code[: len(one.code)]
            ]
        return self._known[code_hex]

    @staticmethod
    def _choose(names: list[str], modules: Counter[str]) -> str:
        if not names:
            return UNKNOWN
        return max(names, key=lambda name: modules[_module(name)])  # the first one of equals


def _module(name: str) -> str:
    return name.partition(":")[0]


def _starts_with_end(whole: bytes, part: bytes) -> bool:
    """Is `part` from the first or the last bytes of `whole`, with something else beside it?"""
    return bool(whole) and (whole[:_NATIVE_BEFORE] in part or whole[-_NATIVE_BEFORE:] in part)


def told(seen: dict[str, Any], names: Names, nanos: int) -> Profile:
    """The profile of one board from the emulator's report `seen`, of samples each `nanos` of work apart."""
    functions = names.of(seen["functions"])
    natives = [names.native(around) for around in seen["natives"]]
    profile = Profile(
        nanos=round(seen["nanos"]),
        idle=round(seen["idle_nanos"]),
        pages=seen["pages"],
        erases=seen["erases"],
        heap_bytes=seen["heap_bytes"],
        collections=[(free, run) for free, run in seen["collections"]],
    )
    for key, count in seen["stacks"]:
        mode, *numbers = map(int, key.split())
        stack = [functions[number] if number >= 0 else natives[-1 - number] for number in numbers]
        profile.by_stage[_STAGE_OF_MODE.get(mode) or stages.stage_of(stack)] += count * nanos
        profile.own[_OWN_OF_MODE.get(mode) or (stack[0] if stack else UNKNOWN)] += count * nanos
        for function in set(stack):
            profile.total[function] += count * nanos
    return profile
