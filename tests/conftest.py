"""Shared by all tests: reproducible examples, and the MicroPython image for those that fly an emulated Pico."""

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.testing
from hypothesis import settings

# The conformance suites are base classes in modules without tests; pytest shall explain their asserts, too.
pytest.register_assert_rewrite("tests.conformance")

# The tree of commands is the same in every call, and takes a third of most calls to build.
typer.testing._get_command = cache(typer.testing._get_command)

# Same examples in every run and no deadline: neither luck nor a busy machine decides a test.
settings.register_profile("repeatable", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("AMU_HYPOTHESIS_PROFILE", "repeatable"))


@pytest.fixture(scope="session", autouse=True)
def _no_notes_of_flights_among_the_user_s(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AMU_STATE", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def pico_image() -> Path:
    """The MicroPython image that AMU_PICO_UF2 names; skips when it is unset, fails when it names nothing."""
    name = os.environ.get("AMU_PICO_UF2")
    if not name:
        pytest.skip("set AMU_PICO_UF2 to a MicroPython >= 1.28 image (.uf2) for the RP2040 to fly emulated Picos")
    image = Path(name)
    assert image.is_file(), f"AMU_PICO_UF2={name}: no such file"
    return image
