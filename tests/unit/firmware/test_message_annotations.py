"""Messages say their fields twice, to the codec in SHAPE and to the type checker in annotations: both say the same."""

import inspect

import pytest

from amu.wire import messages


@pytest.mark.parametrize("message", messages.ALL, ids=lambda message: message.__name__)
def test_annotations_are_the_shape(message: type[messages.Message]) -> None:
    told = [(name, check.__annotations__["return"]) for name, check in message.SHAPE]
    assert list(inspect.get_annotations(message).items()) == told


def test_annotations_cost_a_message_nothing() -> None:
    assert messages.Message.__mro__ == (messages.Message, object)
    assert all(not hasattr(message, name) for message in messages.ALL for name, _ in message.SHAPE)
