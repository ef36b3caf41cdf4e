"""Compiles names, calls and LET. Theory: specs/tla/language/compiler.py.

Rules. A call passes values. If a parameter occurs under a prime, the definition is expanded instead, with the
argument's expression in the argument's own context (Named).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from specs.tla.language import binders
from specs.tla.language.contexts import (
    Bound,
    Code,
    Compiling,
    Context,
    Formal,
    Forward,
    Handler,
    Known,
    Local,
    LocalInstance,
    LocalMeaning,
    Named,
    NeedsNames,
    applied,
    as_value,
    forward,
    joined,
    local_instance,
    qualified,
    resolve,
)
from specs.tla.language.expressions import LOGIC
from specs.tla.language.meanings import Constant, Fixed, Operator, Substitution, Variable
from specs.tla.language.standard import Builtin, Kind
from specs.tla.language.symbols import LOGIC_ARITIES
from specs.tla.syntax import tree
from specs.tla.syntax.reader import CHAIN_MIN
from specs.tla.syntax.tree import Expression, ModuleError, Unsupported
from specs.tla.values.kinds import type_of
from specs.tla.values.values import ModelValue

_CONSTANT_KINDS: dict[type, Kind] = {frozenset: "set", int: "int", str: "string", ModelValue: "model"}
SO_FAR = "the chain so far"  # no name of TLA+


def _apply(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    if node.path:
        return _qualified(compiler, node, context)
    meaning = resolve(node, context)
    if meaning is None:
        logical = LOGIC.get(node.name)
        if logical is None or (node.arguments and len(node.arguments) != len(LOGIC_ARITIES[node.name])):
            raise ModuleError(f"{node.place}: {node.name} has no definition")
        return logical(compiler, node, context)
    return _meant(compiler, node, meaning, context)


def _meant(compiler: Compiling, node: tree.Apply, meaning: object, context: Context) -> Code:
    if isinstance(meaning, Bound | Formal | Named | Forward | Local | Known | Fixed):
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
        own = context.own.get(meaning)
        if own is not None and context.primed:
            return _meant(compiler, node, own, context)
        return _expanded(compiler, node, Named(meaning.expression, context.substituting(meaning)), context)
    raise ModuleError(f"{node.place}: {node.name} is an instance, not an operator")


def _arity(node: tree.Apply, arity: int) -> None:
    if len(node.arguments) != arity:
        raise ModuleError(f"{node.place}: {node.name} takes {arity} arguments, not {len(node.arguments)}")


def _local(compiler: Compiling, node: tree.Apply, meaning: LocalMeaning, context: Context) -> Code:
    if isinstance(meaning, Bound):
        _arity(node, 0)
        return Code(meaning.text, "value", frozenset((meaning.text,)))
    if isinstance(meaning, Named):
        return _expanded(compiler, node, meaning, context)
    if isinstance(meaning, Forward):
        if context.primed:
            raise Unsupported(f"{node.place}: the recursive LET operator {node.name} under a prime")
        return _expanded(compiler, node, Named(meaning.expression, context), context)
    if isinstance(meaning, Known):
        if context.state != meaning.state:
            raise Unsupported(f"{node.place}: an operand of a chain of {CHAIN_MIN} operators under a prime")
        return meaning.code
    if isinstance(meaning, Fixed):
        _arity(node, 0)
        name = compiler.fresh("k")
        compiler.namespace[name] = meaning.value
        return Code(name, "value", kept=True)
    if isinstance(meaning, LocalInstance):
        raise ModuleError(f"{node.place}: {node.name} is an instance, not an operator")
    if isinstance(meaning, Formal):
        if context.state != meaning.state:
            if meaning.owner is None:
                raise Unsupported(f"{node.place}: a parameter under a prime: {node.place.text}")
            raise NeedsNames(meaning.owner)
        _arity(node, meaning.arity)
        if not meaning.arity:
            return Code(meaning.text, "value", frozenset((meaning.text,)))
        text, arguments = compiler.values(node.arguments, context)
        call = joined(f"{meaning.text}({text})", "value", arguments)
        return replace(call, names=call.names | {meaning.text})
    parameters = meaning.definition.parameters
    _arity(node, len(parameters))
    if context.primed or context.own or meaning.code is None:
        if meaning.definition.recursive and not meaning.definition.function:
            raise Unsupported(f"{node.place}: the recursive LET operator {node.name} under a prime")
        named = {parameter.name: Named(argument, context) for parameter, argument in zip(parameters, node.arguments)}
        return compiler.body(meaning.definition, meaning.context.like(context).binding(named))
    if not parameters:
        return meaning.code
    arguments = _arguments(compiler, node, tuple([parameter.arity for parameter in parameters]), context)
    text = f"{meaning.code.text}({', '.join([argument.text for argument in arguments])})"
    return joined(text, meaning.code.kind, [meaning.code, *arguments])


def _expanded(compiler: Compiling, node: tree.Apply, meaning: Named, context: Context) -> Code:
    """The expression that a name means, applied to the arguments if it is an operator."""
    return compiler.code(*applied(node, meaning.expression, meaning.context.like(context), context))


def _constant(compiler: Compiling, node: tree.Apply, meaning: Constant, context: Context) -> Code:
    _arity(node, meaning.arity)
    name = f"k_{meaning.name}"
    if meaning.arity:
        text, arguments = compiler.values(node.arguments, context)
        return joined(f"from_python({name}, {text})", "value", arguments)
    known = compiler.constant_value(meaning)
    return Code(name, _CONSTANT_KINDS.get(type(known), "value") if not type_of(known) else "value")


def _builtin(compiler: Compiling, node: tree.Apply, meaning: Builtin, context: Context) -> Code:
    _arity(node, len(meaning.arities))
    if not meaning.template:
        raise Unsupported(f"{node.place}: {meaning.name} is not evaluated")
    if meaning.name == "UNION" and isinstance(node.arguments[0], tree.SetMap | tree.SetLiteral):
        united = binders.members(compiler, node.arguments[0], context)
        return replace(united, text=f"united({united.text})", kind="set")
    if meaning.numeric:
        arguments = [compiler.code(argument, context) for argument in node.arguments]
        texts = _numbers(meaning.name, arguments)
    else:
        arguments = _arguments(compiler, node, meaning.arities, context)
        texts = [argument.text for argument in arguments]
    return joined(meaning.template.format(*texts), meaning.kind, arguments)


def _numbers(name: str, arguments: list[Code]) -> list[str]:
    """Texts on which Python rejects non-integers: unary plus does, and so do `+`, `-`, `<` with an integer operand."""
    texts = [argument.text if argument.kind == "int" else f"+{as_value(argument).text}" for argument in arguments]
    if name in ("*", ".."):
        return texts
    plain = [as_value(argument).text for argument in arguments]
    if len(arguments) == 1 or any(argument.kind == "int" for argument in arguments):
        return plain
    return [texts[0], plain[1]]


def _arguments(compiler: Compiling, node: tree.Apply, arities: tuple[int, ...], context: Context) -> list[Code]:
    return [
        _operator_argument(compiler, argument, arity, context) if arity else compiler.value(argument, context)
        for argument, arity in zip(node.arguments, arities)
    ]


def _operator_argument(compiler: Compiling, node: Expression, arity: int, context: Context) -> Code:
    """An operator argument as a Python function from values to a value."""
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
        body = compiler.value(node.body, inside)
    elif isinstance(node, tree.Apply) and not node.arguments:
        applied = tree.Apply(place=node.place, name=node.name, arguments=arguments, path=node.path)
        body = compiler.value(applied, there)
    else:
        raise ModuleError(f"{node.place}: an operator of {arity} arguments is wanted: {node.place.text}")
    return joined(f"(lambda {', '.join(texts)}: {body.text})", "value", [body], frozenset(texts))


def _qualified(compiler: Compiling, node: tree.Apply, context: Context) -> Code:
    found = qualified(node, context)
    if isinstance(found.meaning, Operator):
        return _call(compiler, found.bare, found.meaning, context, found.arguments)
    inside = replace(context, hidden={**context.hidden, **found.arguments})
    return _meant(compiler, found.bare, found.meaning, inside)


def _call(
    compiler: Compiling, node: tree.Apply, operator: Operator, context: Context, hidden: Mapping[str, LocalMeaning]
) -> Code:
    """A call. `hidden`: arguments of the instances that lead to the operator, by Python name."""
    parameters = operator.definition.parameters
    _arity(node, len(parameters))
    compiled = compiler.compiled(operator)
    if compiled.expanded or (context.own and not operator.definition.recursive):
        formals = {parameter.name: Named(item, context) for parameter, item in zip(parameters, node.arguments)}
        return compiler.body(operator.definition, context.entering(operator, formals, hidden))
    known = {**context.hidden, **hidden}
    arguments = [_hidden(compiler, known[text], node, context) for _, text in operator.hidden]
    arguments += _arguments(compiler, node, tuple([parameter.arity for parameter in parameters]), context)
    return _called(compiler, node, operator, context, arguments)


def _hidden(compiler: Compiling, meaning: LocalMeaning, node: tree.Apply, context: Context) -> Code:
    """The value of a parameter of an instance around an operator."""
    if isinstance(meaning, Named):
        return compiler.value(meaning.expression, meaning.context.like(context))
    return _local(compiler, tree.Apply(place=node.place, name=node.name), meaning, context)


def _called(compiler: Compiling, node: tree.Apply, operator: Operator, context: Context, arguments: list[Code]) -> Code:
    compiled = compiler.compiled(operator)
    reads = compiler.resolved(compiled.reads)
    if not reads and not arguments:
        return compiler.constant_operator(operator)
    if context.primed:
        if any(read[0] == "t" for read in reads):
            raise ModuleError(f"{node.place}: {node.name} has primes and is itself under a prime")
        reads = frozenset("t" + read[1:] if read[0] == "s" else read for read in reads)
        states, names = ["t", "None"], frozenset(("t",))
    elif not reads:
        states, names = ["None", "None"], frozenset()
    else:
        states, names = ["s", "t"], frozenset(("s", "t"))
    texts = states + [argument.text for argument in arguments]
    code = joined(f"{operator.python_name}({', '.join(texts)})", compiled.kind, arguments)
    return replace(code, names=code.names | names, reads=code.reads | reads)


def _chain(compiler: Compiling, node: tree.Chain, context: Context) -> Code:
    """Applies the operator from the left. What has been compiled so far is an operand."""
    code = compiler.value(node.items[0], context)
    for number, item in enumerate(node.items[1:], 1):
        if number % CHAIN_MIN == 0:
            code = compiler.apart(code, node.place)
        so_far = tree.Apply(place=node.place, name=SO_FAR)
        whole = tree.Apply(place=node.place, name=node.name, arguments=(so_far, item))
        code = as_value(_apply(compiler, whole, context.binding({SO_FAR: Known(code, context.state)})))
    return code


# --- LET ----------------------------------------------------------------------------------------------------


def _let(compiler: Compiling, node: tree.Let, context: Context) -> Code:
    return _let_rest(compiler, node.definitions, node.body, forward(node, context))


def _let_rest(
    compiler: Compiling, definitions: tuple[tree.Definition | tree.Instance, ...], body: Expression, context: Context
) -> Code:
    if not definitions:
        return compiler.code(body, context)
    definition, *rest = definitions
    if isinstance(definition, tree.Instance):
        inside = context.binding({definition.name or "": local_instance(compiler, definition, context)})
        return _let_rest(compiler, tuple(rest), body, inside)
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
    return joined(f"(lambda {name}: {code.text})({bound})", code.kind, [inner, made])


def _needs(node: Expression, name: str) -> bool:
    """Whether evaluating `node` always evaluates `name`: then a LET need not delay it."""
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
    """The code by which the body of a LET refers to a definition bound to the Python name `name`."""
    if definition.parameters:
        return Code(name, made.kind, frozenset((name,)), made.reads)
    if made.simple or not made.names:
        return made
    return Code(f"{name}()", made.kind, frozenset((name,)), made.reads)


def let_definition(compiler: Compiling, definition: tree.Definition, context: Context) -> Code | None:
    """Code of a LET definition: a Python function if it has parameters. None if it must be expanded."""
    if definition.recursive and not definition.function:
        return _let_recursive(compiler, definition, context)
    texts = [compiler.fresh("a_") for _ in definition.parameters]
    formals = {
        parameter.name: Formal(text, parameter.arity, definition, context.state)
        for parameter, text in zip(definition.parameters, texts)
    }
    try:
        body = compiler.body(definition, context.binding(formals))
    except NeedsNames as needs:
        if needs.owner is not definition:
            raise
        return None
    if not definition.parameters:
        return body
    return joined(f"(lambda {', '.join(texts)}: {body.text})", body.kind, [body], frozenset(texts))


def _let_recursive(compiler: Compiling, definition: tree.Definition, context: Context) -> Code:
    if not definition.parameters:
        raise Unsupported(f"{definition.place}: a recursive LET definition without parameters")
    itself = compiler.fresh("self")
    texts = [compiler.fresh("a_") for _ in definition.parameters]
    inner: dict[str, LocalMeaning] = {
        parameter.name: Formal(text, parameter.arity, None, context.state)
        for parameter, text in zip(definition.parameters, texts)
    }
    inner[definition.name] = Formal(itself, len(texts), None, context.state)
    body = compiler.value(definition.body, context.binding(inner))
    text = f"recursive(lambda {itself}: lambda {', '.join(texts)}: {body.text})"
    return joined(text, "value", [body], frozenset((itself, *texts)))


HANDLERS: dict[type[Expression], Handler] = {
    tree.Apply: _apply, tree.Chain: _chain, tree.Let: _let,
}  # fmt: skip
