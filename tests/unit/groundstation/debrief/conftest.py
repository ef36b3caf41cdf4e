"""Pictures take most of the time that a page takes; where no test looks at them they are left out."""

from collections.abc import Iterator
from typing import Any

import pytest

from groundstation.report import canvas


def _leave_out(draw: object, height_inches: float, out: Any, **options: object) -> None:
    out.write("<svg></svg>")


@pytest.fixture(scope="module")
def no_pictures() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canvas, "_render", _leave_out)
        yield
