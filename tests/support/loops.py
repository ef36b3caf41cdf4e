"""Writes first-order formulas as Python expressions: quantifiers become loops that end early.

Theory. `\\A x : P` is `~ \\E x : ~P`, and `\\E x : A /\\ B` is a join of tables, as in a data base. Each conjunct is
tested as soon as its variables are known. The next variable is one of which least is left to try: `x = e` leaves one
value; a set's table leaves the elements that are in the set; between bounds a whole number ranges over all numbers.
Where only a disjunction says what a variable can be, each of its branches is a join of its own.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache

from specs.proof.translation import terms
from specs.proof.translation.terms import Term

_ONE, _FEW, _ALL = range(3)  # what is left to try
NUMBERS = range(-4, 12)  # of what whole numbers quantifiers without bounds speak: more than any variable has here


@cache
def identifier(name: str) -> str:
    return "n_" + "".join([sign if sign.isalnum() and sign.isascii() else f"_{ord(sign)}_" for sign in name])


class Writer:
    """`relations`: the symbols of sets, each with how many of its first arguments say which set it is."""

    def __init__(self, relations: dict[str, int]) -> None:
        self._relations = relations

    def python(self, term: Term) -> str:
        """The term as a Python expression."""
        if term.op == "int":
            return f"({term.value})"
        if term.op in ("true", "false"):
            return str(term.op == "true")
        if term.op == "var":
            return identifier(term.name)
        if term.op == "exists":
            return f"any(True{self.join(term.bound, term.args)})"
        if term.op == "forall":
            return f"(not any(True{self.join(term.bound, [terms.negation(term.args[0])])}))"
        inner = [self.python(item) for item in term.args]
        if term.op == "app":
            return _application(term, inner)
        if term.op == "not":
            return f"(not {inner[0]})"
        if term.op == "=>":
            return f"(not {inner[0]} or {inner[1]})"
        if term.op == "ite":
            return f"({inner[1]} if {inner[0]} else {inner[2]})"
        return f"({(' == ' if term.op == '=' else f' {term.op} ').join(inner)})"

    def join(self, bound: Iterable[Term], conditions: Iterable[Term], once: bool = False) -> str:
        """The loops, as in a comprehension, over values of some variables that meet the conditions.

        `once`: over each of them once, in order of the variables.
        """
        unknown, left = list(bound), [part for item in conditions for part in _all_of(item)]
        text, start = "", "for _ in (0,) "
        while True:
            ready = [item for item in left if item.free.isdisjoint(unknown)]
            left = [item for item in left if item not in ready]
            if ready:
                text += f" {start}if {' and '.join([self.python(item) for item in ready])}"
            if not unknown:
                return text
            start = ""
            branches = None if once or self._next(unknown, left) else self._branches(unknown, left)
            if branches is not None:
                parts = [f"any(True{self.join(unknown, branch)})" for branch in branches]
                return f"{text} for _ in (0,) if {' or '.join(parts) or False}"
            found, loop = (None if once else self._next(unknown, left)) or self._plain(unknown, left)
            text += f" for {loop}"
            unknown = [item for item in unknown if item not in found]

    def _next(self, unknown: list[Term], conditions: list[Term]) -> tuple[list[Term], str] | None:
        """Variables of which the conditions say what they can be, and the loop over that."""
        for variable in unknown:
            text, left = self._range(variable, conditions, unknown)
            if left == _ONE:
                return [variable], f"{identifier(variable.name)} in {text}"
        for item in conditions:
            found = self._rows(item, unknown)
            if found is not None:
                return found
        for variable in unknown:
            text, left = self._range(variable, conditions, unknown)
            if left == _FEW:
                return [variable], f"{identifier(variable.name)} in {text}"
        return None

    def _plain(self, unknown: list[Term], conditions: list[Term]) -> tuple[list[Term], str]:
        """The first variable: whatever it can be."""
        variable = unknown[0]
        return [variable], f"{identifier(variable.name)} in {self._range(variable, conditions, unknown)[0]}"

    def _branches(self, unknown: list[Term], conditions: list[Term]) -> list[list[Term]] | None:
        """The conditions with each branch of a disjunction, if in each of them something follows from the branch."""
        for item in conditions:
            branches = _one_of(item)
            rest = [other for other in conditions if other is not item]
            found = [[*rest, branch] for branch in branches if branch is not terms.FALSE]
            if branches and all(self._is_bound(unknown, list(_all_of(branch[-1]))) for branch in found):
                return found
        return None

    def _is_bound(self, unknown: list[Term], conditions: list[Term]) -> bool:
        return bool(self._next(unknown, conditions) or self._branches(unknown, conditions))

    def _rows(self, item: Term, unknown: list[Term]) -> tuple[list[Term], str] | None:
        """The loop over a table's true rows, if the other arguments of the condition are known."""
        fixed = self._relations.get(item.name) if item.op == "app" else None
        open_args = [arg for arg in item.args if not arg.free.isdisjoint(unknown)]
        if fixed is None or not open_args or len(set(open_args)) != len(open_args):
            return None
        if any(arg.op != "var" for arg in open_args) or any(arg in open_args for arg in item.args[:fixed]):
            return None
        known = [at for at, arg in enumerate(item.args) if arg not in open_args]
        names = "".join([f"{identifier(arg.name)}, " for arg in open_args])
        values = "".join([f"{self.python(item.args[at])}, " for at in known])
        sorts = "".join([f"S_{identifier(arg.sort)}, " for arg in open_args])
        return open_args, f"({names}) in {identifier(item.name)}.rows({tuple(known)}, ({values}), ({sorts}))"

    def _range(self, variable: Term, conditions: Iterable[Term], unknown: Iterable[Term]) -> tuple[str, int]:
        """What the variable can be, by conditions in which nothing else is unknown, and how much that is."""
        low: list[str] = []
        high: list[str] = []
        for item in conditions:
            found = _bound(item, variable, unknown)
            if found is None:
                continue
            op, other = found
            if op == "=":
                return f"({self.python(other)},)", _ONE
            limits = high if op in ("<", "<=") else low
            limits.append(f"{self.python(other)} + 1" if op in ("<=", ">") else self.python(other))
        if not low and not high:
            return f"S_{identifier(variable.sort)}", _ALL
        least, most = _most("max", low, NUMBERS.start), _most("min", high, NUMBERS.stop)
        return f"range({least}, {most})", _FEW if low and high else _ALL


