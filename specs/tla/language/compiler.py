"""Compiles TLA+ definitions into Python functions `f(s, t, *arguments)` of two states, each a tuple of values.

Theory. A TLA+ action is a predicate on two states: an unprimed variable reads the first, a primed one the second. So
checking a step needs no enumeration of successors, and an operator under a prime is the same function, called with the
second state. TLA+ operators substitute expressions, Python functions pass values; the two agree as long as no
parameter occurs under a prime. Operators with such a parameter are expanded where they are used.

Rules. Each expression becomes one Python expression with its free names. An expression that depends on no state and no
bound variable is evaluated once, when first needed. A Python bool is not a TLA+ value (values.py): code of kind "test"
yields a Python bool, and becomes TRUE or FALSE where a value is needed. Operator arguments are evaluated before the
call, LET definitions on first use. An unused argument without a value raises EvaluationError even where TLC would not
notice: a verdict never depends on evaluation order.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from specs.tla.language import binders, expressions, operators
from specs.tla.language.contexts import (
    Bound,
    Code,
    Compiled,
    Context,
    Formal,
    Handler,
    Namespace,
    NeedsNames,
    as_test,
    as_value,
    is_state,
    variable_named,
)
from specs.tla.language.meanings import Constant, InstanceScope, Operator, Scope, Substitution, Variable
from specs.tla.language.modules import Loader
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, Place, Unsupported
from specs.tla.values import combined, kinds, operations, sequences, sets, values
from specs.tla.values.values import Value

PARENTHESES_MAX = 60  # nested in one Python expression: Python allows 200, including the code around it
SETTLED_MAX = 4096  # enumerate constant sets up to this size: a hash look-up is faster than a lazy membership test
_UNSET = object()


# Compiles ENABLED to a function f(s, locals): whether the action has a successor of s.
Enabled: TypeAlias = Callable[["Compiler", Expression, Context], Callable[..., bool]]


class Compiler:
    """Compiles on demand into one namespace, and caches. `enabled` compiles the test of an ENABLED."""

    def __init__(self, loader: Loader, constants: Mapping[str, Value], enabled: Enabled) -> None:
        self.loader = loader
        self._enabled = enabled
        self.namespace: Namespace = {"UNSET": _UNSET, "settled": settled, "__builtins__": _BUILTINS}
        for library in (values, kinds, sets, combined, operations, sequences):
            self.namespace.update({name: item for name, item in vars(library).items() if not name.startswith("_")})
        for name, value in constants.items():
            self.namespace[f"k_{name}"] = value
        self._done: dict[Operator, Compiled] = {}
        self._doing: list[Operator] = []
        self._recursive: set[Operator] = set()  # those that call themselves, directly or through others
        self._constants: dict[Operator, Code] = {}
        self._count = 0

    def fresh(self, prefix: str) -> str:
        """A Python name that is used nowhere else, so that no binder captures it."""
        self._count += 1
        return f"{prefix}{self._count}"

    def context(self, operator: Operator) -> Context:
        """The context of a definition's body: its parameters, and those of the instances around it."""
        hidden = {text: Formal(text, 0, operator) for _, text in operator.hidden}
        formals = {
            parameter.name: Formal(self.fresh(f"a_{_identifier(parameter.name)}_"), parameter.arity, operator)
            for parameter in operator.definition.parameters
        }
        return Context(scope=operator.scope, locals=formals, hidden=hidden)

    def compiled(self, operator: Operator) -> Compiled:
        """Compiles `operator`, once. Raises Unsupported or ModuleError, naming module and line."""
        done = self._done.get(operator)
        if done is not None:
            return done
        if operator in self._doing:
            self._recursive.add(operator)
            return Compiled("value", frozenset(("?" + operator.python_name,)))
        if operator.by_name and not operator.definition.recursive:
            return Compiled("value", frozenset(), expanded=True)
        self._doing.append(operator)
        try:
            done = self._function(operator)
        except RecursionError:
            what = f"{operator.name} needs definitions that nest too deep"
            raise Unsupported(f"{operator.definition.place}: {what}") from None
        except NeedsNames as needs:
            if needs.owner is not operator:
                raise
            if operator in self._recursive:
                raise Unsupported(
                    f"{operator.definition.place}: a parameter of a recursive operator under a prime"
                ) from None
            done = Compiled("value", frozenset(), expanded=True)
        finally:
            self._doing.pop()
        self._done[operator] = done
        return done

    def _function(self, operator: Operator) -> Compiled:
        context = self.context(operator)
        code = self.body(operator.definition, context)
        if operator in self._recursive:
            code = as_value(code)  # recursive calls were compiled as yielding a value
        formals = [*context.hidden.values(), *context.locals.values()]
        parameters = [local.text for local in formals if isinstance(local, Formal)]
        self.emit(operator.python_name, ["s", "t", *parameters], code, operator.definition.place)
        return Compiled(code.kind, code.reads - {"?" + operator.python_name})

    def code(self, expression: Expression, context: Context) -> Code:
        """Code for `expression`. Raises Unsupported or ModuleError, naming module, line and construct."""
        code = _HANDLERS[type(expression)](self, expression, context)
        if _is_nested(code.text):
            code = self.apart(code, expression.place)
        if code.names or code.kept or code.simple or isinstance(expression, tree.Literal):
            return code
        return self.constant(code, expression.place)

    def test(self, expression: Expression, context: Context) -> Code:
        """Code that yields a Python bool."""
        return as_test(self.code(expression, context))

    def value(self, expression: Expression, context: Context) -> Code:
        """Code that yields a TLA+ value."""
        return as_value(self.code(expression, context))

    def values(self, items: tuple[Expression, ...], context: Context) -> tuple[str, list[Code]]:
        """`items` as the text of Python arguments, and their codes."""
        codes = [self.value(item, context) for item in items]
        return "".join([code.text + ", " for code in codes]), codes

    def body(self, definition: tree.Definition, context: Context) -> Code:
        """Code for the body of `definition`, in a context that holds its parameters."""
        if definition.function:
            assert isinstance(definition.body, tree.FunctionLiteral)
            return binders.function(self, definition.body, context, definition.name)
        return self.code(definition.body, context)

    def emit(self, name: str, parameters: list[str], code: Code, place: Place) -> None:
        """Defines a Python function. Its line number in tracebacks is the line in the module."""
        states = sorted(name for name in code.names if is_state(name))
        prologue = "".join([f"{variable} = {variable[0]}[{variable[1:]}]; " for variable in states])
        self.define(f"def {name}({', '.join(parameters)}): {prologue}return {code.text}", place)

    def constant(self, code: Code, place: Place) -> Code:
        """`code`, which depends on nothing, as a reference to a value that is computed once."""
        name = self.fresh("k")
        self.namespace[name] = _UNSET
        text = f"settled({code.text})" if code.kind in ("set", "value") else code.text
        self.define(f"def get_{name}(): global {name}; {name} = {text}; return {name}", place)
        return Code(f"({name} if {name} is not UNSET else get_{name}())", code.kind, reads=code.reads, kept=True)

    def apart(self, code: Code, place: Place) -> Code:
        """`code` as a call of a separate function: Python bounds how deep one expression may nest."""
        used = {name[0] for name in code.names if name in ("s", "t") or is_state(name)}
        free = sorted([name for name in code.names if name not in ("s", "t") and not is_state(name)])
        function = self.fresh("p")
        self.emit(function, ["s", "t", *free], code, place)
        arguments = [*[state if state in used else "None" for state in "st"], *free]
        return replace(code, text=f"{function}({', '.join(arguments)})", names=frozenset([*free, *used]))

    def constant_operator(self, operator: Operator) -> Code:
        """A definition without parameters that depends on no state: one value for all its uses."""
        code = self._constants.get(operator)
        if code is None:
            call = Code(f"{operator.python_name}(None, None)", self.compiled(operator).kind)
            code = self._constants[operator] = self.constant(call, operator.definition.place)
        return code

    def define(self, source: str, place: Place) -> None:
        """Execute a Python definition in the namespace. Line numbers in tracebacks begin at the line in the module."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)  # `5["a"]` fails when it is evaluated
                code = compile("\n" * (place.line - 1) + source, str(place.path), "exec")
            exec(code, self.namespace)
        except (SyntaxError, RecursionError, MemoryError) as error:
            # Python's own bounds, e.g. 200 nested parentheses.
            raise Unsupported(f"{place}: too deeply nested for Python: {error}") from None

    def resolved(self, reads: frozenset[str]) -> frozenset[str]:
        """`reads` with the names of compiled recursive operators replaced by what these read."""
        if not any(read[0] == "?" for read in reads):
            return reads
        by_name = {"?" + operator.python_name: done for operator, done in self._done.items()}
        seen: set[str] = set()
        pending = list(reads)
        while pending:
            read = pending.pop()
            if read not in seen:
                seen.add(read)
                pending += by_name[read].reads if read in by_name else ()
        return frozenset(seen - by_name.keys())

    def enabled(self, action: Expression, context: Context) -> str:
        """The name of a function f(s, locals): whether `action` has a successor of s."""
        name = self.fresh("enabled")
        self.namespace[name] = self._enabled(self, action, context)
        return name

    def own_variables(self, context: Context) -> dict[Substitution, Variable]:
        """The variables that an ENABLED in an instance binds, if they are not distinct variables of the root module."""
        substituted = context.scope.substituted()
        named = [variable_named(item.expression, context.substituting(item)) for item in substituted]
        if None not in named and len(set(named)) == len(named):
            return {}
        count = len(self.loader.variables) + len(context.own)
        return {item: Variable(item.name, count + number) for number, item in enumerate(substituted)}

    def instance_in_let(self, unit: tree.Instance, scope: Scope) -> tuple[InstanceScope, dict[str, Expression]]:
        """The scope of an INSTANCE in a LET, and what it substitutes."""
        return self.loader.instance_in_let(unit, scope)

    def constant_value(self, constant: Constant) -> Value:
        return self.namespace[f"k_{constant.name}"]

    def closure(
        self, expression: Expression, context: Context, test: bool
    ) -> tuple[Callable[..., Value], tuple[str, ...], Code]:
        """A function f(s, t, *locals) for an expression, the Python names of those locals, and the code."""
        code = self.code(expression, context)
        code = as_test(code) if test else as_value(code)
        return *self.thunk(code, expression.place), code

    def thunk(self, code: Code, place: Place) -> tuple[Callable[..., Value], tuple[str, ...]]:
        """A function f(s, t, *locals) for `code`, and the Python names of those locals."""
        free = tuple(sorted(name for name in code.names if name not in ("s", "t") and not is_state(name)))
        return self.function(["s", "t", *free], code, place), free

    def function(self, parameters: list[str], code: Code, place: Place) -> Callable[..., Value]:
        """A function of these Python names for `code`."""
        name = self.fresh("e")
        self.emit(name, parameters, code, place)
        made: Callable[..., Value] = self.namespace.pop(name)
        return made

    def root_context(self, scope: Scope, names: Mapping[str, str]) -> Context:
        """A context in which each of `names` is bound to the Python name given."""
        return Context(scope=scope, locals={name: Bound(text) for name, text in names.items()})


_HANDLERS: dict[type[Expression], Handler] = {**expressions.HANDLERS, **binders.HANDLERS, **operators.HANDLERS}


def _identifier(name: str) -> str:
    return "".join([character if character.isalnum() and character.isascii() else "_" for character in name])


def _is_nested(text: str) -> bool:
    """Whether `text` nests more than PARENTHESES_MAX deep. (Counts parentheses in strings too: harmless.)"""
    if text.count("(") + text.count("[") + text.count("{") <= PARENTHESES_MAX:
        return False
    depth = deepest = 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest > PARENTHESES_MAX


def settled(value: Value) -> Value:
    """`value`, enumerated if it is a lazy set of at most SETTLED_MAX elements."""
    if isinstance(value, sets.LazySet) and value.size_bound() <= SETTLED_MAX:
        return value.worked_out()
    return value


# The only Python builtins that generated code can call.
_BUILTINS = {
    "all": all, "any": any, "frozenset": frozenset, "int": int, "len": len, "range": range, "str": str, "tuple": tuple,
    "type": type,
}  # fmt: skip
