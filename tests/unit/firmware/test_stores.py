"""Every Store keeps the seam's promises: one suite, passed by files on a disk and by memory."""

from pathlib import Path

import pytest

from amu.boards.files import FileStore
from amu.boards.host import MemoryStore, PowerCut
from amu.core.seams import Store


class StoreConformance:
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        raise NotImplementedError

    def test_a_missing_file_reads_as_none(self, store: Store) -> None:
        assert store.read("journal-0") is None

    def test_append_creates_then_extends(self, store: Store) -> None:
        store.append("journal-0", [b"\x00one"])
        store.append("journal-0", [b"\xfftwo"])
        assert store.read("journal-0") == b"\x00one\xfftwo"

    def test_append_takes_pieces(self, store: Store) -> None:
        store.append("journal-0", [b"one", b"", b"two"])
        assert store.read("journal-0") == b"onetwo"

    def test_a_part_is_read_and_ends_with_the_file(self, store: Store) -> None:
        store.append("journal-0", [b"0123456789"])
        assert [store.read("journal-0", *where) for where in [(3, 4), (8, 4), (10, 1), (99, 1), (7,)]] == [
            b"3456",
            b"89",
            b"",
            b"",
            b"789",
        ]
        assert store.read("journal-1", 3, 4) is None

    def test_replace_creates_then_overwrites(self, store: Store) -> None:
        store.replace("checkpoint", lambda write: write(b"a long first content"))
        store.replace("checkpoint", lambda write: write(b"short"))
        assert store.read("checkpoint") == b"short"

    def test_append_continues_after_a_replace(self, store: Store) -> None:
        store.append("journal-0", [b"torn tail"])
        store.replace("journal-0", lambda write: write(b"torn"))
        store.append("journal-0", [b" and mended"])
        assert store.read("journal-0") == b"torn and mended"

    def test_remove_is_idempotent(self, store: Store) -> None:
        store.append("journal-0", [b"x"])
        store.remove("journal-0")
        store.remove("journal-0")
        assert store.read("journal-0") is None

    def test_files_are_independent(self, store: Store) -> None:
        store.append("journal-0", [b"x"])
        store.append("journal-1", [b"y"])
        store.remove("journal-0")
        assert store.read("journal-1") == b"y"


class TestFileStore(StoreConformance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return FileStore(str(tmp_path))

    def test_another_store_on_the_same_folder_sees_it(self, store: Store, tmp_path: Path) -> None:
        store.replace("checkpoint", lambda write: write(b"kept"))
        assert FileStore(str(tmp_path)).read("checkpoint") == b"kept"

    def test_a_half_written_replacement_is_never_read(self, store: Store, tmp_path: Path) -> None:
        store.replace("checkpoint", lambda write: write(b"old"))
        (tmp_path / "checkpoint.new").write_bytes(b"ne")
        assert store.read("checkpoint") == b"old"
        store.replace("checkpoint", lambda write: write(b"new"))
        assert store.read("checkpoint") == b"new"

    def test_an_unreadable_file_is_an_error_and_not_absent(self, store: Store, tmp_path: Path) -> None:
        (tmp_path / "checkpoint").mkdir()
        with pytest.raises(OSError, match="directory"):
            store.read("checkpoint")


class TestMemoryStore(StoreConformance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Store:
        return MemoryStore()

    @pytest.mark.parametrize("cut", range(4))
    def test_a_cut_append_leaves_a_prefix(self, cut: int) -> None:
        store = MemoryStore({"journal-0": b"old"}, cut)
        with pytest.raises(PowerCut):
            store.append("journal-0", [b"news"])
        assert store.files["journal-0"] == b"old" + b"news"[:cut]

    @pytest.mark.parametrize("cut", range(4))
    def test_a_cut_replace_leaves_the_old(self, cut: int) -> None:
        store = MemoryStore({"checkpoint": b"old"}, cut)
        with pytest.raises(PowerCut):
            store.replace("checkpoint", lambda write: write(b"new"))
        assert store.files["checkpoint"] == b"old"

    def test_a_replace_that_was_paid_for_is_whole(self) -> None:
        store = MemoryStore({"checkpoint": b"old"}, 4)
        store.replace("checkpoint", lambda write: write(b"new"))
        assert store.files["checkpoint"] == b"new"

    def test_after_the_cut_every_write_fails(self) -> None:
        store = MemoryStore({}, 1)
        for _ in range(2):
            with pytest.raises(PowerCut):
                store.append("journal-0", [b"xy"])
        with pytest.raises(PowerCut):
            store.remove("journal-0")
        assert store.files["journal-0"] == b"x"
