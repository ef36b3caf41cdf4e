"""Functions of compiled modules, by their code: what a pointer into a board's memory belongs to.

A .mpy file (py/persistentcode.c, version 6) holds the code of a module, which holds the code of its functions and
classes, and so on. Names are short of their class there, and many are missing; so they are taken from the source, whose
functions, classes, lambdas and comprehensions have the same order.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from hil import firmware_files
from hil.boards.emulated import pico_files
from hil.boards.emulated.rewriting import Linked

MAIN = "main.py"
_MAGIC = (ord("M"), 6)
_HEADER_BYTES = 4
_IS_STATIC = 1  # a name that every MicroPython knows by number
_BYTECODE, _NATIVE = 0, 1  # of the kinds of code; the others are viper and assembler
_HAS_CHILDREN = 4
# Kinds of constants (py/persistentcode.h) and how they are stored.
_ALONE = frozenset(range(5))  # table of functions, None, False, True, Ellipsis
_TUPLE, _TEXTS = 10, (5, 6)  # texts end with a zero byte
_FRAMED = frozenset(range(5, 10))

# A call whose state is longer takes it from the heap, which costs 17 us and brings the next collection nearer
# (VM_MAX_STATE_ON_STACK, py/objfun.c).
FRAME_WORDS_MAX = 11
_HANDLER_WORDS = 3  # of an exception handler

_COMPREHENSIONS = {ast.ListComp: "<listcomp>", ast.SetComp: "<setcomp>", ast.DictComp: "<dictcomp>"}


@dataclass(frozen=True)
class Function:
    """`name`: such as `wire/cobs.py:decode` or `node/node.py:Node.step`. `is_native`: `code` is the chip's own."""

    name: str
    code: bytes
    is_native: bool


def frame_words(function: Function) -> int:
    """Words of a call's state: locals, stack and exception handlers (MP_BC_PRELUDE_SIG_DECODE, py/bc.h)."""
    first, *rest = function.code
    slots, handlers = first >> 3 & 15, first >> 2 & 1
    more, place = first & 128, 0
    while more:
        byte = rest[place]
        slots |= (byte & 0x30) << 2 * place
        handlers |= (byte & 2) << place
        more, place = byte & 128, place + 1
    return slots + 1 + _HANDLER_WORDS * handlers


