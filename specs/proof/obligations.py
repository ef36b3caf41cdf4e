"""What a module's theorems ask of the solvers: a list of obligations, each a goal and the facts that it may use.

Theory. Induction over the steps of a specification (Manna and Pnueli, Temporal Verification of Reactive Systems, rule
INV): Init implies the invariant, and each way to take a step keeps each conjunct of it. A proof names, for each step,
the facts that it uses: a solver that gets all of them at once gets lost among quantifiers.

    THEOREM Name == Spec => []Inv               with steps: by induction over the actions of Next
    THEOREM Name == Spec => [][A]_vars          with steps: each action is a step of A
    THEOREM Name == Spec => A!Spec              with steps: Init implies A!Init, each action is [A!Next]_A!vars
    THEOREM Name == Spec => []P   BY Facts      P follows from invariants proved before
    LEMMA Name == ASSUME ... PROVE ...          a statement about one state

Rules. A fact is a lemma or theorem above, a step above, a conjunct of the invariant, or an assumption; anything else is
an error. A conjunct that a step keeps may always be used for itself. Each way through Next is an obligation for each
conjunct, whether a proof names the action or not. All theorems are about one specification. The subscript of its Next
has all variables, so a step outside Next changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path
from typing import TypeGuard

from specs.proof import script
from specs.proof.script import By, Proof, Sequent, Theorem
from specs.proof.translation import constants, counting, meanings, modules, terms
from specs.proof.translation.actions import Actions, Way
from specs.proof.translation.context import Context, State
from specs.proof.translation.terms import Term
from specs.proof.translation.translate import Translator
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Expression, Place, Unsupported

SETS = "(hidden sets)"  # in place of a theorem's name
ACTIONS = "(actions)"


@dataclass(frozen=True, eq=False)
class Obligation:
    """`goal` must follow from `facts`."""

    theorem: str
    name: str
    facts: tuple[Term, ...]
    goal: Term
    place: Place
    after: State | None = None  # if it is about a step
    chosen: dict[str, meanings.Shape] = field(default_factory=dict)  # sets that the action quantifies
    sets: tuple[str, ...] = ()  # of a statement about sizes, as `Counting.sets`

    @property
    def free(self) -> frozenset[Term]:
        """What it is about: NEW names, and arguments of the action."""
        return frozenset().union(*[item.free for item in (*self.facts, self.goal)])

    @property
    def is_plain(self) -> bool:
        """No solver is needed: the goal is TRUE, or one of the facts."""
        return self.goal is terms.TRUE or self.goal in self.facts

    @property
    def needs_model(self) -> bool:
        """Its facts must not contradict each other."""
        return self.theorem == ACTIONS or not self.is_plain


@dataclass(frozen=True, eq=False)
class Source:
    """A formula as written, and where: which definitions are hidden is decided where it is used."""

    node: Expression
    context: Context


@dataclass(frozen=True, eq=False)
class Claim:
    """A sequent, and where it stands."""

    sequent: Sequent
    context: Context


@dataclass(frozen=True, eq=False)
class Scope:
    """Where a proof stands. `known` may be cited, `given` is used without; `members`: NEW names are in their sets."""

    context: Context
    known: tuple[Source, ...] = ()
    given: tuple[Source, ...] = ()
    members: tuple[Term, ...] = ()
    steps: dict[str, Claim] = field(default_factory=dict)
    way: Way | None = None


class Prover:
    """Makes the obligations of one module of proofs."""

    def __init__(self, path: Path) -> None:
        self.names = modules.read(path)
        self.theorems = script.read(path)
        self.translator = Translator(self.names)
        self.axioms = constants.declare(self.translator)
        self.actions = Actions(self.translator)
        self.found: list[Obligation] = []
        self._above: dict[str, Theorem] = {}
        self._invariants: dict[str, tuple[Expression, ...]] = {}  # conjuncts, by theorem
        self._system: tuple[Expression, Expression] | None = None  # Init and Next of all theorems
        self.before = State(lambda name: meanings.symbol(self.translator.shapes[name], name, ()))
        self.translator.before = self.before
        self._plain = Context(self.before)
        self._taken: dict[tuple[Way, frozenset[str]], tuple[State, list[Term]]] = {}
        self._translated: dict[tuple[object, ...], tuple[Term, ...]] = {}

    def obligations(self) -> list[Obligation]:
        return list(self.by_theorem())

    def by_theorem(self) -> Iterator[Obligation]:
        """The obligations of each theorem, then those of the module; made when they are asked for."""
        for theorem in self.theorems:
            if theorem.name in self._above:
                raise Unsupported(f"{theorem.place}: a second theorem {theorem.name}")
            before = len(self.found)
            try:
                self._theorem(theorem)
            except meanings.Outside as error:
                raise Unsupported(f"{theorem.place}: {theorem.name}: outside what is translated: {error}") from None
            self._above[theorem.name] = theorem
            yield from self.found[before:]
        before = len(self.found)
        types = constants.types_of(self.translator)
        if not any(
            _is_named(part) and part.name == types.name for parts in self._invariants.values() for part in parts
        ):
            raise Unsupported(
                f"{types.place}: no theorem proves {types.name}, on which the kinds of the variables rest"
            )
        for name, whole in self.translator.families.items():
            self._family(name, whole)
        self._possible()
        yield from self.found[before:]

    def invariants(self, theorem: str) -> list[Term]:
        """The invariants that theorems above this one prove, with all opened but families of sets."""
        context = replace(self._plain, hidden=frozenset(self.translator.families))
        above = list(takewhile(lambda name: name != theorem, self._invariants))
        parts = [part for name in above for part in self._invariants[name]]
        return [part for node in parts for part in terms.conjuncts(self.translator.formula(node, context))]

    def _possible(self) -> None:
        """The invariants and the guards of each action: nothing follows from them, but they must have a model."""
        hidden = frozenset(self.translator.families)
        context = replace(self._plain, hidden=hidden)
        counted = [theorem.sequent.goal for theorem in self.theorems if counting.is_cited(theorem.proof)]
        parts = [part for parts in self._invariants.values() for part in parts]
        known = [
            part for node in (*counted, *parts) for part in terms.conjuncts(self.translator.formula(node, context))
        ]
        first = next(theorem for theorem in self.theorems if self._invariants.get(theorem.name))
        assert self._system is not None
        for way in self.actions.ways(self._system[1], context):
            facts = (*self.axioms, *known, *self.actions.taken(way, self.before, hidden)[1])
            self.found.append(Obligation(ACTIONS, way.name, tuple(dict.fromkeys(facts)), terms.TRUE, first.place))

    def _family(self, name: str, whole: str) -> None:
        """What the translation presumes of a hidden predicate of sets, such as IsQuorum."""
        definition = self.names.definitions[name]
        sizes = counting.Counting(self.names)
        for what, (facts, goal) in zip(
            (f"{name} holds of larger sets", f"{name} holds of {whole}"), sizes.monotone(definition, whole)
        ):
            self.found.append(Obligation(SETS, what, tuple(facts), goal, definition.place, sets=sizes.sets))

    # --- theorems ------------------------------------------------------------------------------------

    def _theorem(self, theorem: Theorem) -> None:
        scope = self._hiding(Scope(self._plain), theorem.hidden)
        begins, claim = self._claimed(theorem.sequent.goal)
        if claim is None and counting.is_cited(theorem.proof):
            sizes = counting.Counting(self.names)
            facts, goal = sizes.obligation(theorem.sequent)
            self.found.append(
                Obligation(theorem.name, theorem.name, tuple(facts), goal, theorem.place, sets=sizes.sets)
            )
        elif claim is None:
            self._sequent(theorem, theorem.name, theorem.sequent, theorem.proof, scope)
        else:
            system = self._specification(theorem)
            self._system = self._system or system
            if system != self._system:
                raise Unsupported(f"{theorem.place}: {theorem.name} is about another specification than those above")
            if theorem.proof.by is not None and not begins:
                self._implied(theorem, claim, theorem.proof.by, scope)
            else:
                self._induction(theorem, begins, claim, *system, scope)

    def _implied(self, theorem: Theorem, claim: Expression, by: By, scope: Scope) -> None:
        """A state predicate that follows from invariants."""
        if isinstance(claim, tree.BoxAction):
            raise Unsupported(f"{theorem.place}: a property of steps is proved step by step, not BY facts")
        self._goals(theorem, theorem.name, [("", claim)], Proof(by=by), self._with_invariants(by, scope))
        self._invariants[theorem.name] = (claim,)

    def _induction(
        self,
        theorem: Theorem,
        begins: tuple[Expression, ...],
        claim: Expression,
        initial: Expression,
        following: Expression,
        scope: Scope,
    ) -> None:
        if theorem.proof.by is not None:
            raise Unsupported(f"{theorem.place}: a refinement is proved step by step, not BY facts")
        by = theorem.proof.steps[-1].proof.by or By()
        scope = self._with_invariants(by, self._hiding(scope, theorem.proof.hidden))
        parts = () if isinstance(claim, tree.BoxAction) else self._parts(claim)
        start = replace(scope, given=(Source(initial, self._plain),))
        for part in begins or parts:
            self._goals(theorem, f"Init: {part.place.text}", [("", part)], Proof(by=By()), start)
        scope = replace(scope, known=(*scope.known, *[Source(part, self._plain) for part in parts]))
        steps = [(step, self._action_of(step.sequent)) for step in theorem.proof.steps[:-1] if step.sequent is not None]
        unused = dict(steps)
        for way in self.actions.ways(following, scope.context):
            found = next(self._matching(way, steps, scope), None)
            if found is not None:
                unused.pop(found[0], None)
            self._way(theorem, way, claim, found, by, scope)
        for act in unused.values():
            raise Unsupported(f"{theorem.place}: {theorem.name} has a step for {act.place.text}, no action of Next")
        self._invariants[theorem.name] = parts

    def _matching(
        self, way: Way, steps: list[tuple[script.Step, tree.Apply]], scope: Scope
    ) -> Iterator[tuple[script.Step, dict[str, meanings.Value]]]:
        """The steps that are about a way, each with the values of its NEW names."""
        for step, act in steps:
            assert step.sequent is not None
            new = {item.name for item in step.sequent.new}
            for arguments in [given for name, given in way.calls if name == act.name]:
                pairs = [(item.place.text, item, value) for item, value in zip(act.arguments, arguments)]
                others = [(item, value) for text, item, value in pairs if text not in new]
                if all(self.translator.value(item, scope.context) is value for item, value in others):
                    yield step, {text: value for text, _, value in pairs if text in new}

    def _way(
        self,
        theorem: Theorem,
        way: Way,
        claim: Expression,
        named: tuple[script.Step, dict[str, meanings.Value]] | None,
        by: By,
        scope: Scope,
    ) -> None:
        """One way to take a step, and each conjunct of the claim."""
        scope = self._hiding(replace(scope, way=way), ())
        step = None
        if named is not None:
            step, names = named
            scope = replace(scope, context=scope.context.with_names(names))
        if isinstance(claim, tree.BoxAction):
            goals = [("", claim.action)]
        else:
            goals = [(part.place.text, tree.Prime(place=part.place, operand=part)) for part in self._parts(claim)]
        self._goals(theorem, way.name, goals, step.proof if step is not None else Proof(by=by), scope)

    def _specification(self, theorem: Theorem) -> tuple[Expression, Expression]:
        """Init and Next of `Init /\\ [][Next]_vars`."""
        goal = theorem.sequent.goal
        assert isinstance(goal, tree.Apply)
        found = self._system_of(goal.arguments[0])
        if found is not None:
            initial, box = found
            self._require_all_variables(box.subscript)
            return initial, self._opened(box.action)
        node = self._opened(goal.arguments[0])
        raise Unsupported(f"{theorem.place}: only specifications Init /\\ [][Next]_vars: {node.place.text}")

    def _system_of(self, node: Expression) -> tuple[Expression, tree.BoxAction] | None:
        """Init and [Next]_vars of `Init /\\ [][Next]_vars`."""
        node = self._opened(node)
        if isinstance(node, tree.Junction) and node.conjunction and len(node.items) == 2:
            initial, box = node.items
            if isinstance(box, tree.Always) and isinstance(box.operand, tree.BoxAction) and box.operand.stutter:
                return initial, box.operand
        return None

    def _require_all_variables(self, subscript: Expression) -> None:
        """A variable outside the subscript may change in any step."""
        stutter = tree.Unchanged(place=subscript.place, operand=subscript)
        (way,) = self.actions.ways(stutter, self._plain)
        missing = [name for name in self.names.variables if name not in way.assigned]
        if missing:
            raise Unsupported(f"{subscript.place}: the subscript of Next lacks variable {', '.join(missing)}")

    def _opened(self, node: Expression) -> Expression:
        """The body of a definition without parameters."""
        while isinstance(node, tree.Apply) and not node.arguments and node.name in self.names.definitions:
            node = self.names.definitions[node.name].body
        return node

    def _action_of(self, sequent: Sequent) -> tree.Apply:
        """The action that `ASSUME NEW p \\in S, Act(p, Other) PROVE ...` is about: each NEW name is an argument."""
        if len(sequent.assumptions) == 1:
            act = sequent.assumptions[0]
            if isinstance(act, tree.Apply) and {item.name for item in sequent.new} <= {
                item.place.text for item in act.arguments
            }:
                return act
        raise Unsupported(f"{sequent.place}: want ASSUME NEW x \\in S, ..., Action(x, ...) PROVE ...")

    def _parts(self, claim: Expression) -> tuple[Expression, ...]:
        """The conjuncts of an invariant; a definition that is a conjunction of names is taken apart once."""
        node = self._opened(claim)
        if isinstance(node, tree.Junction) and node.conjunction and all(_is_named(item) for item in node.items):
            return node.items
        return (claim,)

    def _claimed(self, goal: Expression) -> tuple[tuple[Expression, ...], Expression | None]:
        """P of `Spec => []P`; None: the goal speaks of one state. Before it, conjuncts of A!Init of `Spec => A!Spec`.

        What is claimed of each step is then that it is one of A!Next, or changes no variable of A.
        """
        if not (isinstance(goal, tree.Apply) and goal.name == "=>"):
            return (), None
        node = goal.arguments[1]
        refined = self._system_of(node)
        if refined is not None:
            initial, box = refined
            stutter = tree.Unchanged(place=box.place, operand=box.subscript)
            either = tree.Junction(place=box.place, conjunction=False, items=(box.action, stutter))
            return tuple(constants.conjuncts(self._opened(initial))), replace(box, action=either)
        found = node if isinstance(node, tree.Always) else self._opened(node)
        if isinstance(found, tree.Always) and isinstance(found.operand, tree.BoxAction) and not found.operand.stutter:
            raise Unsupported(f"{found.place}: a step that changes nothing does not satisfy <<A>>_v: write [A]_v")
        return (), found.operand if isinstance(found, tree.Always) else None

    def _with_invariants(self, by: By, scope: Scope) -> Scope:
        """The invariants of the theorems that are cited may be cited themselves."""
        cited = [fact.name for fact in by.facts if isinstance(fact, tree.Apply)]
        parts = [part for name in cited for part in self._invariants.get(name, ())]
        return replace(scope, known=(*scope.known, *[Source(part, self._plain) for part in parts]))

    # --- proofs --------------------------------------------------------------------------------------

    def _sequent(self, theorem: Theorem, name: str, sequent: Sequent, proof: Proof, scope: Scope) -> None:
        self._goals(theorem, name, [("", sequent.goal)], proof, self._assumed(sequent, scope))

    def _assumed(self, sequent: Sequent, scope: Scope) -> Scope:
        """The scope inside ASSUME. A name alone, such as Inv, must be cited; all else is used without."""
        context, members = scope.context, list(scope.members)
        for new in sequent.new:
            variables: list[Term] = []
            domain, value = self._new(new, context, new.name, variables)
            taken = [*members, *(scope.way.variables if scope.way is not None else ())]
            if new.name in context.names or any(item in term.free for term in taken for item in variables):
                raise Unsupported(f"{sequent.place}: the name {new.name} is taken")
            members += terms.conjuncts(domain.has(value))
            context = context.with_names({new.name: value})
        assumed = [Source(node, context) for node in sequent.assumptions]
        given = [source for source in assumed if not (_is_named(source.node) and not source.node.arguments)]
        return replace(
            scope,
            context=context,
            members=tuple(members),
            given=(*scope.given, *given),
            known=(*scope.known, *assumed),
        )

    def _new(
        self, new: script.New, context: Context, name: str, variables: list[Term]
    ) -> tuple[meanings.SetValue, meanings.Value]:
        domain = self.translator.set_of(new.domain, context)
        if domain.element is None:
            raise Unsupported(f"{new.domain.place}: NEW {new.name} from a set whose elements are not known")
        own = f"{name}'" if isinstance(domain.element, meanings.TupleShape) else name  # a quantifier makes {name}.1
        return domain, meanings.bound(domain.element, own, variables)

    def _goals(
        self, theorem: Theorem, name: str, goals: list[tuple[str, Expression]], proof: Proof, scope: Scope
    ) -> None:
        by, done = proof.by, set[str]()
        if by is None:
            scope = self._hiding(scope, proof.hidden)
            for step in proof.steps[:-1]:
                assert step.sequent is not None
                self._sequent(theorem, f"{name} {step.name}", step.sequent, step.proof, scope)
                goal = step.sequent.goal  # (P \/ Q)' is not P \/ Q', which reads almost the same
                if not step.sequent.new and not step.sequent.assumptions and isinstance(goal, tree.Prime):
                    done.add(goal.operand.place.text)
                scope = replace(scope, steps={**scope.steps, step.name: Claim(step.sequent, scope.context)})
            by = proof.steps[-1].proof.by or By()
        shown = self._hiding(scope, (), by.shown)
        goals = [(what, goal) for what, goal in goals if what not in done]
        cited = self._facts(by, shown) if goals else ()
        known = self._known(shown) if any(isinstance(goal, tree.Prime) for _, goal in goals) else frozenset()
        for what, goal in goals:
            own = self._terms(Source(goal.operand, shown.context), shown) if isinstance(goal, tree.Prime) else ()
            facts = (*cited, *[part for part in own if part in known])
            self._add(
                theorem,
                f"{name}: {what}" if what else name,
                facts,
                self.translator.formula(goal, shown.context),
                goal.place,
                shown,
            )

    def _hiding(self, scope: Scope, names: Iterable[str], shown: Iterable[str] = ()) -> Scope:
        """The scope with some definitions hidden, or shown again."""
        hidden = (scope.context.hidden | frozenset(names)) - frozenset(shown)
        after = scope.context.after if scope.way is None else self._step(scope.way, hidden)[0]
        return replace(scope, context=replace(scope.context, hidden=hidden, after=after))

    def _step(self, way: Way, hidden: frozenset[str]) -> tuple[State, list[Term]]:
        if (way, hidden) not in self._taken:
            self._taken[way, hidden] = self.actions.taken(way, self.before, hidden)
        return self._taken[way, hidden]

    def _terms(self, source: Source, scope: Scope) -> tuple[Term, ...]:
        """The conjuncts of a formula, with what is hidden in this scope."""
        hidden = scope.context.hidden
        after = None if source.context.after is None else scope.context.after
        key = (source.node, source.context, hidden, after)
        if key not in self._translated:
            context = replace(source.context, hidden=hidden, after=after)
            self._translated[key] = terms.conjuncts(self.translator.formula(source.node, context))
        return self._translated[key]

    def _known(self, scope: Scope) -> frozenset[Term]:
        found = set(scope.members)
        for source in (*scope.known, *scope.given):
            found |= set(self._terms(source, scope))
        if scope.way is not None:
            found |= {
                part for guard in self._step(scope.way, scope.context.hidden)[1] for part in terms.conjuncts(guard)
            }
        return frozenset(found)

    def _statement(self, claim: Claim, scope: Scope) -> Term:
        """What a proved sequent says; assumptions that are known here are left out."""
        context = replace(claim.context, hidden=scope.context.hidden)
        if context.after is not None:
            context = replace(context, after=scope.context.after)
        known, variables, premises = self._known(scope), list[Term](), list[Term]()
        for new in claim.sequent.new:
            domain, value = self._new(new, context, f"{new.name}.any", variables)
            premises += terms.conjuncts(domain.has(value))
            context = context.with_names({new.name: value})
        for assumption in claim.sequent.assumptions:
            parts = terms.conjuncts(self.translator.formula(assumption, context))
            premises += [part for part in parts if part not in known]
        goal = self.translator.formula(claim.sequent.goal, context)
        return terms.forall(variables, terms.implication(terms.conjunction(premises), goal))

    def _facts(self, by: By, scope: Scope) -> tuple[Term, ...]:
        found: list[Term] = list(scope.members)
        for source in scope.given:
            found += self._terms(source, scope)
        if scope.way is not None:
            found += self._step(scope.way, scope.context.hidden)[1]
        for fact in by.facts:
            if isinstance(fact, str) and fact not in scope.steps:
                raise Unsupported(f"{by.place}: there is no step {fact} above")
            found += self._fact(fact, scope)
        return tuple(dict.fromkeys(found))

    def _fact(self, fact: Expression | str, scope: Scope) -> tuple[Term, ...]:
        if isinstance(fact, str):
            return (self._statement(scope.steps[fact], scope),)
        if isinstance(fact, tree.Apply) and not fact.arguments and fact.name in self._above:
            parts = self._invariants.get(fact.name)
            if parts is None:
                return (self._statement(Claim(self._above[fact.name].sequent, self._plain), scope),)
            return self._terms(Source(parts[0], self._plain), scope) if len(parts) == 1 else ()
        known, found = self._known(scope), self._terms(Source(fact, scope.context), scope)
        if any(part not in known for part in found):
            raise Unsupported(f"{fact.place}: no lemma, step, invariant or assumption says so: {fact.place.text}")
        return found

    def _add(
        self, theorem: Theorem, name: str, facts: tuple[Term, ...], goal: Term, place: Place, scope: Scope
    ) -> None:
        used = (*self.axioms, *[part for fact in facts for part in terms.conjuncts(fact)])
        chosen = scope.way.symbols if scope.way is not None else {}
        obligation = Obligation(
            theorem.name, name, tuple(dict.fromkeys(used)), goal, place, scope.context.after, chosen
        )
        self.found.append(obligation)


def _is_named(node: Expression) -> TypeGuard[tree.Apply]:
    return isinstance(node, tree.Apply) and (node.name[0].isalpha() or node.name[0] == "_")
