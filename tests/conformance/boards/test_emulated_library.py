"""The npm package of the emulator: pinned by hash, from no particular registry, and the one that is installed."""

import json
import re
import shutil
from pathlib import Path

import pytest

from hil.boards.emulated import library

LOCK = json.loads((library.CORE / "package-lock.json").read_text())
WANTED = json.loads((library.CORE / "package.json").read_text())


def test_every_package_is_pinned_by_hash_and_none_names_a_registry() -> None:
    packages = {path: entry for path, entry in LOCK["packages"].items() if path}
    assert set(packages) == {library.PACKAGE}
    for entry in packages.values():
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", entry["integrity"])
        assert "resolved" not in entry
    text = (library.CORE / "package-lock.json").read_text() + (library.CORE / "package.json").read_text()
    assert "//" not in text.replace(LOCK["packages"][library.PACKAGE]["integrity"], "")


def test_the_installed_package_is_the_pinned_one() -> None:
    library.require()
    installed = json.loads((library.CORE / library.PACKAGE / "package.json").read_text())
    pinned = LOCK["packages"][library.PACKAGE]
    assert installed["version"] == pinned["version"] == WANTED["dependencies"]["rp2040js"]
    assert installed["license"] == pinned["license"] == "MIT"
    assert "Permission is hereby granted" in (library.CORE / library.PACKAGE / "LICENSE").read_text()


def test_another_content_than_the_pinned_one_is_refused(tmp_path: Path) -> None:
    shutil.copy(library.CORE / "package.json", tmp_path)
    wrong = LOCK["packages"][library.PACKAGE]["integrity"].translate(str.maketrans("AB", "BA"))
    lock = (library.CORE / "package-lock.json").read_text()
    (tmp_path / "package-lock.json").write_text(lock.replace(LOCK["packages"][library.PACKAGE]["integrity"], wrong))
    with pytest.raises(library.LibraryError, match="npm cannot install rp2040js"):
        library.install(tmp_path)


def test_without_a_registry_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(library.CORE / name, tmp_path)
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")  # nobody listens there
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(library.LibraryError, match="without a network, set npm_config_registry"):
        library.install(tmp_path)
