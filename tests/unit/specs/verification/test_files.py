"""A file named on the command line is regular and of a bounded size, or refused before it is read."""

import os
import socket
from pathlib import Path

import pytest

from specs import files
from specs.files import FileError


def test_a_regular_file_is_read_and_its_byte_order_mark_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xef\xbb\xbfpl\xc3\xa4n\n")
    assert files.read_text(path) == "pl\u00e4n\n"
    link = tmp_path / "link"
    link.symlink_to(path)
    assert files.read_text(link) == "pl\u00e4n\n"


def test_a_pipe_without_a_writer_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(FileError, match="it is a pipe; want a regular file"):
        files.read_text(path)


def test_a_path_that_is_not_a_regular_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="it is a directory"):
        files.read_bytes(tmp_path)
    with pytest.raises(FileError, match="it is a device"):
        files.read_bytes(Path("/dev/zero"))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        with pytest.raises(FileError, match="No such device or address"):
            files.read_bytes(tmp_path / "socket")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("none", "No such file"), ("x" * 300, "File name too long"), ("a\0b", "null"), ("loop", "symbolic links")],
)
def test_the_error_of_a_file_that_cannot_be_opened_says_why(name: str, complaint: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(FileError, match=complaint):
        files.read_bytes(tmp_path / name)


def test_a_file_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 11)
    assert files.read_bytes(path, 11) == b"x" * 11
    with pytest.raises(FileError, match="more than 10 bytes"):
        files.read_bytes(path, 10)


def test_the_line_of_a_bad_byte_is_named() -> None:
    with pytest.raises(FileError, match="line 3: not UTF-8"):
        files.decoded(b"a\nb\n\xc3(")
