"""The bench: boards of several kinds, made ready and flown together."""
