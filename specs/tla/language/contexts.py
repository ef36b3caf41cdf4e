"""The compiler's data: code with its free names, and the context that gives names their meaning.

Rules. Names in generated code are unique (Compiler.fresh), so moving an expression under other binders captures
nothing. A parameter is a value computed in one of the two states. Under a prime that value is the wrong one, so the
operator is expanded instead (NeedsNames).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeAlias

from specs.tla.language.meanings import Constant, Fixed, InstanceScope, Operator, Scope, Substitution, Variable
from specs.tla.language.standard import ALWAYS, Kind
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Place, Unsupported
from specs.tla.values.values import Value

_NONE: frozenset[str] = frozenset()


class NeedsNames(Exception):
    """A parameter of `owner` occurs under a prime: `owner` must be expanded where it is used."""

    def __init__(self, owner: object) -> None:
        super().__init__(owner)
        self.owner = owner


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression. `names`: its free Python names, without globals. `reads`: see Compiled."""

    text: str
    kind: Kind
    names: frozenset[str] = _NONE
    reads: frozenset[str] = _NONE
    kept: bool = False  # a constant that is computed once

    @property
    def simple(self) -> bool:
        """Whether writing it twice costs nothing: a name or a number."""
        return self.text.isidentifier() or self.text.isdigit()


# --- meanings of names inside an expression ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound variable: a value, the same in both states."""

    text: str


@dataclass(frozen=True, slots=True)
class Formal:
    """A parameter of `owner`: a value, or a Python function if `arity` is not 0.

    The value was computed in `state`. Where the other state is needed, `owner` is expanded; `owner` is None if that is
    impossible.
    """

    text: str
    arity: int
    owner: object
    state: str = "s"


@dataclass(frozen=True, slots=True)
class Named:
    """An expression in its own context, compiled again at each use."""

    expression: Expression
    context: Context


