"""TLA+ modules, decision records, and the checker that holds a trace against a module."""

from pathlib import Path

FOLDER = Path(__file__).resolve().parent  # one folder a feature lies in it
