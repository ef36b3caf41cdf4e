"""The error family. Bytes from outside raise one of these; an `assert` means that we were wrong ourselves."""


class AmuError(Exception):
    """Base of every error that the flight software raises on purpose."""


class FrameError(AmuError):
    """Bytes from the link that are not a frame: bad COBS, bad CRC-32, bad length, bad header."""


class CodecError(AmuError):
    """Bytes that are not deterministic CBOR, or CBOR that is not the message it claims to be."""


class AuthError(AmuError):
    """A frame whose HMAC does not match, or that was sealed for another receiver or cluster."""


class JournalError(AmuError):
    """Vote state on flash that cannot be trusted. The replica must stay silent."""


class FullError(JournalError):
    """No room on flash for a vote. What is there can be trusted: the replica may try again from it, as after a boot."""


class BusyError(AmuError):
    """A bounded queue is full. The refusal is explicit: the sender learns of it and may try again."""


class ConfigError(AmuError):
    """A board configuration that is missing, malformed or contradicts the limits."""
