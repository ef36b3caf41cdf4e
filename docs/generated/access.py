"""What the console offers, by role, from the declarations by which its server refuses."""

from docs.generated.markdown import code, plain, table
from groundstation.web import access
from groundstation.web.access import CALLERS, NO, YES


def markdown() -> str:
    """A row for each endpoint, order, action and message; a column for each caller."""
    rows = [
        (
            code(row.endpoint),
            code(row.kind),
            plain(row.does),
            *(YES if access.may(caller, row.least) else NO for caller in CALLERS),
        )
        for row in access.rows()
    ]
    return table(("endpoint", "kind", "what", *CALLERS), rows)
