"""A node's effects, for a test that inspects them instead of performing them."""

from typing import Any

from amu.node.effects import Ready


def performed(node: Any) -> Ready:
    """The node's effects since the last call, as if a board had performed them."""
    ready: Ready = node.ready()
    node.advance()
    return ready
