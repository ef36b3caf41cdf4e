"""What sets, functions, records and sequences of TLA+ mean: the part of the translation that needs no names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from specs.proof.translation import meanings, terms
from specs.proof.translation.context import Context, refused
from specs.proof.translation.meanings import (
    Basic,
    FunctionShape,
    FunctionValue,
    OptionalValue,
    Outside,
    PartialShape,
    RecordShape,
    RecordValue,
    SequenceShape,
    SequenceValue,
    SetShape,
    SetValue,
    Shape,
    TupleShape,
    TupleValue,
    Value,
    equal,
    number,
)
from specs.proof.translation.terms import BOOL, INT, Term
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression


class Constructs:
    """The constructs, on top of `value`."""

    def value(self, node: Expression, context: Context) -> Value:
        raise NotImplementedError

    def formula(self, node: Expression, context: Context) -> Term:
        """The truth of an expression."""
        found = self.value(node, context)
        if not isinstance(found, Term) or found.sort != BOOL:
            raise refused(node.place, f"a {meanings.kind(found)} where a truth is wanted")
        return found

    def set_of(self, node: Expression, context: Context) -> SetValue:
        found = self.value(node, context)
        if not isinstance(found, SetValue):
            raise refused(node.place, f"a {meanings.kind(found)} where a set is wanted")
        return found

    # --- sets ----------------------------------------------------------------------------------------

    def _membership(self, args: tuple[Expression, ...], context: Context) -> Value:
        return self.set_of(args[1], context).has(self.value(args[0], context))

    def _sets(self, op: str) -> Callable[[tuple[Expression, ...], Context], Value]:
        def made(args: tuple[Expression, ...], context: Context) -> Value:
            left, right = [self.set_of(item, context) for item in args]
            if op == "\\subseteq":
                return meanings.included(left, right)
            if op == "\\cup":
                return meanings.union(left, right)
            if op == "\\cap":
                return meanings.filtered(left, right.has)
            return meanings.filtered(left, lambda value: terms.negation(right.has(value)))

        return made

    def _setliteral(self, node: tree.SetLiteral, context: Context) -> Value:
        return meanings.literal(tuple([self.value(item, context) for item in node.items]))

    def _setfilter(self, node: tree.SetFilter, context: Context) -> Value:
        if node.bound.pattern or len(node.bound.names) != 1:
            raise refused(node.place, "a tuple of bound variables")
        name, domain = node.bound.names[0], self.set_of(node.bound.domain, context)
        return meanings.filtered(domain, lambda value: self.formula(node.body, context.with_names({name: value})))

    def _setmap(self, node: tree.SetMap, context: Context) -> Value:
        if any(bound.pattern for bound in node.bounds):
            raise refused(node.place, "a tuple of bound variables")
        names = [(name, self.set_of(bound.domain, context)) for bound in node.bounds for name in bound.names]

        def over(universal: bool, body: Callable[[Value], Term], name: str) -> Term:
            def nest(left: list[tuple[str, SetValue]], inner: Context) -> Term:
                if not left:
                    return body(self.value(node.body, inner))
                (item, domain), *rest = left
                return domain.over(universal, lambda value: nest(rest, inner.with_names({item: value})), item)

            return nest(names, context)

        sample = {name: _sample(domain) for name, domain in names}
        found = meanings.mapped(over, meanings.shape_of(self.value(node.body, context.with_names(sample))))
        (first, domain), *others = names
        if others or domain.listed is None or found.element is None or meanings.is_flat(found.element):
            return found
        listed = domain.listed

        def at(which: Term) -> Value:
            return self.value(node.body, context.with_names({first: listed.at(which)}))

        return replace(found, listed=replace(listed, at=at, image=True))

    def _subsets(self, args: tuple[Expression, ...], context: Context) -> Value:
        inner = self.set_of(args[0], context)
        shape = None if inner.element is None else SetShape(inner.element)

        def has(value: Value) -> Term:
            if not isinstance(value, SetValue):
                raise Outside(f"a {meanings.kind(value)} where a set is wanted")
            return meanings.included(value, inner)

        return replace(_unquantified(shape, has, "all subsets"), subsets_of=inner)

    def _big_union(self, args: tuple[Expression, ...], context: Context) -> Value:
        partial_functions = self._partial(args[0], context)
        if partial_functions is not None:
            return partial_functions
        outer = self.set_of(args[0], context)
        if not isinstance(outer.element, SetShape):
            raise Outside("UNION of a set whose elements are not known")

        def over(universal: bool, body: Callable[[Value], Term], name: str) -> Term:
            return outer.over(universal, lambda value: _as_set(value).over(universal, body, name), name)

        return meanings.mapped(over, outer.element.element)

    def _partial(self, node: Expression, context: Context) -> SetValue | None:
        """`UNION {[D -> T] : D \\in SUBSET S}`: the functions from a part of S to T."""
        if not (isinstance(node, tree.SetMap) and isinstance(node.body, tree.FunctionSet) and len(node.bounds) == 1):
            return None
        name, part = node.bounds[0].names[0], node.bounds[0].domain
        own = node.body.domain
        if not (
            isinstance(own, tree.Apply) and own.name == name and isinstance(part, tree.Apply) and part.name == "SUBSET"
        ):
            return None
        whole, codomain = self.set_of(part.arguments[0], context), self.set_of(node.body.codomain, context)

        def has(value: Value) -> Term:
            if not isinstance(value, FunctionValue):
                raise Outside(f"a {meanings.kind(value)} where a function is wanted")
            inside = meanings.quantified(True, value.domain, lambda item: codomain.has(value.at(item)))
            return terms.conjunction([meanings.included(value.domain, whole), inside])

        return _unquantified(PartialShape(_element(whole), _element(codomain)), has, "all functions")

    def _domain(self, args: tuple[Expression, ...], context: Context) -> Value:
        found = self.value(args[0], context)
        if isinstance(found, FunctionValue):
            return found.domain
        return meanings.interval(terms.integer(1), meanings.sequence(found).length)

    # --- functions, records, sequences ---------------------------------------------------------------

    def _functionliteral(self, node: tree.FunctionLiteral, context: Context) -> Value:
        if len(node.bounds) != 1 or node.bounds[0].pattern or len(node.bounds[0].names) != 1:
            raise refused(node.place, "a function of several arguments")
        name, domain = node.bounds[0].names[0], self.set_of(node.bounds[0].domain, context)
        return FunctionValue(domain, lambda value: self.value(node.body, context.with_names({name: value})))

    def _functionset(self, node: tree.FunctionSet, context: Context) -> Value:
        domain, codomain = self.set_of(node.domain, context), self.set_of(node.codomain, context)
        shape = None if codomain.element is None else FunctionShape(domain, codomain.element)

        def has(value: Value) -> Term:
            if isinstance(value, SequenceValue | TupleValue):
                return _is_sequence(meanings.sequence(value), domain, codomain)
            if not isinstance(value, FunctionValue):
                raise Outside(f"a {meanings.kind(value)} where a function is wanted")
            inside = meanings.quantified(True, domain, lambda item: codomain.has(value.at(item)))
            return terms.conjunction([equal(value.domain, domain), inside])

        return _unquantified(shape, has, "all functions")

    def _index(self, node: tree.Index, context: Context) -> Value:
        function = self.value(node.function, context)
        if isinstance(function, RecordValue | OptionalValue):
            if isinstance(node.argument, tree.Literal):
                return meanings.field(function, str(node.argument.value))
            raise refused(node.place, "a field whose name is worked out")
        argument = self.value(node.argument, context)
        if isinstance(function, FunctionValue):
            return function.at(argument)
        literal = argument.value if isinstance(argument, Term) and argument.op == "int" else 0
        if isinstance(function, TupleValue) and 1 <= literal <= len(function.items):
            return function.items[literal - 1]
        return meanings.sequence(function).at(number(argument))

    def _except(self, node: tree.Except, context: Context) -> Value:
        found = self.value(node.function, context)
        for update in node.updates:
            path = [item if isinstance(item, tree.Literal) else self.value(item, context) for item in update.path]
            found = _updated(found, path, partial(self._changed, update.value, context))
        return found

    def _changed(self, node: Expression, context: Context, old: Value) -> Value:
        return self.value(node, replace(context, old=old))

    def _at(self, node: tree.At, context: Context) -> Value:
        if context.old is None:
            raise refused(node.place, "@ outside an EXCEPT")
        return context.old

    def _record(self, node: tree.Record, context: Context) -> Value:
        return RecordValue({name: self.value(item, context) for name, item in sorted(node.fields)})

    def _recordset(self, node: tree.RecordSet, context: Context) -> Value:
        fields = {name: self.set_of(item, context) for name, item in sorted(node.fields)}

        def has(value: Value) -> Term:
            if not isinstance(value, RecordValue):
                raise Outside(f"a {meanings.kind(value)} where a record is wanted")
            if value.fields.keys() != fields.keys():
                return terms.FALSE
            return terms.conjunction([domain.has(value.fields[name]) for name, domain in fields.items()])

        return meanings.plain_set(RecordShape({name: _field(domain) for name, domain in fields.items()}), has)

    def _tuple(self, node: tree.Tuple, context: Context) -> Value:
        return TupleValue(tuple([self.value(item, context) for item in node.items]))

    def _product(self, node: tree.Product, context: Context) -> Value:
        factors = [self.set_of(item, context) for item in node.factors]

        def has(value: Value) -> Term:
            if not isinstance(value, TupleValue) or len(value.items) != len(factors):
                raise Outside("another value where a tuple is wanted")
            return terms.conjunction([domain.has(item) for domain, item in zip(factors, value.items)])

        return meanings.plain_set(TupleShape(tuple([_element(domain) for domain in factors])), has)

    def _all_sequences(self, args: tuple[Expression, ...], context: Context) -> Value:
        inner = self.set_of(args[0], context)

        def has(value: Value) -> Term:
            items = meanings.sequence(value)
            places = meanings.interval(terms.integer(1), items.length)
            natural = terms.order("<=", terms.integer(0), items.length)
            inside = meanings.quantified(True, places, lambda at: inner.has(items.at(number(at))))
            return terms.conjunction([natural, inside])

        return _unquantified(SequenceShape(_element(inner)), has, "all sequences")

    def _head(self, args: tuple[Expression, ...], context: Context) -> Value:
        return meanings.sequence(self.value(args[0], context)).at(terms.integer(1))

    def _tail(self, args: tuple[Expression, ...], context: Context) -> Value:
        """Of an empty sequence Tail is any value: here, one of a length of which nothing is known."""
        whole, one = meanings.sequence(self.value(args[0], context)), terms.integer(1)
        is_empty = terms.order("<", whole.length, one)
        unknown = terms.apply(TAIL_OF_EMPTY, (), INT)
        length = terms.choice(is_empty, unknown, terms.arithmetic("-", whole.length, one))
        return SequenceValue(length, lambda at: whole.at(terms.arithmetic("+", at, one)), whole.element)

    def _append(self, args: tuple[Expression, ...], context: Context) -> Value:
        whole, item = meanings.sequence(self.value(args[0], context)), self.value(args[1], context)
        end = terms.arithmetic("+", whole.length, terms.integer(1))
        if whole.element is None:
            return SequenceValue(end, lambda at: item, meanings.shape_of(item))
        return SequenceValue(end, lambda at: meanings.merged(terms.equal(at, end), item, whole.at(at)), whole.element)

    def _concatenation(self, args: tuple[Expression, ...], context: Context) -> Value:
        left, right = [meanings.sequence(self.value(item, context)) for item in args]
        if left.element is None or right.element is None:
            return right if left.element is None else left
        length = terms.arithmetic("+", left.length, right.length)

        def at(place: Term) -> Value:
            beyond = right.at(terms.arithmetic("-", place, left.length))
            return meanings.merged(terms.order("<=", place, left.length), left.at(place), beyond)

        return SequenceValue(length, at, left.element)

    def _part_of_sequence(self, args: tuple[Expression, ...], context: Context) -> Value:
        """`SubSeq(s, first, last)` is `[i \\in 1..(1 + last - first) |-> s[i + first - 1]]`."""
        whole = meanings.sequence(self.value(args[0], context))
        first, last = [number(self.value(item, context)) for item in args[1:]]
        before, zero = terms.arithmetic("-", first, terms.integer(1)), terms.integer(0)
        length = terms.choice(terms.order("<=", first, last), terms.arithmetic("-", last, before), zero)
        return SequenceValue(length, lambda at: whole.at(terms.arithmetic("+", at, before)), whole.element)


TAIL_OF_EMPTY = "tail.of.empty"  # its length
NATURALS = meanings.plain_set(Basic(INT), lambda value: terms.order("<=", terms.integer(0), number(value)))


def _is_sequence(value: SequenceValue, domain: SetValue, codomain: SetValue) -> Term:
    """`value \\in [1..n -> codomain]`: a function on 1..n is a sequence of length n."""
    wanted = meanings.sequence(FunctionValue(domain, lambda place: terms.TRUE)).length
    same = terms.equal(value.length, wanted)
    if value.element is None:
        return same
    inside = meanings.quantified(True, domain, lambda place: codomain.has(value.at(number(place))))
    return terms.conjunction([same, inside])


def _unquantified(shape: Shape | None, has: Callable[[Value], Term], what: str) -> SetValue:
    def over(universal: bool, body: Callable[[Value], Term], name: str) -> Term:
        raise Outside(f"a quantifier over {what} of a set")

    return SetValue(shape, has, over)


def _element(domain: SetValue) -> Shape:
    if domain.element is None:
        raise Outside("a set whose elements are not known")
    return domain.element


def _field(domain: SetValue) -> Shape:
    """The shape of a field of records; one with a single text tells kinds of records apart."""
    only = domain.items[0] if domain.items is not None and len(domain.items) == 1 else None
    if isinstance(only, Term) and only.sort == meanings.STRING and terms.is_literal(only):
        return meanings.Only(only)
    return _element(domain)


def _sample(domain: SetValue) -> Value:
    if isinstance(domain.element, meanings.UnionShape):
        return _sample(domain.parts[0])
    return domain.items[0] if domain.items else meanings.symbol(_element(domain), "any", ())


def _as_set(value: Value) -> SetValue:
    if not isinstance(value, SetValue):
        raise Outside(f"a {meanings.kind(value)} where a set is wanted")
    return value


def _updated(value: Value, path: list[Value | tree.Literal], change: Callable[[Value], Value]) -> Value:
    """`[value EXCEPT !path = change(@)]`; outside the domain nothing changes."""
    if not path:
        return change(value)
    step, rest = path[0], path[1:]
    if isinstance(value, RecordValue):
        if not isinstance(step, tree.Literal) or step.value not in value.fields:
            raise Outside("EXCEPT of a field that the record does not have")
        return RecordValue(value.fields | {str(step.value): _updated(value.fields[str(step.value)], rest, change)})
    if isinstance(value, OptionalValue):
        if isinstance(step, tree.Literal) and step.value in value.none.fields:
            raise Outside("EXCEPT of a field that both kinds of records have")
        some = meanings.merged(value.there, _updated(value.some, path, change), value.some)
        assert isinstance(some, RecordValue)
        return replace(value, some=some)  # `none` has no such field, and stays as it is
    place = literal_value(step) if isinstance(step, tree.Literal) else step
    if isinstance(value, FunctionValue):
        function, inside = value, value.domain.has(place)

        def at(argument: Value) -> Value:
            here = terms.conjunction([equal(argument, place), inside])
            if here is terms.FALSE:
                return function.at(argument)
            return meanings.merged(here, _updated(function.at(place), rest, change), function.at(argument))

        return FunctionValue(value.domain, at)
    if isinstance(value, SequenceValue):
        whole, index = value, number(place)
        between = meanings.interval(terms.integer(1), whole.length).has(index)

        def item(argument: Term) -> Value:
            here = terms.conjunction([terms.equal(argument, index), between])
            return meanings.merged(here, _updated(whole.at(index), rest, change), whole.at(argument))

        return SequenceValue(whole.length, item, whole.element)
    raise Outside(f"EXCEPT of a {meanings.kind(value)}")


def literal_value(node: tree.Literal) -> Value:
    if isinstance(node.value, bool):
        return terms.truth(node.value)
    if isinstance(node.value, int):
        return terms.integer(node.value)
    return terms.apply(f"str.{node.value}", (), meanings.STRING)


def extreme(node: tree.Choose) -> str:
    """ "greatest" for `CHOOSE u \\in S : \\A w \\in S : w <= u`, "least" for `u <= w`, else "".

    Each non-empty set of integers that is bounded above has a greatest element, each one of natural numbers a least.
    """
    body, name = node.body, node.bound.names[0]
    if not (isinstance(body, tree.Quantified) and body.universal and len(body.bounds) == 1):
        return ""
    bound = body.bounds[0]
    same = bound.domain.place.text == node.bound.domain.place.text
    if not same or len(bound.names) != 1 or not isinstance(body.body, tree.Apply) or body.body.name not in ("<=", ">="):
        return ""
    sides = [item.name if isinstance(item, tree.Apply) and not item.arguments else None for item in body.body.arguments]
    if sides not in ([name, bound.names[0]], [bound.names[0], name]):
        return ""
    return "least" if (sides[0] == name) == (body.body.name == "<=") else "greatest"


def any_text(value: Value) -> Term:
    if not isinstance(value, Term) or value.sort != meanings.STRING:
        raise Outside(f"a {meanings.kind(value)} where a text is wanted")
    return terms.TRUE


def any_number(value: Value) -> Term:
    number(value)
    return terms.TRUE


def kind_of(value: Value) -> str:
    """What kind of value an argument is, with its fields."""
    if isinstance(value, RecordValue):
        return f"[{', '.join([f'{name}: {kind_of(item)}' for name, item in value.fields.items()])}]"
    if isinstance(value, TupleValue):
        return f"<<{', '.join([kind_of(item) for item in value.items])}>>"
    return meanings.kind(value)


def written(argument: SetValue) -> str:
    """A set that depends on no bound variable, in words: it is a part of a symbol's name."""
    variables: list[Term] = []
    if argument.element is None:
        return "{}"
    inside = argument.has(meanings.bound(argument.element, "any", variables))
    if inside.free - set(variables):
        raise Outside("a set that depends on bound variables as the argument of a hidden operator")
    return terms.show(inside)


def number_or_term(value: Value) -> Term:
    assert isinstance(value, Term)
    return value
