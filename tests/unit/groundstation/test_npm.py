"""The npm packages: pinned by hash, from no particular registry, and the ones that are installed."""

import json
import re
import shutil
from pathlib import Path

import pytest

from groundstation.npm import NpmError, Package
from groundstation.web.plotter import UPLOT
from hil.boards.emulated.library import RP2040JS
from tests.browser.axe import AXE

FILES = ("package.json", "package-lock.json")
SHIPPED = pytest.mark.parametrize("package", [RP2040JS, UPLOT], ids=lambda package: package.name)
ALL = pytest.mark.parametrize("package", [RP2040JS, UPLOT, AXE], ids=lambda package: package.name)


def _pinned(package: Package) -> dict[str, str]:
    lock = json.loads((package.folder / "package-lock.json").read_text())
    return dict(lock["packages"][f"node_modules/{package.name}"])


@ALL
def test_every_package_is_pinned_by_hash_and_none_names_a_registry(package: Package) -> None:
    wanted, lock = (json.loads((package.folder / name).read_text()) for name in FILES)
    assert {path for path in lock["packages"] if path} == {f"node_modules/{package.name}"}
    pinned = _pinned(package)
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", pinned["integrity"])
    assert "resolved" not in pinned
    ((name, version),) = {**wanted.get("dependencies", {}), **wanted.get("devDependencies", {})}.items()
    assert (name, version) == (package.name, pinned["version"])
    text = "".join((package.folder / name).read_text() for name in FILES)
    assert "//" not in text.replace(pinned["integrity"], "")


@SHIPPED
def test_the_installed_package_is_the_pinned_one(package: Package) -> None:
    assert package.is_installed()
    installed, pinned = json.loads((package.path / "package.json").read_text()), _pinned(package)
    assert installed["version"] == pinned["version"]
    assert installed["license"] == pinned["license"] == "MIT"
    assert "Permission is hereby granted" in (package.path / "LICENSE").read_text()
    assert not any((package.path / name).exists() for name in package.surplus)


def _copied(package: Package, folder: Path) -> Package:
    for name in FILES:
        shutil.copy(package.folder / name, folder)
    return package.within(folder)


@SHIPPED
def test_another_content_than_the_pinned_one_is_refused(package: Package, tmp_path: Path) -> None:
    copy = _copied(package, tmp_path)
    right = _pinned(package)["integrity"]
    lock = tmp_path / "package-lock.json"
    lock.write_text(lock.read_text().replace(right, right.translate(str.maketrans("AB", "BA"))))
    with pytest.raises(NpmError, match=f"npm cannot install {package.name}"):
        copy.install()


def test_without_a_registry_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = _copied(RP2040JS, tmp_path)
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")  # nobody listens there
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(NpmError, match="without a network, set npm_config_registry"):
        copy.install()
