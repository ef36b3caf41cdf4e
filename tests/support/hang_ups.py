"""Children that receive a hang-up, even if the tests run under `nohup`."""

import signal


def hear_hang_ups() -> None:
    """In a child before its program begins: under `nohup`, SIGHUP is ignored, and a child inherits that."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
