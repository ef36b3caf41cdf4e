"""The parts of reference pages that code can tell better than a hand.

A page asks for such a part with a fenced block of the kind `generated`, whose first line is its name:

    ```{generated} scenario
    For a reader without the site: `amu scenarios --fields` prints the same.
    ```

`make docs` replaces the block by the Markdown that the part's function returns, so a page cannot differ from the code.
"""

import re
from collections.abc import Callable

from sphinx.application import Sphinx

from docs.generated import (
    access,
    command_line,
    fields,
    ledger,
    limits,
    profile,
    proof_mutants,
    properties,
    rooms,
    scenario,
    trace,
)

PARTS: dict[str, Callable[[], str]] = {
    "access": access.markdown,
    "command line": command_line.markdown,
    "flight events": trace.flight_events,
    "ground events": trace.ground_events,
    "trace fields": trace.fields,
    "events and modules": fields.actions,
    "held fields": fields.markdown,
    "ledger commands": ledger.markdown,
    "limits": limits.markdown,
    "profile": profile.markdown,
    "proof mutants": proof_mutants.markdown,
    "properties": properties.markdown,
    "rooms": rooms.markdown,
    "scenario": scenario.markdown,
}
_BLOCK = re.compile(r"^```\{generated\} (.*?)\n.*?^```[ \t]*$", re.MULTILINE | re.DOTALL)


def filled(text: str) -> str:
    """`text` with each block replaced by its part. Raises KeyError for a part that there is none of."""
    return _BLOCK.sub(lambda block: PARTS[block[1]](), text)


def _on_source_read(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = filled(source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", _on_source_read)
    return {"parallel_read_safe": True}
