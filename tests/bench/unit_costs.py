"""Costs of the unavoidable work of one message on a Pico, measured on the image itself, and what they add up to."""

import re
from dataclasses import dataclass
from pathlib import Path

from amu.core.limits import quorum_size
from groundstation.boards import provision
from hil.boards.emulated import folding, pico_files
from hil.boards.emulated.pico_chip import PicoChip

PROGRAM = Path(__file__).with_name("unit_costs_main.py")
MILLISECOND = 1_000_000
LIMIT_MILLISECONDS = 10_000
FRAMES_SENT = 8
PHASES = 4


@dataclass(frozen=True)
class UnitCosts:
    """Microseconds each, for the message of a vote, and the length of its frame.

    read: from the line. unframe: COBS, CRC and header. check, seal: MACs. decode, encode: CBOR. frame: header, CRC and
    COBS. write: to the line. append: a record to the journal. poll: of a line without a byte. collection: of garbage.
    """

    microseconds: dict[str, int]
    frame_bytes: int

    def received(self) -> float:
        """A frame up to its header: where a surplus vote ends."""
        return self._sum("read", "unframe")

    def taken(self) -> float:
        """What a message costs beyond that."""
        return self._sum("check", "decode")

    def sent(self) -> float:
        """A frame to one receiver, of a message that is encoded already."""
        return self._sum("seal", "frame", "write")

    def decision(self, nodes: int) -> float:
        """Least milliseconds of one board: each message in a frame of its own, surplus votes dropped unread, and the
        steps themselves, the trace and the heap for nothing."""
        proposals = (nodes - 1) / nodes  # of a board: one leader sends them
        frames = PHASES * (nodes - 1) + proposals
        needed = PHASES * (quorum_size(nodes) - 1) + proposals
        ground_in, ground_out = 1, 2  # the request; its receipt and reply
        total = (
            (frames + ground_in) * self.received()
            + (needed + ground_in) * self.taken()
            + (PHASES + 1 / nodes + ground_out) * self._sum("encode")
            + (frames + ground_out) * self.sent()
            + PHASES * self._sum("append")
        )
        return total / 1000

    def _sum(self, *names: str) -> float:
        return sum(self.microseconds[name] - self.microseconds["nothing"] for name in names)


def measure(image: Path, journal: str) -> UnitCosts:
    """Run the program. Raises ValueError with what the board said when it does not come to its end."""
    swarm = provision.Swarm(b"bench", 4, b"not a secret at all", journal=journal)
    stored = {f"store/{name}": data for name, data in provision.commissioned_files(journal).items()}
    configured = {
        "config.cbor": provision.configuration(swarm, 1),
        "main.py": folding.folded("main.py", PROGRAM.read_text()).encode(),
    }
    waiting = bytearray()

    def take(most: int) -> bytes:
        data = bytes(waiting[:most])
        del waiting[:most]
        return data

    chip = PicoChip(image, pico_files.make({**pico_files.modules(), **stored, **configured}), "AMU-0001", 1, take)
    said = wire = b""
    try:
        for _ in range(LIMIT_MILLISECONDS):
            chip.advance(MILLISECOND)
            said += chip.receive()
            asked = re.search(rb"SEND ([0-9a-f]+)\.", said)
            if asked is not None and not wire:
                wire = bytes.fromhex(asked[1].decode())
                waiting += wire * FRAMES_SENT
            if b"DONE" in said:
                break
    finally:
        chip.power_off()
    told = {name.decode(): int(cost) for name, cost in re.findall(rb"COST ([\w ]+) (\d+)", said)}
    if "read" not in told:
        raise ValueError(f"{PROGRAM.name} on the emulated Pico: {said[-400:].decode('ascii', 'replace')!r}")
    return UnitCosts(told, len(wire))
