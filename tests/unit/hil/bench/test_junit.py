"""The JUnit file of a bench, read back."""

from pathlib import Path
from xml.etree import ElementTree

from hil.bench import junit
from hil.bench.junit import Case


def test_cases_are_read_back_with_their_properties_and_problems(tmp_path: Path) -> None:
    cases = [
        Case("board-0", "clock", 0.25, "400 ms", properties={"serial_number": "E661", "firmware": "abc"}),
        Case("flight", "calm", 9.5, "CON-4: two values\x1b[2J", "VIOLATION", {"seed": "7"}),
    ]
    junit.write(tmp_path / "bench.xml", "desk", cases)
    suite = ElementTree.parse(tmp_path / "bench.xml").getroot()[0]
    assert (suite.get("name"), suite.get("tests"), suite.get("failures")) == ("desk", "2", "1")
    clock, flight = suite
    assert (clock.get("classname"), clock.get("name"), clock.get("time")) == ("board-0", "clock", "0.250")
    found = {entry.get("name"): entry.get("value") for entry in clock.iter("property")}
    assert found == {"serial_number": "E661", "firmware": "abc"}
    assert clock.findtext("system-out") == "400 ms"
    failure = flight.find("failure")
    assert failure is not None
    assert failure.get("message") == "VIOLATION"
    assert failure.text == r"CON-4: two values\x1b[2J"
