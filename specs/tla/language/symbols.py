"""What names mean to the semantic pass: symbols, what modules export, and levels.

Theory. Each expression has a level: a constant, a state expression, an action or a temporal formula (Lamport,
Specifying Systems, section 17.2). An operator bounds the levels of its arguments: a prime takes at most a state
expression. A definition passes such bounds on to its parameters: with F(a) == a', F takes at most a state expression,
too.

Rules. A level is a number, and the symbols whose own levels add to it where they get a value: parameters of
definitions, and the CONSTANTs of a module without variables, to which an INSTANCE may give what has a higher level.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from specs.tla.language import standard
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Parameter, Place

Arities: TypeAlias = tuple[int, ...]  # one per parameter: 0 for a value, otherwise that of an operator

CONSTANT, STATE, ACTION, TEMPORAL = range(4)
LEVELS = ("a constant", "a state expression", "an action", "a temporal formula")
DECLARED = {"CONSTANT": "a CONSTANT", "VARIABLE": "a VARIABLE", "RECURSIVE": "a RECURSIVE declaration"}

LOGIC_ARITIES: dict[str, Arities] = {
    "~": (0,), "=>": (0, 0), "<=>": (0, 0), "=": (0, 0), "#": (0, 0), "\\in": (0, 0), "\\notin": (0, 0),
    "/\\": (0, 0), "\\/": (0, 0), "\\X": (0, 0), "'": (0,),
}  # fmt: skip
CONNECTIVES = frozenset(("~", "/\\", "\\/", "=>", "<=>"))
_ANY_LEVEL = frozenset(("Print", "PrintT", "TLCEval", "TLCGet", "TLCSet", "RandomElement", "SetToBag"))


@dataclass(frozen=True, slots=True)
class Level:
    """`number`: one of CONSTANT to TEMPORAL, without what the symbols in `of` add."""

    number: int = CONSTANT
    of: frozenset[Symbol] = frozenset()

    def given(self, levels: Mapping[Symbol, Level]) -> Level:
        """This level where these symbols have values of these levels."""
        if self.of.isdisjoint(levels):
            return self
        kept = Level(self.number, self.of - levels.keys())
        return highest([kept, *[level for symbol, level in levels.items() if symbol in self.of]])

    def at_least(self, number: int) -> Level:
        return Level(max(self.number, number), self.of)


def highest(levels: Iterable[Level]) -> Level:
    """The level of what is composed of parts of these levels."""
    number, of = CONSTANT, frozenset[Symbol]()
    for level in levels:
        number, of = max(number, level.number), of | level.of
    return Level(number, of)


@dataclass(eq=False, slots=True)
class Symbol:
    """What a name means: `what` it is, for messages, and where. `instance`: the names behind `!`.

    `parameters`: those of a definition or an instance. `bounds`: of an operator of TLA+, the highest levels of its
    arguments. `most`: the highest level that may stand for a parameter or a CONSTANT. `wanted`: of a parameter that is
    an operator, the level of each of its arguments.
    """

    arities: Arities
    what: str
    place: Place | None = None
    instance: Exports | None = None
    level: Level = Level()
    parameters: tuple[Symbol, ...] = ()
    bounds: tuple[int, ...] = ()
    most: int = TEMPORAL
    wanted: dict[int, Level] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.what if self.place is None else f"{self.what} ({self.place})"

    def bound(self, number: int) -> int:
        """The highest level of an argument."""
        if self.parameters:
            return self.parameters[number].most
        return self.bounds[number] if self.bounds else TEMPORAL

    def applied(self, levels: list[Level]) -> Level:
        """The level of this operator, applied to arguments of these levels."""
        if self.parameters:
            return self.level.given(dict(zip(self.parameters, levels)))
        return highest([self.level, *levels])

    def given(self, levels: Mapping[Symbol, Level]) -> Symbol:
        """This symbol behind an INSTANCE that gives its module's declarations values of these levels."""
        instance = None
        if self.instance is not None:
            names = {name: symbol.given(levels) for name, symbol in self.instance.names.items()}
            instance = replace(self.instance, names=names)
        elif self.level.of.isdisjoint(levels):
            return self
        return replace(self, level=self.level.given(levels), instance=instance)


def open_symbol(arities: Arities, what: str, place: Place) -> Symbol:
    """A parameter or a CONSTANT: what it stands for adds to the level."""
    symbol = Symbol(arities, what, place)
    if what == DECLARED["CONSTANT"]:
        symbol.wanted = dict.fromkeys(range(len(arities)), Level(ACTION))  # an INSTANCE may give it anything
    symbol.level = Level(CONSTANT, frozenset((symbol,)))
    return symbol


@dataclass(slots=True)
class Exports:
    """What a module gives to those that extend or instantiate it."""

    names: dict[str, Symbol] = field(default_factory=dict)
    declared: dict[str, Parameter] = field(default_factory=dict)
    inner: dict[str, tree.ModuleTree] = field(default_factory=dict)

    def is_constant(self) -> bool:
        """Whether the module has no variables, actions or temporal formulas: an INSTANCE may give it anything."""
        return all(symbol.level.number == CONSTANT for symbol in self.names.values())


def of_tla(name: str, arities: Arities, module: str = "TLA+") -> Symbol:
    """An operator of TLA+, or of a standard module."""
    bounds = tuple([TEMPORAL if name in CONNECTIVES or name in _ANY_LEVEL else ACTION for _ in arities])
    if name == "'":
        return Symbol(arities, f"an operator of {module}", bounds=(STATE,), level=Level(ACTION))
    if name == "Assert":
        bounds = (ACTION, TEMPORAL)
    return Symbol(arities, f"an operator of {module}", bounds=bounds)


BUILT_IN = {name: of_tla(name, arities) for name, arities in LOGIC_ARITIES.items()} | {
    name: of_tla(name, item.arities) for name, item in standard.ALWAYS.items()
}
