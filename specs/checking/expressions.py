"""One Python expression for each TLA+ expression. See specs/checking/compiler.py for the theory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from specs.checking import tree
from specs.checking.modules import Constant, InstanceScope, Operator, Scope, Substitution, Variable
from specs.checking.standard import ALWAYS, Builtin, Kind
from specs.checking.tree import Expression, ModuleError, Unsupported

if TYPE_CHECKING:
    from specs.checking.compiler import Compiler

_NONE: frozenset[str] = frozenset()


class NeedsNames(Exception):
    """A parameter of `owner` stands under a prime: `owner` must be expanded where it is used."""

    def __init__(self, owner: object) -> None:
        super().__init__(owner)
        self.owner = owner


@dataclass(frozen=True, slots=True)
class Code:
    """A Python expression. `names`: the Python names free in it, but for globals; `reads`: see compiler.Compiled."""

    text: str
    kind: Kind
    names: frozenset[str] = _NONE
    reads: frozenset[str] = _NONE
    kept: bool = False  # a constant that is worked out once

    @property
    def simple(self) -> bool:
        """May be written twice: a name or a number."""
        return self.text.isidentifier() or self.text.isdigit()


# --- what a name can stand for inside an expression ----------------------------------------------


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound variable: a value, the same in both states."""

    text: str


@dataclass(frozen=True, slots=True)
class Formal:
    """A parameter of `owner`: a value, or a Python function if `arity` is not 0.

    It was worked out in `state`; where the other state is wanted, the value is of no use. `owner` can then be expanded;
    None if it cannot.
    """

    text: str
    arity: int
    owner: object
    state: str = "s"


@dataclass(frozen=True, slots=True)
class Named:
    """An expression in its own context, compiled anew at each use."""

    expression: Expression
    context: Context


@dataclass(frozen=True, slots=True)
class Local:
    """A LET definition. `code` is the reference to it; under a prime, or if there is none, it is expanded."""

    definition: tree.Definition
    context: Context
    code: Code | None


LocalMeaning: TypeAlias = Bound | Formal | Named | Local


@dataclass(frozen=True, slots=True)
class Context:
    """What an expression is compiled in. `state` holds its unprimed variables: "s", and under a prime "t"."""

    scope: Scope
    locals: Mapping[str, LocalMeaning] = field(default_factory=dict)
    state: str = "s"
    at: str = ""

    def binding(self, meanings: Mapping[str, LocalMeaning]) -> Context:
        return replace(self, locals={**self.locals, **meanings})

    @property
    def primed(self) -> bool:
        return self.state == "t"

    def like(self, other: Context) -> Context:
        """This context, primed if `other` is."""
        return replace(self, state="t") if other.primed else self


def is_state(name: str) -> bool:
    """Whether a Python name stands for a variable in one of the two states: s3, t0."""
    return name[0] in "st" and name[1:].isdigit()


# --- entry points ---------------------------------------------------------------------------------


def compile_expression(compiler: Compiler, expression: Expression, context: Context) -> Code:
    """Code for `expression`. Raises Unsupported or ModuleError, naming module, line and construct."""
    handler = _HANDLERS.get(type(expression))
    if handler is None:
        raise Unsupported(f"{expression.place}: {type(expression).__name__} is not evaluated: {expression.place.text}")
    code = handler(compiler, expression, context)
    if not code.names and not code.kept and not code.simple and type(expression) in _WORTH_KEEPING:
        return compiler.constant(code, expression.place)
    return code


def definition_body(compiler: Compiler, definition: tree.Definition, context: Context) -> Code:
    """Code for what `definition` means, in a context that holds its parameters."""
    if definition.function:
        assert isinstance(definition.body, tree.FunctionLiteral)
        return _function(compiler, definition.body, context, definition.name)
    return compile_expression(compiler, definition.body, context)


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


def test(compiler: Compiler, expression: Expression, context: Context) -> Code:
    return as_test(compile_expression(compiler, expression, context))


def value(compiler: Compiler, expression: Expression, context: Context) -> Code:
    return as_value(compile_expression(compiler, expression, context))


def _joined(text: str, kind: Kind, parts: list[Code], without: frozenset[str] = _NONE) -> Code:
    """Code made of `parts`, in which the names `without` are bound."""
    names = frozenset(itertools.chain.from_iterable([part.names for part in parts])) - without
    reads = frozenset(itertools.chain.from_iterable([part.reads for part in parts]))
    return Code(text, kind, names, reads)


# --- literals and logic -----------------------------------------------------------------------------


def _literal(compiler: Compiler, node: tree.Literal, context: Context) -> Code:
    if isinstance(node.value, bool):
        return Code(str(node.value), "test")
    return Code(repr(node.value), "int" if isinstance(node.value, int) else "value")


def _junction(compiler: Compiler, node: tree.Junction, context: Context) -> Code:
    items = [test(compiler, item, context) for item in node.items]
    word = " and " if node.conjunction else " or "
    return _joined("(" + word.join([item.text for item in items]) + ")", "test", items)


