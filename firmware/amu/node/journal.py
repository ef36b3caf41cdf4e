"""Vote state on flash: what a replica has promised must outlive a power cut at any byte of any write.

Two files in a Store. `checkpoint` is replaced atomically and names a generation; `journal-<generation>` is append
only and holds what has happened since. A batch is the records of one Ready, and is believed whole or not at all:

    batch       length u16, length inverted u16, CRC-32, CBOR array of records       the length is that of the CBOR
    checkpoint  "AMU1", generation u32, CRC-32, CBOR of the data or of null          integers are big-endian

A power cut leaves a prefix of the batch that was being written, and nothing else. So a batch that is shorter than its
own (checked) length, at the very end, is a torn tail: it was never acted on, since sends wait for the append to
return, and it is discarded. Anything else that does not check is damage: a vote may be missing, and the replica must
not vote again. The inverted length tells the two apart, because a flipped bit in a bare length could pass off a lost
vote as a torn tail. Each CRC also covers the generation and the CRC before it, so that a block left over from another
journal or from another place in this one can never be read as part of it. A file system that loses the end of a file
at a batch boundary goes unnoticed here; littlefs commits data and length together for that reason.

A blank store has no checkpoint. A board may keep records there all the same (its boot number), in `journal-0`,
chained to zero; it stays blank until its node, having rejoined safely, writes a checkpoint.

Wear: each append is one flash write, and a checkpoint empties the journal.
"""

from struct import pack

from amu.core.chunks import Stream
from amu.core.errors import CodecError, FullError, JournalError
from amu.wire import cbor, crc, reading

if "":  # for the type checker; see amu.core.types
    from amu.core.seams import Store
    from amu.core.types import Array, Sink, Source

FRESH = "fresh"  # commissioned, nothing written since
OK = "ok"
TORN = "torn"  # as ok, and a batch that was cut off has been discarded
BLANK = "blank"  # never commissioned, or erased, and no checkpoint since: amnesia
UNREADABLE = "unreadable"  # damage: given by the board that caught the JournalError

CHECKPOINT = "checkpoint"
_MAGIC = b"AMU1"
_CHECKPOINT_HEADER_BYTES = 12
_BATCH_HEADER_BYTES = 8
_BATCH_BYTES_MAX = 0xFFFF
_PIECE_BYTES = 256  # of a file, read at a time
_END = 1 << 30  # beyond the end of any file
_NO_SPACE = 28  # ENOSPC


class Recovered:
    """What flash holds: `status`, the checkpoint's data or `None`, and the records since, oldest first.

    A long byte string of the checkpoint is a Stream, which reads flash when it is read. `why`: it is UNREADABLE.
    """

    def __init__(
        self, status: str, checkpoint: "Array | None", records: "list[Array]", why: str = "vote state unreadable"
    ) -> None:
        self.status = status
        self.checkpoint = checkpoint
        self.records = records
        self.why = why

    def clear(self) -> None:
        """Let go of everything but the status."""
        self.checkpoint = None
        self.records = []


