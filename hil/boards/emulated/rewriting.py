"""Writes one module of flight software as a part of a group, or as one that stays outside (see linking.py)."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from hil.boards.emulated.scopes import (
    COMPREHENSIONS,
    IMPORTS,
    Module,
    all_variables,
    defined_alone,
    free_name,
    inside,
    is_for_types,
    stored,
    variables_of,
)

Edit = tuple[int, int, int, str]  # line from 0, columns from and to in bytes, new text


@dataclass(frozen=True)
class Group:
    """A large module. `places`: (its first line from 1, module) of each module in it, in order."""

    source: str
    places: list[tuple[int, str]]

    def module_at(self, line: int) -> str:
        """The module that a line belongs to; the first one's for the lines before it."""
        return [module for first, module in self.places if first <= max(line, self.places[0][0])][-1]


@dataclass(frozen=True)
class Linked:
    """`groups`: by name, each behind those that it imports. `names`: (module, name there) -> name in its group.
    `homes`: module -> its group. `changing`: names of groups that are assigned from elsewhere: they are looked up where
    they are, each time. `left_out`: names in groups of what nothing mentions, which does not fly. `written_out`: names
    in groups of constants -> what is written in their place. `needless`: names of methods that nothing calls."""

    groups: dict[str, Group]
    names: dict[tuple[str, str], str]
    homes: dict[str, str]
    changing: set[tuple[str, str]]
    modules: dict[str, Module]
    left_out: set[str]
    written_out: dict[str, str]
    needless: frozenset[str]