def _not(compiler: Compiler, node: tree.Apply, context: Context) -> Code:
    operand = test(compiler, node.arguments[0], context)
    return _joined(f"(not {operand.text})", "test", [operand])


def _implies(compiler: Compiler, node: tree.Apply, context: Context) -> Code:
    left, right = [test(compiler, argument, context) for argument in node.arguments]
    return _joined(f"(not {left.text} or {right.text})", "test", [left, right])


def _equivalent(compiler: Compiler, node: tree.Apply, context: Context) -> Code:
    left, right = [test(compiler, argument, context) for argument in node.arguments]
    return _joined(f"({left.text} is {right.text})", "test", [left, right])


def _equal(compiler: Compiler, node: tree.Apply, context: Context) -> Code:
    left, right = [value(compiler, argument, context) for argument in node.arguments]
    symbol = "==" if node.name == "=" else "!="
    return _joined(f"({left.text} {symbol} {right.text})", "test", [left, right])


def _member(compiler: Compiler, node: tree.Apply, context: Context) -> Code:
    left, right = node.arguments
    element = value(compiler, left, context)
    word = "in" if node.name == "\\in" else "not in"
    if isinstance(right, tree.SetLiteral) and right.items:
        items = [value(compiler, item, context) for item in right.items]
        texts = ", ".join([item.text for item in items])
        return _joined(f"({element.text} {word} ({texts},))", "test", [element, *items])
    collection = value(compiler, right, context)
    text = collection.text
    if collection.kind != "set":
        text = (
            f"({text} if type({text}) is frozenset else elements({text}))" if collection.simple else f"elements({text})"
        )
    return _joined(f"({element.text} {word} {text})", "test", [element, collection])


def _if(compiler: Compiler, node: tree.If, context: Context) -> Code:
    condition = test(compiler, node.condition, context)
    branches, kind = _same_kind(
        [compile_expression(compiler, branch, context) for branch in (node.then, node.otherwise)]
    )
    text = f"({branches[0].text} if {condition.text} else {branches[1].text})"
    return _joined(text, kind, [condition, *branches])


def _case(compiler: Compiler, node: tree.Case, context: Context) -> Code:
    conditions = [test(compiler, condition, context) for condition, _ in node.arms]
    results = [compile_expression(compiler, result, context) for _, result in node.arms]
    if node.other is not None:
        results.append(compile_expression(compiler, node.other, context))
    results, kind = _same_kind(results)
    text = "".join([f"{result.text} if {condition.text} else " for condition, result in zip(conditions, results)])
    last = results[-1].text if node.other is not None else f"fail({f'CASE: no arm is true, {node.place}'!r})"
    return _joined(f"({text}{last})", kind, [*conditions, *results])


def _same_kind(codes: list[Code]) -> tuple[list[Code], Kind]:
    kinds = {code.kind for code in codes}
    if len(kinds) == 1:
        return codes, codes[0].kind
    return [as_value(code) for code in codes], "value"


# --- bound variables --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Bounds, compiled: `for x in S for y in T`; the key that stands for all variables; the context inside."""

    clauses: str
    key: str
    context: Context
    domains: list[Code]
    names: frozenset[str]

    def joined(self, text: str, kind: Kind, inner: list[Code]) -> Code:
        bare = _joined("", kind, inner, self.names)
        return _joined(text, kind, [bare, *self.domains])


def _ranges(compiler: Compiler, bounds: tuple[tree.Bound, ...], context: Context) -> _Ranges:
    setup, loops, keys, domains = [], [], [], []
    bound: dict[str, LocalMeaning] = {}
    for number, item in enumerate(bounds):
        texts = [compiler.fresh(f"b_{name}_") for name in item.names]
        bound.update({name: Bound(text) for name, text in zip(item.names, texts)})
        domain = _domain(compiler, item, context)
        domains.append(domain)
        text = domain.text
        if (number > 0 or (len(texts) > 1 and not item.pattern)) and not _cheap(domain):
            # Worked out once, not once for each value of the variables before it.
            text = compiler.fresh("d")
            setup.append(f"for {text} in ({domain.text},)")
        if item.pattern:
            pattern = f"({', '.join(texts)},)"
            loops.append(f"for {pattern} in {text}")
            keys.append(pattern)
        else:
            loops += [f"for {name} in {text}" for name in texts]
            keys += texts
    key = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
    names = frozenset(meaning.text for meaning in bound.values() if isinstance(meaning, Bound))
    return _Ranges(" ".join(setup + loops), key, context.binding(bound), domains, names)


def _cheap(domain: Code) -> bool:
    return domain.simple or domain.kept


