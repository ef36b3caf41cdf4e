"""Noise on a serial line: bytes that are changed, lost or added, below the frames.

The damage follows from the seed and from how many bytes have passed, never from how they were grouped into reads.
"""

import math
import random
from collections import Counter

CHANGED, LOST, ADDED = "changed", "lost", "added"
_BITS = (1, 2, 4, 8, 16, 32, 64, 128)


class Noise:
    """One direction of one line. `counts`: damaged bytes by kind of damage."""

    def __init__(self, seed: int, line: str, probability: float) -> None:
        """`line` names the direction; each byte is damaged with `probability`."""
        self.counts: Counter[str] = Counter()
        self._draws = random.Random(f"{seed} {line}")
        self._scale = math.log1p(-probability)
        self._sound = self._stretch()  # bytes that pass before the next damage

    def _stretch(self) -> int:
        return int(math.log(1.0 - self._draws.random()) / self._scale)

    def spoil(self, data: bytes) -> bytes:
        """What comes out at the other end."""
        if self._sound >= len(data):
            self._sound -= len(data)
            return data
        out = bytearray()
        at = 0
        while self._sound < len(data) - at:
            out += data[at : at + self._sound]
            at += self._sound
            byte = data[at : at + 1]
            at += 1
            harm = self._draws.choice((CHANGED, CHANGED, LOST, ADDED))
            self.counts[harm] += 1
            if harm == CHANGED:
                out.append(byte[0] ^ self._draws.choice(_BITS))
            elif harm == ADDED:
                out += byte
                out.append(self._draws.randrange(256))
            self._sound = self._stretch()
        self._sound -= len(data) - at
        return bytes(out + data[at:])


class LineNoise:
    """Both directions of a line."""

    def __init__(self, seed: int, line: str, probability: float) -> None:
        self.to_ground = Noise(seed, f"{line} to ground", probability)
        self.to_board = Noise(seed, f"{line} to board", probability)

    def told(self) -> str:
        """What was done to bytes, in words."""
        counts = self.to_ground.counts + self.to_board.counts
        return ", ".join(f"{counts[harm]} {harm}" for harm in (CHANGED, LOST, ADDED))
