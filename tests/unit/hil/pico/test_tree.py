"""What goes onto a Pico, and the hash that tells one tree from another."""

import ast

import pytest

from hil.boards.pico import tree

FILES = {"main.mpy": b"M\x06", "amu/core/limits.mpy": b"M\x06limits"}


def test_a_tree_is_all_that_flies_compiled_and_no_launcher() -> None:
    files = tree.flight_files()
    assert files["main.mpy"][:1] == b"M"
    assert all(path.endswith(".mpy") for path in files)
    assert {"node.mpy", "amu/boards/pages.mpy"} <= set(files)
    assert not any(path.startswith("adversary/") for path in files)
    assert any(path.startswith("adversary/") for path in tree.flight_files(with_adversaries=True))


def test_the_launcher_is_python_that_fits_a_board() -> None:
    ast.parse(tree.LAUNCHER_TEXT)
    assert tree.LAUNCHER_TEXT.isascii()


def test_the_hash_is_of_the_content_whatever_the_order() -> None:
    assert tree.digest(FILES) == tree.digest(dict(reversed(list(FILES.items()))))


@pytest.mark.parametrize(
    "other",
    [
        {"main.mpy": b"M\x06"},
        {**FILES, "main.mpy": b"M\x07"},
        {**FILES, "amu/x.mpy": b""},
        {"main.mpy": b"M\x06", "amu/core/limit.mpy": b"M\x06limits"},
        {"main.mpy": b"M\x06amu", "/core/limits.mpy": b"M\x06limits"},
    ],
)
def test_another_tree_has_another_hash(other: dict[str, bytes]) -> None:
    assert tree.digest(other) != tree.digest(FILES)
