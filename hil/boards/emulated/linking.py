"""Flight software in a few large modules: what a Pico loads.

Each module costs a Pico 9 ms of its boot, and heap for its names: those by which it is found, and one in its table for
each name that it takes from another module. So the modules of a group are written one after the other, in the order of
their imports, and compiled as one. What was `codec.encode`, or came by `from amu.wire.codec import encode`, is then a
name of the group, which other groups import. A name keeps its spelling unless two modules have it, or a function has a
variable of that name; then a number follows it.

Groups are not larger than that: a table of names is searched by a hash of eight bits, and code mentions a name in one
byte only if it is among the first 128 of its module (`_first_names`).

Modules outside, which a Pico loads when it needs them or which lie beside the flight software, take the same names from
the groups. What cannot be linked is refused: a module that is used as an object, a name that no module has.
"""

import ast
import collections
import keyword
from collections.abc import Collection, Iterator, Mapping

from hil.boards.emulated.rewriting import Group, Linked, Rewriter
from hil.boards.emulated.scopes import (
    BUILTINS,
    INTERNED_BELOW,
    Module,
    all_variables,
    defined_alone,
    free_name,
    read,
    uncalled,
    variables_of,
    written_out,
)

_SHORT_PLACES = 126  # two are taken by the names of file and module


def link(
    groups: Mapping[str, Mapping[str, str]], roots: Collection[tuple[str, str]], beside: Mapping[str, str]
) -> Linked:
    """Sources by group and module, such as `amu.wire.codec`. A group imports from those before it only.

    `roots`: (module, name) of what starts everything. `beside`: sources of the modules outside. What neither mentions,
    directly or not, is left out, and so are methods that nothing calls, such as `__repr__`. Numbers are written
    where their names stood. Raises ValueError when something cannot be linked.
    """
    sources = {name: source for group in groups.values() for name, source in group.items()}
    modules = {name: read(name, source, sources) for name, source in sources.items()}
    homes = {name: group for group, inside in groups.items() for name in inside}
    orders = {group: _in_order({name: modules[name] for name in inside}) for group, inside in groups.items()}
    names = _named(modules, [name for order in orders.values() for name in order])
    needless = uncalled([module.body for module in modules.values()], beside.values())
    linked = Linked({}, names, homes, set(), modules, set(), {}, needless)
    for name in modules:
        linked.changing.update(_changed(modules[name], linked))
    changing = {name for _, name in linked.changing}
    for name, module in modules.items():
        constants = {names[name, own]: text for own, text in written_out(module).items()}
        linked.written_out.update({each: text for each, text in constants.items() if each not in changing})
    linked.left_out.update(_unreached(linked, {names[root] for root in roots}, beside))
    for group, order in orders.items():
        linked.groups[group] = _written(group, [modules[name] for name in order], linked)
    return linked


def _unreached(linked: Linked, roots: set[str], beside: Mapping[str, str]) -> set[str]:
    """Names in groups of functions, classes and constants that nothing mentions."""
    mentions: dict[str, set[str]] = {}
    wanted = set(roots)
    for name, source in beside.items():
        rewriter = Rewriter(read(name, source, linked.modules), linked, "")
        rewriter.text()
        wanted |= rewriter.mentioned
    for name, module in linked.modules.items():
        for statement in module.body:
            found = Rewriter(module, linked, linked.homes[name]).mentions(statement)
            defined = defined_alone(statement)
            if defined:
                mentions[linked.names[name, defined]] = found
            else:
                wanted |= found
    reached: set[str] = set()
    while wanted:
        one = wanted.pop()
        if one not in reached:
            reached.add(one)
            wanted |= mentions.get(one, set())
    return set(mentions) - reached


def _written(group: str, modules: list[Module], linked: Linked) -> Group:
    rewriters = [Rewriter(module, linked, group) for module in modules]
    texts = [each.text() for each in rewriters]
    needed = {key: name for each in rewriters for key, name in each.needed.items()}
    imports = {linked.names[module.name, alias]: whole for module in modules for alias, whole in module.foreign.items()}
    lines = [*_first_names("".join(texts)), *_foreign(imports), *_imports(needed, linked)]
    places = []
    for module, text in zip(modules, texts, strict=True):
        places.append((len(lines) + 1, module.name))
        lines += text.split("\n")[:-1]
    return Group("\n".join(lines) + "\n", places)