def _domain(compiler: Compiler, item: tree.Bound, context: Context) -> Code:
    """Something to iterate over, each element at least once."""
    domain = item.domain
    if not item.pattern and isinstance(domain, tree.SetLiteral) and domain.items:
        items = [value(compiler, element, context) for element in domain.items]
        return _joined("(" + ", ".join([element.text for element in items]) + ",)", "value", items)
    interval = None if item.pattern else _interval(compiler, domain, context)
    if interval is not None:
        low, high = interval
        return _joined(f"range({low.text}, {high.text} + 1)", "set", [low, high])
    code = value(compiler, domain, context)
    if item.pattern:
        # A list: it may be gone through more than once.
        return replace(code, text=f"[*tuples({code.text}, {len(item.names)})]")
    return code if code.kind == "set" else replace(code, text=f"elements({code.text})")


def _interval(compiler: Compiler, node: Expression, context: Context) -> tuple[Code, Code] | None:
    """Lower and upper end of `low..high`, checked to be integers; None if `node` is something else, or constant."""
    if not isinstance(node, tree.Apply) or node.name != ".." or node.path:
        return None
    if not isinstance(resolve(node, context), Builtin):
        return None
    ends = [compile_expression(compiler, end, context) for end in node.arguments]
    if not any(end.names for end in ends):
        return None
    low, high = [end if end.kind == "int" else replace(end, text=f"+{as_value(end).text}") for end in ends]
    return low, high


def _quantified(compiler: Compiler, node: tree.Quantified, context: Context) -> Code:
    ranges = _ranges(compiler, node.bounds, context)
    body = test(compiler, node.body, ranges.context)
    return ranges.joined(f"{'all' if node.universal else 'any'}({body.text} {ranges.clauses})", "test", [body])


def _choose(compiler: Compiler, node: tree.Choose, context: Context) -> Code:
    if not node.bound.pattern and len(node.bound.names) != 1:
        raise Unsupported(f"{node.place}: CHOOSE of several variables")
    names = [compiler.fresh(f"b_{name}_") for name in node.bound.names]
    inside = context.binding({name: Bound(text) for name, text in zip(node.bound.names, names)})
    body = test(compiler, node.body, inside)
    domain = value(compiler, node.bound.domain, context)
    condition = f"lambda {', '.join(names)}: {body.text}"
    if node.bound.pattern:
        whole = compiler.fresh("b_")
        condition = f"lambda {whole}: ({condition})(*{whole})"
    inner = _joined("", "test", [body], frozenset(names))
    return _joined(f"choose({domain.text}, {condition})", "value", [domain, inner])


def _set_filter(compiler: Compiler, node: tree.SetFilter, context: Context) -> Code:
    ranges = _ranges(compiler, (node.bound,), context)
    if not node.bound.pattern and len(node.bound.names) != 1:
        raise Unsupported(f"{node.place}: a set filter of several variables")
    body = test(compiler, node.body, ranges.context)
    return ranges.joined(f"frozenset([{ranges.key} {ranges.clauses} if {body.text}])", "set", [body])


def _set_map(compiler: Compiler, node: tree.SetMap, context: Context) -> Code:
    ranges = _ranges(compiler, node.bounds, context)
    body = value(compiler, node.body, ranges.context)
    return ranges.joined(f"frozenset([{body.text} {ranges.clauses}])", "set", [body])


def _function_literal(compiler: Compiler, node: tree.FunctionLiteral, context: Context) -> Code:
    return _function(compiler, node, context, None)


def _function(compiler: Compiler, node: tree.FunctionLiteral, context: Context, name: str | None) -> Code:
    """[x \\in S |-> e], or `name[x \\in S] == e`, in which e may use name."""
    itself = compiler.fresh("self")
    inside = context if name is None else context.binding({name: Formal(itself, 0, None, context.state)})
    ranges = _ranges(compiler, node.bounds, inside)
    body = value(compiler, node.body, ranges.context)
    infinite = any(code.text in ("NATURALS", "INTEGERS", "STRINGS") for code in ranges.domains)
    if itself not in body.names and not infinite:
        text = f"canonical_function({{{ranges.key}: {body.text} {ranges.clauses}}})"
        return ranges.joined(text, "value", [body])
    return _lazy_function(compiler, node, context, ranges, body, itself)


def _lazy_function(
    compiler: Compiler, node: tree.FunctionLiteral, context: Context, ranges: _Ranges, body: Code, itself: str
) -> Code:
    factors = [value(compiler, bound.domain, context) for bound in node.bounds for _ in bound.names]
    if any(bound.pattern for bound in node.bounds):
        raise Unsupported(f"{node.place}: a recursive function with a tuple of variables")
    domain = factors[0].text if len(factors) == 1 else f"Product({', '.join([factor.text for factor in factors])})"
    argument = compiler.fresh("b_")
    names = ranges.key.strip("()") if len(factors) > 1 else ranges.key
    call = f"(lambda {names}: {body.text})({'*' if len(factors) > 1 else ''}{argument})"
    inner = _joined("", "value", [body], ranges.names | {itself})
    return _joined(f"LazyFunction({domain}, lambda {itself}, {argument}: {call})", "value", [*factors, inner])