def _bound(item: Term, variable: Term, unknown: Iterable[Term]) -> tuple[str, Term] | None:
    """How the condition compares the variable with something known."""
    op = item.op
    negative = op == "not" and item.args[0].op in ("<", "<=")
    if negative:  # ~ a < b is b <= a
        item = item.args[0]
        op = "<=" if item.op == "<" else "<"
    if op not in ("=", "<", "<=") or variable not in item.args:
        return None
    left, right = reversed(item.args) if negative else item.args
    other = right if left is variable else left
    if not other.free.isdisjoint(unknown):
        return None
    return (op if left is variable or op == "=" else {"<": ">", "<=": ">="}[op]), other


def _all_of(term: Term) -> Sequence[Term]:
    """The conjuncts of a condition."""
    if term.op == "and":
        return [part for item in term.args for part in _all_of(item)]
    inner = term.args[0] if term.op == "not" else term
    if inner.op == "=>" and term is not inner:
        return [*_all_of(inner.args[0]), *_all_of(terms.negation(inner.args[1]))]
    if inner.op == "or" and term is not inner:
        return [part for item in inner.args for part in _all_of(terms.negation(item))]
    return () if term is terms.TRUE else (term,)


def _one_of(term: Term) -> list[Term]:
    """The branches of a disjunction; none if the condition is another."""
    if term.op == "or":
        return list(term.args)
    if term.op == "=>":
        return [terms.negation(term.args[0]), term.args[1]]
    inner = term.args[0] if term.op == "not" else term
    if inner.op == "and":
        return [terms.negation(item) for item in inner.args]
    make: Callable[[Term], Term] = terms.negation if inner is not term else _same
    if inner.op == "ite" and inner.sort == terms.BOOL:
        test, then, otherwise = inner.args
        return [terms.conjunction([test, make(then)]), terms.conjunction([terms.negation(test), make(otherwise)])]
    if inner.op == "=" and inner.args[0].sort == terms.BOOL:
        left, right = inner.args
        return [
            terms.conjunction([left, make(right)]),
            terms.conjunction([terms.negation(left), terms.negation(make(right))]),
        ]
    return []


def _same(term: Term) -> Term:
    return term


def _application(term: Term, inner: list[str]) -> str:
    if term.name.startswith("str."):
        return repr(term.name.removeprefix("str."))
    if term.name.endswith(".has"):
        return f"({inner[1]} in {inner[0]})"
    return f"{identifier(term.name)}[({''.join([f'{item}, ' for item in inner])})]"


def _most(function: str, found: list[str], otherwise: int) -> str:
    if not found:
        return str(otherwise)
    return found[0] if len(found) == 1 else f"{function}({', '.join(found)})"
