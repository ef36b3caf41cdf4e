"""Works out the truth of first-order formulas in concrete states: each formula is compiled to Python once.

Theory. In a state each symbol is a table, and each sort a finite list. A quantifier becomes a loop that ends early:
each conjunct is tested as soon as its variables are known, `x = e` leaves one value to try, and between bounds a whole
number ranges over all numbers, not over a list.

Rules. What no table says is any value, the same for the same arguments in one state: a function outside its domain, a
choice where nothing meets the condition. Other numbers in other states keep a formula from relying on them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from zlib import crc32

from specs.proof.translation import terms
from specs.proof.translation.choices import REMAINDER, Choices
from specs.proof.translation.terms import Term

Atom = object
Table = dict[tuple[Atom, ...], Atom]
NUMBERS = range(-4, 12)  # of what whole numbers quantifiers without bounds speak: more than any variable has here


class Space:
    """The symbols of all compiled formulas, and what they are in one state at a time."""

    def __init__(self, sorts: dict[str, list[Atom]], choices: Choices) -> None:
        self.sorts, self.choices = sorts, choices
        self._names: dict[str, object] = {}  # the globals of all compiled formulas
        self._sorts_of: dict[str, str] = {}  # of symbols, the sort of their values
        self._worked_out: dict[str, Callable[..., Atom]] = {}  # symbols that a formula defines
        self._seed = 0

    def enter(self, tables: Mapping[str, Table], seed: int) -> None:
        """From here formulas speak of the state with these tables. `seed`: for what no table says."""
        self._seed = seed
        for sort, items in self.sorts.items():
            self._names[f"S_{identifier(sort)}"] = items
        for name in self._sorts_of:
            self._put(name, tables.get(name, {}))

    def change(self, tables: Mapping[str, Table]) -> None:
        """Some symbols are other tables now."""
        for name in (*tables, *self._worked_out):
            if name in self._sorts_of:
                self._put(name, tables.get(name, {}))

    def compiled(self, term: Term, parameters: Sequence[Term]) -> Callable[..., Atom]:
        self.need([term])
        return self.function(parameters, python(term))

    def function(self, parameters: Sequence[Term], text: str) -> Callable[..., Atom]:
        names = ", ".join([identifier(item.name) for item in parameters])
        found: Callable[..., Atom] = eval(compile(f"lambda {names}: {text}", "formula", "eval"), self._names)
        return found

    def need(self, found: Iterable[Term]) -> None:
        """Makes the symbols of these terms known, and those by which they are defined."""
        for name, item in terms.symbols(found).items():
            if name not in self._sorts_of and not name.startswith("str.") and not name.endswith(".has"):
                self._sorts_of[name] = item.sort
                defined = self._definition(name)
                if defined is not None:
                    self._worked_out[name] = defined

    def _definition(self, name: str) -> Callable[..., Atom] | None:
        """What works out the symbol's value, or None: "any" value."""
        choices = self.choices
        if name == REMAINDER:
            return lambda left, right: left % right if right > 0 else None
        if name in choices.places:
            return self._selection(name)
        for known in (choices.conditions, choices.counts):
            if name in known:
                formal, ours, inside = known[name]
                self.need([inside])
                loops = python_loops(ours, terms.conjuncts(inside))
                chosen = f"next(({identifier(ours[0].name)}{loops}), None)"
                return self.function(formal, chosen if known is choices.conditions else f"sum(1{loops})")
        return None

    def _selection(self, name: str) -> Callable[..., Atom]:
        """How many places SelectSeq keeps, or the place of a rank."""
        formal, length, at, kept = self.choices.places[name]
        self.need([length, kept])
        one, own = terms.integer(1), identifier(at.name)
        inside = [terms.order("<=", one, at), terms.order("<=", at, length), kept]
        places = self.function(formal, f"[{own}{python_loops([at], inside)}]")
        if name.endswith(".len"):
            return lambda *args: len(places(*args))
        return lambda *args: dict(enumerate(places(*args[:-1]), 1)).get(args[-1])

    def _put(self, name: str, table: Table) -> None:
        missing = self._worked_out.get(name)
        self._names[identifier(name)] = _Known(table, name, self._seed, missing, self.sorts[self._sorts_of[name]])


