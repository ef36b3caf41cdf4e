"""Runs tests under MicroPython and CPython alike: `micropython run.py [name ...]`, by default every test_*.py here.

A test file holds plain functions `test_*` without arguments and plain asserts, in the language that both interpreters
share. Modules and functions run in the order of their names. One line each; exit code 1 if any failed or nothing ran.
"""

import gc
import os
import sys


def _print_traceback(error):
    if hasattr(sys, "print_exception"):  # MicroPython
        sys.print_exception(error, sys.stdout)
    else:
        import traceback

        traceback.print_exception(error, file=sys.stdout)


def run_module(name, module):
    """Run the tests of one module. Returns (passed, failed)."""
    passed = 0
    failed = 0
    for test in sorted([test for test in dir(module) if test.startswith("test_")]):
        try:
            getattr(module, test)()
        except Exception as error:
            failed += 1
            print(f"FAIL {name}.{test}")
            _print_traceback(error)
        else:
            passed += 1
            print(f"ok   {name}.{test}")
    return passed, failed


def run(names):
    """Import and run the named modules. Returns (passed, failed); a module that is broken or empty has failed."""
    passed = 0
    failed = 0
    for name in sorted(names):
        try:
            module = __import__(name)
        except Exception as error:
            failed += 1
            print(f"FAIL {name}: cannot be imported")
            _print_traceback(error)
            continue
        counts = run_module(name, module)
        if counts == (0, 0):
            failed += 1
            print(f"FAIL {name}: holds no tests")
        passed += counts[0]
        failed += counts[1]
        # Free what this part took, or the heap is in pieces when a later part needs a long block.
        del module
        sys.modules.pop(name)
        gc.collect()
    print(f"{passed} passed, {failed} failed")
    return passed, failed


def _beside():
    """Names of all test modules in this file's folder."""
    folder = __file__.rsplit("/", 1)[0] if "/" in __file__ else "."
    return [file[:-3] for file in os.listdir(folder) if file.startswith("test_") and file.endswith(".py")]


if __name__ == "__main__":
    if hasattr(gc, "threshold"):
        gc.threshold(gc.mem_free() // 2)  # as firmware/main.py does on a board
    passed, failed = run(sys.argv[1:] or _beside())
    sys.exit(0 if passed and not failed else 1)
