"""Reads proofs: theorems with ASSUME and PROVE, steps, BY facts and HIDE DEF, in the syntax of TLA+.

Theory. TLA+ has a language for proofs (Lamport, Merz: TLA+ Version 2, and the TLA+ Proof System). The parser of
modules skips it; this reads it from the same concrete tree. Only what is listed below has a meaning here.

    LEMMA Name == ASSUME NEW p \\in S, F, G PROVE H        LEMMA Name == F
      BY Fact, Other DEF Shown                              facts that the proof uses; definitions no longer hidden
    THEOREM Name == Spec => []Inv
    <1> HIDE DEF Operator                                   from here to the end of this proof it stands for itself
    <1>Act. ASSUME NEW p \\in S, Act(p) PROVE Inv'          how the action Act keeps the invariant
      <2>1. Conjunct' BY Fact
      <2> QED BY Fact                                       facts for the conjuncts that no step names
    <1> QED
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import tree_sitter

from specs.proof.translation import instances
from specs.tla.syntax import grammar, syntax
from specs.tla.syntax.reader import Reader
from specs.tla.syntax.tree import Expression, Place, Unsupported


@dataclass(frozen=True, eq=False)
class New:
    """`NEW name \\in domain`"""

    name: str
    domain: Expression


@dataclass(frozen=True, eq=False)
class Sequent:
    """`ASSUME NEW ..., assumptions PROVE goal`"""

    new: tuple[New, ...]
    assumptions: tuple[Expression, ...]
    goal: Expression
    place: Place


@dataclass(frozen=True, eq=False)
class By:
    """`BY facts DEF shown`; a fact that is a step is its name in angle brackets."""

    facts: tuple[Expression | str, ...] = ()
    shown: tuple[str, ...] = ()
    place: Place | None = None


@dataclass(frozen=True, eq=False)
class Step:
    """`name` is empty for a step without one, and QED for the last."""

    name: str
    sequent: Sequent | None
    proof: Proof
    place: Place


@dataclass(frozen=True, eq=False)
class Proof:
    """`by`, or `steps` with the definitions that are `hidden` in them."""

    by: By | None = None
    steps: tuple[Step, ...] = ()
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Theorem:
    name: str
    sequent: Sequent
    proof: Proof
    hidden: frozenset[str]  # by HIDE DEF of the module, before it
    place: Place


def read(path: Path) -> list[Theorem]:
    """The theorems of the module in file `path`, in order."""
    source = syntax.concrete(path)
    module = next(child for child in source.children if child.type == "module")
    reader = _Proofs(path, source.text or b"")
    found: list[Theorem] = []
    hidden: frozenset[str] = frozenset()
    for unit in grammar.parts(module):
        if unit.type == "use_or_hide":
            hidden = reader.hidden(unit, hidden)
        elif unit.type == "theorem":
            found.append(reader.theorem_of(unit, hidden))
    return found


class _Proofs(Reader):
    def expression(self, node: tree_sitter.Node) -> Expression:
        return instances.flat(super().expression(node))

    def theorem_of(self, node: tree_sitter.Node, hidden: frozenset[str]) -> Theorem:
        place = self.place(node)
        names = grammar.fields(node, "name")
        if not names:
            raise Unsupported(f"{place}: a theorem without a name")
        proofs = grammar.fields(node, "proof")
        if not proofs:
            raise Unsupported(f"{place}: theorem {grammar.text_of(names[0])} has no proof")
        proof = self.proof(proofs[0])
        return Theorem(grammar.text_of(names[0]), self.sequent(grammar.field(node, "statement")), proof, hidden, place)

    def sequent(self, node: tree_sitter.Node) -> Sequent:
        place = self.place(node)
        if node.type != "assume_prove":
            return Sequent((), (), self.expression(node), place)
        new: list[New] = []
        assumed: list[Expression] = []
        for item in grammar.fields(node, "assumption"):
            if item.type != "new":
                assumed.append(self.expression(item))
                continue
            parts = [part for part in grammar.parts(item) if part.type != "set_in"]
            if len(parts) != 2 or parts[0].type != "identifier":
                raise Unsupported(f"{self.place(item)}: only NEW name \\in set: {self.place(item).text}")
            new.append(New(grammar.text_of(parts[0]), self.expression(parts[1])))
        return Sequent(tuple(new), tuple(assumed), self.expression(grammar.field(node, "conclusion")), place)

    def proof(self, node: tree_sitter.Node) -> Proof:
        if node.type == "terminal_proof":
            body = [part for part in grammar.parts(node) if part.type == "use_body"]
            if not body and grammar.text_of(node).split()[-1] == "OMITTED":
                raise Unsupported(f"{self.place(node)}: a proof that is OMITTED")
            return Proof(by=self.by(body[0]) if body else By())
        steps: list[Step] = []
        hidden: frozenset[str] = frozenset()
        for step in grammar.parts(node):
            name = grammar.text_of(grammar.parts(step)[0])
            inner = grammar.parts(step)[1:]
            if step.type == "qed_step":
                proof = self.proof(inner[0]) if inner else Proof(by=By())
                steps.append(Step("QED", None, proof, self.place(step)))
            elif inner[0].type == "use_or_hide":
                hidden = self.hidden(inner[0], hidden)
            elif inner[0].type == "suffices_proof_step" and not self.place(inner[0]).text.startswith("SUFFICES"):
                steps.append(self.step(name, inner[0]))
            else:
                what = inner[0].type.removesuffix("_step").replace("_", " ")
                raise Unsupported(f"{self.place(step)}: a step of this kind ({what}) has no meaning here")
        return Proof(steps=tuple(steps), hidden=hidden)

    def step(self, name: str, node: tree_sitter.Node) -> Step:
        statement, *proof = grammar.parts(node)
        inner = self.proof(proof[0]) if proof else Proof(by=By())
        return Step(name.rstrip("."), self.sequent(statement), inner, self.place(node))

    def by(self, node: tree_sitter.Node) -> By:
        facts: list[Expression | str] = []
        shown: list[str] = []
        for part in grammar.parts(node):
            for item in grammar.parts(part):
                if part.type == "use_body_def":
                    shown.append(grammar.text_of(item))
                elif item.type == "proof_step_ref":
                    facts.append(grammar.text_of(item))
                else:
                    facts.append(self.expression(item))
        return By(tuple(facts), tuple(shown), self.place(node))

    def hidden(self, node: tree_sitter.Node, before: frozenset[str]) -> frozenset[str]:
        """After a USE DEF or HIDE DEF."""
        names = frozenset(_names(node))
        word = grammar.text_of(node).split()[0]
        return before | names if word == "HIDE" else before - names


def _names(node: tree_sitter.Node) -> Iterator[str]:
    for body in grammar.parts(node):
        for part in grammar.parts(body):
            if part.type == "use_body_def":
                yield from [grammar.text_of(item) for item in grammar.parts(part)]
            else:
                raise Unsupported(f"line {part.start_point[0] + 1}: USE and HIDE of facts have no meaning here")
