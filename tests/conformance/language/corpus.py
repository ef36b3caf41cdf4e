"""Explores every model of a folder here and by TLC, and compares verdicts and numbers of distinct states.

    python -m tests.conformance.language.corpus FOLDER --cache FILE [--seconds N] [--only PART] [--list OUTCOME]

A model is a configuration F.cfg beside its module F.tla. Known corpora are TLC's own test models (tlaplus/tlaplus,
tlatools/org.lamport.tlatools/test-model) and the public examples (tlaplus/Examples, specifications). Neither is part of
the project. TLC runs one model at a time, without its check for deadlocks; its answers are kept in the cache.

Outcomes: `agree`; `both refuse` (TLC ends with an error in evaluation, and so does the evaluator); `differ`; `refused`
(the evaluator refuses what TLC checks); `large` (one of them gives no answer in time); `not TLA+ for TLC` (TLC itself
refuses the model); `TLC is wrong` (see the table TLC_IS_WRONG). Exit status 1 if a model differs.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from specs.tla.explore.model import Model, load_configured
from specs.tla.explore.states import explore
from specs.tla.language.language import EvaluationError
from specs.tla.syntax import configuration
from specs.tla.syntax.tree import ModuleError
from specs.tlc import runner as tlc
from specs.verdict import VIOLATED
from tests.support.modules.tla_examples import TLAPS

SECONDS = 20
LIMIT_STATES = 40_000
IGNORED = ("CHECK_DEADLOCK", "ALIAS", "POSTCONDITION")  # TLC 2.15 does not know these statements

# Where TLC 2.15 is wrong, or draws lots.
TLC_IS_WRONG = {
    "Github1145": "SubSeq of a function with EXCEPT loses the change",
    "Github1145b": "SubSeq of a function with EXCEPT loses the change",
    "Github725e": "ENABLED of a primed definition of an instance is an error",
}

AGREE, BOTH_REFUSE, DIFFER, REFUSED, LARGE, NOT_FOR_TLC, WRONG = OUTCOMES = (
    "agree",
    "both refuse",
    "differ",
    "refused",
    "large",
    "not TLA+ for TLC",
    "TLC is wrong",
)
TAUTOLOGY = "formula is a tautology"
BOUND = "name the element instead"  # what the evaluator says of a set that it will not enumerate


@dataclass(frozen=True)
class Answer:
    """One checker's answer: `verdict` "ok", "violated", "assumption", "error", "refused" or "large"."""

    verdict: str
    distinct_states: int = 0
    names: tuple[str, ...] = ()
    message: str = ""


def models(folder: Path) -> list[Path]:
    """The configurations that lie beside a module of the same name."""
    return sorted([path for path in folder.rglob("*.cfg") if path.with_suffix(".tla").is_file()])


def text_for_tlc(config: Path) -> str:
    """The configuration as TLC 2.15 reads it."""
    text = config.read_text(encoding="utf-8", errors="replace")
    if not any(word in text for word in IGNORED):
        return text
    try:
        return configuration.parse(text).as_text()
    except ModuleError:
        return text


def without_symmetry(config: Path) -> str | None:
    """The configuration without SYMMETRY, if it has that and properties, of which TLC then gives wrong verdicts."""
    try:
        settings = configuration.read(config)
    except ModuleError:
        return None
    if settings.symmetry is None or not settings.properties:
        return None
    settings.symmetry = None
    return settings.as_text()


def by_tlc(config: Path, seconds: float, text: str | None = None) -> Answer:
    """What TLC says of a model, under the configuration `text` if given."""
    proofs = config.parent / "TLAPS.tla"
    if not proofs.exists():
        proofs.write_text(TLAPS, encoding="utf-8")
    try:
        found = tlc.run(
            config.with_suffix(".tla"), text or text_for_tlc(config), timeout_seconds=seconds, heap_megabytes=1500
        )
    except tlc.TlcError as error:
        message = str(error)
        if "within" in message and "gave no answer" in message:
            return Answer("large", message=message)
        evaluated = "exit status 75)" in message or "exit status 76)" in message or "exit status 77)" in message
        return Answer("error" if evaluated else "refused", message=message[:1500])
    verdict = {"ok": "ok", "assumption": "assumption"}.get(found.outcome, "violated")
    names = () if found.violated is None else (found.violated,)
    if verdict == "assumption" and "Evaluating assumption" in found.message:
        verdict = "error"
    return Answer(verdict, found.states_distinct, names, found.message[:1500])


def here(config: Path) -> Answer:
    """What the evaluator says of a model."""
    try:
        settings = configuration.read(config)
        model = Model(load_configured(config.with_suffix(".tla"), settings), settings)
        report = explore(model, LIMIT_STATES)
    except ModuleError as error:
        return Answer("assumption" if "ASSUME is false" in str(error) else "refused", message=str(error))
    except EvaluationError as error:
        return Answer("refused" if BOUND in str(error) else "error", message=str(error))
    found = [name for name, verdict in {**report.invariants, **report.properties}.items() if verdict == VIOLATED]
    if found:
        return Answer("violated", report.distinct_states, tuple(found))
    if not report.complete:
        return Answer("large", report.distinct_states)
    unchecked = [name for name, verdict in report.properties.items() if verdict.startswith("not checked")]
    if unchecked and report.distinct_states:
        return Answer("refused", report.distinct_states, message=f"not checked: {', '.join(unchecked)}")
    return Answer("ok", report.distinct_states)