# --- constructors -------------------------------------------------------------------------------------


def _values(compiler: Compiler, nodes: tuple[Expression, ...], context: Context) -> tuple[str, list[Code]]:
    codes = [value(compiler, node, context) for node in nodes]
    return "".join([code.text + ", " for code in codes]), codes


def _tuple(compiler: Compiler, node: tree.Tuple, context: Context) -> Code:
    text, items = _values(compiler, node.items, context)
    return _joined(f"({text})", "value", items)


def _set_literal(compiler: Compiler, node: tree.SetLiteral, context: Context) -> Code:
    text, items = _values(compiler, node.items, context)
    return _joined(f"frozenset(({text}))", "set", items)


def _product(compiler: Compiler, node: tree.Product, context: Context) -> Code:
    text, factors = _values(compiler, node.factors, context)
    return _joined(f"Product({text})", "set", factors)


def _fields(compiler: Compiler, fields: tuple[tuple[str, Expression], ...], context: Context) -> tuple[str, list[Code]]:
    codes = [value(compiler, field, context) for _, field in fields]
    return "{" + ", ".join([f"{name!r}: {code.text}" for (name, _), code in zip(fields, codes)]) + "}", codes


def _record(compiler: Compiler, node: tree.Record, context: Context) -> Code:
    text, fields = _fields(compiler, node.fields, context)
    return _joined(f"Function({text})", "value", fields)


def _record_set(compiler: Compiler, node: tree.RecordSet, context: Context) -> Code:
    text, fields = _fields(compiler, node.fields, context)
    return _joined(f"RecordSet({text})", "set", fields)


def _function_set(compiler: Compiler, node: tree.FunctionSet, context: Context) -> Code:
    domain, codomain = value(compiler, node.domain, context), value(compiler, node.codomain, context)
    return _joined(f"FunctionSet({domain.text}, {codomain.text})", "set", [domain, codomain])


def _index(compiler: Compiler, node: tree.Index, context: Context) -> Code:
    function, argument = value(compiler, node.function, context), value(compiler, node.argument, context)
    if isinstance(node.argument, tree.Literal) and isinstance(node.argument.value, str):
        # Whatever is no record raises TypeError or KeyError.
        return _joined(f"{function.text}[{argument.text}]", "value", [function, argument])
    if function.text.isidentifier() and argument.simple:
        name, key = function.text, argument.text
        text = f"({name}[{key}] if type({name}) is Function else apply({name}, {key}))"
    else:
        text = f"apply({function.text}, {argument.text})"
    return _joined(text, "value", [function, argument])


def _except(compiler: Compiler, node: tree.Except, context: Context) -> Code:
    result = value(compiler, node.function, context)
    for update in node.updates:
        path, steps = _values(compiler, update.path, context)
        at = compiler.fresh("at")
        new = value(compiler, update.value, replace(context, at=at))
        inner = _joined("", "value", [new], frozenset((at,)))
        text = f"replaced({result.text}, ({path}), lambda {at}: {new.text})"
        result = _joined(text, "value", [result, *steps, inner])
    return result


def _at(compiler: Compiler, node: tree.At, context: Context) -> Code:
    if not context.at:
        raise ModuleError(f"{node.place}: @ outside an EXCEPT")
    return Code(context.at, "value", frozenset((context.at,)))


# --- actions --------------------------------------------------------------------------------------------


def _prime(compiler: Compiler, node: tree.Prime, context: Context) -> Code:
    if context.primed:
        raise ModuleError(f"{node.place}: a prime under a prime: {node.place.text}")
    return compile_expression(compiler, node.operand, replace(context, state="t"))


def _unchanged(compiler: Compiler, node: tree.Unchanged, context: Context) -> Code:
    if context.primed:
        raise ModuleError(f"{node.place}: UNCHANGED under a prime: {node.place.text}")
    return _unchanged_value(compiler, node.operand, context)


def _unchanged_value(compiler: Compiler, node: Expression, context: Context) -> Code:
    if isinstance(node, tree.Tuple) and node.items:
        parts = [_unchanged_value(compiler, item, context) for item in node.items]
        return _joined("(" + " and ".join([part.text for part in parts]) + ")", "test", parts)
    meaning = resolve(node, context) if isinstance(node, tree.Apply) and not node.arguments else None
    if isinstance(meaning, Operator) and not meaning.hidden and isinstance(meaning.definition.body, tree.Tuple):
        return _unchanged_value(compiler, meaning.definition.body, Context(scope=meaning.scope))
    before = value(compiler, node, context)
    after = value(compiler, node, replace(context, state="t"))
    text = f"({before.text} == {after.text})"
    if before.text.isidentifier() and after.text.isidentifier():
        # Most unchanged variables are the same object, and a dict compares all its items to find out.
        text = f"({before.text} is {after.text} or {before.text} == {after.text})"
    return _joined(text, "test", [before, after])


