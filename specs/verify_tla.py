"""Verifies the features' TLA+ modules without the command line's comforts: what `amu verify` does, in plain lines.

    python specs/verify_tla.py [FEATURE ...] [--deep]

Exit codes: 0 pass, 1 crash, 2 bad input or no answer, 3 a run failed.
"""

import sys

from specs.verification import plain

if __name__ == "__main__":
    sys.exit(plain.main(sys.argv[1:]))
