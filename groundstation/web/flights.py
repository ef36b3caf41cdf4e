"""The flight that a console shows: started as a process of its own, found in a folder, or read from a file.

The flight is another process, `amu rehearse --orders`: a page can never hold up the ether, and either may die without
the other. The console knows it by the run's folder.

    ready      a scenario that nobody has started
    starting   the process makes its boards
    flying     a ground station flies the boards
    checking   the mission is over; its trace is being checked
    over       the verdict is there
    lost       its ground station died before the end; it can be resumed
    stored     a trace without a run's folder
    failed     the flight could not be started, or its folder cannot be read; `reason` says why
"""

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from groundstation.boards import claim
from groundstation.orders.port import SOCKET
from groundstation.os_errors import explained
from groundstation.record import run_directory
from groundstation.record.run_directory import RunDirectoryError
from groundstation.scenario import model
from groundstation.scenario.model import Scenario
from groundstation.web.behaviour import Behaviour

READY, STARTING, FLYING, CHECKING, OVER, LOST, STORED, FAILED = (
    "ready",
    "starting",
    "flying",
    "checking",
    "over",
    "lost",
    "stored",
    "failed",
)
AMU = "from groundstation.entry import main; main()"
TOLD_CHARACTERS_MAX = 2000
LOOK_SECONDS = 0.5  # how often to look at the folder


class Flight:
    """One flight. options: of `amu rehearse`, for one that was not started yet. run: the folder of the others.

    behaviour: of a module, in place of a flight.
    """

    def __init__(
        self,
        options: Sequence[str] = (),
        run: Path | None = None,
        trace: Path | None = None,
        behaviour: Behaviour | None = None,
    ) -> None:
        self.run = run
        self.behaviour = behaviour
        self._options = list(options)
        self._trace = trace if behaviour is None else behaviour.trace
        self._process: subprocess.Popen[bytes] | None = None
        self._files: tempfile.TemporaryDirectory[str] | None = None
        self._looked = 0.0
        self._state: dict[str, Any] = {}

    @property
    def trace(self) -> Path | None:
        """The trace to follow, once there is one."""
        return self._trace if self.run is None else self.run / run_directory.TRACE

    def scenario(self) -> Scenario | None:
        """The scenario: as flown, or as it would be. None: nobody knows it."""
        source = self._options[0] if self._options else None
        if self.run is not None:
            source = str(self.run / run_directory.SCENARIO)
        elif self._trace is not None or source is None:
            return None
        try:
            return model.load(source)
        except model.ScenarioError:
            return None

    def start(self) -> None:
        """Start the flight, or resume the lost one in `run`. Raises OSError."""
        self.close()
        options = self._options if self.run is None else ["--resume", str(self.run), "--out", str(self.run.parent)]
        self._files = tempfile.TemporaryDirectory(prefix="amu-console-")
        folder = Path(self._files.name)
        command = [sys.executable, "-c", AMU, "rehearse", *options, "--orders"]
        command += ["--announce", str(folder / "run")]
        with (folder / "said").open("wb") as said:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )
        self.run = None
        self._looked = 0.0

    def close(self) -> None:
        """Remove what passed between the console and the flight. The flight goes on."""
        if self._files is not None:
            self._files.cleanup()
        if self.behaviour is not None:
            self.behaviour.close()

    def state(self) -> dict[str, Any]:
        """The flight's state, for the pages. Looks at the folder now and then."""
        if time.monotonic() - self._looked >= LOOK_SECONDS:
            self._looked = time.monotonic()
            try:
                self._find_run()
                self._state = self._look()
            except OSError as error:
                self._state = {"state": FAILED, "reason": explained(error)}
        return self._state

    def _find_run(self) -> None:
        if self.run is None and self._files is not None:
            with contextlib.suppress(OSError):
                self.run = Path((Path(self._files.name) / "run").read_text())

    def _look(self) -> dict[str, Any]:
        if self.run is None:
            if self._process is None:
                return {"state": READY if self._trace is None else STORED}
            code = self._process.poll()
            return {"state": STARTING} if code is None else {"state": FAILED, "reason": self._said()}
        about = _object(self.run / run_directory.RUN)
        found: dict[str, Any] = {"run": self.run.name, "state": self._state_of_run(about.get("boards"))}
        found["takes_orders"] = found["state"] == FLYING and (self.run / SOCKET).exists()
        if about:
            found |= {name: about.get(name) for name in ("kind", "kinds", "plays", "started", "scenario", "seed")}
        if found["state"] == OVER:
            verdict = _object(self.run / run_directory.VERDICT)
            if verdict:
                found["verdict"] = {name: verdict.get(name) for name in ("verdict", "lines", "findings")}
            found["has_report"] = (self.run / run_directory.REPORT).exists()
        return found

    def _state_of_run(self, boards: object) -> str:
        """boards: the folder of its boards, as its run.json has it."""
        assert self.run is not None
        if claim.is_held(self.run / (boards if isinstance(boards, str) else run_directory.BOARDS)):
            return FLYING if self._has_begun() else STARTING
        if self._process is not None and self._process.poll() is None:
            return CHECKING  # the verdict comes before the report
        return OVER if (self.run / run_directory.VERDICT).exists() else LOST

    def _has_begun(self) -> bool:
        """Whether its record has begun; its orders are taken from before that on."""
        assert self.run is not None
        with contextlib.suppress(OSError):
            return (self.run / run_directory.TRACE).stat().st_size > 0
        return False

    def _said(self) -> str:
        assert self._files is not None
        text = (Path(self._files.name) / "said").read_text(errors="backslashreplace")
        return text[-TOLD_CHARACTERS_MAX:].strip()


def _object(path: Path) -> dict[str, Any]:
    """The members of a JSON file of a run; none if it is not there or not whole."""
    with contextlib.suppress(RunDirectoryError):
        found = run_directory.read_json(path)
        if isinstance(found, dict):
            return found
    return {}
