"""The plan of a feature: parses and validates specs/<feature>/plan.json.

A plan names the six phases with their files, the code, record and tests of the feature, and the model-checking runs
with the expected outcome of each. A bad plan raises PlanError with file, member and what is wanted: a run that was
skipped silently would look as if it had passed.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from specs import FOLDER, files, strict_json
from specs.escape import MultilineError

ROOT = FOLDER.parent
PLAN = "plan.json"
SUMMARY = "verification_summary.md"
PHASES = 6  # numbered from 0

Text = Annotated[str, Field(min_length=1)]


class PlanError(MultilineError):
    """A plan is invalid or missing. Each line of the message says where, what is wrong, and what is wanted."""


class Strict(BaseModel):
    """Base model in which unknown members are errors: a misspelt bound would silently weaken a run."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Phase(Strict):
    """One of the six phases. `files` are in the feature's folder."""

    phase: int = Field(ge=0, lt=PHASES)
    name: Text
    files: list[Text] = Field(min_length=1)
    status: Literal["open", "done"]


class Expectation(Strict):
    """The outcome that a run must have."""

    outcome: Literal["ok", "invariant", "property", "deadlock"] = "ok"
    violated: Text | None = Field(default=None, description="name of the invariant that must be violated")

    @model_validator(mode="after")
    def _names_its_invariant(self) -> Self:
        if self.outcome == "invariant" and self.violated is None:
            raise ValueError("violated: name the invariant that must be violated")
        if self.outcome in ("ok", "deadlock") and self.violated is not None:
            raise ValueError(f"violated: allowed with outcome invariant or property, not with {self.outcome}")
        return self

    def __str__(self) -> str:
        return self.outcome if self.violated is None else f"{self.violated} violated"


class Run(Strict):
    """One run of the model checker. `module` and `config` are in the feature's folder.

    `walks` and `depth` bound a simulation, and the random walks before a check. `never` maps an action that cannot be
    taken in this run, or an invariant that is necessarily vacuous in it, to the reason.
    """

    name: Text
    module: str = Field(pattern=r"^\w+\.tla$")
    config: str = Field(pattern=r"^\w+\.cfg$")
    tier: Literal["gate", "deep"]
    bounds: Text
    kind: Literal["check", "simulate"] = "check"
    walks: int = Field(default=50, ge=1, le=1_000_000)
    depth: int = Field(default=40, ge=1, le=10_000)
    workers: int = Field(default=1, ge=1, le=64)
    heap_megabytes: int = Field(default=1024, ge=64, le=262_144)
    timeout_seconds: int = Field(default=600, ge=1)
    deadlock: bool = Field(default=False, description="whether a state without successor is an error")
    expect: Expectation = Field(default_factory=Expectation)
    never: dict[str, Text] = Field(default_factory=dict)


class Plan(Strict):
    """A feature's plan. Paths of `record`, `code` and `tests` are relative to the project's folder."""

    feature: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    title: Text
    record: Text
    code: list[Text]
    tests: list[Text]
    phases: list[Phase]
    runs: list[Run] = Field(min_length=1)

    @model_validator(mode="after")
    def _phases_in_order(self) -> Self:
        if [phase.phase for phase in self.phases] != list(range(PHASES)):
            raise ValueError(f"phases: want the phases 0 to {PHASES - 1}, each once, in order")
        return self

    @model_validator(mode="after")
    def _runs_have_distinct_names(self) -> Self:
        names = [run.name for run in self.runs]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"runs: two are named {name!r}; give each its own name")
        if all(run.tier == "deep" for run in self.runs):
            raise ValueError("runs: none has tier gate; at least one must be fast enough to run on every change")
        return self


def features(specs: Path = FOLDER) -> list[str]:
    """Names of the features, sorted: the folders that hold a plan."""
    return sorted(path.parent.name for path in specs.glob(f"*/{PLAN}"))


def folder_of(feature: str, specs: Path = FOLDER) -> Path:
    """The folder of a feature. Raises PlanError, listing the features, if there is none of that name."""
    known = features(specs)
    if feature not in known:
        raise PlanError(f"no feature {feature!r}; there are {', '.join(known) or 'none'}")
    return specs / feature


def load(folder: Path) -> Plan:
    """Read and check the plan in `folder`. Raises PlanError."""
    path = folder / PLAN
    try:
        text = files.read_text(path)
    except files.FileError as error:
        raise PlanError(f"{path}: cannot be read: {error}") from error
    return _parsed(path, text)


@lru_cache(maxsize=64)
def _parsed(path: Path, text: str) -> Plan:
    try:
        document = strict_json.loads(text)
    except strict_json.JsonError as error:
        raise PlanError(f"{path}: {error}") from error
    try:
        plan = Plan.model_validate(document)
    except ValidationError as error:
        raise PlanError("\n".join(f"{path}: {_explained(item)}" for item in error.errors())) from error
    if plan.feature != path.parent.name:
        raise PlanError(f"{path}: feature: want {path.parent.name!r}, the folder's name, not {plan.feature!r}")
    _require_files(path, plan)
    return plan


def _require_files(path: Path, plan: Plan) -> None:
    """Requires the files that the checker reads. Others may not be written yet: `missing_files` lists them."""
    for index, run in enumerate(plan.runs):
        for member, name in (("module", run.module), ("config", run.config)):
            if not (path.parent / name).is_file():
                raise PlanError(f"{path}: runs[{index}].{member}: no file {name} in {path.parent}")


def missing_files(plan: Plan, specs: Path = FOLDER) -> list[str]:
    """Files that the plan names but that do not exist, as `member: path`."""
    root, folder = specs.parent, specs / plan.feature
    named = [("record", root / plan.record)]
    named += [(f"code[{index}]", root / name) for index, name in enumerate(plan.code)]
    named += [(f"tests[{index}]", root / name) for index, name in enumerate(plan.tests)]
    for phase in plan.phases:
        named += [(f"phases[{phase.phase}].files", folder / name) for name in phase.files]
    return [f"{member}: {path.relative_to(root)}" for member, path in named if not path.is_file()]


def _explained(item: ErrorDetails) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        message = "unknown member; see docs/reference/specifications.md"
    elif item["type"] not in ("value_error", "missing"):
        message += f", not {item['input']!r}"
    return f"{path}: {message}" if path else message
