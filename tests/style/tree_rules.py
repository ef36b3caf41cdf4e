"""Rules for the whole tree: sizes, words that must not appear, packages that a wheel would omit."""

import ast
import re
import subprocess
from collections.abc import Iterator

from tests import ROOT
from tests.style.flight_rules import Finding

SHIPPED = ("firmware/amu", "groundstation", "hil", "specs", "swarm_sim")
FILE_LINES_AIM, FILE_LINES_MAX = 400, 500
FUNCTION_LINES_AIM, FUNCTION_LINES_MAX = 70, 100
# Spelt in pieces, so that this file passes its own rule.
FORBIDDEN_WORDS = (
    ".." + "/shared",
    "/" + "work/main",
    "/" + "root/",
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "deb.debian" + ".org",
    "crates" + ".io",
)


def tracked_files() -> list[str]:
    """Paths, relative to the project, of all files under version control and of new ones that it does not ignore."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return sorted(path for path in set(listed) if (ROOT / path).is_file())


def is_flight(path: str) -> bool:
    """Files that run on boards."""
    return path.endswith(".py") and path.startswith(("firmware/", "swarm_sim/adversary/"))


def sizes(path: str, source: str, file_lines: int, function_lines: int) -> Iterator[Finding]:
    """A file or a function longer than it may be."""
    lines = source.count("\n")
    if lines > file_lines:
        yield Finding(path, 1, "size", f"{lines} lines, more than {file_lines}: one concept per file")
    for node in ast.walk(ast.parse(source, path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > function_lines:
                text = f"{node.name} has {length} lines, more than {function_lines}: branch in the parent, pure leaves"
                yield Finding(path, node.lineno, "size", text)


def words(path: str, source: str) -> Iterator[Finding]:
    """The project's files speak of the project alone: no registry's host, no path of one machine."""
    pattern = re.compile("|".join(re.escape(word) for word in FORBIDDEN_WORDS), re.IGNORECASE)
    for number, line in enumerate(source.splitlines(), 1):
        if match := pattern.search(line):
            yield Finding(path, number, "words", f"`{match.group()}` names a thing outside the project")


def packages(paths: list[str]) -> Iterator[Finding]:
    """A wheel silently omits a folder of modules without `__init__.py`."""
    folders = {path.rpartition("/")[0] for path in paths if path.endswith(".py") and path.startswith(SHIPPED)}
    for folder in sorted(folders):
        if f"{folder}/__init__.py" not in paths:
            yield Finding(folder, 1, "packages", "no __init__.py: the wheel would lack this folder")
