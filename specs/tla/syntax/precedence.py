"""Refuses expressions whose operators have no order of precedence, and list items that reach left of their bullet.

Theory. An operator of TLA+ has a range of precedence. Of two neighbours without parentheses, the one whose range is
higher binds first. If the ranges overlap, the expression has no meaning, unless both are one left-associative operator
(Lamport, Specifying Systems, section 15.2.1). The parser resolves such conflicts in silence; SANY refuses them.

Rules. The ranges are those of SANY's table of operators. An item of a bulleted list ends at the first token that is not
to the right of its bullet; if a parenthesis is still open there, the item is broken.
"""

from __future__ import annotations

import tree_sitter

from specs.tla.syntax import grammar

Range = tuple[int, int]

_PREFIX: dict[str, Range] = {
    "lnot": (4, 4), "negative": (12, 12), "enabled": (4, 15), "unchanged": (4, 15), "always": (4, 15),
    "eventually": (4, 15), "powerset": (10, 13), "union": (10, 13), "domain": (10, 13),
}  # fmt: skip
_POSTFIX: Range = (15, 15)
_RANGES: dict[Range, str] = {
    (1, 1): "=>", (2, 2): "<=> ~> -+->", (3, 3): "/\\ \\/",
    (5, 5): "= # /= -| |- =| |= < > <= =< >= \\leq \\geq \\in \\notin \\subset \\subseteq \\supset \\supseteq \\approx"
    " \\asymp \\cong \\doteq \\gg \\ll \\prec \\preceq \\succ \\succeq \\propto \\sim \\simeq \\sqsubset \\sqsubseteq"
    " \\sqsupset \\sqsupseteq ::= :=",
    (5, 14): "\\cdot", (6, 6): "@@", (7, 7): ":> <:", (8, 8): "\\ \\cap \\cup", (9, 9): ".. ...",
    (9, 13): "!! ## $ $$ ?? \\sqcap \\sqcup \\uplus", (9, 14): "\\wr", (10, 10): "+ ++ (+)", (10, 11): "% %% | ||",
    (10, 13): "\\X", (11, 11): "- -- (-)",
    (13, 13): "& && (.) (/) (\\X) * ** / // \\bigcirc \\bullet \\div \\o \\star", (14, 14): "^ ^^",
}  # fmt: skip
_INFIX: dict[str, Range] = {name: at for at, names in _RANGES.items() for name in names.split()}
_LEFT_TEXT = (
    "/\\ \\/ \\cdot @@ \\cap \\cup ## $ $$ ?? \\sqcap \\sqcup \\uplus + ++ (+) %% | || \\X - -- (-) & && (.) (\\X) * **"
    " \\bigcirc \\bullet \\o \\star"
)
_LEFT = frozenset(_LEFT_TEXT.split())
_OPERATIONS = frozenset(("bound_infix_op", "bound_prefix_op", "bound_postfix_op"))


def _operator(node: tree_sitter.Node) -> tuple[str, Range]:
    symbol = grammar.field(node, "symbol")
    if node.type == "bound_prefix_op":
        return grammar.text_of(symbol), _PREFIX.get(symbol.type, (4, 15))
    if node.type == "bound_postfix_op":
        return grammar.text_of(symbol), _POSTFIX
    name = "\\X" if symbol.type == "times" else grammar.symbol(symbol)
    return name, _INFIX.get(name, (5, 5))


def conflict(node: tree_sitter.Node) -> str | None:
    """What is wrong between the operator of `node` and its neighbours inside it; None if nothing is."""
    name, (low, high) = _operator(node)
    if node.type != "bound_prefix_op":
        inner = grammar.field(node, "lhs")
        while inner.type in _OPERATIONS and inner.type != "bound_postfix_op":  # those that end where this one begins
            other, (other_low, _) = _operator(inner)
            same = other == name and name in _LEFT and inner.type == node.type
            if other_low <= high and not same:
                return f"{other} and {name}"
            if same:
                break
            inner = grammar.field(inner, "rhs")
    if node.type != "bound_postfix_op":
        inner = grammar.field(node, "rhs")
        other, (other_low, other_high) = _operator(inner) if inner.type in _OPERATIONS else ("", (99, 99))
        if inner.type in ("bound_infix_op", "bound_postfix_op") and other_low <= high:
            return f"{name} and {other}"
        if other == "-" and inner.type == "bound_prefix_op" and node.type == "bound_infix_op" and low > other_high:
            return f"{name} and {other}"  # 2 * -1
    return None


def broken_item(item: tree_sitter.Node, source: bytes) -> int | None:
    """The line of the first token of a list item that is not to the right of its bullet; None if there is none."""
    bullet = _column(source, item.start_byte)
    end = grammar.end_of(item)
    at = source.find(b"\n", item.start_byte, end)
    while at >= 0:
        token = _first_token(item, source, at + 1, end)
        if token is None:
            return None
        if _column(source, token) <= bullet:
            return source.count(b"\n", 0, token) + 1
        at = source.find(b"\n", token, end)
    return None


def _first_token(item: tree_sitter.Node, source: bytes, at: int, end: int) -> int | None:
    """Where the first token in source[at:end] begins. Comments are passed over."""
    while at < end:
        if source[at : at + 1].isspace():
            at += 1
            continue
        if source[at : at + 2] not in (b"(*", b"\\*"):
            return at
        found = item.descendant_for_byte_range(at, at + 1)
        while found is not None and found.type not in grammar.COMMENTS:
            found = found.parent
        if found is None:
            return at
        at = found.end_byte
    return None


def _column(source: bytes, at: int) -> int:
    return len(source[source.rfind(b"\n", 0, at) + 1 : at].decode("utf-8"))