def apart(config: Path, seconds: float) -> Answer:
    """`here` in a process of its own, which may take `seconds`."""
    command = [sys.executable, "-m", __spec__.name if __spec__ else __name__, str(config), "--one"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return Answer("large", message=f"no answer within {seconds:g} s")
    if done.returncode != 0:
        return Answer("crash", message=done.stderr[-1500:])
    found = json.loads(done.stdout.splitlines()[-1])
    return Answer(found["verdict"], found["distinct_states"], tuple(found["names"]), found["message"])


def outcome(theirs: Answer, ours: Answer) -> str:
    """How the two answers compare."""
    if theirs.verdict == "refused":
        return NOT_FOR_TLC
    if ours.verdict == "crash":
        return DIFFER
    if theirs.verdict == "error" and TAUTOLOGY in theirs.message:
        return AGREE if ours.verdict == "ok" else DIFFER  # TLC does not check a property that holds of all behaviours
    if theirs.verdict == "error":
        return BOTH_REFUSE if ours.verdict in ("error", "refused") else LARGE if ours.verdict == "large" else DIFFER
    if ours.verdict == "refused":
        return REFUSED
    if "large" in (theirs.verdict, ours.verdict):
        return LARGE
    if theirs.verdict != ours.verdict:
        return DIFFER
    if theirs.verdict == "ok":
        return AGREE if theirs.distinct_states == ours.distinct_states else DIFFER
    return AGREE if not theirs.names or set(theirs.names) <= set(ours.names) else DIFFER


def key_of(config: Path) -> str:
    """A hash of all that goes into TLC's answer: the modules of the folder, and the configuration."""
    found = hashlib.sha256(config.read_bytes())
    for path in sorted(config.parent.glob("*.tla")):
        if path.name == "TLAPS.tla":
            continue
        if path.stem == config.stem or path.stem in config.with_suffix(".tla").read_text(errors="replace"):
            found.update(path.name.encode() + path.read_bytes())
    return found.hexdigest()


def main() -> int:
    """Compare, print a line per model and the totals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cache", type=Path, help="a JSON file of TLC's answers; it is read, extended and written")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="per model and checker")
    parser.add_argument("--only", default="", help="models whose path contains this")
    parser.add_argument("--tlc-only", action="store_true", help="fill the cache, and compare nothing")
    parser.add_argument("--list", nargs="*", default=list(OUTCOMES), help="outcomes of which each model is printed")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(asdict(here(arguments.folder))))
        return 0
    known = Cache(arguments.cache, arguments.seconds)
    totals: collections.Counter[str] = collections.Counter()
    for config in models(arguments.folder):
        name = str(config.relative_to(arguments.folder).with_suffix(""))
        if arguments.only not in name:
            continue
        theirs = known.answer(config)
        if arguments.tlc_only:
            continue
        needed = theirs.verdict not in ("refused", "large")
        ours = apart(config, arguments.seconds) if needed else Answer("large")
        found = WRONG if config.stem in TLC_IS_WRONG else outcome(theirs, ours)
        text = without_symmetry(config) if found == DIFFER and theirs.distinct_states == ours.distinct_states else None
        if text is not None:
            theirs = replace(known.answer(config, text), distinct_states=ours.distinct_states)
            found = outcome(theirs, ours)
        totals[found] += 1
        if found in arguments.list:
            print(f"{found:<17}{name}: TLC {shown(theirs)}; here {shown(ours)}", flush=True)
    print(", ".join([f"{found} {totals[found]}" for found in OUTCOMES]))
    return 1 if totals[DIFFER] else 0


class Cache:
    """TLC's answers, in a file."""

    def __init__(self, path: Path | None, seconds: float) -> None:
        self._path, self._seconds = path, seconds
        self._answers: dict[str, Any] = {}
        if path is not None and path.exists():
            self._answers = json.loads(path.read_text(encoding="utf-8"))

    def answer(self, config: Path, text: str | None = None) -> Answer:
        key = key_of(config) + ("" if text is None else " without symmetry")
        if key not in self._answers:
            self._answers[key] = asdict(by_tlc(config, self._seconds, text))
            if self._path is not None:
                self._path.write_text(json.dumps(self._answers, indent=0), encoding="utf-8")
        found = self._answers[key]
        return Answer(found["verdict"], found["distinct_states"], tuple(found["names"]), found["message"])


def shown(answer: Answer) -> str:
    """An answer on one line."""
    names = f" {', '.join(answer.names)}" if answer.names else ""
    message = f" ({' '.join(answer.message.split())[:160]})" if answer.message else ""
    return f"{answer.verdict}{names} {answer.distinct_states}{message}"


if __name__ == "__main__":
    sys.exit(main())
