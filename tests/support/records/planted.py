"""Violations planted in the trace of a sound run."""

import json


def with_another_decision(trace: bytes) -> bytes:
    """The trace, with another value in its last decision."""
    lines = trace.splitlines(keepends=True)
    last = max(index for index, line in enumerate(lines) if b'"Decide"' in line)
    told = {**json.loads(lines[last]), "value": "ab" * 32}
    lines[last] = json.dumps(told, separators=(",", ":")).encode() + b"\n"
    return b"".join(lines)
