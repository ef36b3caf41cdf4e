"""The table of `python -m tests.bench.conformance`, from the JUnit file of a run."""

from pathlib import Path

from tests.bench import conformance

JUNIT = """<testsuites><testsuite>
<testcase name="one" time="1"/><testcase name="two" time="1"/>
<testcase name="three"><skipped message="no image"/></testcase>
<testcase name="four"><skipped message="no image"/></testcase>
<testcase name="five"><failure message="no"/></testcase>
<testcase name="six"><error message="no"/></testcase>
</testsuite></testsuites>"""


def test_each_test_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(JUNIT)
    row = conformance.read("pico", path, 12.5)
    assert (row.passed, row.skipped, row.failed, row.why_skipped) == (2, 2, ("five", "six"), ("no image",))
    assert row.text().split() == ["pico", "2", "2", "2", "12.5", "s", "(no", "image)", "failed:", "five,", "six"]


def test_the_kinds_are_those_with_a_suite() -> None:
    assert {"virtual", "emulated", "pico", "host"} <= set(conformance.kinds())
