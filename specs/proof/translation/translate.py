"""Translates TLA+ expressions to first-order formulas: the stated fragment, and an error for all else.

Theory. An expression is evaluated, as by an interpreter, but on symbols in place of values (normalisation by
evaluation). Definitions are expanded. A definition that the proof hides (HIDE DEF) becomes an uninterpreted predicate
of its arguments; one with a set for its argument, such as IsQuorum, becomes a sort: of the sets for which it holds.
That presumes that such an operator holds of every superset, too, which the proof must show (`cardinality`).

Rules. Each construct outside the fragment is Unsupported, with module, line and text; nothing is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from specs.proof.translation import meanings, sizes, terms
from specs.proof.translation.choices import Choices
from specs.proof.translation.constructs import (
    NATURALS,
    Constructs,
    any_number,
    any_text,
    extreme,
    kind_of,
    literal_value,
    number_or_term,
    written,
)
from specs.proof.translation.context import Closure, Context, Named, State, applications, expressions, refused
from specs.proof.translation.meanings import (
    Basic,
    Outside,
    SetValue,
    Shape,
    Value,
    equal,
    number,
    truth,
)
from specs.proof.translation.modules import Names
from specs.proof.translation.terms import BOOL, INT, Term
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression


class Translator(Constructs):
    """Translates the expressions of one module and of those that it extends."""

    def __init__(self, names: Names) -> None:
        self.names = names
        self.choices = Choices()
        self.shapes: dict[str, Shape] = {}  # of constants and variables
        self.before: State | None = None
        self.families: dict[str, str] = {}  # hidden predicates of sets, each with the set of all elements
        self._constants: dict[str, Value] = {}
        self._meant: dict[tuple[object, ...], Value] = {}  # by definitions, by what they are applied to, and where
        self._kinds: dict[str, tuple[str, ...]] = {}  # of the arguments of hidden operators
        self._read: dict[Expression, frozenset[str]] = {}  # variables that expressions depend on
        self.hidden: dict[tuple[State, str], tuple[tree.Definition, Context]] = {}  # what symbols stand for
        self._handlers: dict[type, Callable[[Expression, Context], Value]] = {
            kind: getattr(self, f"_{kind.__name__.lower()}") for kind in _HANDLED
        }
        self._operators: dict[str, Callable[[tuple[Expression, ...], Context], Value]] = {
            **{op: self._logic(op) for op in ("=>", "<=>", "~")},
            **{op: self._order(op) for op in ("<", "<=", ">", ">=")},
            **{op: self._sum(op) for op in ("+", "-", "*")},
            **{op: self._sets(op) for op in ("\\cup", "\\cap", "\\", "\\subseteq")},
            "%": lambda args, context: self.choices.remainder(*[number(self.value(item, context)) for item in args]),
            "=": lambda args, context: self._equality(args, context),
            "#": lambda args, context: terms.negation(truth(self._equality(args, context))),
            "\\in": lambda args, context: self._membership(args, context),
            "\\notin": lambda args, context: terms.negation(truth(self._membership(args, context))),
            "..": lambda args, context: meanings.interval(*[number(self.value(item, context)) for item in args]),
            "-.": lambda args, context: terms.arithmetic("-", terms.integer(0), number(self.value(args[0], context))),
            "SUBSET": self._subsets,
            "UNION": self._big_union,
            "DOMAIN": self._domain,
            "Nat": lambda args, context: NATURALS,
            "Int": lambda args, context: meanings.plain_set(Basic(INT), any_number),
            "BOOLEAN": lambda args, context: meanings.literal((terms.FALSE, terms.TRUE)),
            "STRING": lambda args, context: meanings.plain_set(Basic(meanings.STRING), any_text),
            "Seq": self._all_sequences,
            "Cardinality": lambda args, context: self.choices.counted(self.set_of(args[0], context)),
            "Len": lambda args, context: meanings.sequence(self.value(args[0], context)).length,
            "Head": self._head,
            "Tail": self._tail,
            "Append": self._append,
            "\\o": self._concatenation,
            "SelectSeq": self._selected,
            "SubSeq": self._part_of_sequence,
        }

    # --- values --------------------------------------------------------------------------------------

    def value(self, node: Expression, context: Context) -> Value:
        handler = self._handlers.get(type(node))
        if handler is None:
            what = node.construct if isinstance(node, tree.Unknown) else type(node).__name__.lower()
            raise refused(node.place, what)
        try:
            return handler(node, context)
        except Outside as error:
            raise refused(node.place, error) from None

    def _literal(self, node: tree.Literal, context: Context) -> Value:
        return literal_value(node)

    def _apply(self, node: tree.Apply, context: Context) -> Value:
        if node.path:
            raise refused(node.place, "a name of an INSTANCE")
        named = context.names.get(node.name)
        if named is not None:
            if context.moving.get(node.name, context.state) is not context.state:
                raise refused(node.place, "a prime of the argument of an operator, which variables stand for")
            return self._call(named, node, context) if isinstance(named, Closure) else named
        if node.name in self.names.variables:
            return context.state.get(node.name)
        if node.name in self.names.constants:
            return self.constant(node.name, node)
        definition = self.names.definitions.get(node.name)
        if definition is not None:
            return self._defined(definition, node, context)
        operator = self._operators.get(node.name)
        if operator is None:
            raise refused(node.place, f"operator {node.name}")
        return operator(node.arguments, context)

    def _defined(self, definition: tree.Definition, node: tree.Apply, context: Context) -> Value:
        if definition.recursive:
            raise refused(node.place, "a recursive definition")
        outer = replace(context, names={}, moving={}, old=None)
        if definition.name in context.hidden:
            return self._hidden(definition, node, context)
        return self._call(Closure(definition.parameters, definition.body, outer), node, context)

    def _call(self, closure: Closure, node: tree.Apply, context: Context) -> Value:
        given, moving = self.given(closure.parameters, node.arguments, context)
        return self._called(closure, given, context, moving)

    def _called(
        self, closure: Closure, given: dict[str, Named], context: Context, moving: frozenset[str] = frozenset()
    ) -> Value:
        """The body sees its own names, and the states of the place where it is used."""
        inner = replace(closure.context, state=context.state, after=context.after, hidden=context.hidden)
        own = inner.with_names(given, moving)
        if inner.names or inner.old is not None:
            return self.value(closure.body, own)
        return self._once(closure.body, given, own, lambda: self.value(closure.body, own))

    def _once(self, what: object, given: dict[str, Named], context: Context, make: Callable[[], Value]) -> Value:
        """What a definition means for these arguments, worked out once."""
        args = tuple(given.values())
        if not all(isinstance(item, Term) for item in args):
            return make()
        moving = frozenset(context.moving)
        key = (id(what), args, context.state, context.after, context.hidden, moving, terms.depth())
        if key not in self._meant:
            self._meant[key] = make()
        return self._meant[key]

    def given(
        self, parameters: tuple[tree.Parameter, ...], arguments: tuple[Expression, ...], context: Context
    ) -> tuple[dict[str, Named], frozenset[str]]:
        """What parameters stand for; and those whose argument may have another value in the next state."""
        found, moving = dict[str, Named](), set[str]()
        for parameter, argument in zip(parameters, arguments):
            found[parameter.name] = self._argument(parameter, argument, context)
            if not parameter.arity and self._is_moving(argument, context):
                moving.add(parameter.name)
        return found, frozenset(moving)

    def _is_moving(self, node: Expression, context: Context) -> bool:
        """Whether an expression speaks of variables, so that a prime of a name that stands for it is another value."""
        local = [context.names.get(item.name) for item in applications(node)]
        return (
            any(item.name in context.moving for item in applications(node))
            or any(isinstance(item, Closure) for item in local)
            or any(isinstance(item, tree.At) for item in expressions(node))
            or bool(self.reads(node))
        )

    def _argument(self, parameter: tree.Parameter, node: Expression, context: Context) -> Named:
        return self._operator(node, context) if parameter.arity else self.value(node, context)

    def _operator(self, node: Expression, context: Context) -> Closure:
        """An operator as an argument: a LAMBDA, or a name."""
        if isinstance(node, tree.Lambda):
            return Closure(node.parameters, node.body, context)
        if isinstance(node, tree.Apply) and not node.arguments:
            named = context.names.get(node.name)
            if isinstance(named, Closure):
                return named
            definition = self.names.definitions.get(node.name)
            if definition is not None:
                return Closure(definition.parameters, definition.body, replace(context, names={}, moving={}, old=None))
        raise refused(node.place, "an operator as an argument")

    def _hidden(self, definition: tree.Definition, node: tree.Apply, context: Context) -> Value:
        """A symbol in place of the definition. In the next state it is another one, unless the body means the same."""
        given, moving = self.given(definition.parameters, node.arguments, context)
        args = [item for item in given.values() if not isinstance(item, Closure)]
        if len(args) < len(given):
            raise refused(node.place, "a hidden operator of operators")
        if len(args) == 1 and isinstance(args[0], SetValue):
            if self.reads(definition.body):
                raise refused(node.place, "a hidden operator on a set that reads variables")
            return self._family(definition.name, args[0])
        self._keep_kinds(definition.name, args)
        inner = replace(context, names={}, moving={}, old=None, hidden=context.hidden - {definition.name})
        own = inner.with_names(given, moving)
        return self._once(definition, given, own, lambda: self._symbol_of(definition, own, args))

    def _symbol_of(self, definition: tree.Definition, inner: Context, args: list[Value]) -> Value:
        meaning, suffix = self.value(definition.body, inner), ""  # refuses primes of arguments
        shape, inner = meanings.shape_of(meaning), replace(inner, moving={})
        if self.before is not None and inner.state is not self.before:
            earlier = self.value(definition.body, replace(inner, state=self.before))
            suffix = "" if meanings.flat(meaning) == meanings.flat(earlier) else "'"
        sets = "".join([f"[{written(item)}]" for item in args if isinstance(item, SetValue)])
        flat = tuple([term for item in args if not isinstance(item, SetValue) for term in meanings.flat(item)])
        name = f"{definition.name}{sets}{suffix}"
        self.hidden.setdefault((inner.state, name), (definition, inner))
        return meanings.symbol(shape, name, flat)

    def _family(self, name: str, argument: SetValue) -> Term:
        """`IsQuorum(S)`: there is a quorum in S."""
        self._note(name, argument)
        if argument.family is not None and argument.family[0] == name:
            return terms.TRUE
        family = meanings.plain_set(Basic(name), lambda value: terms.TRUE)

        def inside(value: Value) -> Term:
            return meanings.included(self.family_member(name, number_or_term(value)), argument)

        return meanings.quantified(False, family, inside, "set")

    def _note(self, name: str, argument: SetValue) -> None:
        """A family has parts of one constant set. That it has no others is an axiom, where the sort does not say so."""
        element, found = argument.element, argument.within
        if not isinstance(element, Basic):
            raise Outside("a hidden operator on sets of other elements than those of a constant")
        if found is None and element.sort in self.names.constants:
            found = element.sort if self._is_whole_sort(element.sort) else None
        if found is None:
            raise Outside("a hidden operator on a set of which nothing shows that it is a part of a constant set")
        if self.families.setdefault(name, found) != found:
            raise Outside(f"operator {name} on two kinds of sets")
        if not self._is_whole_sort(found):
            any_set, any_one = terms.variable("arg.0", name), terms.variable("arg.1", element.sort)
            member = self.family_member(name, any_set).has(any_one)
            inside = terms.implication(member, self._constant_set(found).has(any_one))
            self.choices.axioms[f"{name}.has"] = terms.forall([any_set, any_one], inside)

    def _is_whole_sort(self, name: str) -> bool:
        """Whether a constant set is all of a sort of its own."""
        found = self._constant_set(name)
        return found.element == Basic(name) and found.has(terms.variable("any", name)) is terms.TRUE

    def _constant_set(self, name: str) -> SetValue:
        found = self._constants[name]
        assert isinstance(found, SetValue)
        return found

    def family_member(self, name: str, term: Term) -> SetValue:
        """The set that `term`, an element of the sort `name`, stands for."""
        whole = self.families[name]

        def has(value: Value) -> Term:
            return terms.apply(f"{name}.has", (term, *meanings.flat(value)), BOOL)

        return replace(meanings.plain_set(self._constant_set(whole).element, has), family=(name, term), within=whole)

    def _keep_kinds(self, name: str, args: list[Value]) -> None:
        """A symbol in place of a definition is one of arguments of one kind: records with other fields are others."""
        kinds = tuple([kind_of(item) for item in args])
        if self._kinds.setdefault(name, kinds) != kinds:
            raise Outside(f"a hidden operator {name} of arguments of several kinds")

    def reads(self, node: Expression, seen: frozenset[str] = frozenset()) -> frozenset[str]:
        """The variables that an expression depends on, through definitions, too."""
        if not seen:
            if node not in self._read:
                self._read[node] = self._reads(node, seen)
            return self._read[node]
        return self._reads(node, seen)

    def _reads(self, node: Expression, seen: frozenset[str]) -> frozenset[str]:
        found: set[str] = set()
        for apply in applications(node):
            if apply.name in self.names.variables:
                found.add(apply.name)
            definition = self.names.definitions.get(apply.name)
            if definition is not None and apply.name not in seen:
                found |= self.reads(definition.body, seen | {apply.name})
        return frozenset(found)

    # --- constants -----------------------------------------------------------------------------------

    def constant(self, name: str, node: tree.Apply) -> Value:
        found = self._constants.get(name)
        if found is None:
            shape = self.shapes.get(name)
            if shape is None or self.names.constants[name].arity:
                raise refused(
                    node.place,
                    f"CONSTANT {name}, of which no ASSUME (C \\subseteq S, C \\in S) says what kind of value it is",
                )
            found = self._constants[name] = meanings.symbol(shape, name, ())
        return found

    def constant_value(self, name: str) -> Value:
        """The constant of which `shapes` has the kind."""
        found = self._constants.get(name)
        return meanings.symbol(self.shapes[name], name, ()) if found is None else found

    def give_constant(self, name: str, value: Value) -> None:
        self._constants[name] = value

    # --- logic ---------------------------------------------------------------------------------------

    def _junction(self, node: tree.Junction, context: Context) -> Value:
        items = []
        for item in node.items:
            found = self.formula(item, context)
            items.append(found)
            if found is terms.truth(not node.conjunction):
                break  # what follows may have no meaning
        return terms.conjunction(items) if node.conjunction else terms.disjunction(items)

    def _logic(self, op: str) -> Callable[[tuple[Expression, ...], Context], Value]:
        def made(args: tuple[Expression, ...], context: Context) -> Value:
            found = self.formula(args[0], context)
            if op == "~":
                return terms.negation(found)
            if op == "=>" and found is terms.FALSE:
                return terms.TRUE
            other = self.formula(args[1], context)
            return terms.implication(found, other) if op == "=>" else terms.equal(found, other)

        return made

    def _quantified(self, node: tree.Quantified, context: Context) -> Value:
        names = [(name, bound) for bound in node.bounds for name in bound.names]
        if any(bound.pattern for bound in node.bounds):
            raise refused(node.place, "a tuple of bound variables")
        domains = {bound: self.set_of(bound.domain, context) for bound in node.bounds}
        return self._nested(node.universal, [(name, domains[bound]) for name, bound in names], node.body, context)

    def _nested(self, universal: bool, names: list[tuple[str, SetValue]], body: Expression, context: Context) -> Term:
        if not names:
            return self.formula(body, context)
        (name, domain), *rest = names
        if domain.subsets_of is not None:
            return self._over_subsets(universal, names, body, context)
        return meanings.quantified(
            universal,
            domain,
            lambda value: self._nested(universal, rest, body, context.with_names({name: value})),
            name,
        )

    def _over_subsets(
        self, universal: bool, names: list[tuple[str, SetValue]], body: Expression, context: Context
    ) -> Term:
        """`\\A Q \\in SUBSET S : IsQuorum(Q) => ...`: for a hidden IsQuorum this ranges over a sort."""
        (name, domain), *rest = names
        guard = self._guard(universal, name, body, context)
        within = domain.subsets_of
        if guard is None or within is None:
            raise Outside("a quantifier over sets without a hidden operator as its guard")
        self._note(guard, within)
        family = meanings.plain_set(Basic(guard), lambda value: terms.TRUE)
        is_whole = within is self._constant_set(self.families[guard])

        def inner(value: Value) -> Term:
            member = self.family_member(guard, number_or_term(value))
            found = self._nested(universal, rest, body, context.with_names({name: member}))
            return found if is_whole else meanings.within(universal, meanings.included(member, within), found)

        return meanings.quantified(universal, family, inner, name)

    def _guard(self, universal: bool, name: str, body: Expression, context: Context) -> str | None:
        if universal:
            if not (isinstance(body, tree.Apply) and body.name == "=>"):
                return None
            body = body.arguments[0]
        for item in body.items if isinstance(body, tree.Junction) and body.conjunction else (body,):
            if isinstance(item, tree.Apply) and item.name in context.hidden and len(item.arguments) == 1:
                argument = item.arguments[0]
                if isinstance(argument, tree.Apply) and argument.name == name and not argument.arguments:
                    return item.name
        return None

    def _choose(self, node: tree.Choose, context: Context) -> Value:
        if node.bound.pattern or len(node.bound.names) != 1:
            raise refused(node.place, "a tuple of bound variables")
        name, domain = node.bound.names[0], self.set_of(node.bound.domain, context)

        def body(value: Value) -> Term:
            return self.formula(node.body, context.with_names({name: value}))

        end = extreme(node)
        if end and domain.limits is not None:
            return self.choices.chosen(domain, body, lambda value: terms.TRUE)
        if end == "least":
            natural = domain.over(True, lambda value: terms.order("<=", terms.integer(0), number(value)), "x")
            return self.choices.chosen(domain, body, lambda value: natural)
        if end == "greatest":
            return self.choices.chosen(domain, body, lambda value: _bounded_above(domain))
        return self.choices.chosen(domain, body, body)

    def _selected(self, args: tuple[Expression, ...], context: Context) -> Value:
        test = self._operator(args[1], context)
        name = test.parameters[0].name
        return self.choices.selected(
            meanings.sequence(self.value(args[0], context)),
            lambda item: truth(self._called(test, {name: item}, context)),
        )

    def _if(self, node: tree.If, context: Context) -> Value:
        condition = self.formula(node.condition, context)
        if condition in (terms.TRUE, terms.FALSE):
            return self.value(node.then if condition is terms.TRUE else node.otherwise, context)
        return meanings.merged(condition, self.value(node.then, context), self.value(node.otherwise, context))

    def _case(self, node: tree.Case, context: Context) -> Value:
        if node.other is None:
            raise refused(node.place, "CASE without OTHER")
        found = self.value(node.other, context)
        for condition, arm in reversed(node.arms):
            found = meanings.merged(self.formula(condition, context), self.value(arm, context), found)
        return found

    def _let(self, node: tree.Let, context: Context) -> Value:
        return self.value(node.body, self.inside_let(node, context))

    def inside_let(self, node: tree.Let, context: Context) -> Context:
        """What names mean in the body of a LET."""
        for definition in node.definitions:
            if isinstance(definition, tree.Instance) or definition.recursive:
                raise refused(node.place, "an INSTANCE or a recursive definition in a LET")
            closure = Closure(definition.parameters, definition.body, context)
            context = context.with_names({definition.name: closure})
        return context

    def _prime(self, node: tree.Prime, context: Context) -> Value:
        if context.after is None:
            raise refused(node.place, "a prime where there is no next state")
        return self.value(node.operand, replace(context, state=context.after, after=None, old=None))

    def _unchanged(self, node: tree.Unchanged, context: Context) -> Value:
        return equal(
            self._prime(tree.Prime(place=node.place, operand=node.operand), context), self.value(node.operand, context)
        )

    def _equality(self, args: tuple[Expression, ...], context: Context) -> Value:
        for one, other in (args, args[::-1]):
            if sizes.is_cardinality(one) and sizes.is_small(other):
                return sizes.of_size(self.set_of(one.arguments[0], context), int(other.value))
        return equal(self.value(args[0], context), self.value(args[1], context))

    # --- numbers -------------------------------------------------------------------------------------

    def _order(self, op: str) -> Callable[[tuple[Expression, ...], Context], Value]:
        def made(args: tuple[Expression, ...], context: Context) -> Value:
            first, second = args if op in ("<", "<=") else args[::-1]
            few, many = (1, 2) if op in ("<=", ">=") else (2, 1)
            if sizes.is_cardinality(first) and sizes.is_number(second, few):
                return sizes.at_most_one(self.set_of(first.arguments[0], context))
            if sizes.is_cardinality(second) and sizes.is_number(first, many):
                return terms.negation(sizes.at_most_one(self.set_of(second.arguments[0], context)))
            if op == "<" and sizes.is_cardinality(first) and isinstance(first.arguments[0], tree.SetFilter):
                self.choices.counted(self.set_of(first.arguments[0], context), few=True)
            left, right = [number(self.value(item, context)) for item in (first, second)]
            return terms.order("<" if op in ("<", ">") else "<=", left, right)

        return made

    def _sum(self, op: str) -> Callable[[tuple[Expression, ...], Context], Value]:
        def made(args: tuple[Expression, ...], context: Context) -> Value:
            return terms.arithmetic(op, *[number(self.value(item, context)) for item in args])

        return made


_HANDLED = (
    tree.Literal, tree.Apply, tree.Junction, tree.Quantified, tree.Choose, tree.If, tree.Case, tree.Let, tree.Prime,
    tree.Unchanged, tree.SetLiteral, tree.SetFilter, tree.SetMap, tree.FunctionLiteral, tree.FunctionSet, tree.Index,
    tree.Except, tree.At, tree.Record, tree.RecordSet, tree.Tuple, tree.Product,
)  # fmt: skip


def _bounded_above(domain: SetValue) -> Term:
    """Some integer is not below any number in the set."""
    with terms.deeper() as depth:
        most = terms.variable(f"most.{depth}", INT)
        return terms.exists([most], domain.over(True, lambda value: terms.order("<=", number(value), most), "x"))
