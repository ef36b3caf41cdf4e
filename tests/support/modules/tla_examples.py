"""Runs modules of the public TLA+ examples here and by TLC. The examples themselves are not part of the project."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from specs.tla.explore.model import Model, load_configured
from specs.tla.explore.states import Report, explore
from specs.tla.syntax import configuration
from specs.tla.syntax.configuration import Configuration
from specs.tlc import runner as tlc
from specs.tlc.runner import TlcResult

VARIABLE = "AMU_TLA_EXAMPLES"  # names a checkout of the repository tlaplus/Examples
LIMIT_STATES = 30_000

# Names that proofs use: a module TLAPS comes with the proof system, not with TLC.
TLAPS = """---- MODULE TLAPS ----
SMT == TRUE
SMTT(seconds) == TRUE
Z3 == TRUE
Z3T(seconds) == TRUE
CVC3 == TRUE
Zenon == TRUE
ZenonT(seconds) == TRUE
Isa == TRUE
IsaT(seconds) == TRUE
IsaM(method) == TRUE
Isa_m(method) == TRUE
Blast == TRUE
Auto == TRUE
Force == TRUE
AllSolvers == TRUE
SimpleArithmetic == TRUE
LS4 == TRUE
PTL == TRUE
THEOREM SetExtensionality == TRUE
THEOREM NoSetContainsEverything == TRUE
====
"""


def folder() -> Path | None:
    """The folder `specifications` of the examples; None if they are not here."""
    named = os.environ.get(VARIABLE)
    return None if named is None else Path(named) / "specifications"


def explored(examples: Path, module: str, config: str, limit: int = LIMIT_STATES) -> tuple[Report, Configuration]:
    """What this project's evaluator finds. Raises ModuleError, Unsupported, EvaluationError."""
    settings = configuration.read(examples / config)
    model = Model(load_configured(examples / module, settings), settings)
    # What speaks of infinite behaviours is not compared.
    settings.properties = [item.name for item in model.properties if not item.temporal]
    return explore(model, limit), settings


def by_tlc(
    examples: Path, module: str, settings: Configuration, scratch: Path, timeout_seconds: float = 300
) -> TlcResult:
    """What TLC finds. Raises TlcError."""
    folder = scratch / "modules"
    shutil.copytree((examples / module).parent, folder)
    (folder / "TLAPS.tla").write_text(TLAPS, encoding="utf-8")
    return tlc.run(folder / Path(module).name, settings.as_text(), heap_megabytes=2048, timeout_seconds=timeout_seconds)
