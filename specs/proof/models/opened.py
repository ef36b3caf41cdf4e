"""Opens what a proof hides: of each symbol in place of a hidden definition, what says that it means that."""

from __future__ import annotations

from dataclasses import replace

from specs.proof.translation import meanings, terms
from specs.proof.translation.context import Closure, Context, State
from specs.proof.translation.meanings import Outside, SetValue
from specs.proof.translation.terms import Term
from specs.proof.translation.translate import Translator
from specs.tla.syntax import tree
from specs.tla.syntax.tree import Unsupported


def definitions(translator: Translator, after: State | None) -> dict[str, Term]:
    """The symbols so far, of the state before a step and of that after it: `\\A arg.0, ... : symbol = meaning`."""
    found: dict[str, Term] = {}
    for (state, name), (definition, context) in list(translator.hidden.items()):
        if state in (translator.before, after):
            found |= _meaning(translator, name, definition, context)
    return found


def _meaning(translator: Translator, name: str, definition: tree.Definition, context: Context) -> dict[str, Term]:
    variables, args = list[Term](), list[Term]()
    names = dict(context.names)
    for parameter in definition.parameters:
        value = names[parameter.name]
        assert not isinstance(value, Closure)
        if not isinstance(value, SetValue):
            names[parameter.name] = formal = meanings.bound(meanings.shape_of(value), parameter.name, variables)
            args += meanings.flat(formal)
    renamed = {item: terms.variable(f"arg.{at}", item.sort) for at, item in enumerate(args)}
    try:
        meaning = translator.value(definition.body, replace(context, names=names))
        symbol = meanings.symbol(meanings.shape_of(meaning), name, tuple(args))
        pairs = zip(meanings.flat(symbol), meanings.flat(meaning))
    except (Outside, Unsupported):  # a function, or without a meaning for each argument: it stays hidden
        return {}
    said = {one.name: terms.substituted(terms.equal(one, other), renamed) for one, other in pairs}
    return {one: terms.forall(renamed.values(), axiom) for one, axiom in said.items()}
