"""The public interface of the language: its examples run, and each name that it lists is there."""

import doctest

from specs import tla


def test_the_examples_of_the_package_run() -> None:
    done = doctest.testmod(tla)
    assert (done.failed, done.attempted > 10) == (0, True)


def test_each_listed_name_is_there() -> None:
    assert [name for name in tla.__all__ if not hasattr(tla, name)] == []
