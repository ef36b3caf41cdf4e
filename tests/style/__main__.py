"""`python -m tests.style`: every breach, then what is longer than we aim at; exit 1 on a breach."""

import sys

from tests.style import tree_rules
from tests.style.project import breaches

if __name__ == "__main__":
    found = breaches()
    for finding in found:
        print(finding)
    for path in tree_rules.tracked_files():
        if path.endswith(".py"):
            source = (tree_rules.ROOT / path).read_text()
            for finding in tree_rules.sizes(path, source, tree_rules.FILE_LINES_AIM, tree_rules.FUNCTION_LINES_AIM):
                print(f"{finding} (aim)")
    print(f"style: {len(found)} breaches")
    sys.exit(1 if found else 0)
