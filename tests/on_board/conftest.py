"""pytest does not collect these files: tests/unit/firmware/test_on_board.py runs them, under both interpreters."""

collect_ignore_glob = ["test_*.py"]
