"""Finds the parts of checked formulas that must be evaluated, and the actions that a run may take.

Theory. An invariant is vacuous if the premise of its implication never holds, or if its quantifier ranges over an empty
set. So each consequent and each body in an asserted position is a *point* that some state must reach. Asserted
positions are reached from the formula through conjunctions, bodies of quantifiers, consequents, the branches of IF,
CASE and LET, the action of [A]_v, and the operators called there. Premises, negations, arguments, sets and disjunctions
are skipped: a part of them may rightly never be evaluated.

A temporal P ~> Q, or [](P => Q), is a point too: P must hold in some state. An action is a definition below Next with a
primed variable, its own or that of an operator that it calls; it must make some step.

Rules. Definitions are looked up in the root module and the modules that it EXTENDS; instantiated modules are skipped.
Columns count bytes from 0, as the parser does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import tree_sitter

from specs.tla.syntax import syntax
from specs.tla.syntax.grammar import field, fields, parts, symbol, text_of

Node = tree_sitter.Node

CONSEQUENT = "consequent"
BODY = "body of a quantifier"
PREMISE = "premise"
ACTION = "action"

_INNER = {"parentheses": None, "label": "expression"}
_JUNCTIONS = ("land", "amp")


@dataclass(frozen=True)
class Definition:
    """`name(...) == body` in the file `path`."""

    name: str
    path: Path
    body: Node

    def calls(self) -> list[str]:
        """The names in its body that may be operators, in order, without duplicates."""
        return list(dict.fromkeys(_called(self.body)))

    @property
    def is_indivisible(self) -> bool:
        """Whether an action has no alternatives into which TLC would split it: only such an action is probed."""
        node = _bare(self.body)
        if node.type == "bounded_quantification":
            return field(node, "quantifier").type == "forall"
        is_infix_or = node.type == "bound_infix_op" and field(node, "symbol").type in ("lor", "vert")
        return not is_infix_or and node.type not in ("disj_list", "identifier_ref", "bound_op")


@dataclass(frozen=True)
class Target:
    """A node that must be reached. `formula`: the name in the cfg, or the action's name. `bounds`: the quantifiers
    around a temporal premise, outermost first, which bind its variables."""

    formula: str
    what: str
    path: Path
    node: Node
    bounds: tuple[Node, ...] = ()

    @property
    def place(self) -> str:
        return f"{self.path.name}:{self.node.start_point[0] + 1}"


class Module:
    """The definitions of a module and the modules that it extends. `replacements`: `Name <- Other` of the cfg."""

    def __init__(self, path: Path, replacements: Mapping[str, str] | None = None) -> None:
        self.root = path
        self.definitions: dict[str, Definition] = {}
        self._replacements = dict(replacements or {})
        self._primed: dict[str, bool] = {}
        self._read(path, set())

    def _read(self, path: Path, seen: set[Path]) -> None:
        if path in seen or not path.is_file():
            return
        seen.add(path)
        for unit in parts(_module_node(path)):
            if unit.type == "extends":
                for extended in parts(unit):
                    self._read(path.parent / f"{text_of(extended)}.tla", seen)
            if unit.type == "local_definition":
                unit = parts(unit)[0]
            if unit.type == "operator_definition":
                name = symbol(field(unit, "name"))
                self.definitions[name] = Definition(name, path, field(unit, "definition"))

    def find(self, name: str) -> Definition | None:
        return self.definitions.get(self._replacements.get(name, name))

    # --- formulas ---------------------------------------------------------------------------------

    def targets(self, formula: str) -> list[Target]:
        """The points of an invariant or property, in the order of the text."""
        definition = self.find(formula)
        return [] if definition is None else list(_Walk(self, formula).definition(definition))

    def is_temporal(self, formula: str) -> bool:
        """Whether TLC can check it only on whole behaviours: it is not [][A]_v or a conjunction of such."""
        definition = self.find(formula)
        return definition is None or not self._is_step_property(definition.body, {formula})

    def _is_step_property(self, node: Node, seen: set[str]) -> bool:
        node = _bare(node)
        if node.type == "bound_prefix_op" and field(node, "symbol").type == "always":
            return _bare(field(node, "rhs")).type == "step_expr_or_stutter"
        if _conjuncts(node):
            return all(self._is_step_property(part, seen) for part in _conjuncts(node))
        if node.type == "identifier_ref" and text_of(node) not in seen:
            definition = self.find(text_of(node))
            return definition is not None and self._is_step_property(definition.body, seen | {text_of(node)})
        return False

    # --- actions ----------------------------------------------------------------------------------

    def next_action(self, specification: str) -> tuple[Path, Node] | None:
        """The file and the node of the A in the [A]_v of a specification."""
        seen, waiting = set(), [specification]
        while waiting:
            definition = self.find(waiting.pop())
            if definition is None or definition.name in seen:
                continue
            seen.add(definition.name)
            for node in _inside(definition.body):
                if node.type == "step_expr_or_stutter":
                    return definition.path, _action_of(node)
                if node.type == "identifier_ref":
                    waiting.append(text_of(node))
        return None

    def actions(self, start: Node) -> list[Definition]:
        """The actions in an expression, at any depth, in the order in which they are found."""
        found: dict[str, Definition] = {}
        waiting = [start]
        while waiting:
            for name in _called(waiting.pop()):
                definition = self.find(name)
                if definition is not None and definition.name not in found and self._has_prime(definition):
                    found[definition.name] = definition
                    waiting.append(definition.body)
        return list(found.values())

    def _has_prime(self, definition: Definition) -> bool:
        known = self._primed.get(definition.name)
        if known is None:
            self._primed[definition.name] = False  # meanwhile: recursion alone does not make an action
            known = any(_is_primed(node) for node in _inside(definition.body)) or any(
                self._has_prime(other) for name in _called(definition.body) if (other := self.find(name)) is not None
            )
            self._primed[definition.name] = known
        return known


class _Walk:
    """Walks the asserted positions of one formula."""

    def __init__(self, module: Module, formula: str) -> None:
        self.module, self.formula = module, formula
        self._seen: set[str] = set()

    def definition(self, definition: Definition) -> Iterator[Target]:
        if definition.name not in self._seen:
            self._seen.add(definition.name)
            yield from self.node(definition.body, definition.path, {}, ())

    def node(
        self, node: Node, path: Path, local: Mapping[str, Node], bounds: tuple[Node, ...] | None
    ) -> Iterator[Target]:
        """`bounds`: the quantifiers on the way; None where further local names are in scope."""
        node = _bare(node)
        kind = node.type
        if kind == "bounded_quantification":
            body = field(node, "expression")
            inner = None if bounds is None else (*bounds, *fields(node, "bound"))
            if not _is_temporal_node(body):
                yield Target(self.formula, BODY, path, body)
            yield from self.node(body, path, local, inner)
        elif _conjuncts(node):
            for part in _conjuncts(node):
                yield from self.node(part, path, local, bounds)
        elif kind == "bound_infix_op" and field(node, "symbol").type in ("implies", "leads_to"):
            yield from self._implication(node, path, local, bounds)
        elif kind == "bound_prefix_op" and field(node, "symbol").type == "always":
            yield from self.node(field(node, "rhs"), path, local, bounds)
        elif kind == "step_expr_or_stutter":
            yield from self.node(_action_of(node), path, local, None)
        elif kind == "let_in":
            named = {symbol(field(unit, "name")): field(unit, "definition") for unit in _let_units(node)}
            yield from self.node(field(node, "expression"), path, {**local, **named}, None)
        elif kind == "if_then_else":
            for branch in ("then", "else"):
                yield from self.node(field(node, branch), path, local, None)
        elif kind == "case":
            for arm in parts(node):
                if arm.type != "case_box":
                    yield from self.node(parts(arm)[-1], path, local, None)
        elif kind in ("identifier_ref", "bound_op"):
            yield from self._call(node, path, local, bounds)

    def _implication(
        self, node: Node, path: Path, local: Mapping[str, Node], bounds: tuple[Node, ...] | None
    ) -> Iterator[Target]:
        premise, consequent = field(node, "lhs"), field(node, "rhs")
        if not _is_temporal_node(node):
            yield Target(self.formula, CONSEQUENT, path, consequent)
            yield from self.node(consequent, path, local, bounds)
        elif bounds is not None and not _is_temporal_node(premise) and not any(map(_is_primed, _inside(premise))):
            yield Target(self.formula, PREMISE, path, premise, bounds)

    def _call(
        self, node: Node, path: Path, local: Mapping[str, Node], bounds: tuple[Node, ...] | None
    ) -> Iterator[Target]:
        name = text_of(node if node.type == "identifier_ref" else field(node, "name"))
        if name in local:
            rest = {other: body for other, body in local.items() if other != name}
            yield from self.node(local[name], path, rest, None)
            return
        definition = self.module.find(name)
        if definition is not None and node.type == "identifier_ref" and not bounds:
            yield from self.definition(definition)
        elif definition is not None and definition.name not in self._seen:
            # The operator's parameters have no meaning outside it, so a temporal premise in it cannot be a point.
            self._seen.add(definition.name)
            yield from self.node(definition.body, definition.path, {}, None)


def _module_node(path: Path) -> Node:
    return next(child for child in syntax.concrete(path).children if child.type == "module")


def _bare(node: Node) -> Node:
    while node.type in _INNER:
        name = _INNER[node.type]
        node = parts(node)[0] if name is None else field(node, name)
    return node


def _conjuncts(node: Node) -> list[Node]:
    if node.type == "conj_list":
        return [parts(item)[-1] for item in parts(node)]
    if node.type == "bound_infix_op" and field(node, "symbol").type in _JUNCTIONS:
        return [field(node, "lhs"), field(node, "rhs")]
    return []


def _inside(node: Node) -> Iterator[Node]:
    yield node
    for child in parts(node):
        yield from _inside(child)


def _called(node: Node) -> Iterator[str]:
    """The names in an expression that may be operators."""
    return (text_of(part) for part in _inside(node) if part.type == "identifier_ref")


def _is_primed(node: Node) -> bool:
    if node.type == "bound_postfix_op":
        return field(node, "symbol").type == "prime"
    return node.type == "bound_prefix_op" and field(node, "symbol").type == "unchanged"


def _is_temporal_node(node: Node) -> bool:
    for part in _inside(node):
        if part.type == "bound_infix_op" and field(part, "symbol").type == "leads_to":
            return True
        if part.type == "bound_prefix_op" and field(part, "symbol").type in ("always", "eventually"):
            return True
        if part.type in ("fairness", "step_expr_or_stutter", "step_expr_no_stutter"):
            return True
    return False


def _action_of(node: Node) -> Node:
    skipped = ("langle_bracket", "rangle_bracket_sub")
    return next(part for part in parts(node) if part.type not in skipped)


def _let_units(node: Node) -> list[Node]:
    return [unit for unit in fields(node, "definitions") if unit.type == "operator_definition"]
