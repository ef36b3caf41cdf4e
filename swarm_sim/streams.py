"""Random numbers: each concern has its own generator.

What a concern draws depends on the seed and on the concern's name. So a fault that is added, or removed while a failure
is shrunk, does not shift what other concerns draw. (Faults of frames go further: each draw is keyed with rule, link and
frame; see groundstation.faults.rule.)
"""

import random


def stream(seed: int, concern: str) -> random.Random:
    """The generator of `concern` under `seed`. Equal arguments give equal numbers in every process."""
    # Random hashes a text seed with SHA-512, independent of PYTHONHASHSEED.
    return random.Random(f"{concern}/{seed}")
