"""Where the command `amu` begins. A control-C while the rest is still being imported ends it without a traceback."""

import sys

from groundstation import INTERRUPTED


def main() -> None:
    """Entry point of the command; see `groundstation.cli.main`."""
    try:
        from groundstation.cli import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
