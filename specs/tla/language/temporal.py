"""Splits a specification or property into its parts: on initial states, on steps, on all states, and temporal.

Theory. A safety formula in the usual form is a conjunction of `Init` (a state predicate), `[][Next]_v` and `[]P`. The
first constrains initial states, the second steps, the third all states; each can be checked while exploring states.
The rest (fairness, `<>`, `~>`) constrains infinite behaviours.

Rules. Splitting goes through conjunctions, definitions, LET and INSTANCE. A formula that cannot be split is temporal as
a whole, and reported as such. `[]` of a formula with a further temporal operator is temporal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass

from specs.tla.language.compiler import Compiler
from specs.tla.language.contexts import Context, Local, LocalMeaning, Named, local_instance, meaning_of
from specs.tla.language.meanings import Operator, Substitution
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, ModuleError, Place, Unsupported

TEMPORAL = tree.Always | tree.Eventually | tree.LeadsTo | tree.Fairness


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression, and the context that gives its names their meaning."""

    expression: Expression
    context: Context

    @property
    def text(self) -> str:
        return self.expression.place.text


@dataclass(slots=True)
class Parts:
    """The conjuncts of a temporal formula. `steps` are actions `[A]_v`, `always` the P of `[]P`."""

    initial: list[Formula] = field(default_factory=list)
    steps: list[Formula] = field(default_factory=list)
    always: list[Formula] = field(default_factory=list)
    temporal: list[Formula] = field(default_factory=list)


def split(compiler: Compiler, operator: Operator) -> Parts:
    """The parts of the formula that `operator` names. Raises ModuleError or Unsupported."""
    parts = Parts()
    _split(compiler, Formula(operator.definition.body, Context(scope=operator.scope)), parts)
    return parts


def _split(compiler: Compiler, formula: Formula, parts: Parts) -> None:
    node, context = formula.expression, formula.context
    if not is_temporal(compiler, node, context):
        parts.initial.append(formula)
    elif isinstance(node, tree.Junction) and node.conjunction:
        for item in node.items:
            _split(compiler, Formula(item, context), parts)
    elif isinstance(node, tree.Always):
        _always(compiler, Formula(node.operand, context), formula, parts)
    else:
        inner = opened(compiler, formula)
        if inner is None:
            parts.temporal.append(formula)
        else:
            _split(compiler, inner, parts)


def _always(compiler: Compiler, operand: Formula, whole: Formula, parts: Parts) -> None:
    if is_temporal(compiler, operand.expression, operand.context):
        parts.temporal.append(whole)
        return
    assert isinstance(whole.expression, tree.Always)
    require_form(compiler, whole.expression, whole.context)
    reads = compiler.resolved(compiler.code(operand.expression, operand.context).reads)
    is_step = any(read[0] == "t" for read in reads)
    (parts.steps if is_step else parts.always).append(operand)


def require_form(compiler: Compiler, node: tree.Always | tree.Eventually, context: Context) -> None:
    """Raises ModuleError if an action under [] or <> is not of the form [A]_v or <<A>>_v, as SANY does."""
    reads = compiler.resolved(compiler.code(node.operand, context).reads)
    formula: Formula | None = Formula(node.operand, context)
    while formula is not None and not isinstance(formula.expression, tree.BoxAction):
        formula = opened(compiler, formula)
    boxed = None if formula is None else formula.expression
    is_always = isinstance(node, tree.Always)
    fits = isinstance(boxed, tree.BoxAction) and boxed.stutter is is_always
    if any(read[0] == "t" for read in reads) and not fits:
        what = (
            "[] is followed by an action that is not of the form [A]_v"
            if is_always
            else ("<> is followed by an action that is not of the form <<A>>_v")
        )
        raise ModuleError(f"{node.place}: {what}: {node.place.text[:200]}")


def opened(compiler: Compiler, formula: Formula) -> Formula | None:
    """The body of the definition that a formula names. None if it names none."""
    node, context = formula.expression, formula.context
    if isinstance(node, tree.Let):
        return Formula(node.body, _inside(compiler, node, context))
    if not isinstance(node, tree.Apply):
        return None
    meaning, hidden = meaning_of(node, context)
    named: Mapping[str, LocalMeaning]
    if isinstance(meaning, Operator):
        named = _arguments(node, meaning.definition, context)
        return Formula(meaning.definition.body, context.entering(meaning, named, hidden))
    if isinstance(meaning, Local) and not meaning.definition.recursive:
        named = _arguments(node, meaning.definition, context)
        return Formula(meaning.definition.body, meaning.context.binding(named))
    if isinstance(meaning, Named) and not node.arguments:
        return Formula(meaning.expression, meaning.context)
    if isinstance(meaning, Substitution) and not node.arguments:
        return Formula(meaning.expression, context.substituting(meaning))
    return None


def _inside(compiler: Compiler, node: tree.Let, context: Context) -> Context:
    """The context of the body of a LET."""
    for definition in node.definitions:
        if isinstance(definition, tree.Instance):
            context = context.binding({definition.name or "": local_instance(compiler, definition, context)})
        else:
            context = context.binding({definition.name: Local(definition, context, None)})
    return context


def _arguments(node: tree.Apply, definition: tree.Definition, context: Context) -> Mapping[str, LocalMeaning]:
    return {
        parameter.name: Named(argument, context) for parameter, argument in zip(definition.parameters, node.arguments)
    }


def is_temporal(compiler: Compiler, expression: Expression, context: Context) -> bool:
    """Whether an expression contains a temporal operator, directly or through definitions."""
    return _temporal(compiler, expression, context, set())


def _temporal(compiler: Compiler, node: object, context: Context, seen: set[object]) -> bool:
    if isinstance(node, TEMPORAL) or (isinstance(node, tree.Unknown) and node.temporal):
        return True
    if isinstance(node, tree.Apply):
        try:
            inner = opened(compiler, Formula(node, context))
        except Unsupported:
            inner = None
        if inner is not None and inner.expression not in seen:
            seen.add(inner.expression)
            if _temporal(compiler, inner.expression, inner.context, seen):
                return True
    if isinstance(node, tree.Let):
        return _temporal(compiler, node.body, _inside(compiler, node, context), seen)
    if isinstance(node, tuple):
        return any(_temporal(compiler, item, context, seen) for item in node)
    if not is_dataclass(node) or isinstance(node, Place):
        return False
    return any(_temporal(compiler, getattr(node, item.name), context, seen) for item in fields(node))
