"""Compiles literals, logic, constructors and actions. Theory: compiler.py. Binders: binders.py. Calls: operators.py."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeGuard

from specs.tla.language.contexts import (
    Bound,
    Code,
    Compiling,
    Context,
    Handler,
    as_value,
    is_state,
    joined,
    resolve,
    same_kind,
)
from specs.tla.language.meanings import Operator
from specs.tla.language.standard import Builtin
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Unsupported

APART = 40  # parts of an expression, of which each nests in the one before it, until a function of its own begins


# --- literals and logic -----------------------------------------------------------------------------


def _literal(compiler: Compiling, node: tree.Literal, context: Context) -> Code:
    if isinstance(node.value, bool):
        return Code(str(node.value), "test")
    return Code(repr(node.value), "int" if isinstance(node.value, int) else "string")


def _junction(compiler: Compiling, node: tree.Junction, context: Context) -> Code:
    items = [compiler.test(item, context) for item in node.items]
    word = " and " if node.conjunction else " or "
    return joined("(" + word.join([item.text for item in items]) + ")", "test", items)


def _infix_junction(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    """/\\ or \\/ as the argument of an operator."""
    conjunction = node.name == "/\\"
    return _junction(compiler, tree.Junction(place=node.place, conjunction=conjunction, items=node.arguments), context)


def _infix_product(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    return _product(compiler, tree.Product(place=node.place, factors=node.arguments), context)


def _postfix_prime(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    return _prime(compiler, tree.Prime(place=node.place, operand=node.arguments[0]), context)


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
    codes = [compiler.code(argument, context) for argument in node.arguments]
    kinds = {code.kind for code in codes}
    left, right = [as_value(code) for code in codes]
    is_equal = node.name == "="
    if "model" in kinds or kinds in ({"int"}, {"test"}, {"string"}):
        # The kinds are known, and comparable.
        return joined(f"({left.text} {'==' if is_equal else '!='} {right.text})", "test", [left, right])
    # Equal values need no test of their kinds.
    (first, one), (second, other) = _kept(compiler, left), _kept(compiler, right)
    kind_test = _comparable(one, other, *[code.kind for code in codes])
    if is_equal:
        text = f"({first} == {second} or not {kind_test})"
    else:
        text = f"({first} != {second} and {kind_test})"
    return joined(text, "test", [left, right])


def _kept(compiler: Compiling, code: Code) -> tuple[str, str]:
    """Texts of `code` for its first use and for further ones."""
    if code.simple or _LITERAL.fullmatch(code.text):
        return code.text, code.text
    constant = _CONSTANT.fullmatch(code.text)
    if constant is not None:
        return code.text, constant[1]  # the first use has set it
    name = compiler.fresh("w")
    return f"({name} := {code.text})", name


_CONSTANT = re.compile(r"\((\w+) if \w+ is not UNSET else get_\w+\(\)\)")
_LITERAL = re.compile(r"'[^'\\]*'|\(\)")
_PYTHON_KINDS = {"int": "int", "string": "str"}


def _comparable(left: str, right: str, left_kind: str, right_kind: str) -> str:
    """Code that is true of two unequal values, or raises KindError."""
    call = f"comparable({left}, {right})"
    if left_kind in _PYTHON_KINDS:
        return f"(type({right}) is {_PYTHON_KINDS[left_kind]} or {call})"
    if right_kind in _PYTHON_KINDS:
        return f"(type({left}) is {_PYTHON_KINDS[right_kind]} or {call})"
    return f"(type({left}) is type({right}) in FLAT or {call})"


def _member(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    left, right = node.arguments
    element = compiler.value(left, context)
    text, codes = _contained(compiler, element, right, context)
    return joined(text if node.name == "\\in" else f"(not {text})", "test", [element, *codes])


def _contained(compiler: Compiling, element: Code, right: Expression, context: Context) -> tuple[str, list[Code]]:
    """Code of `element \\in right`, and the codes of the parts of `right`."""
    if isinstance(right, tree.SetLiteral) and right.items:
        items = [compiler.value(item, context) for item in right.items]
        if element.kind == "model":
            return f"({element.text} in ({', '.join([item.text for item in items])},))", items
        return _among(compiler, element, items), items
    if _is_domain(right, context):
        function = compiler.value(right.arguments[0], context)
        return f"is_in_domain({element.text}, {function.text})", [function]
    if isinstance(right, tree.SetFilter) and not right.bound.pattern and len(right.bound.names) == 1:
        # As in TLC, the condition is asked of this element only.
        first, value = _kept(compiler, element)
        name = compiler.fresh("b_")
        domain = compiler.value(right.bound.domain, context)
        body = compiler.test(right.body, context.binding({right.bound.names[0]: Bound(name)}))
        inner = joined("", "test", [body], frozenset((name,)))
        return f"(is_in({first}, {domain.text}) and (lambda {name}: {body.text})({value}))", [domain, inner]
    code = compiler.value(right, context)
    if code.kind == "set":
        first, value = _kept(compiler, element)
        collection, again = _kept(compiler, code)
        return f"({first} in {collection} or absent({value}, {again}))", [code]
    return f"is_in({element.text}, {code.text})", [code]


def _among(compiler: Compiling, element: Code, items: list[Code]) -> str:
    """Code of `element \\in {items}`: all are evaluated, then compared up to the first that is equal, as in TLC."""
    first, value = _kept(compiler, element)
    pairs = [_kept(compiler, item) for item in items]
    tests = [_comparable(name, value, item.kind, element.kind) for (_, name), item in zip(pairs, items)]
    if len(items) == 1 or (len({item.kind for item in items}) == 1 and items[0].kind in _PYTHON_KINDS):
        return f"({first} in ({', '.join([pair[0] for pair in pairs])},) or not {tests[0]})"
    evaluated = "".join([f"{pair[0]}, " for pair in [(first, value), *pairs] if pair[0] != pair[1]])
    compared = " or ".join([f"{value} == {name} or not {test}" for (_, name), test in zip(pairs, tests)])
    return f"(({evaluated}) and ({compared}))" if evaluated else f"({compared})"


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
    if node.other is not None:
        last = results[-1]
    else:
        last = Code(f"fail({f'CASE: no arm is true, {node.place}'!r})", kind)
    for number in range(len(conditions) - 1, -1, -1):
        condition, result = conditions[number], results[number]
        last = joined(f"{result.text} if {condition.text} else {last.text}", kind, [condition, result, last])
        if number % APART == APART - 1:
            last = compiler.apart(last, node.place)
    return replace(last, text=f"({last.text})")


# --- constructors -------------------------------------------------------------------------------------


def _tuple(compiler: Compiling, node: tree.Tuple, context: Context) -> Code:
    text, items = compiler.values(node.items, context)
    return joined(f"({text})", "value", items)


def _set_literal(compiler: Compiling, node: tree.SetLiteral, context: Context) -> Code:
    text, items = compiler.values(node.items, context)
    if len(items) < 2 or (len({item.kind for item in items}) == 1 and items[0].kind in ("int", "string")):
        return joined(f"frozenset(({text}))", "set", items)
    return joined(f"uniform(frozenset(({text})))", "set", items)


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
    if argument.simple:
        text = _element(*_kept(compiler, function), argument.text)
    else:
        text = f"apply({function.text}, {argument.text})"
    return joined(text, "value", [function, argument])


def _element(first: str, name: str, key: str) -> str:
    """Code of function[key]: without a call for most functions and sequences. `first`: what sets `name`."""
    index, within = f"{key} - 1", f"type({key}) is int and 0 < {key} <= len({name})"
    if key.isdigit() and key != "0":
        index, within = str(int(key) - 1), f"{key} <= len({name})"
    in_sequence = f"{name}[{index}] if type({name}) is tuple and {within}"
    return f"({name}[{key}] if type({first}) is Function else {in_sequence} else apply({name}, {key}))"


def _except(compiler: Compiling, node: tree.Except, context: Context) -> Code:
    result = compiler.value(node.function, context)
    for number, update in enumerate(node.updates, 1):
        if number % APART == 0:
            result = compiler.apart(result, node.place)
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
    if isinstance(meaning, Operator) and isinstance(meaning.definition.body, tree.Tuple):
        return _unchanged_value(compiler, meaning.definition.body, context.entering(meaning, {}))
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
    own = compiler.own_variables(context)
    context = replace(context, own={**context.own, **own})
    code = compiler.test(node.action, context)
    free = sorted(name for name in code.names if name not in ("s", "t") and not is_state(name))
    environment = "{" + ", ".join(f"{name!r}: {name}" for name in free) + "}"
    function = compiler.enabled(node.action, context)
    reads = frozenset(read for read in code.reads if read[0] != "t")
    return Code(f"{function}(s, {environment})", "test", frozenset(("s", *free)), reads)


def _temporal(compiler: Compiling, node: Expression, context: Context) -> Code:
    raise Unsupported(f"{node.place}: a temporal formula has no value in a state: {node.place.text}")


def _unknown(compiler: Compiling, node: tree.Unknown, context: Context) -> Code:
    raise Unsupported(f"{node.place}: {node.construct} is not evaluated: {node.place.text}")


HANDLERS: dict[type[Expression], Handler] = {
    tree.Always: _temporal, tree.Eventually: _temporal, tree.Fairness: _temporal, tree.LeadsTo: _temporal,
    tree.At: _at, tree.BoxAction: _box_action, tree.Case: _case, tree.Enabled: _enabled,
    tree.Except: _except, tree.FunctionSet: _function_set, tree.If: _if, tree.Index: _index, tree.Junction: _junction,
    tree.Literal: _literal, tree.Prime: _prime, tree.Product: _product, tree.Record: _record,
    tree.RecordSet: _record_set, tree.SetLiteral: _set_literal, tree.Tuple: _tuple, tree.Unchanged: _unchanged,
    tree.Unknown: _unknown,
}  # fmt: skip

LOGIC: dict[str, Handler] = {
    "~": _not, "=>": _implies, "<=>": _equivalent, "=": _equal, "#": _equal, "\\in": _member, "\\notin": _member,
    "/\\": _infix_junction, "\\/": _infix_junction, "\\X": _infix_product, "'": _postfix_prime,
}  # fmt: skip
