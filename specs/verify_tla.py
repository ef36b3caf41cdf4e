"""`amu verify` as a script beside the modules, for pipelines that call one.

python specs/verify_tla.py [FEATURE ...] [--deep]
"""

import os
import sys
import sysconfig

if __name__ == "__main__":
    amu = os.path.join(sysconfig.get_path("scripts"), "amu")
    os.execv(amu, [amu, "verify", *sys.argv[1:]])