def _box_action(compiler: Compiler, node: tree.BoxAction, context: Context) -> Code:
    action = test(compiler, node.action, context)
    same = _unchanged(compiler, tree.Unchanged(place=node.place, operand=node.subscript), context)
    if node.stutter:
        return _joined(f"({same.text} or {action.text})", "test", [same, action])
    return _joined(f"(not {same.text} and {action.text})", "test", [same, action])


def _enabled(compiler: Compiler, node: tree.Enabled, context: Context) -> Code:
    if context.primed:
        raise Unsupported(f"{node.place}: ENABLED under a prime")
    code = test(compiler, node.action, context)
    free = sorted(name for name in code.names if name not in ("s", "t") and not is_state(name))
    environment = "{" + ", ".join(f"{name!r}: {name}" for name in free) + "}"
    function = compiler.enabled(node.action, context)
    reads = frozenset(read for read in code.reads if read[0] != "t")
    return Code(f"{function}(s, {environment})", "test", frozenset(("s", *free)), reads)


def _unknown(compiler: Compiler, node: tree.Unknown, context: Context) -> Code:
    raise Unsupported(f"{node.place}: {node.construct} is not evaluated: {node.place.text}")


# --- operators --------------------------------------------------------------------------------------------


def resolve(node: tree.Apply, context: Context) -> LocalMeaning | object | None:
    """What an unqualified name stands for; None for a logical operator, or nothing."""
    if node.path:
        return None
    return context.locals.get(node.name) or context.scope.names.get(node.name) or ALWAYS.get(node.name)


def _apply(compiler: Compiler, node: tree.Apply, context: Context) -> Code:
    if node.path:
        return _qualified(compiler, node, context)
    meaning = resolve(node, context)
    if meaning is None:
        logical = _LOGIC.get(node.name)
        if logical is None:
            raise ModuleError(f"{node.place}: {node.name} has no definition")
        return logical(compiler, node, context)
    return _meant(compiler, node, meaning, context)


def _meant(compiler: Compiler, node: tree.Apply, meaning: object, context: Context) -> Code:
    if isinstance(meaning, Bound | Formal | Named | Local):
        return _local(compiler, node, meaning, context)
    if isinstance(meaning, Variable):
        _arity(node, 0)
        text = f"{context.state}{meaning.index}"
        return Code(text, "value", frozenset((text,)), frozenset((text,)))
    if isinstance(meaning, Constant):
        return _constant(compiler, node, meaning, context)
    if isinstance(meaning, Operator):
        return _call(compiler, node, meaning, context, {})
    if isinstance(meaning, Builtin):
        return _builtin(compiler, node, meaning, context)
    if isinstance(meaning, Substitution):
        formals = {name: Formal(text, 0, None) for name, text in meaning.hidden}
        there = Context(scope=meaning.scope, locals=formals).like(context)
        return _expanded(compiler, node, Named(meaning.expression, there), context)
    raise ModuleError(f"{node.place}: {node.name} is an instance, not an operator")


def _arity(node: tree.Apply, arity: int) -> None:
    if len(node.arguments) != arity:
        raise ModuleError(f"{node.place}: {node.name} takes {arity} arguments, not {len(node.arguments)}")


def _local(compiler: Compiler, node: tree.Apply, meaning: LocalMeaning, context: Context) -> Code:
    if isinstance(meaning, Bound):
        _arity(node, 0)
        return Code(meaning.text, "value", frozenset((meaning.text,)))
    if isinstance(meaning, Named):
        return _expanded(compiler, node, meaning, context)
    if isinstance(meaning, Formal):
        if context.state != meaning.state:
            if meaning.owner is None:
                raise Unsupported(f"{node.place}: a parameter under a prime: {node.place.text}")
            raise NeedsNames(meaning.owner)
        _arity(node, meaning.arity)
        if not meaning.arity:
            return Code(meaning.text, "value", frozenset((meaning.text,)))
        text, arguments = _values(compiler, node.arguments, context)
        call = _joined(f"{meaning.text}({text})", "value", arguments)
        return replace(call, names=call.names | {meaning.text})
    parameters = meaning.definition.parameters
    _arity(node, len(parameters))
    if context.primed or meaning.code is None:
        if meaning.definition.recursive and not meaning.definition.function:
            raise Unsupported(f"{node.place}: the recursive LET operator {node.name} under a prime")
        named = {parameter.name: Named(argument, context) for parameter, argument in zip(parameters, node.arguments)}
        return definition_body(compiler, meaning.definition, meaning.context.like(context).binding(named))
    if not parameters:
        return meaning.code
    arguments = _arguments(compiler, node, tuple([parameter.arity for parameter in parameters]), context)
    text = f"{meaning.code.text}({', '.join([argument.text for argument in arguments])})"
    return _joined(text, meaning.code.kind, [meaning.code, *arguments])


