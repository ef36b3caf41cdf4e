"""The ring against a plain byte string."""

from hypothesis import given, settings
from hypothesis import strategies as st

from amu.core.ring import Ring

STEPS = st.lists(st.binary(max_size=12) | st.integers(0, 12), max_size=60)  # bytes: push; a number: pull that many


@settings(max_examples=300)
@given(st.integers(1, 16), STEPS)
def test_behaves_as_a_bounded_byte_string(size: int, steps: list[bytes | int]) -> None:
    ring, model = Ring(size), b""
    for step in steps:
        if isinstance(step, bytes):
            taken = ring.push(step)
            assert taken == min(len(step), size - len(model))
            model += step[:taken]
        else:
            assert ring.pull(step) == model[:step]
            model = model[step:]
        assert len(ring) == len(model)
        assert ring.free() == size - len(model)
    assert ring.pull(size) == model
