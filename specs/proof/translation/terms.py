"""Formulas of many-sorted first-order logic with integers: what the solvers are asked.

Theory. A term is an operator with arguments and a sort. Sorts are Bool, Int and uninterpreted ones, by name. Functions
are first-order: their arguments and results have these sorts. So a solver needs no theory but equality and integers.

Rules. Terms are immutable and compare by structure: an equal term is the same Python object. The constructors simplify
what is plain (`x = x`, a conjunction with FALSE), so that a goal that no step touches is its own hypothesis.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

BOOL = "Bool"
INT = "Int"


class Term:
    """`op` of `args`. A variable or an application has its `name`; a quantifier has `bound`, an integer `value`."""

    __slots__ = ("args", "bound", "free", "name", "op", "sort", "value")

    op: str
    sort: str
    args: tuple[Term, ...]
    name: str
    bound: tuple[Term, ...]
    value: int
    free: frozenset[Term]  # variables that no quantifier in it binds

    def __repr__(self) -> str:
        return show(self)


_KNOWN: dict[tuple[object, ...], Term] = {}


def _term(
    op: str,
    sort: str,
    args: tuple[Term, ...] = (),
    name: str = "",
    bound: tuple[Term, ...] = (),
    value: int = 0,
) -> Term:
    key = (op, sort, args, name, bound, value)
    found = _KNOWN.get(key)
    if found is None:
        found = Term()
        found.op, found.sort, found.args, found.name, found.bound, found.value = op, sort, args, name, bound, value
        free = frozenset((found,)) if op == "var" else frozenset().union(*[item.free for item in args])
        found.free = free - frozenset(bound) if bound else free
        _KNOWN[key] = found
    return found


TRUE = _term("true", BOOL)
FALSE = _term("false", BOOL)


def truth(value: bool) -> Term:
    return TRUE if value else FALSE


def integer(value: int) -> Term:
    return _term("int", INT, value=value)


def variable(name: str, sort: str) -> Term:
    """A variable: bound by a quantifier, or free, which stands for any one element."""
    return _term("var", sort, name=name)


def apply(name: str, args: Iterable[Term], sort: str) -> Term:
    """An uninterpreted function or constant."""
    return _term("app", sort, tuple(args), name)


def is_literal(term: Term) -> bool:
    """Whether two different such terms are two different things."""
    return term.op in ("int", "true", "false") or (term.op == "app" and term.name.startswith("str."))


def conjunction(items: Iterable[Term]) -> Term:
    return _junction("and", items, TRUE, FALSE)


def disjunction(items: Iterable[Term]) -> Term:
    return _junction("or", items, FALSE, TRUE)


def _junction(op: str, items: Iterable[Term], neutral: Term, absorbing: Term) -> Term:
    flat: dict[Term, None] = {}
    for item in items:
        for part in item.args if item.op == op else (item,):
            if part is absorbing or negation(part) in flat:
                return absorbing
            if part is not neutral:
                flat[part] = None
    if not flat:
        return neutral
    if len(flat) == 1:
        return next(iter(flat))
    other = "or" if op == "and" else "and"
    if any(item.op == other for item in flat):  # A \/ (~A /\ B) is A \/ B, and A \/ (A /\ B) is A
        kept = [_absorbed(item, flat, other) for item in flat]
        if kept != list(flat):
            return _junction(op, kept, neutral, absorbing)
    return _term(op, BOOL, tuple(flat))


def _absorbed(item: Term, beside: dict[Term, None], other: str) -> Term:
    if item.op != other:
        return item
    make = conjunction if other == "and" else disjunction
    if any(part in beside for part in item.args):
        return FALSE if other == "and" else TRUE
    return make([part for part in item.args if negation(part) not in beside])


def negation(item: Term) -> Term:
    if item is TRUE or item is FALSE:
        return truth(item is FALSE)
    return item.args[0] if item.op == "not" else _term("not", BOOL, (item,))


def implication(premise: Term, conclusion: Term) -> Term:
    if premise is TRUE:
        return conclusion
    if premise is FALSE or conclusion is TRUE or premise is conclusion:
        return TRUE
    return negation(premise) if conclusion is FALSE else _term("=>", BOOL, (premise, conclusion))


def equal(left: Term, right: Term) -> Term:
    assert left.sort == right.sort, (left, left.sort, right, right.sort)
    if left is right:
        return TRUE
    if is_literal(left) and is_literal(right):
        return FALSE
    if left.sort == BOOL:
        for one, other in ((left, right), (right, left)):
            if one is TRUE or one is FALSE:
                return other if one is TRUE else negation(other)
    for one, other in ((left, right), (right, left)):
        if one.op == "ite" and is_literal(other):  # decide the branches that are plain
            branches = [equal(branch, other) for branch in one.args[1:]]
            if any(branch in (TRUE, FALSE) for branch in branches):
                return choice(one.args[0], *branches)
    return _term("=", BOOL, (left, right))


def choice(condition: Term, then: Term, otherwise: Term) -> Term:
    if condition is TRUE or then is otherwise:
        return then
    if condition is FALSE or (condition.op == "=" and _same_if_equal(then, otherwise, *condition.args)):
        return otherwise
    if then.sort == BOOL and (then in (TRUE, FALSE) or otherwise in (TRUE, FALSE)):
        positive = conjunction([condition, then])
        return disjunction([positive, conjunction([negation(condition), otherwise])])
    return _term("ite", then.sort, (condition, then, otherwise))


def _same_if_equal(then: Term, otherwise: Term, left: Term, right: Term) -> bool:
    """Whether the two differ only where one has `left` and the other `right`: f(p) and f(x), if x = p."""
    if then is otherwise or {then, otherwise} == {left, right}:
        return True
    if (then.op, then.name, then.bound, len(then.args)) != (
        otherwise.op,
        otherwise.name,
        otherwise.bound,
        len(otherwise.args),
    ):
        return False
    if then.bound or not then.args:
        return False
    return all(_same_if_equal(one, other, left, right) for one, other in zip(then.args, otherwise.args))


_ORDER = {"<": lambda a, b: a < b, "<=": lambda a, b: a <= b}
_SUMS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}


def order(op: str, left: Term, right: Term) -> Term:
    """`<` or `<=` of integers."""
    if left.op == right.op == "int":
        return truth(_ORDER[op](left.value, right.value))
    if left is right:
        return truth(op == "<=")
    return _term(op, BOOL, (left, right))


def arithmetic(op: str, left: Term, right: Term) -> Term:
    """`+`, `-` or `*` of integers."""
    if left.op == right.op == "int":
        return integer(_SUMS[op](left.value, right.value))
    if right.op == "int" and right.value == 0 and op in "+-":
        return left
    if op == "-" and left is right:
        return integer(0)
    if right.op == "int" and op in "+-" and left.op in ("+", "-") and left.args[1].op == "int":
        inner = left.args[1].value if left.op == "+" else -left.args[1].value
        total = inner + (right.value if op == "+" else -right.value)
        return arithmetic("+" if total >= 0 else "-", left.args[0], integer(abs(total)))
    return _term(op, INT, (left, right))


def forall(bound: Iterable[Term], body: Term) -> Term:
    return _quantified("forall", bound, body)


def exists(bound: Iterable[Term], body: Term) -> Term:
    return _quantified("exists", bound, body)


def _quantified(op: str, bound: Iterable[Term], body: Term) -> Term:
    used = tuple([item for item in bound if item in body.free])  # no sort is empty
    if not used:
        return body
    if body.op == op:
        return _term(op, BOOL, body.args, bound=used + body.bound)
    return _term(op, BOOL, (body,), bound=used)


def substituted(term: Term, given: Mapping[Term, Term]) -> Term:
    """`term` with other terms for free variables; a bound variable that would catch one of these is renamed."""
    known: dict[Term, Term] = {}

    def walk(item: Term) -> Term:
        if item.free.isdisjoint(given):
            return item
        found = known.get(item)
        if found is None:
            found = known[item] = made(item)
        return found

    def made(item: Term) -> Term:
        if item.op == "var":
            return given[item]
        if item.bound:
            inner = {name: term for name, term in given.items() if name in item.free}
            catching = [name for name in item.bound if any(name in term.free for term in inner.values())]
            if catching or not given.keys().isdisjoint(item.bound):
                taken = item.args[0].free.union(*[term.free for term in inner.values()])
                others = {name: _fresh(name, taken) for name in catching}
                body = substituted(item.args[0], others)
                bound = [others.get(name, name) for name in item.bound]
                return _quantified(item.op, bound, substituted(body, inner))
        return rebuilt(item, [walk(part) for part in item.args])

    return walk(term)


def _fresh(name: Term, taken: frozenset[Term]) -> Term:
    while name in taken:
        name = variable(f"{name.name}'", name.sort)
    return name


def rebuilt(term: Term, args: list[Term]) -> Term:
    """The operator of `term` on other arguments, simplified again."""
    op = term.op
    if op == "and":
        return conjunction(args)
    if op == "or":
        return disjunction(args)
    if op == "not":
        return negation(args[0])
    if op == "=>":
        return implication(args[0], args[1])
    if op == "=":
        return equal(args[0], args[1])
    if op == "ite":
        return choice(args[0], args[1], args[2])
    if op in _ORDER:
        return order(op, args[0], args[1])
    if op in _SUMS:
        return arithmetic(op, args[0], args[1])
    if op in ("forall", "exists"):
        return _quantified(op, term.bound, args[0])
    return _term(op, term.sort, tuple(args), term.name, term.bound, term.value)


def parts(terms: Iterable[Term]) -> Iterator[Term]:
    """All terms in `terms`, each once."""
    seen: set[Term] = set()
    waiting = list(terms)
    while waiting:
        term = waiting.pop()
        if term not in seen:
            seen.add(term)
            yield term
            waiting += term.args
            waiting += term.bound


def symbols(terms: Iterable[Term]) -> dict[str, Term]:
    """The symbols applied in `terms`, by name, each with one of its applications."""
    return {item.name: item for item in parts(terms) if item.op == "app"}


def conjuncts(term: Term) -> tuple[Term, ...]:
    return term.args if term.op == "and" else () if term is TRUE else (term,)


def show(term: Term) -> str:
    """The term as SMT-LIB writes it. Each quantified variable is marked: see `marks`."""
    if term.op == "int":
        return str(term.value) if term.value >= 0 else f"(- {-term.value})"
    if term.op in ("true", "false"):
        return term.op
    if term.op == "var" or (term.op == "app" and not term.args):
        return quoted(term.name)
    inner = " ".join([show(item) for item in term.args])
    if term.op in ("forall", "exists"):
        names = " ".join([f"({quoted(item.name)} {quoted(item.sort)})" for item in term.bound])
        marked = " ".join([f"({mark(item.sort)} {quoted(item.name)})" for item in term.bound])
        if term.op == "exists":
            return f"(exists ({names}) (and {marked} {inner}))"
        premise = marked if len(term.bound) == 1 else f"(and {marked})"
        return f"(forall ({names}) (=> {premise} {inner}))"
    return f"({quoted(term.name) if term.op == 'app' else term.op} {inner})"


def mark(sort: str) -> str:
    """The predicate that holds of everything of a sort.

    A solver instantiates a quantifier where a pattern of its body matches a known term. In `\\A Q : \\E p : p \\in Q`
    no pattern has Q alone. With marks `mark.Q(Q)` is one, and each set that a formula claims to exist is marked.
    """
    return quoted(f"mark.{sort}")


def quoted(name: str) -> str:
    """A symbol of SMT-LIB. One that has a meaning there gets a mark in front."""
    if name in _TAKEN:
        return f"|'{name}|"
    plain = name.replace("_", "").replace(".", "").isalnum() and name.isascii() and not name[0].isdigit()
    return name if plain else f"|{''.join([_shown(sign) for sign in name])}|"


def _shown(sign: str) -> str:
    """No symbol has a bar, a backslash, or a sign that is not ASCII."""
    return sign if " " <= sign <= "~" and sign not in "|\\%" else f"%{ord(sign):x};"


_WORDS = "Array Bag BitVec FloatingPoint List Pair Real RegLan RoundingMode Seq Set String Tuple Unit abs and"
_WORDS += " as bvadd bvand bvor choose concat const cos distinct div divisible exists exp extract false forall"
_WORDS += " if iff implies is is_int ite lambda let map match mod not or par pi select sin sqrt store tan to_int"
_WORDS += " to_real true xor"
_TEXTS = "at contains from_code from_int in_re indexof indexof_re is_digit len prefixof replace replace_all"
_TEXTS += " replace_re replace_re_all rev substr suffixof to_code to_int to_lower to_re to_upper tolower toupper"
_TEXTS += " update"
_TAKEN = frozenset([*_WORDS.split(), *[f"str.{name}" for name in _TEXTS.split()]])


class _Depth:
    now = 0


@contextmanager
def deeper() -> Iterator[int]:
    """How many quantifiers are around what is translated inside: names bound variables so that none is captured."""
    _Depth.now += 1
    try:
        yield _Depth.now
    finally:
        _Depth.now -= 1


def depth() -> int:
    """How many quantifiers are around what is translated now."""
    return _Depth.now
