"""Draws random terms of TLA+ by type, so that most of them have a value.

Types: "int", "bool", "str", "set" (of integers), "sets" (a set of those), "seq" (of integers), "fun" (integers to
integers), "rec" ([n |-> int, f |-> bool, s |-> set]), "pair" (<<int, str>>). Names are unique in all modules of a run.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeAlias

Scope: TypeAlias = dict[str, str]  # name -> type

TYPES = ("int", "bool", "str", "set", "sets", "seq", "fun", "rec", "pair")
STRINGS = ('"a"', '"b"', '"c"', '""', '"ab"')
WRONG = 0.004  # how often a term has another type than is wanted


class Terms:
    """One source of random terms. `prefix` begins all names that it makes."""

    def __init__(self, source: random.Random, prefix: str) -> None:
        self.random, self.prefix = source, prefix
        self._count = 0
        self._operators: dict[str, tuple[tuple[str, ...], str]] = {}  # name -> types of parameters and result
        self.is_safe = False  # whether terms must have a value

    def name(self) -> str:
        self._count += 1
        return f"{self.prefix}{self._count}"

    def term(self, kind: str, scope: Scope, depth: int) -> str:
        """A term of type `kind` over the names in `scope`."""
        if not self.is_safe and self.random.random() < WRONG:
            kind = self.random.choice(TYPES)
        known = [name for name, of in scope.items() if of == kind]
        if known and self.random.random() < 0.3:
            return self.random.choice(known)
        if depth <= 0:
            return self.random.choice(known) if known and self.random.random() < 0.5 else self._leaf(kind)
        general = [self._if, self._let, self._case, self._call] if self.random.random() < 0.25 else []
        maker: Callable[[str, Scope, int], str] = self.random.choice([*general, self._special])
        return maker(kind, scope, depth - 1)

    def _leaf(self, kind: str) -> str:
        pick = self.random.choice
        numbers = [_number(self.random.randrange(-1, 5)) for _ in range(self.random.randrange(4))]
        return {
            "int": lambda: _number(self.random.randrange(-2, 6)),
            "bool": lambda: pick(("TRUE", "FALSE")),
            "str": lambda: pick(STRINGS),
            "set": lambda: "{" + ", ".join(numbers) + "}",
            "sets": lambda: "{{" + ", ".join(numbers) + "}, {1}}",
            "seq": lambda: "<<" + ", ".join(numbers) + ">>",
            "fun": lambda: f"[{(name := self.name())} \\in 0..{len(numbers)} |-> {name} + 1]",
            "rec": lambda: f"[n |-> {len(numbers)}, f |-> TRUE, s |-> {{{', '.join(numbers)}}}]",
            "pair": lambda: f"<<{len(numbers)}, {pick(STRINGS)}>>",
            "strset": lambda: f"{{{pick(STRINGS)}, {pick(STRINGS)}}}",
        }[kind]()

    # --- of any type ----------------------------------------------------------------------------------

    def _if(self, kind: str, scope: Scope, depth: int) -> str:
        parts = [self.term(of, scope, depth) for of in ("bool", kind, kind)]
        return f"(IF {parts[0]} THEN {parts[1]} ELSE {parts[2]})"

    def _case(self, kind: str, scope: Scope, depth: int) -> str:
        arms = [f"{self.term('bool', scope, depth)} -> {self.term(kind, scope, depth)}" for _ in range(2)]
        return f"(CASE {' [] '.join(arms)} [] OTHER -> {self.term(kind, scope, depth)})"

    def _let(self, kind: str, scope: Scope, depth: int) -> str:
        name, of = self.name(), self.random.choice(TYPES)
        value = self.term(of, scope, depth)
        return f"(LET {name} == {value} IN {self.term(kind, {**scope, name: of}, depth)})"

    def _call(self, kind: str, scope: Scope, depth: int) -> str:
        known = [(name, types) for name, (types, of) in self._operators.items() if of == kind]
        if not known:
            return self._special(kind, scope, depth)
        name, types = self.random.choice(known)
        return f"{name}({', '.join([self.term(of, scope, depth) for of in types])})"

    # --- of one type -----------------------------------------------------------------------------------

    def _special(self, kind: str, scope: Scope, depth: int) -> str:
        made: str = getattr(self, f"_{kind}")(scope, depth)
        return made

    def _int(self, scope: Scope, depth: int) -> str:
        i, s, q = "{%int%}", "{%set%}", "{%seq%}"
        safe = (
            f"({i} + {i})", f"({i} - {i})", f"({i} * 2)", f"({i} \\div 2)", f"({i} % 3)", f"Cardinality({s})",
            f"Len({q})",
            "{%rec%}.n", "{%pair%}[1]", "(-{%int%})",
        )  # fmt: skip
        risky = (
            f"({i} \\div {i})", f"({i} % {i})", f"Head({q})", f"{q}[{i}]", "{%fun%}[{%int%}]", f"({i} ^ 2)",
            f"(CHOOSE {{N}} \\in {s} : {{%bool%}})", f"(CHOOSE {{N}} \\in {s} : TRUE)",
        )  # fmt: skip
        return self._bound(scope, depth, safe if self.is_safe else safe + risky)

    def _bool(self, scope: Scope, depth: int) -> str:
        b, i, s = "{%bool%}", "{%int%}", "{%set%}"
        of = self.random.choice(TYPES)
        templates = (
            f"({b} /\\ {b})", f"({b} \\/ {b})", f"(~{b})", f"({b} => {b})", f"({b} <=> {b})", f"({i} < {i})",
            f"({i} >= {i})", f"({i} \\in {s})", f"({i} \\notin {s})", f"({s} \\subseteq {s})",
            f"({{%{of}%}} = {{%{of}%}})", f"({{%{of}%}} # {{%{of}%}})", f"(\\A {{N}} \\in {s} : {b})",
            f"(\\E {{N}} \\in {s} : {b})", "{%rec%}.f", f"({s} \\in {{%sets%}})", f"({i} \\in Nat)",
            f"({s} \\in SUBSET {s})",
            f"({{%seq%}} \\in Seq({s}))", f"({{%fun%}} \\in [{s} -> {s}])", "({%str%} \\in {%strset%})",
            f"({i} \\in DOMAIN {{%fun%}})", f"({{%pair%}} \\in {s} \\X {{%strset%}})", f"({i} \\in {i}..{i})",
            f"({i} \\in {{{i}, {i}}})", "IsFiniteSet({%set%})",
        )  # fmt: skip
        return self._bound(scope, depth, templates)

    def _str(self, scope: Scope, depth: int) -> str:
        return self._bound(scope, depth, ("{%pair%}[2]", "({%str%} \\o {%str%})", "{%str%}"))

    def _strset(self, scope: Scope, depth: int) -> str:
        return self._bound(scope, depth, ("{{%str%}, {%str%}}", "{{%str%}}", "({%strset%} \\cup {%strset%})", "STRING"))

    def _set(self, scope: Scope, depth: int) -> str:
        i, s = "{%int%}", "{%set%}"
        templates = (
            f"{{{i}, {i}}}", f"({i}..{i})", f"({s} \\cup {s})", f"({s} \\cap {s})", f"({s} \\ {s})",
            f"{{{{N}} \\in {s} : {{%bool%}}}}", f"{{{i} : {{N}} \\in {s}}}", "(UNION {%sets%})", "(DOMAIN {%fun%})",
            "(DOMAIN {%seq%})", "{%rec%}.s", "(0..2)",
        )  # fmt: skip
        return self._bound(scope, depth, templates)

    def _sets(self, scope: Scope, depth: int) -> str:
        templates = ("{{%set%}, {%set%}}", "(SUBSET ({%set%} \\cap 0..2))", "{{%set%} : {N} \\in {%set%}}",
                     "({%sets%} \\cup {%sets%})", "({%sets%} \\ {%sets%})")  # fmt: skip
        return self._bound(scope, depth, templates)

    def _seq(self, scope: Scope, depth: int) -> str:
        q, i = "{%seq%}", "{%int%}"
        safe = (f"Append({q}, {i})", f"({q} \\o {q})", f"<<{i}, {i}>>", f"[{{N}} \\in 1..2 |-> {i}]",
                f"[{q} EXCEPT ![1] = {i}]", f"SelectSeq({q}, LAMBDA {{N}} : {{%bool%}})",
                f"SubSeq({q}, 1, 0)")  # fmt: skip
        risky = (f"Tail({q})", f"SubSeq(<<{i}, {i}>>, {i}, {i})", f"[{q} EXCEPT ![{i}] = @ + 1]")
        return self._bound(scope, depth, safe if self.is_safe else safe + risky)

    def _fun(self, scope: Scope, depth: int) -> str:
        f, i, s = "{%fun%}", "{%int%}", "{%set%}"
        templates = (f"[{{N}} \\in {s} |-> {i}]", f"[{f} EXCEPT ![{i}] = {i}]", f"[{f} EXCEPT ![{i}] = @ + 1]",
                     f"({f} @@ {f})", f"({i} :> {i})")  # fmt: skip
        return self._bound(scope, depth, templates)

    def _rec(self, scope: Scope, depth: int) -> str:
        templates = ("[n |-> {%int%}, f |-> {%bool%}, s |-> {%set%}]", "[{%rec%} EXCEPT !.n = {%int%}]",
                     "[{%rec%} EXCEPT !.f = ~@]", "[{%rec%} EXCEPT !.s = @ \\cup {%set%}, !.n = @ + 1]")  # fmt: skip
        return self._bound(scope, depth, templates)

    def _pair(self, scope: Scope, depth: int) -> str:
        return self._bound(scope, depth, ("<<{%int%}, {%str%}>>", "[{%pair%} EXCEPT ![1] = @ + 1]"))

    def _bound(self, scope: Scope, depth: int, templates: tuple[str, ...]) -> str:
        """One of the templates, filled: {%type%} with a term, {N} with a new name of an integer.

        The name may be used in the terms after `:` or `|->`, or, in a set {e : x \\in S}, before the colon.
        """
        template = self.random.choice(templates)
        name = self.name() if "{N}" in template else ""
        template = template.replace("{N}", name)
        inner = {**scope, name: "int"} if name else scope
        bound_at = template.find(f"{name} \\in") if name else -1
        result, position = "", 0
        while (start := template.find("{%", position)) >= 0:
            end = template.index("%}", start)
            result += template[position:start]
            is_domain = (
                name
                and start > bound_at >= 0
                and ":" not in template[bound_at:start]
                and "|->" not in template[bound_at:start]
            )
            is_lambda = "LAMBDA" in template[:start]
            inside = inner if name and (is_lambda or (bound_at >= 0 and not is_domain)) else scope
            result += self.term(template[start + 2 : end], inside, depth)
            position = end + 2
        return result + template[position:]

    # --- modules -----------------------------------------------------------------------------------------

    def definitions(self) -> str:
        """Definitions of operators and of a recursive function; terms that follow may call them."""
        lines = []
        for _ in range(self.random.randrange(1, 4)):
            name = self.name()
            kinds = tuple([self.random.choice(TYPES) for _ in range(self.random.randrange(3))])
            scope = {self.name(): of for of in kinds}
            result = self.random.choice(TYPES)
            lines.append(f"{name}({', '.join(scope)}) == {self.term(result, scope, 2)}" if scope else
                         f"{name} == {self.term(result, {}, 2)}")  # fmt: skip
            if scope:
                self._operators[name] = (kinds, result)
        return "\n".join(lines)

    def expression(self) -> str:
        return self.term(self.random.choice(TYPES), {}, self.random.randrange(2, 5))

    def machine(self) -> tuple[str, str]:
        """An initial predicate and a next-state relation of x and y that reach few states, all of them with values."""
        self.is_safe, operators, self._operators = True, self._operators, {}
        kinds = {name: self.random.choice(("int", "set", "seq", "bool", "rec")) for name in ("x", "y")}
        init = " /\\ ".join([self._initial(name, of) for name, of in kinds.items()])
        actions = [self._action(kinds) for _ in range(self.random.randrange(1, 4))]
        self.is_safe, self._operators = False, operators
        return init, "\n".join(actions)

    def _initial(self, name: str, kind: str) -> str:
        if kind == "int" and self.random.random() < 0.5:
            return f"{name} \\in 0..2"
        return f"{name} = {self.bounded(kind, {}, 1)}"

    def bounded(self, kind: str, scope: Scope, depth: int) -> str:
        """A term with few possible values."""
        term = self.term(kind, scope, depth)
        number, name = f"({self.term('int', scope, depth)}) % 3", self.name()
        if kind == "rec":
            return f"[n |-> {number}, f |-> {self.term('bool', scope, depth)}, s |-> {{}}]"
        if kind == "seq":
            return f"[{name} \\in 1..({number}) |-> {number}]"
        return {"int": f"({term}) % 4", "set": f"({term}) \\cap 0..2"}.get(kind, term)

    def _action(self, kinds: Scope) -> str:
        lines = [self.term("bool", kinds, 2)] if self.random.random() < 0.6 else []
        for name, of in kinds.items():
            draw = self.random.random()
            if draw < 0.25:
                lines.append(f"UNCHANGED {name}")
            elif draw < 0.4:
                lines.append(f"{name}' \\in {{{self.bounded(of, kinds, 1)}, {self.bounded(of, kinds, 1)}}}")
            elif draw < 0.5:
                some = self.name()
                scope = {**kinds, some: "int"}
                lines.append(
                    f"\\E {some} \\in 0..2 : {self.term('bool', scope, 1)} /\\ {name}' = {self.bounded(of, scope, 1)}"
                )
            else:
                lines.append(f"{name}' = {self._moved(name, of, kinds)}")
        return "  \\/ " + "\n     ".join([f"/\\ {line}" for line in lines])

    def _moved(self, name: str, kind: str, scope: Scope) -> str:
        """A next value that often depends on the old one."""
        term = self.bounded(kind, scope, 2)
        if self.random.random() < 0.3:
            return term
        number = f"(({self.term('int', scope, 1)}) % 3)"
        return {
            "int": f"({name} + {number}) % 7",
            "set": self.random.choice(
                (f"{name} \\cup ({term})", f"{name} \\ ({term})", f"{{({number}) + 1}} \\cup {name}")
            ),
            "seq": f"IF Len({name}) < 3 THEN Append({name}, {number}) ELSE Tail({name})",
            "bool": f"~{name}",
            "rec": f"[{name} EXCEPT !.n = (@ + 1) % 4, !.s = {{{number}}}]",
        }[kind]


def _number(value: int) -> str:
    return str(value) if value >= 0 else f"({value})"
