"""Bytes to messages and back: COBS, CRC-32, deterministic CBOR, framing, authentication."""