def outside(linked: Linked, name: str, source: str) -> str:
    """`source` of a module outside."""
    rewriter = Rewriter(read(name, source, linked.modules), linked, "")
    text = rewriter.text()
    return "".join(f"{line}\n" for line in _imports(rewriter.needed, linked)) + text


def _foreign(imports: dict[str, str]) -> list[str]:
    lines = []
    for name, whole in imports.items():
        source, _, last = whole.rpartition(".")
        text = f"from {source} import {last}" if source else f"import {last}"
        lines.append(text if name == last else f"{text} as {name}")
    return lines


def _imports(needed: dict[tuple[str, str], str], linked: Linked) -> list[str]:
    """Imports of these names of groups."""
    lines = []
    for group in linked.groups:
        names = []
        for (home, name), here in sorted(needed.items()):
            if home == group and here != home:
                names.append(name if name == here else f"{name} as {here}")
        if (group, group) in {(home, here) for (home, _), here in needed.items()}:
            lines.append(f"import {group}")
        if names:
            lines.append(f"from {group} import {', '.join(names)}")
    return lines


def _changed(module: Module, linked: Linked) -> Iterator[tuple[str, str]]:
    """Names of modules that this one assigns: (group, name)."""
    for node in ast.walk(ast.Module(module.body, [])):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load) and isinstance(node.value, ast.Name):
            home = module.aliases.get(node.value.id)
            if home is not None:
                yield linked.homes[home], linked.names[home, node.attr]


def _first_names(source: str) -> list[str]:
    """Statements that are never executed and mention the names that functions mention most often.

    Code refers to a name by its place among the names of its module, in the order in which the compiler meets them.
    Places below 128 take a byte, others two. A name that is too long to be interned would become an object here.
    """
    uses = collections.Counter(name for node in ast.parse(source).body for name in _uses(node, []))
    most = sorted(uses, key=lambda name: (-uses[name], name))[:_SHORT_PLACES]
    return ["if not __name__:", *(f"    _ = {name!r}" for name in most if len(name) < INTERNED_BELOW)]


def _uses(node: ast.AST, scopes: list[set[str]]) -> Iterator[str]:
    """Names, other than of variables, that code inside of functions mentions."""
    if isinstance(node, (ast.FunctionDef, ast.Lambda)):
        if isinstance(node, ast.FunctionDef):
            yield node.name
        yield from (each.arg for each in node.args.args)
        scopes = [*scopes, variables_of(node)]
        inside: list[ast.AST] = list(node.body) if isinstance(node, ast.FunctionDef) else [node.body]
        for statement in inside:
            yield from _uses(statement, scopes)
        return
    if scopes and isinstance(node, ast.Name) and not any(node.id in scope for scope in scopes):
        yield node.id
    elif scopes and isinstance(node, ast.Attribute):
        yield node.attr
    elif scopes and isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_name(node.value):
        yield node.value
    hidden = node.annotation if isinstance(node, ast.AnnAssign) else None
    for each in ast.iter_child_nodes(node):
        if each is not hidden:
            yield from _uses(each, scopes)


def _is_name(text: str) -> bool:
    return len(text) < INTERNED_BELOW and text.isidentifier() and not keyword.iskeyword(text)


def _in_order(modules: dict[str, Module]) -> list[str]:
    """Each module behind those that it imports; the order is the same each time."""
    order: list[str] = []

    def place(name: str, waiting: tuple[str, ...]) -> None:
        if name in waiting:
            raise ValueError(f"{name}: imports itself by way of {waiting[-1]}")
        if name in modules and name not in order:
            for need in modules[name].needs:
                place(need, (*waiting, name))
            order.append(name)

    for name in sorted(modules):
        place(name, ())
    return order


def _named(modules: dict[str, Module], order: list[str]) -> dict[tuple[str, str], str]:
    """The name in its group of each name of each module. No two groups have a name in common."""
    used = set(BUILTINS).union(*(all_variables(module) for module in modules.values()))
    names: dict[tuple[str, str], str] = {}
    imported: dict[str, str] = {}
    for name in order:
        module = modules[name]
        for alias, whole in module.foreign.items():
            if whole not in imported:
                imported[whole] = free_name(alias, used)
            names[name, alias] = imported[whole]
        for own in module.own:
            names[name, own] = free_name(own, used)
    return names
