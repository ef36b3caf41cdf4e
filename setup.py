"""Which packages a distribution holds; everything else is in pyproject.toml.

The flight package lies in firmware/, the others at the top. `firmware/main.py` ships as `hil/firmware/main.py`
(hil/firmware_files.py finds it), because no wheel may put a module called `main` at the top of site-packages.

A wheel also holds two npm packages with their licences, which lock files pin: the RP2040 emulator, and what draws
the console's plots. They are installed into the wheel while it is built; an editable installation leaves that to
`make venv`.
"""

import sys
from pathlib import Path

from setuptools import find_namespace_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))  # the project that is built is not installed

from groundstation.npm import NpmError  # noqa: E402
from groundstation.web.plotter import UPLOT  # noqa: E402
from hil.boards.emulated.library import RP2040JS  # noqa: E402


class BuildWithPackages(build_py):
    """Modules and data, then the npm packages."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            return
        try:
            for package in (RP2040JS, UPLOT):
                package.within(Path(self.build_lib).resolve() / package.folder.relative_to(ROOT)).install()
        except NpmError as error:
            sys.exit(f"setup.py: {error}")


setup(
    cmdclass={"build_py": BuildWithPackages},
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
