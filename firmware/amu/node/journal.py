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

from amu.core.errors import CodecError, JournalError
from amu.wire import cbor, crc

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


class Recovered:
    """What flash had to say: `status`, the checkpoint's data or `None`, and the records since, oldest first."""

    def __init__(self, status, checkpoint, records):
        self.status = status
        self.checkpoint = checkpoint
        self.records = records


class Journal:
    """Owner of the checkpoint and of the journal in `store`. Call `recover` before `append` or `checkpoint`."""

    def __init__(self, store):
        self._store = store
        self._generation = None  # until recovered, and again once flash has failed
        self._link = 0  # CRC of the batch before, or of the checkpoint: where the next batch is chained to
        self.bytes = 0  # length of the current journal
        self.appends = 0  # forced writes since start

    def commission(self):
        """Mark a new board's blank store, once, when the board is provisioned.

        Raises JournalError when the store is not blank: commissioning again would wipe out votes.
        """
        if self._store.read(CHECKPOINT) is not None:
            raise JournalError("the store is commissioned already; erase it if its votes may be forgotten")
        self._write_checkpoint(0, None)

    def recover(self):
        """Read the store and clear away a torn tail. Raises JournalError on damage, leaving the store as it is."""
        try:
            return self._recover()
        except OSError as error:
            raise JournalError("the store cannot be read: %r" % error)

    def append(self, records):
        """Write `records`, a non-empty list of CBOR arrays, as one batch. Raises JournalError when flash refuses."""
        assert records, "an empty batch"
        self._check_open()
        body = cbor.encode(records)
        if len(body) > _BATCH_BYTES_MAX:
            raise JournalError("batch of %d bytes, want at most %d" % (len(body), _BATCH_BYTES_MAX))
        length = len(body).to_bytes(2, "big") + (len(body) ^ 0xFFFF).to_bytes(2, "big")
        link = _chained(self._generation, self._link, length, body)
        batch = length + link.to_bytes(4, "big") + body
        try:
            self._store.append(_journal_name(self._generation), batch)
        except OSError as error:
            # How much of the batch is on flash is unknown, and the next one must not land behind half of it.
            self._generation = None
            raise JournalError("append failed: %r" % error)
        self._link = link
        self.bytes += len(batch)
        self.appends += 1

    def checkpoint(self, data):
        """Put `data`, a CBOR item, in place of everything so far. Raises JournalError when flash refuses."""
        self._check_open()
        before = self._generation
        try:
            self._write_checkpoint(before + 1, data)
            # Only now: until the rename the old checkpoint and its journal are the truth.
            self._store.remove(_journal_name(before))
        except OSError as error:
            self._generation = None
            raise JournalError("checkpoint failed: %r" % error)

    def _check_open(self):
        if self._generation is None:
            raise JournalError("the journal is not open: not recovered yet, or flash has failed before")

    def _write_checkpoint(self, generation, data):
        # A journal of this generation can only be left over from before a commissioning; it must not come back to life.
        self._store.remove(_journal_name(generation))
        head = _MAGIC + generation.to_bytes(4, "big")
        # Encoded twice, once for its CRC: a heap in pieces has no room for a whole checkpoint.
        check = _Check(head)
        cbor.write(data, check.add)
        check = check.value

        def fill(write):
            write(head + check.to_bytes(4, "big"))
            cbor.write(data, write)

        self._store.replace(CHECKPOINT, fill)
        self._generation = generation
        self._link = check
        self.bytes = 0
        self.appends += 1

    def _recover(self):
        stored = self._store.read(CHECKPOINT)
        generation, link, data = (0, 0, None) if stored is None else _parse_checkpoint(stored)
        if generation:
            # The power may have been cut between the checkpoint and the removal of the journal before it.
            self._store.remove(_journal_name(generation - 1))
        name = _journal_name(generation)
        journal = self._store.read(name) or b""
        records, end, link = _parse_journal(journal, generation, link)
        if end < len(journal):
            # Atomically, so that a second cut leaves the same torn tail or none.
            self._store.replace(name, lambda write: write(journal[:end]))
            self.appends += 1
        self._generation, self._link, self.bytes = generation, link, end
        if stored is None:
            return Recovered(BLANK, None, records)
        if end < len(journal):
            return Recovered(TORN, data, records)
        return Recovered(OK if generation or end else FRESH, data, records)


class _Check:
    """CRC-32 of bytes that come piece by piece."""

    def __init__(self, data):
        self.value = crc.crc32(data)

    def add(self, data):
        self.value = crc.crc32(data, self.value)


def _parse_journal(journal, generation, link):
    """(records, length of the whole batches, last link) of the journal's bytes. Raises JournalError on damage."""
    records = []
    at = 0
    while at < len(journal):
        left = len(journal) - at
        if left < 4:
            break
        length = int.from_bytes(journal[at : at + 2], "big")
        if length ^ 0xFFFF != int.from_bytes(journal[at + 2 : at + 4], "big"):
            raise JournalError("damaged length at byte %d of the journal" % at)
        if left < _BATCH_HEADER_BYTES + length:
            break
        body = journal[at + _BATCH_HEADER_BYTES : at + _BATCH_HEADER_BYTES + length]
        link = _chained(generation, link, journal[at : at + 4], body)
        if link != int.from_bytes(journal[at + 4 : at + 8], "big"):
            raise JournalError("damaged batch at byte %d of the journal" % at)
        records.extend(_parse_batch(body, at))
        at += _BATCH_HEADER_BYTES + length
    return records, at, link


def _chained(generation, link, length, body):
    """CRC-32 of a batch: its own length and CBOR, the journal that it belongs to, and the batch before it."""
    return crc.crc32(generation.to_bytes(4, "big") + link.to_bytes(4, "big") + length + body)


def _journal_name(generation):
    return "journal-%d" % generation


def _parse_checkpoint(stored):
    """(generation, CRC, data) of the checkpoint's bytes. Raises JournalError."""
    if len(stored) < _CHECKPOINT_HEADER_BYTES or stored[:4] != _MAGIC:
        raise JournalError("the checkpoint is not one")
    check = int.from_bytes(stored[8:12], "big")
    # No copy of the checkpoint: a heap in pieces has room for one, not for two.
    if crc.crc32(memoryview(stored)[_CHECKPOINT_HEADER_BYTES:], crc.crc32(stored[:8])) != check:
        raise JournalError("the checkpoint is damaged")
    try:
        data = cbor.decode(stored, start=_CHECKPOINT_HEADER_BYTES)
    except CodecError as error:
        raise JournalError("the checkpoint is sound but is not CBOR: %s" % error)
    return int.from_bytes(stored[4:8], "big"), check, data


def _parse_batch(body, at):
    """Records of one batch whose CRC is right. Raises JournalError: then a writer other than this one was at work."""
    try:
        records = cbor.decode(body)
    except CodecError as error:
        raise JournalError("batch at byte %d is sound but is not CBOR: %s" % (at, error))
    if type(records) is not list:
        raise JournalError("batch at byte %d is no array of records" % at)
    return records
