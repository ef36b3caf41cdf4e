"""Shell completions, besides file names. A completion never fails: on an error it offers nothing."""

import contextlib
from collections.abc import Callable, Iterable
from pathlib import Path


def missions(incomplete: str) -> list[str]:
    """Shipped scenarios, and TOML files and folders that begin with `incomplete`."""

    def names() -> Iterable[str]:
        from groundstation.scenario.model import SUFFIX, shipped

        head, _, tail = incomplete.rpartition("/")
        folder = Path(head or ("/" if incomplete.startswith("/") else "."))
        entries = [entry for entry in sorted(folder.iterdir()) if entry.name.startswith(tail)]
        given = incomplete[: len(incomplete) - len(tail)]
        files = [f"{given}{entry.name}" for entry in entries if entry.suffix == SUFFIX]
        folders = [f"{given}{entry.name}/" for entry in entries if tail and entry.is_dir()]
        return [*shipped(), *files, *folders]

    return _of(names, incomplete)


def kinds(incomplete: str) -> list[str]:
    """Kinds of boards."""

    def names() -> Iterable[str]:
        from groundstation.boards.base import board_kinds

        return board_kinds()

    return _of(names, incomplete)


def adversaries(incomplete: str) -> list[str]:
    """Adversaries of scenario files."""

    def names() -> Iterable[str]:
        from groundstation.scenario import adversaries as known

        return known.names()

    return _of(names, incomplete)


def features(incomplete: str) -> list[str]:
    """Features with TLA+ modules."""

    def names() -> Iterable[str]:
        from specs.verification.plan import features as known

        return known()

    return _of(names, incomplete)


def _of(names: Callable[[], Iterable[str]], incomplete: str) -> list[str]:
    with contextlib.suppress(Exception):
        return [name for name in names() if name.startswith(incomplete)]
    return []
