"""Entry point of `amu`. Small, so that control-C during the imports ends it without a traceback."""

import sys

from groundstation import INTERRUPTED


def main() -> None:
    """Runs `groundstation.cli.main`."""
    try:
        from groundstation.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
