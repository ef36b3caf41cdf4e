"""Children that hear a hang-up, whatever the tests were started with."""

import signal


def hear_hang_ups() -> None:
    """In a child before its program begins: under `nohup`, SIGHUP is ignored, and a child inherits that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
