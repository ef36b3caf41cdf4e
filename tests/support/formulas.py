"""Works out the truth of first-order formulas in concrete states: each formula is compiled to Python once.

Theory. In a state each symbol is a table, and each sort a finite list. Quantifiers become loops: see `loops`.

Rules. What no table says is any value, the same for the same arguments in one state: a function outside its domain, a
choice where nothing meets the condition. Other numbers in other states keep a formula from relying on them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product
from zlib import crc32

from specs.proof.translation import terms
from specs.proof.translation.choices import REMAINDER, Choices
from specs.proof.translation.terms import Term
from tests.support.loops import Writer, identifier

Atom = object
Table = dict[tuple[Atom, ...], Atom]


class Relation(dict[tuple[Atom, ...], Atom]):
    """Which elements some sets have: a table that is FALSE of all others. `sets`: of each set, its elements.

    The first `fixed` arguments say which set it is; of sets that are not there the table says nothing.
    """

    def __init__(self, fixed: int) -> None:
        super().__init__()
        self.fixed, self.sets = fixed, dict[tuple[Atom, ...], list[tuple[Atom, ...]]]()

    def put(self, which: tuple[Atom, ...], elements: Iterable[tuple[Atom, ...]]) -> None:
        self.sets[which] = list(dict.fromkeys(elements))
        for element in self.sets[which]:
            self[(*which, *element)] = True


class Space:
    """The symbols of all compiled formulas, and what they are in one state at a time."""

    def __init__(self, sorts: dict[str, list[Atom]], choices: Choices, relations: dict[str, int]) -> None:
        """`relations`: the symbols whose tables are Relations, each with the number of arguments that are `fixed`."""
        self.sorts, self.choices, self._write = sorts, choices, Writer(relations)
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

    def table(self, name: str) -> Table:
        """What a symbol of the formulas is in the state: with an answer to all arguments."""
        found = self._names[identifier(name)]
        assert isinstance(found, _Known)
        return found

    def compiled(self, term: Term, parameters: Sequence[Term]) -> Callable[..., Atom]:
        self.need([term])
        return self.function(parameters, self._write.python(term))

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
                if known is choices.counts:
                    return self.function(formal, f"sum(1{self._write.join(ours, [inside], once=True)})")
                loops = self._write.join(ours, [inside], once=True)
                return self.function(formal, f"next(({identifier(ours[0].name)}{loops}), None)")
        return None

    def _selection(self, name: str) -> Callable[..., Atom]:
        """How many places SelectSeq keeps, or the place of a rank."""
        formal, length, at, kept = self.choices.places[name]
        self.need([length, kept])
        one, own = terms.integer(1), identifier(at.name)
        inside = [terms.order("<=", one, at), terms.order("<=", at, length), kept]
        places = self.function(formal, f"[{own}{self._write.join([at], inside, once=True)}]")
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
        self._relation = table if isinstance(table, Relation) else None
        self._index: dict[object, dict[tuple[Atom, ...], list[tuple[Atom, ...]]]] = {}
        self._name, self._seed, self._defined, self._items = name, seed, defined, items

    def rows(
        self, known: tuple[int, ...], values: tuple[Atom, ...], sorts: Sequence[Sequence[Atom]]
    ) -> Sequence[tuple[Atom, ...]]:
        """The other arguments with which the relation holds. `sorts`: of them. `known`: where the given values are."""
        fixed = 0 if self._relation is None else self._relation.fixed
        elements = None if self._relation is None else self._relation.sets.get(values[:fixed])
        if elements is None:  # of this set nothing is said
            return [rest for rest in product(*sorts) if self[_woven(known, values, rest)]]
        index = self._index.get((values[:fixed], known))
        if index is None:
            index = self._index[values[:fixed], known] = {}
            given = [at - fixed for at in known[fixed:]]
            for element in elements:
                rest = tuple([item for at, item in enumerate(element) if at not in given])
                index.setdefault(tuple([element[at] for at in given]), []).append(rest)
        return index.get(values[fixed:], [])

    def __missing__(self, args: tuple[Atom, ...]) -> Atom:
        if self._relation is not None and args[: self._relation.fixed] in self._relation.sets:
            return False
        found = None if self._defined is None else self._defined(*args)
        if found is None:
            found = self._items[crc32(f"{self._seed} {self._name} {args}".encode()) % len(self._items)]
        self[args] = found
        return found


def _woven(known: tuple[int, ...], values: tuple[Atom, ...], rest: tuple[Atom, ...]) -> tuple[Atom, ...]:
    given, others = dict(zip(known, values)), iter(rest)
    return tuple([given[at] if at in given else next(others) for at in range(len(values) + len(rest))])
