"""Parses every module of a feature with SANY, the reference parser of TLA+, in one Java process.

A `trace_<feature>.tla` extends a module that is generated when a trace is checked: it is parsed with a stub that
declares the missing names. All other modules must find their modules in their own folder.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from specs.tlc import runner as tlc

_SECTION = "****** SANY2 Version"
_MISSING = re.compile(r"Cannot find source file for module (\w+) imported in module (\w+)")
_UNKNOWN = re.compile(r"Unknown operator: `([^']+)'")
_ROUNDS = 4  # of stubbing; more than the generated modules that any trace module extends


def rejected(folder: Path, timeout_seconds: float = 120) -> list[str]:
    """SANY's error texts, one per module in `folder` that it rejects. Raises TlcError."""
    complaints = []
    modules = sorted(folder.glob("*.tla"))
    traces = [path for path in modules if path.name.startswith("trace_")]
    for path, output in _parse(folder, [path for path in modules if path not in traces], None, timeout_seconds):
        if not _accepted(path, output):
            complaints.append(_error_text(path, output))
    for path in traces:
        complaints += _trace_module(folder, path, timeout_seconds)
    return complaints


def _trace_module(folder: Path, path: Path, timeout_seconds: float) -> list[str]:
    with tempfile.TemporaryDirectory(prefix="amu-sany-") as scratch:
        library = Path(scratch)
        output = ""
        for _ in range(_ROUNDS):
            output = _parse(folder, [path], library, timeout_seconds)[0][1]
            if _accepted(path, output):
                return []
            missing = [name for name, importer in _MISSING.findall(output) if importer == path.stem]
            for name in missing:
                (library / f"{name}.tla").write_text(f"---- MODULE {name} ----\n====\n", encoding="utf-8")
            stubs = sorted(library.glob("*.tla"))
            unknown = sorted(set(_UNKNOWN.findall(output)))
            if not missing and not (stubs and unknown):
                break
            if unknown and stubs:
                stub = stubs[0]
                constants = f"CONSTANTS {', '.join(unknown)}\n"
                stub.write_text(f"---- MODULE {stub.stem} ----\n{constants}====\n", encoding="utf-8")
        return [_error_text(path, output)]


def _parse(
    folder: Path, modules: Sequence[Path], library: Path | None, timeout_seconds: float
) -> list[tuple[Path, str]]:
    """(module, SANY's output on it). SANY stops at a missing module: the modules after it are parsed in another run."""
    waiting, done = list(modules), []
    while waiting:
        sections = _run(folder, waiting, library, timeout_seconds).split(_SECTION)[1:]
        for path, output in zip(waiting, sections):
            done.append((path, output))
        if not sections:
            raise tlc.TlcError(f"SANY printed nothing about {waiting[0]}")
        waiting = waiting[len(sections) :]
    return done


def _run(folder: Path, modules: Sequence[Path], library: Path | None, timeout_seconds: float) -> str:
    with tempfile.TemporaryDirectory(prefix="amu-sany-") as scratch:
        command = [str(tlc.java()), f"-Djava.io.tmpdir={scratch}", *tlc.SMALL_JOB]
        if library is not None:
            command.append(f"-DTLA-Library={library}")
        command += ["-cp", str(tlc.jar()), "tla2sany.SANY", *[path.name for path in modules]]
        try:
            process = subprocess.run(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise tlc.TlcError(f"SANY gave no answer on {folder} within {timeout_seconds:g} s") from None
    return process.stdout.decode("utf-8", "replace")


def _accepted(path: Path, output: str) -> bool:
    """Whether SANY's output says that it processed the module without errors, which its exit status does not."""
    troubles = ("*** Errors:", "*** Abort messages:", "Parse Error", "Fatal errors")
    processed = f"Semantic processing of module {path.stem}\n" in output
    return processed and not any(trouble in output for trouble in troubles)


def _error_text(path: Path, output: str) -> str:
    skipped = ("Parsing file", "Semantic processing of", "2.1 created", "Version")
    lines = [line.rstrip() for line in output.split("\n") if line.strip()]
    kept = [line for line in lines if not line.strip().startswith(skipped) and "created 24 February" not in line]
    return f"{path.name}: " + "\n    ".join(kept[:12])