class Journal:
    """Owner of the checkpoint and of the journal in `store`. Call `recover` before `append` or `checkpoint`."""

    def __init__(self, store: "Store") -> None:
        self._store = store
        self._generation: int | None = None  # until recovered, and again once flash has failed
        self._name = ""  # of its journal
        self._link = 0  # CRC of the batch before, or of the checkpoint: where the next batch is chained to
        self.bytes = 0  # length of the current journal
        self.appends = 0  # forced writes since start

    def commission(self) -> None:
        """Mark a new board's blank store, once, when the board is provisioned.

        Raises JournalError when the store is not blank: commissioning again would wipe out votes.
        """
        if self._store.read(CHECKPOINT, 0, 1) is not None:
            raise JournalError("the store is commissioned already; erase it if its votes may be forgotten")
        self._write_checkpoint(0, None)

    def recover(self) -> Recovered:
        """Read the store and clear away a torn tail. Raises JournalError on damage, leaving the store as it is."""
        try:
            return self._recover()
        except OSError as error:
            raise _failed("the store cannot be read", error)

    def append(self, records: "list[Array]") -> None:
        """Write `records`, a non-empty list of CBOR arrays, as one batch. Raises JournalError when flash refuses."""
        assert records, "an empty batch"
        self._check_open()
        # Record by record: a heap in pieces has no room for a long batch.
        encode, crc32 = cbor.encode, crc.crc32
        pieces = [b"", cbor.array_head(len(records))]
        size = len(pieces[1])
        for record in records:
            piece = encode(record)
            size += len(piece)
            pieces.append(piece)
        if size > _BATCH_BYTES_MAX:
            raise JournalError("batch of %d bytes, want at most %d" % (size, _BATCH_BYTES_MAX))
        before = _before(self._generation, self._link, size)  # type: ignore[arg-type]
        link = crc32(before)
        for piece in pieces:
            link = crc32(piece, link)
        pieces[0] = before[-4:] + link.to_bytes(4, "big")
        try:
            self._store.append(self._name, pieces)
        except OSError as error:
            # How much of the batch is on flash is unknown, and the next one must not land behind half of it.
            self._generation = None
            raise _failed("append failed", error)
        self._link = link
        self.bytes += _BATCH_HEADER_BYTES + size
        self.appends += 1

    def checkpoint(self, data: "Array") -> None:
        """Replace everything so far by `data`, a CBOR item. Raises JournalError when flash refuses."""
        self._check_open()
        before: int = self._generation  # type: ignore[assignment]
        try:
            self._write_checkpoint(before + 1, data)
            # Only now: until the rename the old checkpoint and its journal are the truth.
            self._store.remove(_journal_name(before))
        except OSError as error:
            self._generation = None
            raise _failed("checkpoint failed", error)

    def is_tight(self) -> bool:
        """Should a checkpoint come soon, because the store has little room left?"""
        return self._store.is_tight

    def rest(self) -> None:
        """An idle moment: the store may prepare for later writes."""
        if self._generation is not None:
            self._store.rest()

    def _check_open(self) -> None:
        if self._generation is None:
            raise JournalError("the journal is not open: not recovered yet, or flash has failed before")

    def _write_checkpoint(self, generation: int, data: "Array | None") -> None:
        # A journal of this generation can only be left over from before a commissioning; it must not come back to life.
        self._store.remove(_journal_name(generation))
        head = _MAGIC + generation.to_bytes(4, "big")
        # Encoded twice, once for its CRC: a heap in pieces has no room for a whole checkpoint.
        check = _Check(head)
        cbor.write(data, check.add)
        value = check.value

        def fill(write: "Sink") -> None:
            write(head + value.to_bytes(4, "big"))
            cbor.write(data, write)

        self._store.replace(CHECKPOINT, fill)
        self._generation = generation
        self._name = _journal_name(generation)
        self._link = value
        self.bytes = 0
        self.appends += 1

    def _recover(self) -> Recovered:
        is_blank = self._store.read(CHECKPOINT, 0, 1) is None
        generation, link, data = (0, 0, None) if is_blank else _parse_checkpoint(_File(self._store, CHECKPOINT))
        if generation:
            # The power may have been cut between the checkpoint and the removal of the journal before it.
            self._store.remove(_journal_name(generation - 1))
        name = _journal_name(generation)
        journal = _File(self._store, name)
        records, end, link = _parse_journal(journal, generation, link)
        is_torn = len(journal.read(end, 1)) > 0
        if is_torn:
            # Atomically, so that a second cut leaves the same torn tail or none.
            self._store.replace(name, lambda write: journal.feed(0, end, write))
            self.appends += 1
        self._generation, self._name, self._link, self.bytes = generation, name, link, end
        if is_blank:
            return Recovered(BLANK, None, records)
        if is_torn:
            return Recovered(TORN, data, records)
        return Recovered(OK if generation or end else FRESH, data, records)


def _failed(what: str, error: OSError) -> JournalError:
    text = "%s: %r" % (what, error)
    return FullError(text) if error.args[0] == _NO_SPACE else JournalError(text)


class _Check:
    """CRC-32 of bytes that arrive piece by piece."""

    def __init__(self, data: bytes) -> None:
        self.value = crc.crc32(data)

    def add(self, data: bytes) -> None:
        self.value = crc.crc32(data, self.value)


