"""Which packages a distribution holds; everything else is in pyproject.toml.

The flight package lies in firmware/, the others at the top. `firmware/main.py` ships as `hil/firmware/main.py`
(hil/firmware_files.py finds it), because no wheel may put a module called `main` at the top of site-packages.
"""

from setuptools import find_namespace_packages, setup

setup(
    packages=[
        # Namespace packages too: folders of modules and missions hold no Python.
        *find_namespace_packages(".", include=["groundstation*", "hil*", "specs*", "swarm_sim*"]),
        *find_namespace_packages("firmware", include=["amu*"]),
        "hil.firmware",
    ],
    package_dir={"amu": "firmware/amu", "hil.firmware": "firmware"},
)
