"""TLA+ modules, decision records, and the checker of traces against modules."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent  # holds one folder per feature
