"""Converts the parser's concrete tree of a module into the syntax tree of specs/tla/syntax/tree.py.

Rules. Constructs that the evaluator does not support become `Unknown` nodes: a module may contain a temporal formula,
and only evaluating it is an error.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import tree_sitter

from specs.escape import escaped
from specs.tla.syntax import grammar, precedence, tree
from specs.tla.syntax.tree import Expression, ModuleError, Parameter, Place
from specs.tla.syntax.units import UnitReader, marked_recursive, recursive_names

CHAIN_MIN = 50  # operands of one infix operator, or arms of ELSE IF, from which on they are kept flat
NESTING_MAX = 400  # of expressions: functions on the tree are recursive
DIGITS_MAX = 2_400  # of a number: as many as values.INTEGER_BITS_MAX has

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "f": "\f"}


class Reader(UnitReader):
    """Converts the concrete tree of one file into a ModuleTree."""

    def __init__(self, path: Path, source: bytes) -> None:
        super().__init__(path, source)
        self.depth = 0  # of the expression that is being read
        self.handlers: dict[str, Callable[[tree_sitter.Node, Place], Expression]] = {
            kind.removeprefix("_read_"): getattr(self, kind) for kind in dir(self) if kind.startswith("_read_")
        }

    # --- expressions -----------------------------------------------------------------------------

    def expression(self, node: tree_sitter.Node) -> Expression:
        while node.type == "parentheses":
            node = grammar.parts(node)[0]
        handler = self.handlers.get(node.type)
        place = self.place(node)
        if handler is None:
            return tree.Unknown(place=place, construct=node.type.replace("_", " "), temporal=_is_temporal(node))
        if self.depth >= NESTING_MAX:
            raise ModuleError(f"{place}: an expression nests more than {NESTING_MAX} deep; give parts of it names")
        self.depth += 1
        found = handler(node, place)
        self.depth -= 1
        return found

    def expressions(self, nodes: list[tree_sitter.Node]) -> tuple[Expression, ...]:
        return tuple([self.expression(node) for node in nodes])

    def bounds(self, nodes: list[tree_sitter.Node]) -> tuple[tree.Bound, ...]:
        return tuple([self.bound(node) for node in nodes])

    def _read_label(self, node: tree_sitter.Node, place: Place) -> Expression:
        return self.expression(grammar.field(node, "expression"))

    def _read_nat_number(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.Literal(place=place, value=_number(grammar.text_of(node), 10, place))

    def _read_binary_number(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.Literal(place=place, value=_number(grammar.text_of(grammar.parts(node)[-1]), 2, place))

    def _read_octal_number(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.Literal(place=place, value=_number(grammar.text_of(grammar.parts(node)[-1]), 8, place))

    def _read_hex_number(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.Literal(place=place, value=_number(grammar.text_of(grammar.parts(node)[-1]), 16, place))

    def _read_boolean(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.Literal(place=place, value=grammar.text_of(node) == "TRUE")

    def _read_string(self, node: tree_sitter.Node, place: Place) -> Expression:
        characters = iter(grammar.text_of(node)[1:-1])
        text = ""
        for character in characters:
            if character == "\\":
                escaped = next(characters)
                character = _ESCAPES.get(escaped, escaped)
            text += character
        return tree.Literal(place=place, value=text)

    def _read_identifier_ref(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.Apply(place=place, name=grammar.text_of(node))

    def _read_symbol_set(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.Apply(place=place, name=grammar.symbol(node))

    _read_nat_number_set = _read_int_number_set = _read_real_number_set = _read_symbol_set
    _read_boolean_set = _read_string_set = _read_infix_op_symbol = _read_symbol_set
    _read_prefix_op_symbol = _read_postfix_op_symbol = _read_symbol_set

    def _read_bound_op(self, node: tree_sitter.Node, place: Place) -> Expression:
        arguments = self.expressions(grammar.fields(node, "parameter"))
        return tree.Apply(place=place, name=grammar.text_of(grammar.field(node, "name")), arguments=arguments)

    def _read_bound_nonfix_op(self, node: tree_sitter.Node, place: Place) -> Expression:
        symbol, *arguments = grammar.parts(node)
        return self.operation(grammar.symbol(symbol), self.expressions(arguments), place)

    def _read_prefixed_op(self, node: tree_sitter.Node, place: Place) -> Expression:
        steps = []
        for component in grammar.parts(grammar.field(node, "prefix")):
            step = self.expression(grammar.parts(component)[0])
            if not isinstance(step, tree.Apply):
                return tree.Unknown(place=place, construct="reference to a part of an expression")
            steps.append(tree.Step(name=step.name, arguments=step.arguments))
        target = self.expression(grammar.field(node, "op"))
        if not isinstance(target, tree.Apply):
            return tree.Unknown(place=place, construct="reference to a part of an expression")
        return tree.Apply(place=place, name=target.name, arguments=target.arguments, path=tuple(steps))

    def _read_bound_infix_op(self, node: tree_sitter.Node, place: Place) -> Expression:
        """Iterative along the left operands: a chain may be longer than the recursion limit."""
        spine = [node]
        while (left := grammar.field(spine[-1], "lhs")).type == "bound_infix_op":
            spine.append(left)
        items, last = [self.expression(left)], ""  # the operands so far of the operator `last`
        done: list[tree_sitter.Node] = []  # the nodes that end with all but the first of them
        for node in reversed(spine):
            self.require_order(node)
            symbol = grammar.field(node, "symbol")
            name = "\\X" if symbol.type == "times" else grammar.symbol(symbol)
            if name != last:
                items, done, last = [self.infix(last, items, done)], [], name
            items.append(self.expression(grammar.field(node, "rhs")))
            done.append(node)
        return self.infix(last, items, done)

    def infix(self, name: str, items: list[Expression], done: list[tree_sitter.Node]) -> Expression:
        """`items` joined by an infix operator. A single item is what stands to the left of all operators."""
        if len(items) == 1:
            return items[0]
        place = self.place(done[-1])
        if name in ("/\\", "\\/"):
            # Both are associative: one junction per chain makes explanations easier to read.
            return tree.Junction(place=place, conjunction=name == "/\\", items=tuple(items))
        if name == "\\X":  # A \X B \X C is a set of triples, (A \X B) \X C is not
            return tree.Product(place=place, factors=tuple(items))
        if len(items) > CHAIN_MIN:
            return tree.Chain(place=place, name=name, items=tuple(items))
        found = items[0]
        for item, node in zip(items[1:], done):
            found = self.operation(name, (found, item), self.place(node))
        return found

    def require_order(self, node: tree_sitter.Node) -> None:
        """Raises ModuleError if operators have no order of precedence."""
        operators = precedence.conflict(node)
        if operators is not None:
            where = self.place(node)
            raise ModuleError(f"{where}: {operators} have no order of precedence: use parentheses: {where.text[:200]}")

    def _read_bound_prefix_op(self, node: tree_sitter.Node, place: Place) -> Expression:
        self.require_order(node)
        symbol = grammar.field(node, "symbol")
        operand = self.expression(grammar.field(node, "rhs"))
        if symbol.type == "unchanged":
            return tree.Unchanged(place=place, operand=operand)
        if symbol.type == "enabled":
            return tree.Enabled(place=place, action=operand)
        if symbol.type == "always":
            return tree.Always(place=place, operand=operand)
        if symbol.type == "eventually":
            return tree.Eventually(place=place, operand=operand)
        return self.operation(grammar.symbol(symbol), (operand,), place)

    def _read_bound_postfix_op(self, node: tree_sitter.Node, place: Place) -> Expression:
        self.require_order(node)
        operand = self.expression(grammar.field(node, "lhs"))
        if grammar.field(node, "symbol").type == "prime":
            return tree.Prime(place=place, operand=operand)
        return self.operation(grammar.symbol(grammar.field(node, "symbol")), (operand,), place)

    def operation(self, name: str, arguments: tuple[Expression, ...], place: Place) -> Expression:
        if name == "~>":
            return tree.LeadsTo(place=place, left=arguments[0], right=arguments[1])
        if name == "-+->":
            return tree.Unknown(place=place, construct=f"temporal operator {name}", temporal=True)
        return tree.Apply(place=place, name=name, arguments=arguments)

    def junction(self, node: tree_sitter.Node, place: Place, conjunction: bool) -> Expression:
        for item in grammar.parts(node):
            line = precedence.broken_item(item, self.source)
            if line is not None:
                where = f"{escaped(self.path.name)}:{line}"
                what = f"this line ends the list item that begins in line {item.start_point[0] + 1}, inside brackets"
                raise ModuleError(f"{where}: {what}: indent it to the right of the bullet")
        items = [self.expression(grammar.parts(item)[-1]) for item in grammar.parts(node)]
        return tree.Junction(place=place, conjunction=conjunction, items=tuple(items))

    def _read_conj_list(self, node: tree_sitter.Node, place: Place) -> Expression:
        return self.junction(node, place, True)

    def _read_disj_list(self, node: tree_sitter.Node, place: Place) -> Expression:
        return self.junction(node, place, False)

    def _read_bounded_quantification(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.Quantified(
            place=place,
            universal=grammar.field(node, "quantifier").type == "forall",
            bounds=self.bounds(grammar.fields(node, "bound")),
            body=self.expression(grammar.field(node, "expression")),
        )

    def _read_choose(self, node: tree_sitter.Node, place: Place) -> Expression:
        if not grammar.fields(node, "set"):
            return tree.Unknown(place=place, construct="CHOOSE without a set")
        return tree.Choose(place=place, bound=self.bound(node), body=self.expression(grammar.field(node, "expression")))

    def _read_finite_set_literal(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.SetLiteral(place=place, items=self.expressions(grammar.parts(node)))

    def _read_set_filter(self, node: tree_sitter.Node, place: Place) -> Expression:
        bound = self.bound(grammar.field(node, "generator"))
        return tree.SetFilter(place=place, bound=bound, body=self.expression(grammar.field(node, "filter")))

    def _read_set_map(self, node: tree_sitter.Node, place: Place) -> Expression:
        bounds = self.bounds(grammar.fields(node, "generator"))
        return tree.SetMap(place=place, body=self.expression(grammar.field(node, "map")), bounds=bounds)

    def _read_tuple_literal(self, node: tree_sitter.Node, place: Place) -> Expression:
        items = [part for part in grammar.parts(node) if part.type not in ("langle_bracket", "rangle_bracket")]
        return tree.Tuple(place=place, items=self.expressions(items))

    def pairs(self, node: tree_sitter.Node) -> tuple[tuple[str, Expression], ...]:
        parts = [part for part in grammar.parts(node) if part.type != "all_map_to"]
        return tuple([(grammar.text_of(name), self.expression(value)) for name, value in zip(parts[::2], parts[1::2])])

    def _read_record_literal(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.Record(place=place, fields=self.pairs(node))

    def _read_set_of_records(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.RecordSet(place=place, fields=self.pairs(node))

    def _read_function_literal(self, node: tree_sitter.Node, place: Place) -> Expression:
        *bounds, _, body = grammar.parts(node)
        return tree.FunctionLiteral(place=place, bounds=self.bounds(bounds), body=self.expression(body))

    def _read_set_of_functions(self, node: tree_sitter.Node, place: Place) -> Expression:
        domain, _, codomain = grammar.parts(node)
        return tree.FunctionSet(place=place, domain=self.expression(domain), codomain=self.expression(codomain))

    def argument(self, nodes: list[tree_sitter.Node], place: Place) -> Expression:
        """The argument of a function: f[x, y] means f[<<x, y>>]."""
        if len(nodes) == 1:
            return self.expression(nodes[0])
        return tree.Tuple(place=place, items=self.expressions(nodes))

    def _read_function_evaluation(self, node: tree_sitter.Node, place: Place) -> Expression:
        function, *arguments = grammar.parts(node)
        return tree.Index(place=place, function=self.expression(function), argument=self.argument(arguments, place))

    def _read_record_value(self, node: tree_sitter.Node, place: Place) -> Expression:
        record, name = grammar.parts(node)
        field = tree.Literal(place=self.place(name), value=grammar.text_of(name))
        return tree.Index(place=place, function=self.expression(record), argument=field)

    def _read_except(self, node: tree_sitter.Node, place: Place) -> Expression:
        updates = []
        for update in grammar.parts(node):
            if update.type != "except_update":
                continue
            path: list[Expression] = []
            for step in grammar.parts(grammar.field(update, "update_specifier")):
                if step.type == "except_update_record_field":
                    name = grammar.parts(step)[0]
                    path.append(tree.Literal(place=self.place(name), value=grammar.text_of(name)))
                else:
                    path.append(self.argument(grammar.parts(step), self.place(step)))
            updates.append(tree.Update(path=tuple(path), value=self.expression(grammar.field(update, "new_val"))))
        return tree.Except(
            place=place, function=self.expression(grammar.field(node, "expr_to_update")), updates=tuple(updates)
        )

    def _read_prev_func_val(self, node: tree_sitter.Node, place: Place) -> Expression:
        return tree.At(place=place)

    def _read_if_then_else(self, node: tree_sitter.Node, place: Place) -> Expression:
        """Iterative along ELSE IF. A long chain is a CASE, whose first true arm counts, too."""
        places, arms = [place], []
        while True:
            arms.append((self.expression(grammar.field(node, "if")), self.expression(grammar.field(node, "then"))))
            node = grammar.field(node, "else")
            if node.type != "if_then_else":
                break
            places.append(self.place(node))
        found = self.expression(node)
        if len(arms) > CHAIN_MIN:
            return tree.Case(place=place, arms=tuple(arms), other=found)
        for place, (condition, then) in zip(reversed(places), reversed(arms)):
            found = tree.If(place=place, condition=condition, then=then, otherwise=found)
        return found

    def _read_case(self, node: tree_sitter.Node, place: Place) -> Expression:
        arms, other = [], None
        for arm in grammar.parts(node):
            if arm.type == "case_box":
                continue
            parts = self.expressions([part for part in grammar.parts(arm) if part.type != "case_arrow"])
            if arm.type == "other_arm":
                other = parts[0]
            else:
                arms.append((parts[0], parts[1]))
        return tree.Case(place=place, arms=tuple(arms), other=other)

    def _read_lambda(self, node: tree_sitter.Node, place: Place) -> Expression:
        *names, body = grammar.parts(node)
        parameters = tuple([Parameter(name=grammar.text_of(name)) for name in names])
        return tree.Lambda(place=place, parameters=parameters, body=self.expression(body))

    def _read_let_in(self, node: tree_sitter.Node, place: Place) -> Expression:
        nodes = grammar.fields(node, "definitions")
        declared = [self.declaration(child) for child in nodes if child.type == "recursive_declaration"]
        names = frozenset([name for item in declared for name in recursive_names(item)])
        units = [unit for child in nodes for unit in self.definition(child)]
        definitions = marked_recursive(units, names)
        body = self.expression(grammar.field(node, "expression"))
        return tree.Let(place=place, definitions=definitions, body=body, declared=names)

    def action(self, node: tree_sitter.Node, place: Place, stutter: bool) -> Expression:
        skipped = ("langle_bracket", "rangle_bracket_sub")
        action, subscript = [part for part in grammar.parts(node) if part.type not in skipped]
        return tree.BoxAction(
            place=place, action=self.expression(action), subscript=self.expression(subscript), stutter=stutter
        )

    def _read_fairness(self, node: tree_sitter.Node, place: Place) -> Expression:
        subscript, action = grammar.parts(node)
        strong = grammar.text_of(node).startswith("SF_")
        return tree.Fairness(
            place=place, strong=strong, action=self.expression(action), subscript=self.expression(subscript)
        )

    def _read_step_expr_or_stutter(self, node: tree_sitter.Node, place: Place) -> Expression:
        return self.action(node, place, True)

    def _read_step_expr_no_stutter(self, node: tree_sitter.Node, place: Place) -> Expression:
        return self.action(node, place, False)


def _number(text: str, base: int, place: Place) -> int:
    if len(text) > DIGITS_MAX:
        raise ModuleError(f"{place}: a number of {len(text)} digits; want at most {DIGITS_MAX}")
    return int(text, base)


def _is_temporal(node: tree_sitter.Node) -> bool:
    return any(child.type in ("temporal_forall", "temporal_exists") for child in node.named_children)
