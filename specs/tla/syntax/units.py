"""Reads the units of a module: declarations, definitions, instances, modules inside it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import tree_sitter

from specs.escape import escaped
from specs.tla.syntax import grammar, tree
from specs.tla.syntax.tree import Expression, ModuleError, Parameter, Place

_IGNORED = frozenset(("header_line", "single_line", "double_line", "extends", "pcal_algorithm", "use_or_hide"))
_DECLARATIONS: dict[str, tree.DeclarationKind] = {
    "constant_declaration": "CONSTANT",
    "variable_declaration": "VARIABLE",
    "recursive_declaration": "RECURSIVE",
}
_PROOFS = frozenset(("terminal_proof", "non_terminal_proof"))


class UnitReader:
    """The units of one file. reader.Reader adds the expressions in them."""

    def __init__(self, path: Path, source: bytes) -> None:
        self.path, self.source = path, source

    def expression(self, node: tree_sitter.Node) -> Expression:
        raise NotImplementedError

    def place(self, node: tree_sitter.Node) -> Place:
        return Place(self.path, node.start_point[0] + 1, node.start_byte, grammar.end_of(node), self.source)

    # --- modules ---------------------------------------------------------------------------------

    def module(self, node: tree_sitter.Node, inner: bool = False) -> tree.ModuleTree:
        """A module; `inner`: one inside another."""
        name = grammar.text_of(grammar.field(node, "name"))
        if name != self.path.stem and not inner:
            raise ModuleError(f"{escaped(self.path)}: the file holds module {name}; file and module must have one name")
        extends: list[str] = []
        units: list[tree.Unit] = []
        for unit in grammar.parts(node):
            if unit.type == "extends":
                extends += [grammar.text_of(child) for child in grammar.parts(unit)]
            elif unit.type in _DECLARATIONS:
                units.append(self.declaration(unit))
            elif unit.type == "assumption":
                assumed = self.expression(grammar.parts(unit)[-1])
                units.append(tree.Assumption(expression=assumed, place=self.place(unit)))
                units += [
                    tree.Definition(name=grammar.text_of(named), parameters=(), body=assumed, place=self.place(named))
                    for named in grammar.fields(unit, "name")
                ]
            elif unit.type == "theorem":
                units += self.theorem(unit)
            elif unit.type == "module":
                units.append(self.module(unit, True))
            elif unit.type not in _IGNORED and unit.type not in _PROOFS and unit.type != "identifier":
                units += self.definition(unit)
        recursive = [item for unit in units if isinstance(unit, tree.Declaration) for item in recursive_names(unit)]
        return tree.ModuleTree(
            name=name,
            path=self.path,
            place=self.place(node),
            extends=tuple(extends),
            units=marked_recursive(units, set(recursive)),
        )

    def declaration(self, node: tree_sitter.Node) -> tree.Declaration:
        parameters = tuple([self.parameter(child) for child in grammar.parts(node)])
        return tree.Declaration(kind=_DECLARATIONS[node.type], parameters=parameters, place=self.place(node))

    def theorem(self, node: tree_sitter.Node) -> Iterator[tree.Definition]:
        """`THEOREM T == F` defines T as F."""
        for name in grammar.fields(node, "name"):
            body = self.expression(grammar.field(node, "statement"))
            yield tree.Definition(name=grammar.text_of(name), parameters=(), body=body, place=self.place(node))

    def definition(self, node: tree_sitter.Node, local: bool = False) -> Iterator[tree.Definition | tree.Instance]:
        place = self.place(node)
        if node.type == "local_definition":
            yield from self.definition(grammar.parts(node)[0], True)
        elif node.type == "operator_definition":
            parameters = tuple([self.parameter(child) for child in grammar.fields(node, "parameter")])
            name = grammar.symbol(grammar.field(node, "name"))
            if grammar.field(node, "name").type == "prefix_op_symbol" and name == "-":
                name = "-."
            body = self.expression(grammar.field(node, "definition"))
            yield tree.Definition(name=name, parameters=parameters, body=body, place=place, local=local)
        elif node.type == "function_definition":
            yield self.function_definition(node, place, local)
        elif node.type == "module_definition":
            parameters = tuple([self.parameter(child) for child in grammar.fields(node, "parameter")])
            name = grammar.text_of(grammar.field(node, "name"))
            yield self.instance(grammar.field(node, "definition"), name, parameters, local)
        elif node.type == "instance":
            yield self.instance(node, None, (), local)
        elif node.type != "recursive_declaration":
            raise tree.Unsupported(f"{place}: {node.type.replace('_', ' ')}")

    def function_definition(self, node: tree_sitter.Node, place: Place, local: bool) -> tree.Definition:
        bounds = [self.bound(child) for child in grammar.parts(node) if child.type == "quantifier_bound"]
        body = tree.FunctionLiteral(
            place=place, bounds=tuple(bounds), body=self.expression(grammar.field(node, "definition"))
        )
        name = grammar.text_of(grammar.field(node, "name"))
        return tree.Definition(
            name=name, parameters=(), body=body, place=place, recursive=True, function=True, local=local
        )

    def instance(
        self, node: tree_sitter.Node, name: str | None, parameters: tuple[Parameter, ...], local: bool
    ) -> tree.Instance:
        module, *rest = grammar.parts(node)
        substitutions = []
        for substitution in rest:
            target, value = [part for part in grammar.parts(substitution) if part.type != "gets"]
            substitutions.append((grammar.symbol(target), self.expression(value)))
        return tree.Instance(
            name=name,
            parameters=parameters,
            module=grammar.text_of(module),
            substitutions=tuple(substitutions),
            place=self.place(node),
            local=local,
        )

    def parameter(self, node: tree_sitter.Node) -> Parameter:
        if node.type == "operator_declaration":
            arity = sum(1 for child in node.named_children if child.type == "placeholder")
            return Parameter(name=grammar.symbol(grammar.field(node, "name")), arity=arity)
        return Parameter(name=grammar.text_of(node))

    def bound(self, node: tree_sitter.Node) -> tree.Bound:
        """`x, y \\in S` of a quantifier_bound, or of a CHOOSE that has the same fields."""
        intro = grammar.fields(node, "intro")
        domain = self.expression(grammar.field(node, "set"))
        if intro[0].type == "tuple_of_identifiers":
            names = [grammar.text_of(child) for child in grammar.parts(intro[0]) if child.type == "identifier"]
            return tree.Bound(names=tuple(names), pattern=True, domain=domain)
        return tree.Bound(names=tuple([grammar.text_of(child) for child in intro]), pattern=False, domain=domain)


def recursive_names(unit: tree.Declaration) -> Iterator[str]:
    if unit.kind == "RECURSIVE":
        yield from [parameter.name for parameter in unit.parameters]


_AnyUnit = TypeVar("_AnyUnit")


def marked_recursive(units: list[_AnyUnit], names: Collection[str]) -> tuple[_AnyUnit, ...]:
    return tuple(
        [
            replace(unit, recursive=True) if isinstance(unit, tree.Definition) and unit.name in names else unit
            for unit in units
        ]
    )
