"""Which packages a distribution holds; everything else is in pyproject.toml.

The flight package lies in firmware/, the others at the top. `firmware/main.py` ships as `hil/firmware/main.py`
(hil/firmware_files.py finds it), because no wheel may put a module called `main` at the top of site-packages.

A wheel also holds the RP2040 emulator with its licence: an npm package that the lock file in hil/boards/emulated/core
pins, installed into the wheel while it is built. An editable installation leaves that to `make venv`.
"""

import importlib.util
import sys
from pathlib import Path

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py

EMULATED = "hil/boards/emulated"


class BuildWithEmulator(build_py):
    """Modules and data, then the emulator."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        # By its path: the project that is built is not installed.
        found = importlib.util.spec_from_file_location("library", Path(__file__).parent / EMULATED / "library.py")
        assert found is not None
        assert found.loader is not None
        library = importlib.util.module_from_spec(found)
        found.loader.exec_module(library)
        try:
            library.install(Path(self.build_lib) / EMULATED / "core")
        except library.LibraryError as error:
            sys.exit(f"setup.py: {error}")


setup(
    cmdclass={"build_py": BuildWithEmulator},
    packages=[
        # Namespace packages too: folders of modules and missions hold no Python.
        *find_namespace_packages(
            ".", include=["groundstation*", "hil*", "specs*", "swarm_sim*"], exclude=["*node_modules*"]
        ),
        *find_namespace_packages("firmware", include=["amu*"]),
        "hil.firmware",
    ],
    package_dir={"amu": "firmware/amu", "hil.firmware": "firmware"},
)