def _expanded(compiler: Compiler, node: tree.Apply, meaning: Named, context: Context) -> Code:
    """The expression that a name stands for, applied to the arguments if it is an operator."""
    expression, there = meaning.expression, meaning.context.like(context)
    if not node.arguments:
        return compile_expression(compiler, expression, there)
    if isinstance(expression, tree.Lambda):
        named = {
            parameter.name: Named(argument, context)
            for parameter, argument in zip(expression.parameters, node.arguments)
        }
        _arity(node, len(expression.parameters))
        return compile_expression(compiler, expression.body, there.binding(named))
    if not isinstance(expression, tree.Apply) or expression.arguments:
        raise ModuleError(f"{node.place}: {node.name} is no operator: {expression.place.text}")
    # The arguments belong to this context, the operator to that one.
    stand_ins = {f"{node.name} argument {number}": Named(item, context) for number, item in enumerate(node.arguments)}
    arguments = tuple([tree.Apply(place=node.place, name=name) for name in stand_ins])
    applied = tree.Apply(place=expression.place, name=expression.name, arguments=arguments, path=expression.path)
    return compile_expression(compiler, applied, there.binding(stand_ins))


def _constant(compiler: Compiler, node: tree.Apply, meaning: Constant, context: Context) -> Code:
    _arity(node, meaning.arity)
    name = f"k_{meaning.name}"
    if meaning.arity:
        text, arguments = _values(compiler, node.arguments, context)
        return _joined(f"from_python({name}, {text})", "value", arguments)
    known = compiler.constant_value(meaning)
    return Code(name, "set" if type(known) is frozenset else "int" if type(known) is int else "value")


def _builtin(compiler: Compiler, node: tree.Apply, meaning: Builtin, context: Context) -> Code:
    _arity(node, len(meaning.arities))
    if meaning.numeric:
        arguments = [compile_expression(compiler, argument, context) for argument in node.arguments]
        texts = _numbers(meaning.name, arguments)
    else:
        arguments = _arguments(compiler, node, meaning.arities, context)
        texts = [argument.text for argument in arguments]
    return _joined(meaning.template.format(*texts), meaning.kind, arguments)


def _numbers(name: str, arguments: list[Code]) -> list[str]:
    """Texts with which Python refuses what is no integer: unary plus does, and so do `+`, `-`, `<` with an integer."""
    texts = [argument.text if argument.kind == "int" else f"+{as_value(argument).text}" for argument in arguments]
    if name in ("*", ".."):
        return texts
    plain = [as_value(argument).text for argument in arguments]
    if len(arguments) == 1 or any(argument.kind == "int" for argument in arguments):
        return plain
    return [texts[0], plain[1]]


def _arguments(compiler: Compiler, node: tree.Apply, arities: tuple[int, ...], context: Context) -> list[Code]:
    return [
        _operator_argument(compiler, argument, arity, context) if arity else value(compiler, argument, context)
        for argument, arity in zip(node.arguments, arities)
    ]


def _operator_argument(compiler: Compiler, node: Expression, arity: int, context: Context) -> Code:
    """A Python function from values to a value, for an operator that is passed as an argument."""
    if isinstance(node, tree.Apply) and not node.path:
        meaning = resolve(node, context)
        if isinstance(meaning, Formal) and meaning.arity == arity and meaning.state == context.state:
            return Code(meaning.text, "value", frozenset((meaning.text,)))
    texts = [compiler.fresh("o") for _ in range(arity)]
    stand_ins = {f"argument {number}": Formal(text, 0, None, context.state) for number, text in enumerate(texts)}
    arguments = tuple([tree.Apply(place=node.place, name=name) for name in stand_ins])
    there = context.binding(stand_ins)
    if isinstance(node, tree.Lambda):
        if len(node.parameters) != arity:
            raise ModuleError(f"{node.place}: a LAMBDA of {len(node.parameters)} parameters where {arity} are wanted")
        inside = context.binding(
            {parameter.name: Formal(text, 0, None, context.state) for parameter, text in zip(node.parameters, texts)}
        )
        body = value(compiler, node.body, inside)
    elif isinstance(node, tree.Apply) and not node.arguments:
        applied = tree.Apply(place=node.place, name=node.name, arguments=arguments, path=node.path)
        body = value(compiler, applied, there)
    else:
        raise ModuleError(f"{node.place}: an operator of {arity} arguments is wanted: {node.place.text}")
    return _joined(f"(lambda {', '.join(texts)}: {body.text})", "value", [body], frozenset(texts))


@dataclass(frozen=True, slots=True)
class Qualified:
    """What I!J(3)!Op stands for: the meaning of `bare`, with values for the parameters of the instances."""

    bare: tree.Apply
    meaning: object
    arguments: Mapping[str, Expression]  # by Python name


