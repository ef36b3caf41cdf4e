"""Every command with its arguments and options, read from the signatures of the functions behind the commands."""

import inspect
import re
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from typer.models import ArgumentInfo, OptionInfo

from docs.generated.markdown import code, plain, table
from groundstation.cli import add_entry_points, app

_MARKUP = re.compile(r"\[/?[a-z]+\]")
WORDS = {int: "integer", float: "number", str: "text", Path: "path"}


def markdown() -> str:
    """A section for each command, in the groups and order of `amu --help`."""
    if not app.registered_commands:
        add_entry_points(app)
    parts, panel = [], None
    by_name = {command.name: command for command in app.registered_commands}
    for command in by_name.values():
        if command.rich_help_panel != panel:
            panel = str(command.rich_help_panel)
            parts.append(f"## {panel}\n")
        assert command.callback is not None
        parts.append(f"### amu {command.name}\n\n{_prose(command.help or '')}\n\n{_table(command.callback)}")
    return "\n".join(parts)


def _table(function: Callable[..., Any]) -> str:
    rows = []
    for name, parameter in inspect.signature(function, eval_str=True).parameters.items():
        kind, told = get_args(parameter.annotation)[:2]
        if isinstance(told, ArgumentInfo):
            needed = "" if parameter.default is not inspect.Parameter.empty else " (needed)"
            rows.append((code(told.metavar or name.upper()), "", _meaning(told, None) + needed))
        elif not told.hidden:
            spellings = ", ".join(map(code, _spellings(name, kind, told)))
            rows.append((spellings, _values(kind, told), _meaning(told, parameter.default)))
    return table(("option", "value", "meaning"), rows)


def _spellings(name: str, kind: Any, told: OptionInfo) -> list[str]:
    """How an option is written. Under `Annotated` typer keeps the first spelling where a default would stand."""
    first = [told.default] if isinstance(told.default, str) else []
    spelt = [each for one in [*first, *(told.param_decls or ())] for each in one.split("/")]
    plain_name = name.replace("_", "-")
    return spelt or [f"--{plain_name}", *([f"--no-{plain_name}"] if kind is bool else [])]


def _values(kind: Any, told: OptionInfo) -> str:
    if kind is bool:
        return ""
    if told.metavar:
        return code(told.metavar)
    return " or ".join(dict.fromkeys(_words(kind)))


def _words(kind: Any) -> Iterator[str]:
    if get_origin(kind) is Literal:
        yield from map(code, get_args(kind))
    elif get_origin(kind) in (typing.Union, types.UnionType, list):
        for part in get_args(kind):
            yield from _words(part)
    elif kind is not types.NoneType:
        yield WORDS[kind]


def _meaning(told: ArgumentInfo | OptionInfo, default: object) -> str:
    text = plain(_MARKUP.sub("", told.help or ""))
    shown = told.show_default if isinstance(told.show_default, str) else default
    is_told = isinstance(shown, bool) or shown in (None, "", inspect.Parameter.empty)
    return text if is_told else f"{text} Default: {code(str(shown))}."


def _prose(text: str) -> str:
    """A command's help in Markdown. Commands, which it indents, stay code."""
    paragraphs = _MARKUP.sub("", text).split("\n\n")
    told = [part if part.startswith("    ") else plain(part) for part in paragraphs]
    return re.sub(r"^Example: (.*)$", r"Example: `\1`", "\n\n".join(told), flags=re.MULTILINE)
