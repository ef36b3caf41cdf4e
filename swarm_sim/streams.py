"""Random numbers: one generator a concern.

What a concern draws depends on the seed and on the concern's name, so that a new fault, or one that is taken away while
a failure is shrunk, shifts nothing that another concern draws. (The frames' own faults go further: each draw is keyed
with rule, link and frame; see groundstation.faults.rule.)
"""

import random


def stream(seed: int, concern: str) -> random.Random:
    """The generator of `concern` under `seed`. The same two give the same numbers in every process."""
    # A text is hashed by SHA-512 before it seeds the generator: PYTHONHASHSEED has no say in it.
    return random.Random(f"{concern}/{seed}")