def qualified(node: tree.Apply, context: Context) -> Qualified:
    """Resolves a name with `!`. Raises ModuleError if there is none, Unsupported for parts of definitions."""
    scope = context.scope
    arguments: dict[str, Expression] = {}
    for step in node.path:
        instance = scope.names.get(step.name)
        if not isinstance(instance, InstanceScope):
            raise Unsupported(f"{node.place}: {step.name}! where {step.name} is no INSTANCE: {node.place.text}")
        if len(step.arguments) != len(instance.parameters):
            raise ModuleError(f"{node.place}: {step.name} takes {len(instance.parameters)} arguments")
        arguments.update(zip(instance.parameters, step.arguments))
        scope = instance.scope
    meaning = scope.names.get(node.name)
    if meaning is None or node.name in scope.local:
        raise ModuleError(f"{node.place}: {scope.module} has no definition {node.name}")
    bare = tree.Apply(place=node.place, name=node.name, arguments=node.arguments)
    return Qualified(bare, meaning, arguments)


def _qualified(compiler: Compiler, node: tree.Apply, context: Context) -> Code:
    found = qualified(node, context)
    if isinstance(found.meaning, Operator):
        hidden = {name: value(compiler, argument, context) for name, argument in found.arguments.items()}
        return _call(compiler, found.bare, found.meaning, context, hidden)
    if found.arguments and not isinstance(found.meaning, Builtin):
        raise Unsupported(f"{node.place}: a declaration of a parametrised INSTANCE: {node.place.text}")
    return _meant(compiler, found.bare, found.meaning, context)


def variable_named(node: Expression, context: Context) -> Variable | None:
    """The variable that a name stands for, through instances and parameters; None if it stands for anything else."""
    if not isinstance(node, tree.Apply) or node.arguments or node.path:
        return None
    meaning = resolve(node, context)
    if isinstance(meaning, Substitution):
        return variable_named(meaning.expression, Context(scope=meaning.scope))
    if isinstance(meaning, Named):
        return variable_named(meaning.expression, meaning.context)
    return meaning if isinstance(meaning, Variable) else None


def _call(compiler: Compiler, node: tree.Apply, operator: Operator, context: Context, hidden: dict[str, Code]) -> Code:
    parameters = operator.definition.parameters
    _arity(node, len(parameters))
    compiled = compiler.compiled(operator)
    if compiled.expanded:
        if hidden:
            raise Unsupported(f"{node.place}: a parameter of {node.name} under a prime, in a parametrised INSTANCE")
        formals: dict[str, LocalMeaning] = {name: Formal(text, 0, None) for name, text in operator.hidden}
        formals |= {parameter.name: Named(item, context) for parameter, item in zip(parameters, node.arguments)}
        there = Context(scope=operator.scope, locals=formals).like(context)
        return definition_body(compiler, operator.definition, there)
    arguments = [hidden.get(text) or Code(text, "value", frozenset((text,))) for _, text in operator.hidden]
    arguments += _arguments(compiler, node, tuple([parameter.arity for parameter in parameters]), context)
    return _called(compiler, node, operator, context, arguments)


def _called(compiler: Compiler, node: tree.Apply, operator: Operator, context: Context, arguments: list[Code]) -> Code:
    compiled = compiler.compiled(operator)
    reads = compiler.resolved(compiled.reads)
    if not reads and not arguments:
        return compiler.constant_operator(operator)
    if context.primed:
        if any(read[0] == "t" for read in reads):
            raise ModuleError(f"{node.place}: {node.name} has primes and stands under a prime")
        reads = frozenset("t" + read[1:] if read[0] == "s" else read for read in reads)
        states, names = ["t", "None"], frozenset(("t",))
    elif not reads:
        states, names = ["None", "None"], _NONE
    else:
        states, names = ["s", "t"], frozenset(("s", "t"))
    texts = states + [argument.text for argument in arguments]
    code = _joined(f"{operator.python_name}({', '.join(texts)})", compiled.kind, arguments)
    return replace(code, names=code.names | names, reads=code.reads | reads)


# --- LET ----------------------------------------------------------------------------------------------------


def _let(compiler: Compiler, node: tree.Let, context: Context) -> Code:
    return _let_rest(compiler, node.definitions, node.body, context)


def _let_rest(compiler: Compiler, definitions: tuple[tree.Definition, ...], body: Expression, context: Context) -> Code:
    if not definitions:
        return compile_expression(compiler, body, context)
    definition, *rest = definitions
    made = let_definition(compiler, definition, context)
    name = compiler.fresh("l_")
    reference = None if made is None else let_reference(definition, name, made)
    if made is not None and reference is not made and not definition.parameters and _needs(body, definition.name):
        reference = Code(name, made.kind, frozenset((name,)), made.reads)
    inside = context.binding({definition.name: Local(definition, context, reference)})
    code = _let_rest(compiler, tuple(rest), body, inside)
    if made is None or name not in code.names:
        return code
    bound = f"Later(lambda: {made.text})" if reference is not None and reference.text != name else made.text
    inner = replace(code, names=code.names - {name})
    return _joined(f"(lambda {name}: {code.text})({bound})", code.kind, [inner, made])


