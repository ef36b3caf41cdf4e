"""The thing that acts - a dock, an arm, a welder - checks the fencing token again.

A holder that stalls between reading the ledger and acting does not know that its lease is gone; its command may also be
in transit for longer than the lease lasts. Only the thing that acts can tell: it remembers the highest token that it
has seen and refuses any lower one (Kleppmann, "How to do distributed locking", 2016).

Rule: once a token was accepted, no older grant moves this resource.
"""


class Effector:
    """Guards one `resource`. `token` is the highest token seen, 0 before the first; persist it with the act."""

    def __init__(self, resource: str, token: int = 0) -> None:
        self.resource = resource
        self.token = token

    def accept(self, token: int) -> bool:
        """Whether to act on a command that shows `token`: True for the newest grant seen so far or a newer one."""
        if token < self.token or token < 1:
            return False
        self.token = token
        return True
