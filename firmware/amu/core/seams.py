"""The seams between a node and the world. Each board brings its own; tests bring fakes that pass the same suite.

No seam is read inside the node: the runtime reads them and hands values in.
"""


class BytePort:
    """A serial byte stream, both ways."""

    def read(self):
        """Bytes that have arrived, `b""` if none. Never blocks."""
        raise NotImplementedError

    def write(self, data):
        """Write all of `data`, waiting for room if need be. Order is kept."""
        raise NotImplementedError


class Ticks:
    """A free-running counter of board ticks. For liveness only, never for correctness."""

    def now(self):
        """Ticks since boot, an int that never decreases."""
        raise NotImplementedError


class Store:
    """Named byte files on flash. Every call that returns has reached flash."""

    def read(self, name, offset=0, count=-1):
        """Up to `count` bytes from `offset` on, all that are there if -1; `None` if there is no such file."""
        raise NotImplementedError

    def append(self, name, pieces):
        """Add the byte strings `pieces` at the end, creating the file. A power cut may leave any prefix of them."""
        raise NotImplementedError

    def replace(self, name, fill):
        """Put what `fill(write)` writes in place of the whole file: after a power cut old or new, never a mixture.

        `fill` calls `write(data)` as often as it likes, so that a long file never stands in memory as one piece.
        """
        raise NotImplementedError

    def remove(self, name):
        """Delete the file if it is there."""
        raise NotImplementedError
