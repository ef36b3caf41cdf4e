"""Compiles what binds variables: quantifiers, CHOOSE, set filters and maps, functions. Theory: compiler.py."""

from __future__ import annotations

from dataclasses import dataclass, replace

from specs.tla.language.contexts import (
    Bound,
    Code,
    Compiling,
    Context,
    Formal,
    Handler,
    LocalMeaning,
    as_value,
    joined,
    resolve,
)
from specs.tla.language.meanings import Operator
from specs.tla.language.standard import Builtin, Kind
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, Unsupported

ITSELF = "self"  # begins the Python name of a recursive function inside its body
DEFINITIONS_MAX = 20  # through which a set is followed


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Compiled bounds: `for x in S for y in T`, a key that holds all variables, and the context inside.

    `is_product`: the loops nest, so the number of results is not bounded by the size of one set.
    """

    clauses: str
    is_product: bool
    key: str
    context: Context
    domains: list[Code]
    names: frozenset[str]

    def joined(self, text: str, kind: Kind, inner: list[Code]) -> Code:
        bare = joined("", kind, inner, self.names)
        return joined(text, kind, [bare, *self.domains])


def _ranges(compiler: Compiling, bounds: tuple[tree.Bound, ...], context: Context) -> _Ranges:
    setup, loops, keys, domains = [], [], [], []
    bound: dict[str, LocalMeaning] = {}
    for number, item in enumerate(bounds):
        texts = [compiler.fresh(f"b_{name}_") for name in item.names]
        bound.update({name: Bound(text) for name, text in zip(item.names, texts)})
        domain = _domain(compiler, item, context)
        if ":=" in domain.text:  # Python allows no assignment in what a comprehension iterates over
            domain = compiler.apart(domain, item.domain.place)
        domains.append(domain)
        text = domain.text
        if (number > 0 or (len(texts) > 1 and not item.pattern)) and not _cheap(domain):
            # Evaluate it once, not once for each value of the variables before it.
            text = compiler.fresh("d")
            setup.append(f"for {text} in ({domain.text},)")
        if item.pattern:
            pattern = f"({', '.join(texts)},)"
            loops.append(f"for {pattern} in {text}")
            keys.append(pattern)
        else:
            loops += [f"for {name} in {text}" for name in texts]
            keys += texts
    key = keys[0] if len(keys) == 1 else f"({', '.join(keys)})"
    names = frozenset(meaning.text for meaning in bound.values() if isinstance(meaning, Bound))
    return _Ranges(" ".join(setup + loops), len(loops) > 1, key, context.binding(bound), domains, names)


def _cheap(domain: Code) -> bool:
    return domain.simple or domain.kept


def _domain(compiler: Compiling, item: tree.Bound, context: Context) -> Code:
    """Code of an iterable that yields each element at least once."""
    domain = item.domain
    if not item.pattern and isinstance(domain, tree.SetLiteral) and domain.items:
        items = [compiler.value(element, context) for element in domain.items]
        if len({code.kind for code in items}) > 1:
            return compiler.value(domain, context)  # it tests whether its elements are of one kind
        return joined("(" + ", ".join([element.text for element in items]) + ",)", "value", items)
    interval = None if item.pattern else _interval(compiler, domain, context)
    if interval is not None:
        low, high = interval
        return joined(f"span({low.text}, {high.text})", "set", [low, high])
    code = compiler.value(domain, context)
    if item.pattern:
        # A list, not a generator: it may be iterated over more than once.
        return replace(code, text=f"[*tuples({code.text}, {len(item.names)})]")
    return code if code.kind == "set" else replace(code, text=f"elements({code.text})")


def _interval(compiler: Compiling, node: Expression, context: Context) -> tuple[Code, Code] | None:
    """Both ends of `low..high`, checked to be integers. None if `node` is something else, or constant."""
    if not isinstance(node, tree.Apply) or node.name != ".." or node.path:
        return None
    if not isinstance(resolve(node, context), Builtin):
        return None
    ends = [compiler.code(end, context) for end in node.arguments]
    if not any(end.names for end in ends):
        return None
    low, high = [end if end.kind == "int" else replace(end, text=f"+{as_value(end).text}") for end in ends]
    return low, high


def _quantified(compiler: Compiling, node: tree.Quantified, context: Context) -> Code:
    ranges = _ranges(compiler, node.bounds, context)
    body = compiler.test(node.body, ranges.context)
    return ranges.joined(f"{'all' if node.universal else 'any'}({body.text} {ranges.clauses})", "test", [body])


def _choose(compiler: Compiling, node: tree.Choose, context: Context) -> Code:
    if not node.bound.pattern and len(node.bound.names) != 1:
        raise Unsupported(f"{node.place}: CHOOSE of several variables")
    names = [compiler.fresh(f"b_{name}_") for name in node.bound.names]
    inside = context.binding({name: Bound(text) for name, text in zip(node.bound.names, names)})
    body = compiler.test(node.body, inside)
    domain = compiler.value(node.bound.domain, context)
    condition = f"lambda {', '.join(names)}: {body.text}"
    if node.bound.pattern:
        whole = compiler.fresh("b_")
        condition = f"lambda {whole}: ({condition})(*{whole})"
    inner = joined("", "test", [body], frozenset(names))
    return joined(f"choose({domain.text}, {condition})", "value", [domain, inner])


def _set_filter(compiler: Compiling, node: tree.SetFilter, context: Context) -> Code:
    ranges = _ranges(compiler, (node.bound,), context)
    if not node.bound.pattern and len(node.bound.names) != 1:
        raise Unsupported(f"{node.place}: a set filter of several variables")
    body = compiler.test(node.body, ranges.context)
    if may_be_infinite(node.bound.domain, context):
        domain = compiler.value(node.bound.domain, context)
        test = f"lambda {ranges.key}: {body.text}"
        if node.bound.pattern:
            element = compiler.fresh("b_")
            test = f"lambda {element}: [{body.text} for {ranges.key} in ({element},)][0]"
        return ranges.joined(f"Filtered({domain.text}, {test})", "set", [body, domain])
    return ranges.joined(f"frozenset([{ranges.key} {ranges.clauses} if {body.text}])", "set", [body])


def may_be_infinite(node: Expression, context: Context, depth: int = 0) -> bool:
    """Whether `node` is made from Nat, Int, STRING or Seq(S), so that it may not be possible to enumerate it."""
    if isinstance(node, tree.Product):
        return any(may_be_infinite(factor, context, depth) for factor in node.factors)
    if isinstance(node, tree.SetFilter):
        return may_be_infinite(node.bound.domain, context, depth)
    if isinstance(node, tree.FunctionSet):
        return may_be_infinite(node.codomain, context, depth)
    if not isinstance(node, tree.Apply) or node.path:
        return False
    meaning = resolve(node, context)
    if isinstance(meaning, Builtin):
        if node.name in ("Nat", "Int", "STRING", "Seq"):
            return True
        return node.name in ("\\cup", "\\", "SUBSET") and any(
            may_be_infinite(item, context, depth) for item in node.arguments
        )
    if isinstance(meaning, Operator) and not meaning.definition.parameters and depth < DEFINITIONS_MAX:
        return may_be_infinite(meaning.definition.body, context.entering(meaning, {}), depth + 1)
    return False


def _set_map(compiler: Compiling, node: tree.SetMap, context: Context) -> Code:
    mapped = members(compiler, node, context)
    text = f"frozenset({mapped.text})"
    is_uniform = isinstance(node.body, tree.Tuple | tree.Record) or mapped.kind in ("int", "string")
    return replace(mapped, text=text if is_uniform else f"mixed({text})", kind="set")


def members(compiler: Compiling, node: tree.SetMap | tree.SetLiteral, context: Context) -> Code:
    """The elements of a set as a Python list. Building a set of them would enumerate lazy elements."""
    if isinstance(node, tree.SetLiteral):
        text, items = compiler.values(node.items, context)
        return joined(f"[{text}]", "value", items)
    ranges = _ranges(compiler, node.bounds, context)
    body = compiler.value(node.body, ranges.context)
    text = f"{body.text} {ranges.clauses}"
    kind = body.kind if body.kind in ("int", "string") else "value"
    return ranges.joined(f"listed({text})" if ranges.is_product else f"[{text}]", kind, [body])


def _function_literal(compiler: Compiling, node: tree.FunctionLiteral, context: Context) -> Code:
    return function(compiler, node, context, None)


def function(compiler: Compiling, node: tree.FunctionLiteral, context: Context, name: str | None) -> Code:
    """[x \\in S |-> e], or `name[x \\in S] == e`, where e may call name."""
    itself = compiler.fresh(ITSELF)
    inside = context if name is None else context.binding({name: Formal(itself, 0, None, context.state)})
    ranges = _ranges(compiler, node.bounds, inside)
    body = compiler.value(node.body, ranges.context)
    infinite = any(may_be_infinite(bound.domain, context) for bound in node.bounds)
    # An inner function of a recursive one may need other values of itself.
    if not infinite and not any(name.startswith(ITSELF) for name in body.names):
        pairs = f"{{{ranges.key}: {body.text} {ranges.clauses}}}"
        if ranges.is_product:
            pairs = f"gathered(({ranges.key}, {body.text}) {ranges.clauses})"
        text = f"canonical_function({pairs})"
        return ranges.joined(text, "value", [body])
    return _lazy_function(compiler, node, context, ranges, body, itself)


def _lazy_function(
    compiler: Compiling, node: tree.FunctionLiteral, context: Context, ranges: _Ranges, body: Code, itself: str
) -> Code:
    factors = [
        compiler.value(bound.domain, context)
        for bound in node.bounds
        for _ in ((bound.names,) if bound.pattern else bound.names)
    ]
    domain = factors[0].text if len(factors) == 1 else f"Product({', '.join([factor.text for factor in factors])})"
    argument = compiler.fresh("b_")
    if len(factors) > 1 or node.bounds[0].pattern:
        call = f"[{body.text} for {ranges.key} in ({argument},)][0]"
    else:
        call = f"(lambda {ranges.key}: {body.text})({argument})"
    inner = joined("", "value", [body], ranges.names | {itself})
    return joined(f"LazyFunction({domain}, lambda {itself}, {argument}: {call})", "value", [*factors, inner])


HANDLERS: dict[type[Expression], Handler] = {
    tree.Choose: _choose, tree.FunctionLiteral: _function_literal, tree.Quantified: _quantified,
    tree.SetFilter: _set_filter, tree.SetMap: _set_map,
}  # fmt: skip
