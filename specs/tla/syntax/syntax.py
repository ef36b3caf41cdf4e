"""Parses a TLA+ module into a syntax tree.

Theory. The parser is tree-sitter's TLA+ grammar: fast, complete, and in agreement with SANY (the reference parser of
the TLA+ tools) on precedence and bulleted lists. It is more lenient: `precedence` refuses what it accepts beyond SANY,
such as `A => B => C`. The tests run `specs.tlc.sany.check` on the project's modules; loading one needs no Java.

Rules. A syntax error is a ModuleError with file and line. Parsing takes time quadratic in the nesting depth: a source
that may nest deeply must parse within PARSE_SECONDS_MAX.
"""

from __future__ import annotations

import time
import warnings
from functools import lru_cache
from pathlib import Path

import tree_sitter
import tree_sitter_tlaplus

from specs import files
from specs.escape import escaped
from specs.tla.syntax import tabs, tree
from specs.tla.syntax.reader import Reader
from specs.tla.syntax.tree import ModuleError

PARSE_SECONDS_MAX = 10  # of processor time; the project's largest module takes 0.02 s
PIECE_BYTES = 128  # small: the parser copies a piece at each access
PLAIN_BYTES_MAX = 64 * 2**10  # a source up to this size needs no time bound ...
PLAIN_DEFINITION_BYTES_MAX = 8 * 2**10  # ... if each of its definitions is shorter than this


def _parser() -> tree_sitter.Parser:
    with warnings.catch_warnings():
        # The grammar's package still passes its language as a number.
        warnings.simplefilter("ignore", DeprecationWarning)
        return tree_sitter.Parser(tree_sitter.Language(tree_sitter_tlaplus.language()))


def parse(path: Path, suffix: str = "") -> tree.ModuleTree:
    """The module in file `path`, with the definitions in `suffix` appended.

    Raises ModuleError: no such file, a syntax error, or a module whose name is not that of the file.
    """
    source = _read(path)
    if suffix:
        source = _with_suffix(source, suffix, path)
    return _parsed(path, source)


@lru_cache(maxsize=64)
def _parsed(path: Path, source: bytes) -> tree.ModuleTree:
    """Cached: trees are immutable, and a module is often loaded again with other constants."""
    root = _whole(path, source)
    modules = [child for child in root.children if child.type == "module"]
    if not modules:
        raise ModuleError(f"{escaped(path)}: no module in this file")
    return Reader(path, source).module(modules[0])


def concrete(path: Path) -> tree_sitter.Node:
    """The parser's concrete tree of the file `path`, with punctuation and temporal formulas.

    Raises ModuleError: no such file, or a syntax error.
    """
    return _whole(path, _read(path))


def _read(path: Path) -> bytes:
    try:
        source = files.read_bytes(path).removeprefix(files.BYTE_ORDER_MARK)
        files.decoded(source)
        source = tabs.expanded(source)
    except files.FileError as error:
        raise ModuleError(f"cannot read module {escaped(path)}: {error}") from None
    return source


def _whole(path: Path, source: bytes) -> tree_sitter.Node:
    pieces = source.split(b"==")
    if len(source) > PLAIN_BYTES_MAX or max(map(len, pieces)) > PLAIN_DEFINITION_BYTES_MAX:
        _try(path, source)
    root = _parser().parse(source).root_node
    if root.has_error:
        raise ModuleError(_first_error(root, path))
    return root


def _try(path: Path, source: bytes) -> None:
    """Parse with a time bound and discard the tree: the parser can be stopped only while it reads piece by piece."""
    end = time.process_time() + PARSE_SECONDS_MAX
    try:
        _parser().parse(
            lambda offset, _: source[offset : offset + PIECE_BYTES],
            progress_callback=lambda *_: time.process_time() > end,  # true stops the parser
        )
    except ValueError:
        what = f"not parsed within {PARSE_SECONDS_MAX} s of processor time: it nests too deep, or is too long"
        raise ModuleError(f"{escaped(path)}: {what}; name parts of its expressions") from None


def _with_suffix(source: bytes, suffix: str, path: Path) -> bytes:
    end = source.rfind(b"\n====")
    if end < 0:
        raise ModuleError(f"{escaped(path)}: no closing line ====")
    return source[: end + 1] + suffix.encode("utf-8") + b"\n" + source[end + 1 :]


def _first_error(node: tree_sitter.Node, path: Path) -> str:
    while True:
        if node.is_missing:
            return f"{escaped(path)}:{node.start_point[0] + 1}: syntax error: {node.type} is missing"
        if node.is_error:
            inner = next((child for child in node.children if child.has_error), None)
            if inner is None or inner.is_error:
                text = (node.text or b"").decode("utf-8", "replace")[:60]
                return f"{escaped(path)}:{node.start_point[0] + 1}: syntax error near {text!r}"
            node = inner
            continue
        node = next(child for child in node.children if child.has_error or child.is_missing)
