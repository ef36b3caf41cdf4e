"""Compiles an action with at most one successor into one Python function, without a search.

Theory. A conjunction of guards, `x' = e` and UNCHANGED, through definitions, LET and IF, determines the next state. It
is a straight-line program: each guard may end it, each equation assigns a variable. Enumeration
(specs/tla/language/successors.py) gives the same result at ten times the cost.

Rules. A formula that branches (a disjunction, \\E or `x' \\in S` that assigns a variable) is not determined, and left
to enumeration. So is one that reads a primed variable before assigning it, or leaves one unassigned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from specs.tla.language import operators
from specs.tla.language.compiler import Compiler
from specs.tla.language.contexts import (
    Bound,
    Code,
    Context,
    Local,
    LocalMeaning,
    Named,
    applied,
    as_test,
    as_value,
    forward,
    resolve,
)
from specs.tla.language.meanings import Operator, Substitution
from specs.tla.language.successors import Planner
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression
from specs.tla.values.values import Value

Step = Callable[..., tuple[Value, ...] | None]  # f(state, *arguments): the next state, or None if there is none


class _Undetermined(Exception):
    """The formula is not a straight-line program."""


def determined(compiler: Compiler, operator: Operator, parameters: Mapping[str, str]) -> Step | None:
    """The action as a function of a state and its arguments. None if its next state must be searched for.

    `parameters`: a Python name for each parameter of the operator.
    """
    program = _Program(compiler)
    context = Context(scope=operator.scope, locals={name: Bound(text) for name, text in parameters.items()})
    try:
        program.add(operator.definition.body, context, 1)
    except _Undetermined:
        return None
    count = len(program.planner.names)
    if program.assigned != set(range(count)):
        return None
    name = compiler.fresh("f0") + "_" + operator.python_name.partition("_")[2]
    before = "".join([f"s{index}, " for index in range(count)])
    after = "".join([f"t{index}, " for index in range(count)])
    head = f"def {name}(s, {', '.join(parameters.values())}):\n {before}= s\n t = None\n"
    compiler.define(head + "\n".join(program.lines) + f"\n return ({after})", operator.definition.place)
    step: Step = compiler.namespace[name]
    return step


class _Program:
    """Lines of Python. `assigned`: indexes of the primed variables assigned so far."""

    def __init__(self, compiler: Compiler) -> None:
        self.compiler = compiler
        self.planner = Planner(compiler, initial=False)
        self.lines: list[str] = []
        self.assigned: set[int] = set()
        self._expanding: list[Operator] = []

    def add(self, node: Expression, context: Context, depth: int) -> None:
        """Add the lines for `node`. Raises _Undetermined."""
        if self._is_test(node, context):
            self._test(node, context, depth)
        elif isinstance(node, tree.Junction) and node.conjunction:
            for item in node.items:
                self.add(item, context, depth)
        elif isinstance(node, tree.If):
            self._if(node, context, depth)
        elif isinstance(node, tree.Let):
            self._let(node, context, depth)
        elif isinstance(node, tree.Unchanged):
            self._unchanged(node, context, depth)
        elif isinstance(node, tree.Apply):
            self._apply(node, context, depth)
        else:
            raise _Undetermined

    # --- expressions ------------------------------------------------------------------------------

    def _is_test(self, node: Expression, context: Context) -> bool:
        """Whether `node` assigns no variable: it reads only assigned ones."""
        return self._unassigned(self.compiler.code(node, context)) == set()

    def _unassigned(self, code: Code) -> set[int]:
        if any(read[0] == "?" for read in code.reads):
            raise _Undetermined
        return {int(read[1:]) for read in code.reads if read[0] == "t"} - self.assigned

    def _usable(self, code: Code, depth: int) -> str:
        """The text of code that can be evaluated here. Raises _Undetermined."""
        if self._unassigned(code):
            raise _Undetermined
        # Calls take both states, but only code that reads the next one needs a complete `t`.
        if "t" in code.names and any(read[0] == "t" for read in code.reads):
            count = len(self.planner.names)
            if len(self.assigned) < count:
                raise _Undetermined
            self._line(depth, f"t = ({''.join([f't{index}, ' for index in range(count)])})")
        return code.text

    def _line(self, depth: int, text: str) -> None:
        self.lines.append(" " * depth + text)

    def _test(self, node: Expression, context: Context, depth: int) -> None:
        text = self._usable(as_test(self.compiler.code(node, context)), depth)
        self._line(depth, f"if not {text}: return None")

    def _assign(self, index: int, text: str, depth: int) -> None:
        self._line(depth, f"t{index} = {text}")
        self.assigned.add(index)

    # --- what assigns -----------------------------------------------------------------------------

    def _if(self, node: tree.If, context: Context, depth: int) -> None:
        condition = self._usable(as_test(self.compiler.code(node.condition, context)), depth)
        before = set(self.assigned)
        self._line(depth, f"if {condition}:")
        self.add(node.then, context, depth + 1)
        first, self.assigned = self.assigned, before
        self._line(depth, "else:")
        self.add(node.otherwise, context, depth + 1)
        if self.assigned != first:
            raise _Undetermined

    def _let(self, node: tree.Let, context: Context, depth: int) -> None:
        context = forward(node, context)
        for definition in node.definitions:
            if isinstance(definition, tree.Instance):
                raise _Undetermined
            made = operators.let_definition(self.compiler, definition, context)
            if made is None or any(read[0] != "s" for read in made.reads):
                context = context.binding({definition.name: Local(definition, context, None)})
                continue
            name = self.compiler.fresh("l_")
            text = made.text if definition.parameters else f"Later(lambda: {made.text})"
            self._line(depth, f"{name} = {text}")
            reference = operators.let_reference(definition, name, made)
            context = context.binding({definition.name: Local(definition, context, reference)})
        self.add(node.body, context, depth)

    def _unchanged(self, node: tree.Unchanged, context: Context, depth: int) -> None:
        indexes = self.planner.variables(node.operand, context)
        if indexes is None:
            raise _Undetermined
        for index in indexes:
            if index in self.assigned:
                self._line(depth, f"if t{index} != s{index}: return None")
            else:
                self._assign(index, f"s{index}", depth)

    def _apply(self, node: tree.Apply, context: Context, depth: int) -> None:
        meaning = None if node.path else resolve(node, context)
        if isinstance(meaning, Operator) and not meaning.hidden:
            self._operator(node, meaning, context, depth)
        elif isinstance(meaning, Named):
            self.add(*applied(node, meaning.expression, meaning.context, context), depth)
        elif isinstance(meaning, Substitution):
            self.add(*applied(node, meaning.expression, context.substituting(meaning), context), depth)
        elif isinstance(meaning, Local) and not meaning.definition.recursive:
            named: Mapping[str, LocalMeaning] = {
                parameter.name: Named(argument, context)
                for parameter, argument in zip(meaning.definition.parameters, node.arguments)
            }
            self.add(meaning.definition.body, meaning.context.binding(named), depth)
        elif node.name == "=" and meaning is None and not node.path:
            variable = self.planner.variable_assigned(node.arguments[0], context)
            if variable is None or variable.index in self.assigned:
                raise _Undetermined
            code = as_value(self.compiler.code(node.arguments[1], context))
            self._assign(variable.index, self._usable(code, depth), depth)
        else:
            raise _Undetermined

    def _operator(self, node: tree.Apply, operator: Operator, context: Context, depth: int) -> None:
        """Inlines its body. Evaluates arguments first, except operators and those that read unassigned variables."""
        if operator in self._expanding:
            raise _Undetermined
        parameters = operator.definition.parameters
        by_name = self.compiler.compiled(operator).expanded or any(parameter.arity for parameter in parameters)
        meanings: dict[str, LocalMeaning] = {}
        for parameter, argument in zip(parameters, node.arguments):
            if by_name or not self._is_test(argument, context):
                meanings[parameter.name] = Named(argument, context)
            else:
                text = self.compiler.fresh("a_")
                self._line(depth, f"{text} = {self._usable(as_value(self.compiler.code(argument, context)), depth)}")
                meanings[parameter.name] = Bound(text)
        self._expanding.append(operator)
        self.add(operator.definition.body, context.entering(operator, meanings), depth)
        self._expanding.pop()
