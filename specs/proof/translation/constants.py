"""What kind of value each constant and variable has: read from ASSUME, and from the type invariant.

Theory. The solvers know sorts, TLA+ does not. A constant set of which nothing is said, such as Replica, becomes a sort:
its elements, and those constants that an ASSUME says are not in it. TLA+ never compares elements of two such sets here,
or the translation refuses, so a proof with sorts is one without. No such set is empty: a sort never is.

Rules. `C \\subseteq S`, `C \\in S` and `C \\notin S` in an ASSUME give C its kind, and are facts. So is
`Cardinality(C) = 2`. Other assumptions, which count sets, are not used: the quorum lemmas are proved from them
(`counting`). A variable has the kind that a conjunct `x \\in S` of Types, or else of TypeOK, gives it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeGuard

from specs.proof.translation import meanings, terms
from specs.proof.translation.context import Context, State, refused
from specs.proof.translation.meanings import Basic, Outside, SetShape, SetValue, Value
from specs.proof.translation.sizes import is_cardinality, is_small
from specs.proof.translation.terms import Term
from specs.proof.translation.translate import Translator
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, Unsupported

TYPES = ("Types", "TypeOK")


def no_state(name: str) -> Value:
    raise Outside(f"variable {name} where only constants are allowed")


CONSTANT_LEVEL = Context(State(no_state))


def declare(translator: Translator) -> list[Term]:
    """Gives constants and variables their kinds. Returns what the ASSUMEs say of the constants."""
    names = translator.names
    assumed = [item for assumption in names.assumptions for item in conjuncts(assumption)]
    told = [item for item in assumed if _tells(item, names.constants)]
    for item in told:
        _sort(translator, item, told)
    facts: list[Term] = []
    waiting = list(told)
    while waiting:
        known = [item for item in waiting if _is_known(translator, item.arguments[1])]
        if not known:
            raise refused(waiting[0].place, "an ASSUME about a set of which no ASSUME says what is in it")
        waiting.remove(known[0])
        facts += _declared(translator, known[0])
    facts += [translator.formula(item, CONSTANT_LEVEL) for item in assumed if _is_size(item, translator)]
    _variables(translator)
    return [fact for fact in facts if fact is not terms.TRUE]


def types_of(translator: Translator) -> tree.Definition:
    """The definition that tells the kinds of the variables."""
    definitions = translator.names.definitions
    found = next((definitions[name] for name in TYPES if name in definitions), None)
    if found is None:
        raise Unsupported(f"{translator.names.sources[-1].name}: no definition {' or '.join(TYPES)}")
    return found


def conjuncts(node: Expression) -> Iterator[Expression]:
    if isinstance(node, tree.Junction) and node.conjunction:
        for item in node.items:
            yield from conjuncts(item)
    else:
        yield node


def _tells(node: Expression, constants: dict[str, tree.Parameter]) -> TypeGuard[tree.Apply]:
    if not (isinstance(node, tree.Apply) and node.name in ("\\in", "\\notin", "\\subseteq")):
        return False
    return _name(node.arguments[0]) in constants


def _is_size(node: Expression, translator: Translator) -> bool:
    """Whether it is `Cardinality(C) = 2`, of a constant set whose kind is known."""
    if not (isinstance(node, tree.Apply) and node.name == "=" and is_cardinality(node.arguments[0])):
        return False
    known = _name(node.arguments[0].arguments[0]) in translator.shapes
    return known and is_small(node.arguments[1])


def _name(node: Expression) -> str:
    return node.name if isinstance(node, tree.Apply) and not node.arguments and not node.path else ""


def _sort(translator: Translator, item: tree.Apply, told: list[tree.Apply]) -> None:
    """A constant set that only stands on the right is a sort of its own."""
    name = _name(item.arguments[1])
    named = [other for other in told if _name(other.arguments[0]) == name]
    if name not in translator.names.constants or named or name in translator.shapes:
        return
    others = [
        terms.apply(_name(other.arguments[0]), (), name)
        for other in told
        if other.name == "\\notin" and _name(other.arguments[1]) == name
    ]

    def has(value: Value) -> Term:
        if not isinstance(value, Term) or value.sort != name:
            raise Outside(f"a {meanings.kind(value)} where an element of {name} is wanted")
        return terms.conjunction([terms.negation(terms.equal(value, other)) for other in others])

    translator.shapes[name] = SetShape(Basic(name))
    translator.give_constant(name, replace(meanings.plain_set(Basic(name), has), within=name))


def _is_known(translator: Translator, node: Expression) -> bool:
    try:
        return translator.set_of(node, CONSTANT_LEVEL).element is not None
    except Unsupported:
        return False


def _declared(translator: Translator, item: tree.Apply) -> list[Term]:
    domain = translator.set_of(item.arguments[1], CONSTANT_LEVEL)
    assert domain.element is not None
    shape = SetShape(domain.element) if item.name == "\\subseteq" else domain.element
    name = _name(item.arguments[0])
    translator.shapes.setdefault(name, shape)
    constant = translator.constant_value(name)
    if isinstance(constant, SetValue) and item.name == "\\subseteq":
        translator.give_constant(name, replace(constant, within=domain.within or name))
    return list(terms.conjuncts(translator.formula(item, CONSTANT_LEVEL)))


def _variables(translator: Translator) -> None:
    found = types_of(translator)
    for item in conjuncts(found.body):
        if (
            isinstance(item, tree.Apply)
            and item.name == "\\in"
            and _name(item.arguments[0]) in translator.names.variables
        ):
            domain: SetValue = translator.set_of(item.arguments[1], CONSTANT_LEVEL)
            if domain.element is None:
                raise refused(item.place, "a type whose elements are not known")
            translator.shapes.setdefault(_name(item.arguments[0]), domain.element)
    missing = [name for name in translator.names.variables if name not in translator.shapes]
    if missing:
        raise refused(found.place, f"no conjunct says what kind of value has variable {', '.join(missing)}")
