"""The syntax tree of a TLA+ module: input of the compiler, the explorer and the explainer.

Theory. The parser's concrete tree has a hundred kinds of node, most of them punctuation. This one has one kind per
construct with a meaning; all operators, built in or defined, are `Apply`.

Rules. Nodes are immutable and compared by identity. Each carries its place in the source, for error messages.
"""

from __future__ import annotations

import typing
from dataclasses import dataclass, field
from pathlib import Path

from specs.escape import MultilineError, escaped


class ModuleError(MultilineError):
    """A module cannot be used: it does not parse, a name is undefined, a constant has no value."""


class Unsupported(ModuleError):
    """TLA+ that this evaluator does not support. TLC may."""


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A span of a module's source. `start` and `end` are byte offsets."""

    path: Path
    line: int
    start: int
    end: int
    source: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The source text, on one line."""
        return " ".join(self.source[self.start : self.end].decode("utf-8").split())

    def __str__(self) -> str:
        return f"{escaped(self.path.name)}:{self.line}"


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Expression:
    """Base of all expressions."""

    place: Place


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Literal(Expression):
    """A number, a string, TRUE or FALSE (a Python bool)."""

    value: int | str | bool


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Step:
    """One part of a qualified name: `I` or `J(3)`."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Apply(Expression):
    """An operator with its arguments, if any; `path` is the part before `!`.

    Synonyms of symbols share one name: `\\union` and `\\cup` are both "\\cup". `-x` is "-.".
    """

    name: str
    arguments: tuple[Expression, ...] = ()
    path: tuple[Step, ...] = ()


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Chain(Expression):
    """`a + b + c + ...`: one infix operator, applied from the left, so often that a nested tree would be too deep."""

    name: str
    items: tuple[Expression, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Junction(Expression):
    """A conjunction or disjunction, from a bulleted list or from infix operators."""

    conjunction: bool
    items: tuple[Expression, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Bound:
    """`x, y \\in domain`, or `<<x, y>> \\in domain` if `pattern`."""

    names: tuple[str, ...]
    pattern: bool
    domain: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Quantified(Expression):
    universal: bool
    bounds: tuple[Bound, ...]
    body: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Choose(Expression):
    bound: Bound
    body: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SetLiteral(Expression):
    items: tuple[Expression, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SetFilter(Expression):
    bound: Bound
    body: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class SetMap(Expression):
    body: Expression
    bounds: tuple[Bound, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Product(Expression):
    factors: tuple[Expression, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Tuple(Expression):
    items: tuple[Expression, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Record(Expression):
    fields: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class RecordSet(Expression):
    fields: tuple[tuple[str, Expression], ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class FunctionLiteral(Expression):
    bounds: tuple[Bound, ...]
    body: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class FunctionSet(Expression):
    domain: Expression
    codomain: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Index(Expression):
    """f[x], f[x, y] and r.field (the index is a string literal)."""

    function: Expression
    argument: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Update:
    """`![a].b = value` of an EXCEPT."""

    path: tuple[Expression, ...]
    value: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Except(Expression):
    function: Expression
    updates: tuple[Update, ...]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class At(Expression):
    """`@` in an EXCEPT: the old value."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class If(Expression):
    condition: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Case(Expression):
    arms: tuple[tuple[Expression, Expression], ...]
    other: Expression | None


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Parameter:
    """A formal parameter. `arity` is above 0 if it is an operator."""

    name: str
    arity: int = 0


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Lambda(Expression):
    parameters: tuple[Parameter, ...]
    body: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Let(Expression):
    definitions: tuple[Definition | Instance, ...]
    body: Expression
    declared: frozenset[str] = frozenset()  # names that it declares RECURSIVE


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Prime(Expression):
    operand: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Unchanged(Expression):
    operand: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Enabled(Expression):
    action: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class BoxAction(Expression):
    """[A]_v if `stutter`, else <<A>>_v."""

    action: Expression
    subscript: Expression
    stutter: bool


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Always(Expression):
    """[]operand: a temporal formula; specs/tla/language/temporal.py splits it."""

    operand: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Eventually(Expression):
    """<>operand"""

    operand: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class LeadsTo(Expression):
    """left ~> right"""

    left: Expression
    right: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Fairness(Expression):
    """SF_subscript(action) if `strong`, else WF_subscript(action)."""

    strong: bool
    action: Expression
    subscript: Expression


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Unknown(Expression):
    """A construct that the evaluator does not support: an error when it is evaluated."""

    construct: str
    temporal: bool = False


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Definition:
    """`name(parameters) == body`. For a function definition the body is the function, and `function` is true.

    `recursive`: declared RECURSIVE, or a function definition. `local`: not exported by EXTENDS.
    """

    name: str
    parameters: tuple[Parameter, ...]
    body: Expression
    place: Place
    recursive: bool = False
    function: bool = False
    local: bool = False


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Instance:
    """`name(parameters) == INSTANCE module WITH ...`. `name` is None for a bare INSTANCE."""

    name: str | None
    parameters: tuple[Parameter, ...]
    module: str
    substitutions: tuple[tuple[str, Expression], ...]
    place: Place
    local: bool = False


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Declaration:
    """CONSTANTS, VARIABLES, or names declared RECURSIVE."""

    kind: DeclarationKind
    parameters: tuple[Parameter, ...]
    place: Place


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Assumption:
    """ASSUME expression. A named one is followed by its definition."""

    expression: Expression
    place: Place


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True, kw_only=True)
class ModuleTree:
    """One module as written. `units` are in the order of the source."""

    name: str
    path: Path
    place: Place
    extends: tuple[str, ...]
    units: tuple[Unit, ...]


DeclarationKind: typing.TypeAlias = typing.Literal["CONSTANT", "VARIABLE", "RECURSIVE"]
Unit: typing.TypeAlias = Declaration | Definition | Instance | Assumption | ModuleTree
