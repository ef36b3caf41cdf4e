"""The node types of tree-sitter's TLA+ grammar, and access to the parts of nodes."""

from __future__ import annotations

import tree_sitter

# Names of operators that are written as symbols, by node type. Other operators are named by their text.
SYMBOLS = {
    "amp": "&", "ampamp": "&&", "approx": "\\approx", "asymp": "\\asymp", "bigcirc": "\\bigcirc", "cap": "\\cap",
    "cdot": "\\cdot", "circ": "\\o", "cong": "\\cong", "cup": "\\cup", "div": "\\div", "dol": "$", "doldol": "$$",
    "domain": "DOMAIN", "doteq": "\\doteq", "dots_2": "..", "dots_3": "...", "eq": "=", "equiv": "<=>", "excl": "!!",
    "geq": ">=", "gg": "\\gg", "gt": ">", "hashhash": "##", "iff": "<=>", "implies": "=>", "in": "\\in",
    "leq": "<=", "ll": "\\ll", "lnot": "~", "lt": "<", "map_from": "<:", "map_to": ":>", "minus": "-",
    "minusminus": "--", "mod": "%", "modmod": "%%", "mul": "*", "mulmul": "**", "negative": "-.", "neq": "#",
    "notin": "\\notin", "odot": "(.)", "ominus": "(-)", "oplus": "(+)", "oslash": "(/)", "otimes": "(\\X)",
    "plus": "+", "plusplus": "++", "pow": "^", "powerset": "SUBSET", "powpow": "^^", "prec": "\\prec",
    "preceq": "\\preceq", "propto": "\\propto", "qq": "??", "setminus": "\\", "sim": "\\sim", "simeq": "\\simeq",
    "slash": "/", "slashslash": "//", "sqcap": "\\sqcap", "sqcup": "\\sqcup", "sqsubset": "\\sqsubset",
    "sqsubseteq": "\\sqsubseteq", "sqsupset": "\\sqsupset", "sqsupseteq": "\\sqsupseteq", "star": "\\star",
    "subset": "\\subset", "subseteq": "\\subseteq", "succ": "\\succ", "succeq": "\\succeq", "sup_hash": "^#",
    "sup_plus": "^+", "asterisk": "^*", "supset": "\\supset", "supseteq": "\\supseteq", "union": "UNION",
    "uplus": "\\uplus", "vert": "|", "vertvert": "||", "wr": "\\wr", "land": "/\\", "lor": "\\/", "compose": "@@",
    "nat_number_set": "Nat", "int_number_set": "Int", "real_number_set": "Real", "boolean_set": "BOOLEAN",
    "string_set": "STRING",
}  # fmt: skip

COMMENTS = frozenset(("comment", "block_comment", "extramodular_text"))


def text_of(node: tree_sitter.Node) -> str:
    return (node.text or b"").decode("utf-8")


def end_of(node: tree_sitter.Node) -> int:
    """Where the text of a node ends. The parser extends a bulleted list over comments, up to the next token."""
    while True:
        last = next(
            (
                child
                for child in reversed(node.children)
                if child.type not in COMMENTS and child.end_byte > child.start_byte
            ),
            None,
        )
        if last is None:
            return node.end_byte
        node = last


def parts(node: tree_sitter.Node) -> list[tree_sitter.Node]:
    """The named children, without comments."""
    return [child for child in node.named_children if child.type not in COMMENTS]


def fields(node: tree_sitter.Node, name: str) -> list[tree_sitter.Node]:
    return [child for child in node.children_by_field_name(name) if child.is_named and child.type not in COMMENTS]


def field(node: tree_sitter.Node, name: str) -> tree_sitter.Node:
    return fields(node, name)[0]


def symbol(node: tree_sitter.Node) -> str:
    """The name of an operator: its text if it is an identifier."""
    while node.type in ("infix_op_symbol", "prefix_op_symbol", "postfix_op_symbol"):
        node = parts(node)[0]
    return SYMBOLS.get(node.type) or text_of(node)
