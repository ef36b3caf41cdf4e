"""Caches the result of a run by the hash of all its inputs.

    $AMU_CACHE/verify, or amu-swarm/verify in the user's cache folder ($XDG_CACHE_HOME, ~/.cache)

A run's *content* is its description, its cfg and every module of its folder that it needs, with comments blanked: a
summary is compared with it. Lines keep their numbers, because results name them. Its *key* adds the model checker's jar
and the version of this pipeline: another checker may give another answer. Entries of one run share a folder; the newest
gives the estimate of how long the run takes.

Rules. An entry is written whole or not at all. One that cannot be read counts as missing and is written again.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from functools import lru_cache
from pathlib import Path

from specs import strict_json
from specs.tlc import runner as tlc
from specs.verification.plan import Run

PIPELINE = "1"  # raise it when the same modules would get another result
ENTRIES_MAX = 4  # per run: enough for a branch or two, and for edits

# Tokens outside a block comment: a string, a comment to the end of the line, the start of a block. Blocks nest.
_OUTSIDE = re.compile(r'"(?:[^"\\\n]|\\.)*"|\\\*[^\n]*|\(\*')
_INSIDE = re.compile(r"\(\*|\*\)")
_EXTENDS = re.compile(r"\bEXTENDS\s+(\w+(?:\s*,\s*\w+)*)")
_INSTANCE = re.compile(r"\bINSTANCE\s+(\w+)")


def reached(module: Path) -> list[Path]:
    """The module and every module of its folder that it needs, sorted by name."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        path = waiting.pop()
        if path.name in found or not path.is_file():
            continue
        found[path.name] = path
        text = without_comments(path.read_text(encoding="utf-8"))
        names = [name for names in _EXTENDS.findall(text) for name in re.split(r"\s*,\s*", names)]
        waiting += [module.parent / f"{name}.tla" for name in [*names, *_INSTANCE.findall(text)]]
    return [found[name] for name in sorted(found)]


def content(folder: Path, run: Run) -> str:
    """SHA-256 of the run's description, its configuration and its modules, in hexadecimal."""
    parts = [run.model_dump_json(), without_comments((folder / run.config).read_text(encoding="utf-8"))]
    for path in reached(folder / run.module):
        parts += [path.name, without_comments(path.read_text(encoding="utf-8"))]
    return digest(parts)


def without_comments(text: str) -> str:
    """`text` with comments replaced by spaces, and without trailing spaces: lines and columns keep their numbers.

    So a change of a comment does not change the content.
    """
    kept: list[str] = []
    depth = at = 0
    while at < len(text):
        token = (_INSIDE if depth else _OUTSIDE).search(text, at)
        code = text[at : token.start() if token else len(text)]
        kept.append(_blank(code) if depth else code)
        if token is None:
            break
        at, mark = token.end(), token[0]
        kept.append(mark if mark[0] == '"' else _blank(mark))
        depth += {"(*": 1, "*)": -1}.get(mark, 0)
    return "\n".join([line.rstrip() for line in "".join(kept).split("\n")])


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def key(content_hash: str) -> str:
    """SHA-256 of a content, the model checker and the pipeline version. Raises TlcError without a jar."""
    return digest([content_hash, jar_hash(), PIPELINE])


def jar_hash() -> str:
    """SHA-256 of tla2tools.jar. Raises TlcError if there is none."""
    path = tlc.jar()
    return _file_hash(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _file_hash(path: Path, modified: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def digest(parts: list[str]) -> str:
    """SHA-256 of texts, in hexadecimal."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8")
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def folder() -> Path:
    """The folder of all entries."""
    named = os.environ.get("AMU_CACHE")
    if named:
        return Path(named) / "verify"
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "amu-swarm" / "verify"


def _entries(feature: str, name: str) -> list[Path]:
    """Entries of a run, newest first."""
    files = list(_run_folder(feature, name).glob("*.json"))
    return sorted(files, key=lambda path: path.stat().st_mtime_ns, reverse=True)


def _run_folder(feature: str, name: str) -> Path:
    return folder() / feature / slug(name)


def slug(name: str) -> str:
    """A run's name as a part of a path."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def get(feature: str, name: str, entry_key: str) -> dict[str, object] | None:
    """The result stored under this key, or None."""
    return _read(_run_folder(feature, name) / f"{entry_key}.json", entry_key)


def _read(path: Path, entry_key: str) -> dict[str, object] | None:
    try:
        entry = strict_json.load(path)
    except (OSError, ValueError):
        return None
    found = entry.get("result") if isinstance(entry, dict) and entry.get("key") == entry_key else None
    return found if isinstance(found, dict) else None


def seconds(feature: str, name: str) -> float | None:
    """Duration of the run's newest entry, with any content. None if there is none."""
    for path in _entries(feature, name):
        taken = (_read(path, path.stem) or {}).get("seconds")
        if isinstance(taken, (int, float)):
            return float(taken)
    return None


def put(feature: str, name: str, entry_key: str, result: dict[str, object]) -> None:
    """Store a result. If the cache cannot be written, the run still succeeds; the next one is not cached."""
    target = _run_folder(feature, name)
    try:
        target.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=target, suffix=".part")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump({"key": entry_key, "result": result}, file)
        os.replace(temporary, target / f"{entry_key}.json")
        for old in _entries(feature, name)[ENTRIES_MAX:]:
            old.unlink(missing_ok=True)
    except OSError:
        return
