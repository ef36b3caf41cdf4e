"""The ledger's commands: their fields and bounds, what they do and why they are refused, from the code that decides."""

import ast
import inspect
from collections.abc import Iterator

from amu.ledger import commands, cursors, transitions
from docs.generated.markdown import plain


def markdown() -> str:
    """A section for each verb."""
    source = inspect.getsource(transitions)
    functions = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)}
    parts = []
    for verb, shape in commands.SHAPES.items():
        function = functions[transitions.TRANSITIONS[verb].__name__]
        told = (ast.get_docstring(function) or "").split("\n\n")[0]
        command = ", ".join([f'"{verb}"', *(name for name, _ in shape)])
        refusals = "; ".join(dict.fromkeys(_refusals(function, functions)))
        parts.append(f"### {verb}\n\n    [{command}]  ->  {_answer(function)}\n\n{plain(told)}\n")
        if refusals:
            parts.append(f"Refused: {plain(refusals)}.\n")
    return "\n".join(parts)


def _answer(function: ast.FunctionDef) -> str:
    """What the last line of a transition returns."""
    last = function.body[-1]
    assert isinstance(last, ast.Return)
    assert isinstance(last.value, ast.Call)
    name = ast.unparse(last.value.func)
    if name == "granted":
        return '["ok", token, expires_slot]'
    assert name == "ok", f"{function.name} ends with {name}"
    return "[" + ", ".join(['"ok"', *map(_value, last.value.args)]) + "]"


def _value(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return f'"{getattr(transitions, node.id)}"'
    return node.attr if isinstance(node, ast.Attribute) else ast.unparse(node)


def _refusals(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> Iterator[str]:
    """Reasons that a transition names itself, and those of the helpers that it asks."""
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            if node.func.id == "refused" and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)
            elif node.func.id.startswith("_") and node.func.id in functions:
                yield from _returned(functions[node.func.id])
                yield from _refusals(functions[node.func.id], functions)
        elif ast.unparse(node.func) == "cursors.refusal":
            yield from _returned(ast.parse(inspect.getsource(cursors.refusal)))


def _returned(helper: ast.AST) -> Iterator[str]:
    """Texts that a helper returns, alone or last in a tuple."""
    for node in ast.walk(helper):
        if isinstance(node, ast.Return):
            last = node.value.elts[-1] if isinstance(node.value, ast.Tuple) else node.value
            if isinstance(last, ast.Constant) and isinstance(last.value, str) and last.value:
                yield last.value
            elif isinstance(last, ast.BinOp):
                yield ast.unparse(last).replace("'", "").replace(" + ", "").replace("job.status", "...")
