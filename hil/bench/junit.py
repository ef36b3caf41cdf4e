"""The result of a bench as JUnit XML, which CI servers read: one case for each check and each flight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from groundstation.record.run_directory import write_text
from specs.escape import escaped


@dataclass(frozen=True)
class Case:
    """One check or flight. `problem`: None if it passed. `properties`: board, image, firmware, seed."""

    suite: str
    name: str
    seconds: float
    detail: str = ""
    problem: str | None = None
    properties: Mapping[str, str] = field(default_factory=dict)


def write(path: Path, name: str, cases: Sequence[Case]) -> None:
    """Write the cases as one test suite called `name`. Raises OSError."""
    failures = sum(case.problem is not None for case in cases)
    total = f"{sum(case.seconds for case in cases):.3f}"
    attributes = {"name": name, "tests": str(len(cases)), "failures": str(failures), "errors": "0", "time": total}
    root = ElementTree.Element("testsuites", attributes)
    suite = ElementTree.SubElement(root, "testsuite", attributes)
    for case in cases:
        element = ElementTree.SubElement(
            suite, "testcase", {"classname": case.suite, "name": case.name, "time": f"{case.seconds:.3f}"}
        )
        if case.properties:
            properties = ElementTree.SubElement(element, "properties")
            for key, value in sorted(case.properties.items()):
                ElementTree.SubElement(properties, "property", {"name": key, "value": escaped(value)})
        if case.problem is not None:
            failure = ElementTree.SubElement(element, "failure", {"message": escaped(case.problem)})
            failure.text = escaped(case.detail)
        elif case.detail:
            ElementTree.SubElement(element, "system-out").text = escaped(case.detail)
    ElementTree.indent(root)
    write_text(path, '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n")
