"""`python -m tests.style`: every breach, then what is longer than we aim at; exit 1 on a breach.

`python -m tests.style prose FOLDER`: every phrase under FOLDER that tests/style/prose_rules.py would replace.
"""

import sys

from tests.style import prose_rules, tree_rules
from tests.style.project import breaches


def prose(folder: str) -> None:
    """Print the phrases in the files under a folder, or in one file."""
    for path in tree_rules.tracked_files():
        if path.startswith(folder) and prose_rules.is_prose(path):
            for finding in prose_rules.phrases(path, (tree_rules.ROOT / path).read_text(encoding="utf-8")):
                print(finding)


def everything() -> int:
    """Print all breaches and sizes; the exit code."""
    found = breaches()
    for finding in found:
        print(finding)
    for path in tree_rules.tracked_files():
        if path.endswith(".py"):
            source = (tree_rules.ROOT / path).read_text()
            for finding in tree_rules.sizes(path, source, tree_rules.FILE_LINES_AIM, tree_rules.FUNCTION_LINES_AIM):
                print(f"{finding} (aim)")
    print(f"style: {len(found)} breaches")
    return 1 if found else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["prose"]:
        prose(sys.argv[2] if len(sys.argv) > 2 else "")
    else:
        sys.exit(everything())
