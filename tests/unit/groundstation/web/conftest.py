"""A console that several tests of the server ask."""

from collections.abc import Iterator

import pytest

from groundstation.web.flights import Flight
from tests.support.served import ROLE_FILE, Served


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A console for people with roles, beside a trace that nobody flies."""
    trace = tmp_path_factory.mktemp("stored") / "trace.ndjson"
    trace.write_text("")
    served = Served(Flight(trace=trace), ROLE_FILE)
    yield served
    served.close()