class _Reader:
    """Takes a .mpy file apart."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = _HEADER_BYTES

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise ValueError(f"byte {self._at}: the file ends in the middle of {count} bytes")
        part = self._data[self._at : self._at + count]
        self._at += count
        return part

    def number(self) -> int:
        value = 0
        while True:
            (byte,) = self.take(1)
            value = value << 7 | byte & 127
            if byte < 128:
                return value

    def skip_name(self) -> None:
        length = self.number()
        if not length & _IS_STATIC:
            self.take((length >> 1) + 1)

    def skip_constant(self) -> None:
        (kind,) = self.take(1)
        if kind == _TUPLE:
            for _ in range(self.number()):
                self.skip_constant()
        elif kind in _FRAMED:
            self.take(self.number() + (kind in _TEXTS))
        elif kind not in _ALONE:
            raise ValueError(f"byte {self._at - 1}: a constant of the unknown kind {kind}")


@dataclass(frozen=True)
class _Scope:
    """A scope of the source or of the compiled file with those in it."""

    name: str
    code: bytes
    is_native: bool
    inner: "list[_Scope]"


def _compiled(reader: _Reader) -> _Scope:
    head = reader.number()
    kind = head & 3
    code = reader.take(head >> 3)
    if kind != _BYTECODE:
        reader.number()  # where a prelude begins, or flags
        if kind not in (_NATIVE, 2):
            raise ValueError("a function in assembler, which this does not read")
    count = reader.number() if head & _HAS_CHILDREN else 0
    return _Scope("", code, kind != _BYTECODE, [_compiled(reader) for _ in range(count)])


def _written(node: ast.AST) -> Iterator[tuple[str, list[ast.AST]]]:
    """(name, what is compiled inside) of each scope directly in `node`, in the order of compilation."""
    match node:
        case ast.FunctionDef():
            outside: list[ast.AST] = [*node.decorator_list, *node.args.defaults]
            outside += [each for each in node.args.kw_defaults if each is not None]
            for each in outside:
                yield from _written(each)
            yield node.name, list(node.body)
        case ast.ClassDef():
            for each in [*node.decorator_list, *node.bases, *node.keywords]:
                yield from _written(each)
            yield node.name, list(node.body)
        case ast.Lambda():
            for default in node.args.defaults:
                yield from _written(default)
            yield "<lambda>", [node.body]
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            first = node.generators[0]
            inside: list[ast.AST] = [first.target, *first.ifs, *node.generators[1:]]
            inside += [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
            yield _COMPREHENSIONS.get(type(node), "<genexpr>"), inside
            yield from _written(first.iter)
        case ast.If(test=ast.Constant(value=False | "" | 0 | None)):  # not compiled: for the type checker
            for each in node.orelse:
                yield from _written(each)
        case ast.AnnAssign():
            if node.value is not None:
                yield from _written(node.value)
        case _:
            for each in ast.iter_child_nodes(node):
                yield from _written(each)


def functions_of(board_path: str, source: str, compiled: bytes) -> list[Function]:
    """All functions of one module, itself included. Raises ValueError when source and compiled file do not fit."""
    module = board_path.removeprefix("amu/")
    return list(_named(module, "", _whole(board_path, compiled), list(ast.parse(source).body)))


def _whole(path: str, compiled: bytes) -> _Scope:
    """The code of a compiled file. Raises ValueError."""
    if tuple(compiled[:2]) != _MAGIC:
        raise ValueError(f"{path}: is not a compiled file of version 6")
    reader = _Reader(compiled)
    names, constants = reader.number(), reader.number()
    try:
        for _ in range(names):
            reader.skip_name()
        for _ in range(constants):
            reader.skip_constant()
        return _compiled(reader)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _of_group(group: str, linked: Linked, compiled: bytes) -> Iterator[Function]:
    """The functions of a group (see hil/boards/emulated/linking.py), named by the modules that they were written in."""
    written = {(module, name): own for (module, own), name in linked.names.items()}
    whole = _whole(group, compiled)
    yield Function(f"{MAIN if group == pico_files.MAIN else group}:<module>", whole.code, whole.is_native)
    inner = iter(whole.inner)
    for node in ast.parse(linked.groups[group].source).body:
        for name, inside in _written(node):
            module = linked.groups[group].module_at(node.lineno)
            path = MAIN if module == pico_files.MAIN else module.removeprefix("amu.").replace(".", "/") + ".py"
            yield from _named(path, written.get((module, name), name), next(inner), inside)
    if next(inner, None) is not None:
        raise ValueError(f"{group}: more functions are compiled than written")


def _named(module: str, name: str, compiled: _Scope, body: list[ast.AST]) -> Iterator[Function]:
    yield Function(f"{module}:{name or '<module>'}", compiled.code, compiled.is_native)
    written = [scope for node in body for scope in _written(node)]
    if len(written) != len(compiled.inner):
        told = f"{len(compiled.inner)} functions are compiled in {name or 'the module'}"
        raise ValueError(f"{module}: {told}, and {len(written)} written")
    for inner, (own, inside) in zip(compiled.inner, written, strict=True):
        yield from _named(module, f"{name}.{own}" if name else own, inner, inside)


def firmware() -> list[Function]:
    """The functions of all flight software, as it goes onto a Pico."""
    files, linked = pico_files.firmware(), pico_files.linked()
    found = [each for group in linked.groups for each in _of_group(group, linked, files[f"{group}.mpy"])]
    for path, source in firmware_files.package_files():
        compiled = path.removesuffix(".py") + ".mpy"
        if compiled in files:
            found += functions_of(path, source.read_text(), files[compiled])
    return found