def _needs(node: Expression, name: str) -> bool:
    """Whether evaluating `node` is certain to evaluate `name`: then a LET need not put it off."""
    if isinstance(node, tree.Apply):
        if not node.arguments:
            return node.name == name and not node.path
        certain = node.arguments[:1] if node.name == "=>" else node.arguments
        return any(_needs(argument, name) for argument in certain if not isinstance(argument, tree.Lambda))
    if isinstance(node, tree.Junction):
        return _needs(node.items[0], name)
    if isinstance(node, tree.Index):
        return _needs(node.function, name) or _needs(node.argument, name)
    if isinstance(node, tree.If):
        return _needs(node.condition, name) or (_needs(node.then, name) and _needs(node.otherwise, name))
    if isinstance(node, tree.Quantified | tree.SetMap | tree.FunctionLiteral):
        return _needs(node.bounds[0].domain, name)
    if isinstance(node, tree.SetFilter | tree.Choose):
        return _needs(node.bound.domain, name)
    if isinstance(node, tree.Tuple | tree.SetLiteral):
        return any(_needs(item, name) for item in node.items)
    if isinstance(node, tree.Record):
        return any(_needs(value, name) for _, value in node.fields)
    if isinstance(node, tree.Except):
        return _needs(node.function, name)
    return isinstance(node, tree.Let) and _needs(node.body, name)


def let_reference(definition: tree.Definition, name: str, made: Code) -> Code:
    """How the expression under a LET refers to a definition that is bound to the Python name `name`."""
    if definition.parameters:
        return Code(name, made.kind, frozenset((name,)), made.reads)
    if made.simple or not made.names:
        return made
    return Code(f"{name}()", made.kind, frozenset((name,)), made.reads)


def let_definition(compiler: Compiler, definition: tree.Definition, context: Context) -> Code | None:
    """Code of a LET definition, a Python function if it has parameters; None if it must be expanded."""
    if definition.recursive and not definition.function:
        return _let_recursive(compiler, definition, context)
    texts = [compiler.fresh("a_") for _ in definition.parameters]
    formals = {
        parameter.name: Formal(text, parameter.arity, definition, context.state)
        for parameter, text in zip(definition.parameters, texts)
    }
    try:
        body = definition_body(compiler, definition, context.binding(formals))
    except NeedsNames as needs:
        if needs.owner is not definition:
            raise
        return None
    if not definition.parameters:
        return body
    return _joined(f"(lambda {', '.join(texts)}: {body.text})", body.kind, [body], frozenset(texts))


def _let_recursive(compiler: Compiler, definition: tree.Definition, context: Context) -> Code:
    if not definition.parameters:
        raise Unsupported(f"{definition.place}: a recursive LET definition without parameters")
    itself = compiler.fresh("self")
    texts = [compiler.fresh("a_") for _ in definition.parameters]
    inner: dict[str, LocalMeaning] = {
        parameter.name: Formal(text, parameter.arity, None, context.state)
        for parameter, text in zip(definition.parameters, texts)
    }
    inner[definition.name] = Formal(itself, len(texts), None, context.state)
    body = value(compiler, definition.body, context.binding(inner))
    text = f"recursive(lambda {itself}: lambda {', '.join(texts)}: {body.text})"
    return _joined(text, "value", [body], frozenset((itself, *texts)))


_Handler: TypeAlias = Callable[["Compiler", Any, Context], Code]

_HANDLERS: dict[type[Expression], _Handler] = {
    tree.Apply: _apply, tree.At: _at, tree.BoxAction: _box_action, tree.Case: _case, tree.Choose: _choose,
    tree.Enabled: _enabled, tree.Except: _except, tree.FunctionLiteral: _function_literal,
    tree.FunctionSet: _function_set, tree.If: _if, tree.Index: _index, tree.Junction: _junction, tree.Let: _let,
    tree.Literal: _literal, tree.Prime: _prime, tree.Product: _product, tree.Quantified: _quantified,
    tree.Record: _record, tree.RecordSet: _record_set, tree.SetFilter: _set_filter, tree.SetLiteral: _set_literal,
    tree.SetMap: _set_map, tree.Tuple: _tuple, tree.Unchanged: _unchanged, tree.Unknown: _unknown,
}  # fmt: skip

_LOGIC: dict[str, _Handler] = {
    "~": _not, "=>": _implies, "<=>": _equivalent, "=": _equal, "#": _equal, "\\in": _member, "\\notin": _member,
}  # fmt: skip

# Constant expressions of these kinds are worked out once; names and literals are cheap as they are.
_WORTH_KEEPING = frozenset(_HANDLERS) - {tree.Literal, tree.At}
