"""Instruments a copy of the modules: are chosen points ever evaluated?

Theory. TLC's coverage folds a part that was never evaluated into its neighbours, so it cannot answer this. In the copy
every point is wrapped: an expression e becomes (AmuReached(7) /\\ (e)), an action A becomes (A) /\\ TRUE =
AmuReached(7), an equation, because TLC would split a bare operator as an action. AmuReached is true and prints its
number once, so meaning and state space stay the same, and the printed numbers are the points reached.

Rules. Text after a cut continues in its old column, because columns have a meaning in TLA+. Each random walk resets the
points reached at its first step: a simulating worker does not see values set before it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from specs.tla.syntax.configuration import Configuration
from specs.tla.syntax.grammar import COMMENTS
from specs.verification.formulas import ACTION, PREMISE, Node, Target

PROBE = "AmuProbe"
MISSING = "AmuMissing"  # an invariant that is violated once every wanted point was reached: it ends the run
START = "AmuStart"
_FIRST = 1000  # the first register of TLCSet for probes; no module uses one so high
_PRINTED = re.compile(r'^<<"AMU", (\d+)>>', re.MULTILINE)


@dataclass(frozen=True)
class _Edit:
    """Text to insert before byte `offset` of a file. `depth` orders edits at one offset."""

    offset: int
    depth: int
    text: str


def write_copy(folder: Path, modules: Iterable[Path], root: Path, targets: Sequence[Target]) -> list[str]:
    """Write copies of `modules` to `folder` with a probe on every target. Returns further invariants to check: the
    probes of premises of temporal formulas."""
    edits: dict[Path, list[_Edit]] = defaultdict(list)
    premises: dict[str, str] = {}
    for index, target in enumerate(targets):
        number = _FIRST + index
        if target.what == PREMISE:
            premises[f"AmuPremise{index}"] = _premise(target, number)
        else:
            edits[target.path] += _wrapped(target, number)
    for path in modules:
        source = _edited(path.read_bytes(), edits[path])
        if path == root:
            source = _with_definitions(source, premises)
        (folder / path.name).write_bytes(_extending(source))
    probe = _probe_module(len(targets), (), 'TLCGet("level") < 2 => AmuReset')
    (folder / f"{PROBE}.tla").write_text(probe, encoding="utf-8")
    return list(premises)


def wanting(folder: Path, count: int, wanted: Iterable[int]) -> None:
    """Define MISSING: violated as soon as all targets with indexes `wanted`, out of `count`, have been reached."""
    (folder / f"{PROBE}.tla").write_text(_probe_module(count, wanted, "TRUE"), encoding="utf-8")


def walking(wanted: Configuration, premises: Sequence[str], step_properties: Sequence[str]) -> str:
    """Text of the cfg for random walks. It omits other temporal properties: no walk can violate them."""
    checked = [START, *wanted.invariants, *premises]
    return replace(wanted, invariants=checked, properties=list(step_properties)).as_text()


def searching(wanted: Configuration, premises: Sequence[str], step_properties: Sequence[str]) -> str:
    """Text of the cfg for a search that ends when no target is missing."""
    checked = [*wanted.invariants, *premises, MISSING]
    return replace(wanted, invariants=checked, properties=list(step_properties)).as_text()


def reached(output: str) -> set[int]:
    """The indexes of the targets that a run has reached."""
    return {int(number) - _FIRST for number in _PRINTED.findall(output)}


def _probe_module(count: int, wanted: Iterable[int], start: str) -> str:
    chosen = "{" + ", ".join(str(_FIRST + index) for index in wanted) + "}"
    return f"""---- MODULE {PROBE} ----
LOCAL INSTANCE TLC
LOCAL INSTANCE Integers
AmuReached(i) == IF TLCGet(i) THEN TRUE ELSE TLCSet(i, TRUE) /\\ PrintT(<<"AMU", i>>)
AmuReset == \\A i \\in {_FIRST} .. {_FIRST + count} : TLCSet(i, FALSE)
{START} == {start}
{MISSING} == \\E i \\in {chosen} : ~TLCGet(i)
ASSUME AmuReset
====
"""


def _wrapped(target: Target, number: int) -> list[_Edit]:
    if target.what == ACTION:
        return _around(target.node, f"TRUE = {START} /\\ (", f") /\\ TRUE = AmuReached({number})")
    return _around(target.node, f"(AmuReached({number}) /\\ (", "))")


def _around(node: Node, before: str, after: str) -> list[_Edit]:
    last = _last(node)
    width = last.end_byte - node.start_byte
    return [
        # A wider node begins first and ends last.
        _Edit(node.start_byte, -width, before + "\n" + " " * node.start_point[1]),
        _Edit(last.end_byte, width - (1 << 40), after + "\n" + " " * last.end_point[1]),
    ]


def _last(node: Node) -> Node:
    """The last token of a node: the parser extends a bulleted list up to the next token."""
    while True:
        inner = [child for child in node.children if child.end_byte > child.start_byte and child.type not in COMMENTS]
        if not inner:
            return node
        node = inner[-1]


def _edited(source: bytes, edits: Iterable[_Edit]) -> bytes:
    pieces, last = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.offset, edit.depth)):
        pieces += [source[last : edit.offset], edit.text.encode("utf-8")]
        last = edit.offset
    return b"".join([*pieces, source[last:]])


def _extending(source: bytes) -> bytes:
    """The module, extending PROBE too."""
    text = source.decode("utf-8")
    head = re.search(r"-{4,}[ \t]*MODULE[ \t]+\w+[ \t]*-{4,}", text)
    assert head is not None, "the parser has read this module"
    extends = re.compile(r"\s*(?:\\\*[^\n]*\s*|\(\*.*?\*\)\s*)*EXTENDS\b", re.DOTALL).match(text, head.end())
    if extends is None:
        return f"{text[: head.end()]}\nEXTENDS {PROBE}\n{text[head.end() :]}".encode()
    return f"{text[: extends.end()]} {PROBE},{text[extends.end() :]}".encode()


def _with_definitions(source: bytes, definitions: dict[str, str]) -> bytes:
    end = source.rfind(b"\n====")
    text = "".join(f"\n{name} ==\n{body}\n" for name, body in definitions.items())
    return source[:end] + text.encode("utf-8") + source[end:]


def _premise(target: Target, number: int) -> str:
    """An invariant that is always true, and prints `number` in a state where the premise holds for some values."""
    quantifiers = "".join(f" (\\E\n{_placed(bound)} :" for bound in target.bounds)
    closing = ")" * len(target.bounds)
    return f" ({quantifiers} (\n{_placed(target.node)})\n {closing}) => AmuReached({number})"


def _placed(node: Node) -> str:
    text = (node.text or b"")[: _last(node).end_byte - node.start_byte]
    return " " * node.start_point[1] + text.decode("utf-8")
