"""What an export says of its run: the files that belong to it, and numbers by which they are known again."""

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from groundstation.record import run_directory
from groundstation.report.exports.selected import Selected, sha256
from specs import files, strict_json
from specs.checking.trace import TraceError

NAMES = (run_directory.SCENARIO, run_directory.RUN, run_directory.VERSIONS, run_directory.VERDICT)  # never the secret
MEDIA_TYPES = {".toml": "application/toml", ".json": "application/json"}
EPOCH = "mission seconds: 0 is the start of the run, as in the field `received` of a trace"


@dataclass(frozen=True)
class Attached:
    """facts: name to text. files: name to content, those that the run's folder has."""

    facts: dict[str, str]
    files: dict[str, bytes]


def of(trace: Path, selected: Selected) -> Attached:
    """Of a trace that has been read to its end. Raises TraceError for a file beside it that cannot be read."""
    found = {}
    for name in NAMES:
        path = trace.with_name(name)
        if trace.name == run_directory.TRACE and path.exists():
            try:
                found[name] = files.read_bytes(path)
            except files.FileError as error:
                raise TraceError(f"{path}: {error}") from None
    facts = {"epoch": EPOCH, "events": str(selected.count), "trace_sha256": sha256(trace)}
    first = selected.first
    if first is not None and first.name == "RunStart":
        facts |= {"scenario": first.fields["scenario"], "seed": str(first.fields["seed"])}
    if first is not None and first.run is not None:
        facts["run"] = first.run
    firmware = _firmware(found.get(run_directory.VERSIONS))
    if firmware is not None:
        facts["firmware_sha256"] = firmware
    return Attached(facts | {"written_by": f"amu-swarm {version('amu-swarm')}"}, found)


def _firmware(versions: bytes | None) -> str | None:
    try:
        told = None if versions is None else strict_json.loads(versions.decode())
    except (UnicodeDecodeError, strict_json.JsonError):
        return None
    firmware = told.get("firmware_sha256") if type(told) is dict else None
    return firmware if type(firmware) is str else None