class Rewriter:
    """Rewrites one module, which becomes a part of `group`, or stays outside: then that is ""."""

    def __init__(self, module: Module, linked: Linked, group: str) -> None:
        self.mentioned: set[str] = set()  # names in groups, of what was visited
        self.needed: dict[tuple[str, str], str] = {}  # (group, name) that other groups have -> name here
        self._module = module
        self._modules = linked.modules
        self._all = linked
        self._names = linked.names
        self._group = group
        self._is_inside = bool(group)
        self._edits: set[Edit] = set()
        self._needless: list[ast.FunctionDef] = []  # methods
        self._scopes: list[set[str]] = []
        self._assigned: set[str] = set()  # names of the group that the present function assigns
        self._used = all_variables(module) | {*module.own, *module.foreign, *linked.groups}  # names that it has anyway
        self._lines = module.source.split("\n")

    def text(self) -> str:
        gone = [statement for statement in self._module.body if self._is_needless(statement)]
        for statement in self._module.body:
            if statement not in gone:
                self._visit(statement)
        for line, start, end, text in sorted(self._edits, reverse=True):
            raw = self._lines[line].encode()
            self._lines[line] = (raw[:start] + text.encode() + raw[end:]).decode()
        for statement in (*gone, *self._needless):
            for line in range(statement.lineno - 1, statement.end_lineno or statement.lineno):
                self._lines[line] = ""
        return "\n".join(self._lines) + "\n"

    def mentions(self, statement: ast.stmt) -> set[str]:
        """Names in groups that a statement of the module mentions."""
        if not self._is_needless(statement):
            self._visit(statement)
        return self.mentioned

    def _is_needless(self, statement: ast.stmt) -> bool:
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if is_text or is_for_types(statement) or self._is_linked_import(statement, is_first=True):
            return True
        name = defined_alone(statement) if self._is_inside else ""
        return bool(name) and self._names[self._module.name, name] in self._all.left_out

    def _is_linked_import(self, node: ast.stmt, *, is_first: bool) -> bool:
        """Whether an import brings names of the one module only, and is needless."""
        if not isinstance(node, IMPORTS):
            return False
        aliases = {each.asname or each.name for each in node.names}
        known = {*self._module.aliases, *self._module.taken}
        if self._is_inside and is_first:
            known |= set(self._module.foreign)
        linked = {alias for alias in aliases if alias in known and self._brings(node, alias)}
        if linked and linked != aliases:
            raise self._error(node, "an import of linked modules and of others: write two")
        return bool(linked)

    def _brings(self, node: ast.Import | ast.ImportFrom, alias: str) -> bool:
        """Whether it is this import that `alias` was noted for: another may bring a module that is not linked."""
        source = node.module if isinstance(node, ast.ImportFrom) else ""
        whole = {f"{source}.{each.name}".lstrip(".") for each in node.names if alias in (each.asname, each.name)}
        if alias in self._module.taken:
            return ".".join(self._module.taken[alias]) in whole
        return (self._module.aliases.get(alias) or self._module.foreign.get(alias)) in whole

    def _error(self, node: ast.AST, what: str) -> ValueError:
        return ValueError(f"{self._module.name}, line {getattr(node, 'lineno', 0)}: {what}")

    def _is_local(self, name: str) -> bool:
        return any(name in scope for scope in self._scopes)

    def _linked(self, module: str, name: str, node: ast.AST) -> str:
        """How this module writes a name of another one."""
        while (module, name) not in self._names and name in self._modules[module].taken:
            module, name = self._modules[module].taken[name]
        if (module, name) not in self._names:
            raise self._error(node, f"{module} has no name {name}")
        home, found = self._all.homes[module], self._names[module, name]
        if found in self._all.written_out:
            return self._all.written_out[found]
        if found in self._all.left_out:
            raise self._error(
                node, f"{module}.{name} does not fly: nothing mentioned it when the flight software was linked"
            )
        self.mentioned.add(found)
        if home == self._group:
            return found
        if (home, found) in self._all.changing:
            self.needed[home, found] = home
            return f"{home}.{found}"
        if (home, found) not in self.needed:
            self.needed[home, found] = found if self._is_inside else free_name(found, self._used)
        return self.needed[home, found]

    def _visit(self, node: ast.AST) -> None:
        method = getattr(self, f"_visit_{type(node).__name__}", None)
        if method is not None:
            method(node)
        elif isinstance(node, COMPREHENSIONS):
            self._visit_scope(variables_of(node), list(ast.iter_child_nodes(node)))
        else:
            for each in ast.iter_child_nodes(node):
                self._visit(each)

    def _visit_scope(self, variables: set[str], inside: Sequence[ast.AST]) -> None:
        self._scopes.append(variables)
        for each in inside:
            self._visit(each)
        self._scopes.pop()

    def _visit_Name(self, node: ast.Name) -> None:
        name, module = node.id, self._module
        if self._is_local(name):
            return
        if name in module.aliases:
            raise self._error(node, f"the module {name} is used as an object")
        if name in module.taken:
            self._replace(node, self._linked(*module.taken[name], node))
        elif self._is_inside and (module.name, name) in self._names:
            found = self._names[module.name, name]
            if isinstance(node.ctx, ast.Load) and found in self._all.written_out:
                self._replace(node, self._all.written_out[found])
                return
            self.mentioned.add(found)
            self._replace(node, found)

    def _visit_Attribute(self, node: ast.Attribute) -> None:
        value = node.value
        if isinstance(value, ast.Name) and value.id in self._module.aliases and not self._is_local(value.id):
            found = self._linked(self._module.aliases[value.id], node.attr, node)
            if not isinstance(node.ctx, ast.Load) and "." not in found:
                self._assigned.add(found)
            self._replace(node, found)
        else:
            self._visit(value)

    def _visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._rename(node)
        self._visit_signature(node)
        self._visit_body(node)

    def _visit_signature(self, node: ast.FunctionDef) -> None:
        for each in (*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)):
            self._visit(each)

    def _visit_body(self, node: ast.FunctionDef) -> None:
        self._shorten_assertion(node)
        outer, self._assigned = self._assigned, set()
        self._visit_scope(variables_of(node), node.body)
        if self._assigned:
            first = next(each for each in node.body if not isinstance(each, ast.Expr))
            place = first.col_offset
            self._edits.add((first.lineno - 1, place, place, f"global {', '.join(sorted(self._assigned))}; "))
        self._assigned = outer

    def _shorten_assertion(self, node: ast.FunctionDef) -> None:
        """Without its text, which is an object of 32 bytes and more, if it is the only one of its function, which the
        traceback names. Machine code stands in no traceback."""
        found = [each for each in inside(node.body) if isinstance(each, ast.Assert)]
        if not self._is_inside or node.decorator_list or len(found) != 1:
            return
        test, told = found[0].test, found[0].msg
        if isinstance(told, ast.Constant) and test.end_lineno == told.lineno == told.end_lineno:
            line, start, end = told.lineno - 1, test.end_col_offset or 0, told.end_col_offset or 0
            if self._lines[line].encode()[start : told.col_offset] == b", ":
                self._edits.add((line, start, end, ""))

    def _visit_Lambda(self, node: ast.Lambda) -> None:
        for each in node.args.defaults:
            self._visit(each)
        self._visit_scope(variables_of(node), [node.body])

    def _visit_ClassDef(self, node: ast.ClassDef) -> None:
        for base in node.bases:
            self._visit(base)
        self._rename(node)
        bare = [each for each in node.body if isinstance(each, ast.AnnAssign) and each.value is None]
        variables = set(stored([each for each in node.body if each not in bare]))
        for each in node.body:
            if self._is_needless_method(each, node):
                self._needless.append(each)
            elif isinstance(each, ast.FunctionDef):  # its name is an attribute, and its body does not see the class
                self._scopes.append(variables)
                self._visit_signature(each)
                self._scopes.pop()
                self._visit_body(each)
            else:
                self._visit_scope(variables, [each])

    def _is_needless_method(self, node: ast.stmt, owner: ast.ClassDef) -> TypeGuard[ast.FunctionDef]:
        """Whether nothing calls a method. One that is all that there is in its class stays, and so does a decorator."""
        is_known = isinstance(node, ast.FunctionDef) and node.name in self._all.needless and not node.decorator_list
        return is_known and self._is_inside and len(owner.body) > 1

    def _visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit(node.target)
        if node.value is not None:
            self._visit(node.value)

    def _visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """The parser does not know where the parts of such a string lie."""
        raise self._error(node, "an f-string: write it with %")

    def _visit_Import(self, node: ast.Import | ast.ImportFrom) -> None:
        if self._is_linked_import(node, is_first=False):
            if node.end_lineno != node.lineno:
                raise self._error(node, "an import of several lines in a function")
            self._edits.add((node.lineno - 1, node.col_offset, node.end_col_offset or 0, "pass"))

    _visit_ImportFrom = _visit_Import

    def _visit_Global(self, node: ast.Global) -> None:
        raise self._error(node, "`global`: keep state in an object")

    def _rename(self, node: ast.FunctionDef | ast.ClassDef) -> None:
        """Write the new name of a function or class of the module."""
        if self._scopes or not self._is_inside:
            return
        found = self._names[self._module.name, node.name]
        if found != node.name:
            line = self._lines[node.lineno - 1]
            keyword = "class " if isinstance(node, ast.ClassDef) else "def "
            start = line.index(keyword) + len(keyword)
            self._edits.add((node.lineno - 1, start, start + len(node.name), found))

    def _replace(self, node: ast.expr, name: str) -> None:
        end = node.end_col_offset or 0
        if ast.unparse(node) != name:
            self._edits.add((node.lineno - 1, node.col_offset, end, name))