@dataclass(frozen=True, slots=True)
class Forward:
    """An operator of a LET, used before its definition. It is defined again where it is used."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Local:
    """A LET definition. `code` refers to it. Under a prime, or if `code` is None, it is expanded."""

    definition: tree.Definition
    context: Context
    code: Code | None


@dataclass(frozen=True, slots=True)
class Known:
    """A value that compiled code gives, in `state`."""

    code: Code
    state: str


@dataclass(frozen=True, slots=True)
class LocalInstance:
    """An INSTANCE in a LET. `substitutions`: what it substitutes, by Python name, in the context of the LET."""

    instance: InstanceScope
    parameters: tuple[tree.Parameter, ...]
    substitutions: Mapping[str, Expression]
    context: Context

    def arguments(self, given: list[Named]) -> dict[str, Named]:
        """What it substitutes, where its parameters have these values."""
        parameters = {parameter.name: argument for parameter, argument in zip(self.parameters, given)}
        inside = self.context.binding(parameters)
        return {text: Named(expression, inside) for text, expression in self.substitutions.items()}


LocalMeaning: TypeAlias = Bound | Formal | Named | Forward | Local | Known | LocalInstance | Fixed


@dataclass(frozen=True, slots=True)
class Context:
    """The context of an expression. `state` is where its unprimed variables are read: "s", or "t" under a prime.

    `hidden`: the meanings of the parameters of the instances around it, by Python name. `own`: inside an ENABLED of an
    instance, the instance's variables under a prime: they are bound by the ENABLED, and not substituted.
    """

    scope: Scope
    locals: Mapping[str, LocalMeaning] = field(default_factory=dict)
    state: str = "s"
    at: str = ""
    hidden: Mapping[str, LocalMeaning] = field(default_factory=dict)
    own: Mapping[Substitution, Variable] = field(default_factory=dict)

    def binding(self, meanings: Mapping[str, LocalMeaning]) -> Context:
        return replace(self, locals={**self.locals, **meanings})

    @property
    def primed(self) -> bool:
        return self.state == "t"

    def like(self, other: Context) -> Context:
        """This context, primed if `other` is."""
        return replace(self, state="t") if other.primed else self

    def entering(
        self, operator: Operator, named: Mapping[str, LocalMeaning], hidden: Mapping[str, LocalMeaning] | None = None
    ) -> Context:
        """The context of the body of `operator`, called here. `hidden`: arguments of the instances on the way."""
        return Context(
            scope=operator.scope, locals=named, state=self.state, hidden={**self.hidden, **(hidden or {})}, own=self.own
        )

    def substituting(self, meaning: Substitution) -> Context:
        """The context of what an instance substitutes for a declaration that is read here."""
        formals = {name: self.hidden[text] for name, text in meaning.hidden if text in self.hidden}
        return Context(scope=meaning.scope, locals=formals, state=self.state, hidden=self.hidden, own=self.own)


@dataclass(frozen=True, slots=True)
class Compiled:
    """A compiled definition.

    `reads`: the variables that it reads, "s3" in the first state, "t3" in the second; "?name" means the reads of an
    operator that is still being compiled. `expanded`: there is no function, each use expands the definition.
    """

    kind: Kind
    reads: frozenset[str]
    expanded: bool = False


Namespace: TypeAlias = dict[str, Any]  # of the generated code: functions, constants, helpers


class Compiling(Protocol):
    """The part of compiler.Compiler that the handlers of single node kinds use."""

    namespace: Namespace

    def fresh(self, prefix: str) -> str: ...
    def compiled(self, operator: Operator) -> Compiled: ...
    def code(self, expression: Expression, context: Context) -> Code: ...
    def test(self, expression: Expression, context: Context) -> Code: ...
    def value(self, expression: Expression, context: Context) -> Code: ...
    def values(self, items: tuple[Expression, ...], context: Context) -> tuple[str, list[Code]]: ...
    def body(self, definition: tree.Definition, context: Context) -> Code: ...
    def constant_operator(self, operator: Operator) -> Code: ...
    def constant_value(self, constant: Constant) -> Value: ...
    def apart(self, code: Code, place: Place) -> Code: ...
    def instance_in_let(self, unit: tree.Instance, scope: Scope) -> tuple[InstanceScope, dict[str, Expression]]: ...
    def resolved(self, reads: frozenset[str]) -> frozenset[str]: ...
    def enabled(self, action: Expression, context: Context) -> str: ...
    def own_variables(self, context: Context) -> dict[Substitution, Variable]: ...


Handler: TypeAlias = Callable[[Compiling, Any, Context], Code]  # compiles one kind of node


def is_state(name: str) -> bool:
    """Whether a Python name is that of a variable in one of the two states: s3, t0."""
    return name[0] in "st" and name[1:].isdigit()


def as_test(code: Code) -> Code:
    """`code` yielding a Python bool."""
    if code.kind == "test":
        return code
    return replace(code, text=f"truth({code.text})", kind="test")


def as_value(code: Code) -> Code:
    """`code` yielding a TLA+ value."""
    if code.kind != "test":
        return code
    known = {"True": "TRUE", "False": "FALSE"}.get(code.text)
    return replace(code, text=known or f"(TRUE if {code.text} else FALSE)", kind="value")


def joined(text: str, kind: Kind, parts: list[Code], without: frozenset[str] = _NONE) -> Code:
    """Code composed of `parts`. It binds the names `without`."""
    names = frozenset(itertools.chain.from_iterable([part.names for part in parts])) - without
    reads = frozenset(itertools.chain.from_iterable([part.reads for part in parts]))
    return Code(text, kind, names, reads)


def same_kind(codes: list[Code]) -> tuple[list[Code], Kind]:
    kinds = {code.kind for code in codes}
    if len(kinds) == 1:
        return codes, codes[0].kind
    return [as_value(code) for code in codes], "value"


def local_instance(compiler: Compiling, unit: tree.Instance, context: Context) -> LocalInstance:
    """The meaning of an INSTANCE in a LET."""
    instance, substitutions = compiler.instance_in_let(unit, context.scope)
    return LocalInstance(instance, unit.parameters, substitutions, context)


def forward(node: tree.Let, context: Context) -> Context:
    """The context of a LET, in which its operators have a meaning before their definition, if some are RECURSIVE."""
    if not node.declared:
        return context
    meanings: dict[str, LocalMeaning] = {}
    others: list[tree.Definition | tree.Instance] = []
    for unit in node.definitions:
        if isinstance(unit, tree.Instance) or unit.function:
            others.append(unit)
        elif unit.name in node.declared:
            meanings[unit.name] = Forward(_alone(node, unit, others))
        else:
            whole = tree.Lambda(place=unit.place, parameters=unit.parameters, body=unit.body)
            meanings[unit.name] = Forward(whole if unit.parameters else unit.body)
    return context.binding(meanings)


def _alone(node: tree.Let, unit: tree.Definition, others: list[tree.Definition | tree.Instance]) -> Expression:
    """`LAMBDA a : LET RECURSIVE F(_) F(a) == ... IN F(a)` for an operator F. `others`: functions, instances."""
    if not unit.parameters:
        return tree.Unknown(place=unit.place, construct="a use of a definition of the same LET that comes later")
    arguments = tuple(
        [tree.Apply(place=unit.place, name=parameter.name, arguments=()) for parameter in unit.parameters]
    )
    call = tree.Apply(place=unit.place, name=unit.name, arguments=arguments)
    whole = replace(node, definitions=(*others, unit), declared=frozenset((unit.name,)), body=call)
    return tree.Lambda(place=unit.place, parameters=unit.parameters, body=whole)


# --- the meaning of a name ---------------------------------------------------------------------------


def resolve(node: tree.Apply, context: Context) -> LocalMeaning | object | None:
    """The meaning of an unqualified name. None for a logical operator and for an undefined name."""
    if node.path:
        return None
    return context.locals.get(node.name) or context.scope.meaning(node.name) or ALWAYS.get(node.name)


@dataclass(frozen=True, slots=True)
class Qualified:
    """The meaning of I!J(3)!Op: that of `bare`, with meanings for the parameters of the instances."""

    bare: tree.Apply
    meaning: object
    arguments: Mapping[str, Named]  # by Python name


def qualified(node: tree.Apply, context: Context) -> Qualified:
    """Resolves a name with `!`. Raises ModuleError if it is undefined, Unsupported for parts of definitions."""
    scope = context.scope
    arguments: dict[str, Named] = {}
    for number, step in enumerate(node.path):
        named = [Named(argument, context) for argument in step.arguments]
        local = context.locals.get(step.name) if number == 0 else None
        instance: object = local.instance if isinstance(local, LocalInstance) else scope.meaning(step.name)
        if not isinstance(instance, InstanceScope):
            raise Unsupported(f"{node.place}: {step.name}! where {step.name} is not an INSTANCE: {node.place.text}")
        parameters = local.parameters if isinstance(local, LocalInstance) else instance.parameters
        if len(step.arguments) != len(parameters):
            raise ModuleError(f"{node.place}: {step.name} takes {len(parameters)} arguments")
        if isinstance(local, LocalInstance):
            arguments.update(local.arguments(named))
        else:
            arguments.update(zip(instance.parameters, named))
        scope = instance.scope
    meaning = scope.meaning(node.name)
    if meaning is None or node.name in scope.local:
        raise ModuleError(f"{node.place}: {scope.module} has no definition {node.name}")
    bare = tree.Apply(place=node.place, name=node.name, arguments=node.arguments)
    return Qualified(bare, meaning, arguments)


def meaning_of(node: tree.Apply, context: Context) -> tuple[object, Mapping[str, LocalMeaning]]:
    """The meaning of a name, with `!` or without, and the arguments of the instances that lead to it."""
    if not node.path:
        return resolve(node, context), {}
    found = qualified(node, context)
    return found.meaning, found.arguments


def applied(node: tree.Apply, expression: Expression, there: Context, context: Context) -> tuple[Expression, Context]:
    """`expression`, the meaning of the name in `node`, applied to the arguments of `node` if it has any.

    The expression belongs to the context `there`, the arguments to `context`.
    """
    if not node.arguments:
        return expression, there
    if isinstance(expression, tree.Lambda):
        if len(node.arguments) != len(expression.parameters):
            raise ModuleError(f"{node.place}: {node.name} takes {len(expression.parameters)} arguments")
        named = {
            parameter.name: Named(argument, context)
            for parameter, argument in zip(expression.parameters, node.arguments)
        }
        return expression.body, there.binding(named)
    if not isinstance(expression, tree.Apply) or expression.arguments:
        raise ModuleError(f"{node.place}: {node.name} is not an operator: {expression.place.text}")
    stand_ins = {f"{node.name} argument {number}": Named(item, context) for number, item in enumerate(node.arguments)}
    arguments = tuple([tree.Apply(place=node.place, name=name) for name in stand_ins])
    whole = tree.Apply(place=expression.place, name=expression.name, arguments=arguments, path=expression.path)
    return whole, there.binding(stand_ins)


def variable_named(node: Expression, context: Context) -> Variable | None:
    """The variable that a name means, through instances, parameters and definitions. None if it means another thing."""
    if not isinstance(node, tree.Apply) or node.arguments:
        return None
    meaning, hidden = meaning_of(node, context)
    if isinstance(meaning, Substitution):
        own = context.own.get(meaning)
        if own is not None:
            return own if context.primed else None
        return variable_named(meaning.expression, context.substituting(meaning))
    if isinstance(meaning, Named):
        return variable_named(meaning.expression, meaning.context.like(context))
    if isinstance(meaning, Operator) and not meaning.definition.parameters:
        return variable_named(meaning.definition.body, context.entering(meaning, {}, hidden))
    if isinstance(meaning, Local) and not meaning.definition.parameters:
        return variable_named(meaning.definition.body, meaning.context.like(context))
    return meaning if isinstance(meaning, Variable) else None
