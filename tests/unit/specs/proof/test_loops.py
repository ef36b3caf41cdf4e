"""Formulas as joins of tables have the truth that trying all values of all variables gives."""

import random
from itertools import product

import pytest

from specs.proof.translation import terms
from specs.proof.translation.choices import Choices
from specs.proof.translation.terms import Term
from tests.support import loops
from tests.support.formulas import Relation, Space

SORTS: dict[str, list[object]] = {terms.BOOL: [False, True], terms.INT: list(loops.NUMBERS), "Board": ["a", "b"]}
PLACES = {"sent": (terms.INT, "Board", terms.INT), "ready": ("Board",), "edge": (terms.INT, terms.INT)}
FIXED = {"sent": 1, "ready": 0, "edge": 0}
FORMULAS = 400


def _formula(draw: random.Random, around: list[Term], depth: int) -> Term:
    """Any formula of these variables."""
    kind = draw.choice(
        ["and", "or", "=>", "not", "=", "ite", "forall", "exists"] if depth else ["atom", "atom", "order"]
    )
    if kind in ("forall", "exists"):
        bound = [
            terms.variable(f"x.{len(around)}.{at}", draw.choice([terms.INT, "Board"]))
            for at in range(draw.randrange(1, 3))
        ]
        make = terms.forall if kind == "forall" else terms.exists
        return make(bound, _formula(draw, [*around, *bound], depth - 1))
    if kind == "order":
        return terms.order(draw.choice(["<", "<="]), *[_value(draw, around, terms.INT) for _ in range(2)])
    if kind == "atom":
        name = draw.choice([*PLACES, ""])
        if not name:
            sort = draw.choice([terms.INT, "Board"])
            return terms.equal(_value(draw, around, sort), _value(draw, around, sort))
        return terms.apply(name, [_value(draw, around, sort) for sort in PLACES[name]], terms.BOOL)
    inner = [_formula(draw, around, depth - 1) for _ in range(3)]
    if kind == "not":
        return terms.negation(inner[0])
    if kind in ("and", "or"):
        return (terms.conjunction if kind == "and" else terms.disjunction)(inner)
    return {"=>": terms.implication, "=": terms.equal}[kind](*inner[:2]) if kind != "ite" else terms.choice(*inner)


def _value(draw: random.Random, around: list[Term], sort: str) -> Term:
    found = [item for item in around if item.sort == sort]
    if found and draw.random() < 0.8:
        return draw.choice(found)
    return terms.integer(draw.randrange(4)) if sort == terms.INT else terms.apply("own", (), "Board")


def _truth(term: Term, space: Space, given: dict[Term, object]) -> object:
    """The value of a term, by trying everything."""
    if term.op == "var":
        return given[term]
    if term.op in ("int", "true", "false"):
        return term.value if term.op == "int" else term.op == "true"
    if term.op in ("forall", "exists"):
        tried = product(*[SORTS[item.sort] for item in term.bound])
        found = [bool(_truth(term.args[0], space, given | dict(zip(term.bound, items)))) for items in tried]
        return all(found) if term.op == "forall" else any(found)
    inner = [_truth(item, space, given) for item in term.args]
    if term.op == "app":
        return space.table(term.name)[tuple(inner)]
    if term.op in ("and", "or"):
        return all(inner) if term.op == "and" else any(inner)
    if term.op == "ite":
        return inner[1] if inner[0] else inner[2]
    if term.op == "not":
        return not inner[0]
    left, right = inner
    return {"=>": not left or right, "=": left == right, "<": left < right, "<=": left <= right}[term.op]  # type: ignore[operator]


def _differences(seed: int) -> int:
    draw = random.Random(seed)
    space, found = Space(SORTS, Choices(), FIXED), 0
    for at in range(FORMULAS):
        term = _formula(draw, [], 3)
        written = space.compiled(term, [])
        tables: dict[str, dict[tuple[object, ...], object]] = {"own": {(): "a"}}
        for name, sorts in PLACES.items():
            table = tables[name] = Relation(FIXED[name])
            wheres = [(where,) for where in range(4)] if FIXED[name] else [()]  # of others nothing is said
            for where in wheres:
                rows = product(*[range(4) if sort == terms.INT else SORTS[sort] for sort in sorts[FIXED[name] :]])
                table.put(where, [row for row in rows if draw.random() < 0.4])
        space.enter(tables, at)
        found += written() is not _truth(term, space, {})
    return found


def test_joins_find_what_trying_everything_finds() -> None:
    assert _differences(1) == 0


@pytest.mark.parametrize("where", ["rows", "bounds", "branches"])
def test_a_wrong_join_is_noticed(where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if where == "rows":
        monkeypatch.setattr("tests.support.formulas._Known.rows", lambda *given: [])
    elif where == "bounds":
        bound = loops._bound
        monkeypatch.setattr(loops, "_bound", lambda *given: None if (one := bound(*given)) is None else ("=", one[1]))
    else:
        one_of = loops._one_of
        monkeypatch.setattr(loops, "_one_of", lambda term: one_of(term)[:1])
    assert _differences(1)
