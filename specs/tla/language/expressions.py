"""Compiles literals, logic, constructors and actions. Theory: compiler.py. Binders: binders.py. Calls: operators.py."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from specs.tla.language.contexts import Code, Compiling, Context, Handler, is_state, joined, resolve, same_kind
from specs.tla.language.modules import Operator
from specs.tla.language.standard import Builtin
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Unsupported

# --- literals and logic -----------------------------------------------------------------------------


def _literal(compiler: Compiling, node: tree.Literal, context: Context) -> Code:
    if isinstance(node.value, bool):
        return Code(str(node.value), "test")
    return Code(repr(node.value), "int" if isinstance(node.value, int) else "value")


def _junction(compiler: Compiling, node: tree.Junction, context: Context) -> Code:
    items = [compiler.test(item, context) for item in node.items]
    word = " and " if node.conjunction else " or "
    return joined("(" + word.join([item.text for item in items]) + ")", "test", items)


def _not(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    operand = compiler.test(node.arguments[0], context)
    return joined(f"(not {operand.text})", "test", [operand])


def _implies(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    left, right = [compiler.test(argument, context) for argument in node.arguments]
    return joined(f"(not {left.text} or {right.text})", "test", [left, right])


def _equivalent(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    left, right = [compiler.test(argument, context) for argument in node.arguments]
    return joined(f"({left.text} is {right.text})", "test", [left, right])


def _equal(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    left, right = [compiler.value(argument, context) for argument in node.arguments]
    symbol = "==" if node.name == "=" else "!="
    return joined(f"({left.text} {symbol} {right.text})", "test", [left, right])


def _member(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    left, right = node.arguments
    element = compiler.value(left, context)
    word = "in" if node.name == "\\in" else "not in"
    if isinstance(right, tree.SetLiteral) and right.items:
        items = [compiler.value(item, context) for item in right.items]
        texts = ", ".join([item.text for item in items])
        return joined(f"({element.text} {word} ({texts},))", "test", [element, *items])
    if _is_domain(right, context):
        function = compiler.value(right.arguments[0], context)
        text = f"is_in_domain({element.text}, {function.text})"
        return joined(text if word == "in" else f"(not {text})", "test", [element, function])
    collection = compiler.value(right, context)
    text = collection.text
    if collection.kind != "set":
        text = (
            f"({text} if type({text}) is frozenset else elements({text}))" if collection.simple else f"elements({text})"
        )
    return joined(f"({element.text} {word} {text})", "test", [element, collection])


def _is_domain(node: Expression, context: Context) -> TypeGuard[tree.Apply]:
    """Whether `node` is DOMAIN f: testing membership in it needs no set."""
    if not isinstance(node, tree.Apply) or node.path or len(node.arguments) != 1:
        return False
    meaning = resolve(node, context)
    return isinstance(meaning, Builtin) and meaning.name == "DOMAIN"


def _if(compiler: Compiling, node: tree.If, context: Context) -> Code:
    condition = compiler.test(node.condition, context)
    branches, kind = same_kind([compiler.code(branch, context) for branch in (node.then, node.otherwise)])
    text = f"({branches[0].text} if {condition.text} else {branches[1].text})"
    return joined(text, kind, [condition, *branches])


def _case(compiler: Compiling, node: tree.Case, context: Context) -> Code:
    conditions = [compiler.test(condition, context) for condition, _ in node.arms]
    results = [compiler.code(result, context) for _, result in node.arms]
    if node.other is not None:
        results.append(compiler.code(node.other, context))
    results, kind = same_kind(results)
    text = "".join([f"{result.text} if {condition.text} else " for condition, result in zip(conditions, results)])
    last = results[-1].text if node.other is not None else f"fail({f'CASE: no arm is true, {node.place}'!r})"
    return joined(f"({text}{last})", kind, [*conditions, *results])


# --- constructors -------------------------------------------------------------------------------------


def _tuple(compiler: Compiling, node: tree.Tuple, context: Context) -> Code:
    text, items = compiler.values(node.items, context)
    return joined(f"({text})", "value", items)


def _set_literal(compiler: Compiling, node: tree.SetLiteral, context: Context) -> Code:
    text, items = compiler.values(node.items, context)
    return joined(f"frozenset(({text}))", "set", items)


def _product(compiler: Compiling, node: tree.Product, context: Context) -> Code:
    text, factors = compiler.values(node.factors, context)
    return joined(f"Product({text})", "set", factors)


def _fields(
    compiler: Compiling, fields: tuple[tuple[str, Expression], ...], context: Context
) -> tuple[str, list[Code]]:
    codes = [compiler.value(field, context) for _, field in fields]
    return "{" + ", ".join([f"{name!r}: {code.text}" for (name, _), code in zip(fields, codes)]) + "}", codes


def _record(compiler: Compiling, node: tree.Record, context: Context) -> Code:
    text, fields = _fields(compiler, node.fields, context)
    return joined(f"Function({text})", "value", fields)


def _record_set(compiler: Compiling, node: tree.RecordSet, context: Context) -> Code:
    text, fields = _fields(compiler, node.fields, context)
    return joined(f"RecordSet({text})", "set", fields)


def _function_set(compiler: Compiling, node: tree.FunctionSet, context: Context) -> Code:
    domain, codomain = compiler.value(node.domain, context), compiler.value(node.codomain, context)
    return joined(f"FunctionSet({domain.text}, {codomain.text})", "set", [domain, codomain])


def _index(compiler: Compiling, node: tree.Index, context: Context) -> Code:
    function, argument = compiler.value(node.function, context), compiler.value(node.argument, context)
    if isinstance(node.argument, tree.Literal) and isinstance(node.argument.value, str):
        # Anything but a record raises TypeError or KeyError.
        return joined(f"{function.text}[{argument.text}]", "value", [function, argument])
    if function.text.isidentifier() and argument.simple:
        name, key = function.text, argument.text
        text = f"({name}[{key}] if type({name}) is Function else apply({name}, {key}))"
    else:
        text = f"apply({function.text}, {argument.text})"
    return joined(text, "value", [function, argument])


def _except(compiler: Compiling, node: tree.Except, context: Context) -> Code:
    result = compiler.value(node.function, context)
    for update in node.updates:
        path, steps = compiler.values(update.path, context)
        at = compiler.fresh("at")
        new = compiler.value(update.value, replace(context, at=at))
        inner = joined("", "value", [new], frozenset((at,)))
        text = f"replaced({result.text}, ({path}), lambda {at}: {new.text})"
        result = joined(text, "value", [result, *steps, inner])
    return result


def _at(compiler: Compiling, node: tree.At, context: Context) -> Code:
    if not context.at:
        raise ModuleError(f"{node.place}: @ outside an EXCEPT")
    return Code(context.at, "value", frozenset((context.at,)))


# --- actions --------------------------------------------------------------------------------------------


def _prime(compiler: Compiling, node: tree.Prime, context: Context) -> Code:
    if context.primed:
        raise ModuleError(f"{node.place}: a prime under a prime: {node.place.text}")
    return compiler.code(node.operand, replace(context, state="t"))


def _unchanged(compiler: Compiling, node: tree.Unchanged, context: Context) -> Code:
    if context.primed:
        raise ModuleError(f"{node.place}: UNCHANGED under a prime: {node.place.text}")
    return _unchanged_value(compiler, node.operand, context)


def _unchanged_value(compiler: Compiling, node: Expression, context: Context) -> Code:
    if isinstance(node, tree.Tuple) and node.items:
        parts = [_unchanged_value(compiler, item, context) for item in node.items]
        return joined("(" + " and ".join([part.text for part in parts]) + ")", "test", parts)
    meaning = resolve(node, context) if isinstance(node, tree.Apply) and not node.arguments else None
    if isinstance(meaning, Operator) and not meaning.hidden and isinstance(meaning.definition.body, tree.Tuple):
        return _unchanged_value(compiler, meaning.definition.body, Context(scope=meaning.scope))
    before = compiler.value(node, context)
    after = compiler.value(node, replace(context, state="t"))
    text = f"({before.text} == {after.text})"
    if before.text.isidentifier() and after.text.isidentifier():
        # Most unchanged variables are the same object: `is` avoids comparing all items of a dict.
        text = f"({before.text} is {after.text} or {before.text} == {after.text})"
    return joined(text, "test", [before, after])


def _box_action(compiler: Compiling, node: tree.BoxAction, context: Context) -> Code:
    action = compiler.test(node.action, context)
    same = _unchanged(compiler, tree.Unchanged(place=node.place, operand=node.subscript), context)
    if node.stutter:
        return joined(f"({same.text} or {action.text})", "test", [same, action])
    return joined(f"(not {same.text} and {action.text})", "test", [same, action])


def _enabled(compiler: Compiling, node: tree.Enabled, context: Context) -> Code:
    if context.primed:
        raise Unsupported(f"{node.place}: ENABLED under a prime")
    code = compiler.test(node.action, context)
    free = sorted(name for name in code.names if name not in ("s", "t") and not is_state(name))
    environment = "{" + ", ".join(f"{name!r}: {name}" for name in free) + "}"
    function = compiler.enabled(node.action, context)
    reads = frozenset(read for read in code.reads if read[0] != "t")
    return Code(f"{function}(s, {environment})", "test", frozenset(("s", *free)), reads)


def _always(compiler: Compiling, node: tree.Always, context: Context) -> Code:
    raise Unsupported(f"{node.place}: temporal operator [] is not evaluated: {node.place.text}")


def _unknown(compiler: Compiling, node: tree.Unknown, context: Context) -> Code:
    raise Unsupported(f"{node.place}: {node.construct} is not evaluated: {node.place.text}")


HANDLERS: dict[type[Expression], Handler] = {
    tree.Always: _always, tree.At: _at, tree.BoxAction: _box_action, tree.Case: _case, tree.Enabled: _enabled,
    tree.Except: _except, tree.FunctionSet: _function_set, tree.If: _if, tree.Index: _index, tree.Junction: _junction,
    tree.Literal: _literal, tree.Prime: _prime, tree.Product: _product, tree.Record: _record,
    tree.RecordSet: _record_set, tree.SetLiteral: _set_literal, tree.Tuple: _tuple, tree.Unchanged: _unchanged,
    tree.Unknown: _unknown,
}  # fmt: skip

LOGIC: dict[str, Handler] = {
    "~": _not, "=>": _implies, "<=>": _equivalent, "=": _equal, "#": _equal, "\\in": _member, "\\notin": _member,
}  # fmt: skip
