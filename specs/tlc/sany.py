"""SANY, the parser of the TLA+ tools: the second opinion on whether a module is valid."""

import subprocess
import tempfile
from pathlib import Path

from specs.escape import escaped
from specs.tla.syntax.tree import ModuleError
from specs.tlc import runner as tlc


def check(path: Path) -> None:
    """Parse `path` with SANY. Raises ModuleError with SANY's output if it rejects the module, TlcError without Java."""
    with tempfile.TemporaryDirectory(prefix="amu-sany-") as scratch:
        command = [str(tlc.java()), f"-Djava.io.tmpdir={scratch}", *tlc.SMALL_JOB, "-cp", str(tlc.jar())]
        process = subprocess.run(
            [*command, "tla2sany.SANY", path.name],
            cwd=path.resolve().parent,
            capture_output=True,
            text=True,
            check=False,
        )
    output = process.stdout + process.stderr
    # SANY's exit status does not show errors.
    if (
        "*** Errors:" in output
        or "Parse Error" in output
        or "Could not" in output
        or "Semantic processing" not in output
    ):
        raise ModuleError(f"SANY rejects {escaped(path)}:\n{output.strip()}")
