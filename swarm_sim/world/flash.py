"""Flash in memory, with the faults of flash.

Keeps the promises of `amu.core.seams.Store` until an armed fault strikes. A *flash operation* is one append, replace or
remove. A fault armed with `after_operations` = k strikes at the k-th operation from then; 1 is the next one.

    power_cut           a prefix of an append is kept, or the old or the new file of a replace; then the board is dead
    crash_corruption    as power_cut, but what was being written is garbage of the same length
    write_fault         a prefix of an append is kept, a replace changes nothing; then OSError
    misdirected_write   the bytes overwrite another place, and the write reports success
    read_fault          every read fails with OSError, until `mend_reads`: the board that boots then has no memory
"""

import random
from collections.abc import Callable, Sequence

from amu.boards.host import PowerCut
from groundstation.scenario.board_faults import STRIKING

READ_FAULT = "read_fault"
ELSEWHERE = "block-of-another-file"

Fill = Callable[[Callable[[bytes], object]], object]


class Flash:
    """A Store. `files` and `blocks` are what is on it; `draws` decides where a fault strikes.

    is_damaged: an unreported fault has struck, so the journal may differ from what was promised.
    """

    is_tight = False  # a journal may grow

    def __init__(self, draws: random.Random) -> None:
        self.files: dict[str, bytes] = {}
        self.blocks: list[bytearray] = []  # of a ring of raw flash, see swarm_sim.world.ring
        self.operations = 0
        self.is_damaged = False
        self.draws = draws
        self._armed: dict[str, int] = {}  # fault -> number of the operation at which it strikes
        self._is_unreadable = False

    # --- faults -------------------------------------------------------------------------------

    @property
    def armed(self) -> list[str]:
        """Faults that will strike at a later flash operation."""
        return [fault for fault in STRIKING if fault in self._armed]

    def arm(self, fault: str, after_operations: int = 1) -> None:
        """Let `fault` strike at the given operation from now; a read fault strikes at once."""
        if fault == READ_FAULT:
            self._is_unreadable = True
        else:
            assert fault in STRIKING, fault
            self._armed[fault] = self.operations + after_operations

    def disarm(self) -> None:
        """The board is switched off and writes no more: armed faults will not strike."""
        self._armed.clear()

    def disarm_one(self, fault: str) -> bool:
        """`fault` will not strike. False if it is not armed."""
        if fault == READ_FAULT and self._is_unreadable:
            self.mend_reads()
            return True
        return self._armed.pop(fault, None) is not None

    def mend_reads(self) -> None:
        """The read fault has passed."""
        self._is_unreadable = False

    def erase(self) -> None:
        """All bytes are gone, and with them all damage."""
        self.files.clear()
        self.blocks.clear()
        self.is_damaged = False

    def require_readable(self) -> None:
        """Raise OSError under a read fault."""
        if self._is_unreadable:
            raise OSError(5, "read fault")

    def copy(self) -> "Flash":
        """The same content without faults, to look at."""
        other = Flash(random.Random(0))
        other.files = dict(self.files)
        other.blocks = [bytearray(block) for block in self.blocks]
        return other

    def strikes(self) -> str | None:
        """The fault that strikes at this operation, or None."""
        self.operations += 1
        if not self._armed:
            return None
        for fault in STRIKING:
            if self._armed.get(fault) == self.operations:
                del self._armed[fault]
                return fault
        return None

    # --- Store --------------------------------------------------------------------------------

    def read(self, name: str, offset: int = 0, count: int = -1) -> bytes | None:
        """Up to `count` bytes from `offset` on, all of them if -1; `None` if the file does not exist.

        Raises OSError under a read fault.
        """
        self.require_readable()
        data = self.files.get(name)
        return data if data is None else data[offset:] if count < 0 else data[offset : offset + count]

    def append(self, name: str, pieces: Sequence[bytes]) -> None:
        """Add `pieces` at the end. Raises PowerCut or OSError when a fault strikes."""
        data = b"".join(pieces)
        fault = self.strikes()
        if fault is None:
            self.files[name] = self.files.get(name, b"") + data
        elif fault == "misdirected_write":
            self._misdirect(name, data)
        else:
            kept = data[: self.draws.randrange(len(data) + 1)]
            if fault == "crash_corruption":
                kept = self.draws.randbytes(len(data))
                self.is_damaged = True
            if kept:
                self.files[name] = self.files.get(name, b"") + kept
            self.fail(fault)

    def replace(self, name: str, fill: Fill) -> None:
        """Replace the file by what `fill(write)` writes. Raises PowerCut or OSError when a fault strikes."""
        data = bytearray()
        fill(data.extend)
        fault = self.strikes()
        is_new = fault is None or (fault == "power_cut" and self.draws.random() < 0.5)
        if is_new:
            self.files[name] = bytes(data)
        if fault == "misdirected_write":
            self._misdirect(name, bytes(data))
        elif fault is not None:
            self.fail(fault)

    def remove(self, name: str) -> None:
        """Delete the file if it exists. Raises PowerCut or OSError when a fault strikes."""
        if name not in self.files:
            return
        fault = self.strikes()
        if fault is None or (fault == "power_cut" and self.draws.random() < 0.5):
            del self.files[name]
        if fault == "misdirected_write":
            self.is_damaged = True  # another file may have gone instead: this one stays
        elif fault is not None:
            self.fail(fault)

    def rest(self) -> None:
        """Nothing can be done beforehand."""

    def _misdirect(self, name: str, data: bytes) -> None:
        self.is_damaged = True
        there = self.files.get(name, b"")
        if there and self.draws.random() < 0.5:
            at = self.draws.randrange(len(there))
            self.files[name] = (there[:at] + data + there[at + len(data) :])[: len(there)]
        else:
            self.files[ELSEWHERE] = data

    def fail(self, fault: str | None) -> None:
        """What the board notices of the fault that has struck. Raises PowerCut or OSError."""
        if fault == "write_fault":
            raise OSError(5, "write fault")
        if fault in ("power_cut", "crash_corruption"):
            raise PowerCut(fault)