class _Known(dict[tuple[Atom, ...], Atom]):
    """A table that has an answer to everything."""

    def __init__(
        self, table: Table, name: str, seed: int, defined: Callable[..., Atom] | None, items: Sequence[Atom]
    ) -> None:
        super().__init__(table)
        self._name, self._seed, self._defined, self._items = name, seed, defined, items

    def __missing__(self, args: tuple[Atom, ...]) -> Atom:
        found = None if self._defined is None else self._defined(*args)
        if found is None:
            found = self._items[crc32(f"{self._seed} {self._name} {args}".encode()) % len(self._items)]
        self[args] = found
        return found


@cache
def identifier(name: str) -> str:
    return "n_" + "".join([sign if sign.isalnum() and sign.isascii() else f"_{ord(sign)}_" for sign in name])


def python(term: Term) -> str:
    """The term as a Python expression."""
    if term.op == "int":
        return f"({term.value})"
    if term.op in ("true", "false"):
        return str(term.op == "true")
    if term.op == "var":
        return identifier(term.name)
    if term.op in ("forall", "exists"):
        return _quantified(term)
    inner = [python(item) for item in term.args]
    if term.op == "app":
        return _application(term, inner)
    if term.op == "not":
        return f"(not {inner[0]})"
    if term.op == "=>":
        return f"(not {inner[0]} or {inner[1]})"
    if term.op == "ite":
        return f"({inner[1]} if {inner[0]} else {inner[2]})"
    return f"({(' == ' if term.op == '=' else f' {term.op} ').join(inner)})"


def _application(term: Term, inner: list[str]) -> str:
    if term.name.startswith("str."):
        return repr(term.name.removeprefix("str."))
    if term.name.endswith(".has"):
        return f"({inner[1]} in {inner[0]})"
    return (
        f"{identifier(term.name)}[{', '.join(inner)}{',' if len(inner) == 1 else ''}]"
        if inner
        else (f"{identifier(term.name)}[()]")
    )


def _quantified(term: Term) -> str:
    body = term.args[0]
    if term.op == "exists":
        return f"any(True{python_loops(term.bound, terms.conjuncts(body))})"
    premises: tuple[Term, ...] = ()
    while body.op == "=>":
        premises, body = (*premises, *terms.conjuncts(body.args[0])), body.args[1]
    return f"all({python(body)}{python_loops(term.bound, premises)})"


def python_loops(bound: Sequence[Term], conditions: Sequence[Term]) -> str:
    """The loops over all values of some variables that meet the conditions, as in a comprehension."""
    left, text = list(conditions), ""
    first = [item for item in left if item.free.isdisjoint(bound)]
    if first:  # what depends on none of them is asked once
        left = [item for item in left if item not in first]
        text += f" for _ in ({' and '.join([python(item) for item in first])},) if _"
    for at, variable in enumerate(bound):
        text += f" for {identifier(variable.name)} in {_range(variable, left, frozenset(bound[at:]))}"
        later = frozenset(bound[at + 1 :])
        text += "".join([f" if {python(item)}" for item in left if item.free.isdisjoint(later)])
        left = [item for item in left if not item.free.isdisjoint(later)]
    return text


def _range(variable: Term, conditions: Iterable[Term], unknown: frozenset[Term]) -> str:
    """What the variable can be, by those conditions in which nothing else is unknown."""
    low: list[str] = []
    high: list[str] = []
    for item in conditions:
        if item.op not in ("=", "<", "<=") or variable not in item.args:
            continue
        mine = item.args.index(variable)
        other = item.args[1 - mine]
        if not other.free.isdisjoint(unknown):
            continue
        if item.op == "=":
            return f"({python(other)},)"
        strict = item.op == "<"
        if mine == 0:
            high.append(python(other) if strict else f"{python(other)} + 1")
        else:
            low.append(f"{python(other)} + 1" if strict else python(other))
    if not low and not high:
        return f"S_{identifier(variable.sort)}"
    return f"range({_most('max', low, NUMBERS.start)}, {_most('min', high, NUMBERS.stop)})"


def _most(function: str, found: list[str], otherwise: int) -> str:
    if not found:
        return str(otherwise)
    return found[0] if len(found) == 1 else f"{function}({', '.join(found)})"