class _File:
    """A file of the store, read piece by piece. A missing file is empty."""

    def __init__(self, store: "Store", name: str) -> None:
        self._store = store
        self._name = name
        self._data = b""  # what was read last,
        self._start = 0  # from here on

    def read(self, at: int, count: int) -> bytes:
        """The bytes from `at` on, at most `count` (up to _PIECE_BYTES), fewer at the end."""
        if at < self._start or at + count > self._start + len(self._data):
            self._data = self._store.read(self._name, at, _PIECE_BYTES) or b""
            self._start = at
        return self._data[at - self._start : at - self._start + count]

    def source(self, at: int, end: int) -> "Source":
        """A function that gives the next piece of the bytes from `at` to `end`, b"" at the end."""

        def take() -> bytes:
            nonlocal at
            piece = self.read(at, min(_PIECE_BYTES, end - at))
            at += len(piece)
            return piece

        return take

    def feed(self, at: int, end: int, sink: "Sink") -> int:
        """Give the bytes from `at` to `end` to `sink(data)`, piece by piece. Returns how many there were."""
        take = self.source(at, end)
        count = 0
        while True:
            piece = take()
            if not piece:
                return count
            sink(piece)
            count += len(piece)


def _parse_journal(journal: _File, generation: int, link: int) -> "tuple[list[Array], int, int]":
    """(records, length of the whole batches, last link) of a journal, a _File. Raises JournalError on damage."""
    records = []
    at = 0
    while True:
        head = journal.read(at, _BATCH_HEADER_BYTES)
        if len(head) < 4:
            break
        length = int.from_bytes(head[:2], "big")
        if length ^ 0xFFFF != int.from_bytes(head[2:4], "big"):
            raise JournalError("damaged length at byte %d of the journal" % at)
        start = at + _BATCH_HEADER_BYTES
        check = _Check(_before(generation, link, length))
        if journal.feed(start, start + length, check.add) < length or len(head) < _BATCH_HEADER_BYTES:
            break
        link = check.value
        if link != int.from_bytes(head[4:], "big"):
            raise JournalError("damaged batch at byte %d of the journal" % at)
        records.extend(_parse_batch(journal.source(start, start + length), at))
        at = start + length
    return records, at, link


def _before(generation: int, link: int, size: int) -> bytes:
    """What the CRC-32 of a batch covers before its CBOR: the journal that it belongs to, the batch before it, its own
    length."""
    return pack(">IIHH", generation, link, size, size ^ 0xFFFF)


def _journal_name(generation: int) -> str:
    return "journal-%d" % generation


def _parse_checkpoint(stored: _File) -> "tuple[int, int, Array | None]":
    """(generation, CRC, data) of a checkpoint, a _File. Raises JournalError."""
    head = stored.read(0, _CHECKPOINT_HEADER_BYTES)
    if len(head) < _CHECKPOINT_HEADER_BYTES or head[:4] != _MAGIC:
        raise JournalError("the checkpoint is not one")
    check = _Check(head[:8])
    stored.feed(_CHECKPOINT_HEADER_BYTES, _END, check.add)
    if check.value != int.from_bytes(head[8:], "big"):
        raise JournalError("the checkpoint is damaged")

    def skip(at: int, count: int) -> "tuple[Stream, Source]":
        start = _CHECKPOINT_HEADER_BYTES + at
        behind = start + count
        return Stream(count, stored.source(start, behind)), stored.source(behind, _END)

    try:
        data = reading.read(stored.source(_CHECKPOINT_HEADER_BYTES, _END), skip)
    except CodecError as error:
        raise JournalError("the checkpoint is sound but is not CBOR: %s" % error)
    return int.from_bytes(head[4:8], "big"), check.value, data


def _parse_batch(source: "Source", at: int) -> "list[Array]":
    """Records of one batch whose CRC is right. Raises JournalError: then a writer other than this one was at work."""
    try:
        records = reading.read(source)
    except CodecError as error:
        raise JournalError("batch at byte %d is sound but is not CBOR: %s" % (at, error))
    if type(records) is not list:
        raise JournalError("batch at byte %d is no array of records" % at)
    return records
