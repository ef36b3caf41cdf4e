"""The standard modules: their operators as templates of Python source over specs/tla/values/operations.py.

Rules. A module must EXTEND or INSTANCE a standard module to use its operators, as in SANY. `kind` is what the source
yields: "test" a Python bool, "int", "string", "model" (a model value without a type, comparable with all), "set"
(frozenset or LazySet), or "value" for anything.
An operator without a template is known by name, and refused when it is evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["test", "int", "string", "model", "set", "value"]


@dataclass(frozen=True, slots=True)
class Builtin:
    """One operator. `arities`: one per parameter, above 0 for an operator parameter. `numeric`: wants integers."""

    name: str
    arities: tuple[int, ...]
    template: str
    kind: Kind
    numeric: bool = False


def _table(*builtins: Builtin) -> dict[str, Builtin]:
    return {builtin.name: builtin for builtin in builtins}


# Known everywhere. /\ \/ ~ => <=> = # and \in are compiled by specs/tla/language/compiler.py.
ALWAYS = _table(
    Builtin("\\subseteq", (0, 0), "is_subset({0}, {1})", "test"),
    Builtin("\\cup", (0, 0), "union({0}, {1})", "set"),
    Builtin("\\cap", (0, 0), "intersection({0}, {1})", "set"),
    Builtin("\\", (0, 0), "difference({0}, {1})", "set"),
    Builtin("UNION", (0,), "big_union({0})", "set"),
    Builtin("SUBSET", (0,), "Powerset({0})", "set"),
    Builtin("DOMAIN", (0,), "domain_of({0})", "set"),
    Builtin("BOOLEAN", (), "BOOLEAN", "set"),
    Builtin("STRING", (), "STRINGS", "set"),
)

# `numeric` arguments are compiled so that Python itself rejects non-integers: see operators._numbers.
NATURALS = _table(
    Builtin("Nat", (), "NATURALS", "set"),
    Builtin("+", (0, 0), "({0} + {1})", "int", numeric=True),
    Builtin("-", (0, 0), "({0} - {1})", "int", numeric=True),
    Builtin("*", (0, 0), "product({0}, {1})", "int"),
    Builtin("<", (0, 0), "({0} < {1})", "test", numeric=True),
    Builtin(">", (0, 0), "({0} > {1})", "test", numeric=True),
    Builtin("<=", (0, 0), "({0} <= {1})", "test", numeric=True),
    Builtin(">=", (0, 0), "({0} >= {1})", "test", numeric=True),
    Builtin("..", (0, 0), "Interval({0}, {1})", "set", numeric=True),
    Builtin("^", (0, 0), "power({0}, {1})", "int"),
    Builtin("%", (0, 0), "modulo({0}, {1})", "int"),
    Builtin("\\div", (0, 0), "divide({0}, {1})", "int"),
)
INTEGERS = NATURALS | _table(
    Builtin("Int", (), "INTEGERS", "set"),
    Builtin("-.", (0,), "(-{0})", "int", numeric=True),
)
SEQUENCES = _table(
    Builtin("Seq", (0,), "sequences({0})", "set"),
    Builtin("Len", (0,), "length({0})", "int"),
    Builtin("\\o", (0, 0), "concatenation({0}, {1})", "value"),
    Builtin("Append", (0, 0), "append({0}, {1})", "value"),
    Builtin("Head", (0,), "head({0})", "value"),
    Builtin("Tail", (0,), "tail({0})", "value"),
    Builtin("SubSeq", (0, 0, 0), "part({0}, {1}, {2})", "value"),
    Builtin("SelectSeq", (0, 1), "selected({0}, {1})", "value"),
)
FINITE_SETS = _table(
    Builtin("IsFiniteSet", (0,), "is_finite({0})", "test"),
    Builtin("Cardinality", (0,), "cardinality({0})", "int"),
)
TLC = _table(
    Builtin(":>", (0, 0), "canonical_function({{{0}: {1}}})", "value"),
    Builtin("@@", (0, 0), "merge({0}, {1})", "value"),
    Builtin("Print", (0, 0), "printed({0}, {1})", "value"),  # prints nothing here, but evaluates what TLC prints
    Builtin("PrintT", (0,), "printed({0}, True)", "test"),
    Builtin("Assert", (0, 0), "(truth({0}) or fail(shown({1})))", "test"),
    Builtin("Permutations", (0,), "permutations({0})", "set"),
    Builtin("SortSeq", (0, 2), "sorted_sequence({0}, {1})", "value"),
    Builtin("ToString", (0,), "to_string({0})", "string"),
    Builtin("TLCEval", (0,), "{0}", "value"),
    Builtin("JavaTime", (), "", "value"),
    Builtin("TLCGet", (0,), "", "value"),
    Builtin("TLCSet", (0, 0), "", "value"),
    Builtin("RandomElement", (0,), "", "value"),
    Builtin("Any", (), "", "value"),
)
BAGS = _table(
    Builtin("IsABag", (0,), "is_bag({0})", "test"),
    Builtin("BagToSet", (0,), "domain_of({0})", "set"),
    Builtin("SetToBag", (0,), "bag_of({0})", "value"),
    Builtin("BagIn", (0, 0), "(bag_count({0}, {1}) > 0)", "test"),
    Builtin("EmptyBag", (), "()", "value"),
    Builtin("(+)", (0, 0), "bag_sum({0}, {1})", "value"),
    Builtin("(-)", (0, 0), "bag_difference({0}, {1})", "value"),
    Builtin("BagUnion", (0,), "bag_union({0})", "value"),
    Builtin("\\sqsubseteq", (0, 0), "is_sub_bag({0}, {1})", "test"),
    Builtin("BagCardinality", (0,), "bag_size({0})", "int"),
    Builtin("CopiesIn", (0, 0), "bag_count({0}, {1})", "int"),
    Builtin("SubBag", (0,), "sub_bags({0})", "set"),
    Builtin("BagOfAll", (1, 0), "bag_of_all({0}, {1})", "value"),
)
REALS = INTEGERS | _table(
    Builtin("Real", (), "", "value"), Builtin("Infinity", (), "", "value"), Builtin("/", (0, 0), "", "value")
)

MODULES: dict[str, dict[str, Builtin]] = {
    "Naturals": NATURALS,
    "Integers": INTEGERS,
    "Sequences": SEQUENCES,
    "FiniteSets": FINITE_SETS,
    "TLC": TLC,
    "Bags": BAGS,
    "Reals": REALS,
    "TLAPS": {},  # its operators name provers, and occur only in proofs
}
