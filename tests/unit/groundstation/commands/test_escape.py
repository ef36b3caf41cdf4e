"""Text from boards, files and names is shown, never obeyed: by the terminal, by rich, by readers of a log."""

import io
import unicodedata
from collections import deque
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.live import Live
from rich.panel import Panel
from rich.table import Table

from groundstation.console import SafeConsole, complain, say
from groundstation.flight.progress import BoardPicture, LineDisplay, Picture, page
from groundstation.record.ground_log import GroundLog
from groundstation.verdict.table import print_verdict
from groundstation.verdict.verdict import GOOD, Judgement, Line
from specs.escape import escaped, escaped_lines
from tests import ROOT

HOSTILE = "[/b][red]x[/red] :boom: \x1b[2J\x1b]0;t\x07 \u202e \u2028\ud800\x9b1m\x7f ünï \r\nverdict   PASS"
RAW = ("\x1b", "\x07", "\x9b", "\x7f", "\u202e", "\u2028", "\ud800", "\r")


class Terminal(io.StringIO):
    """A terminal that keeps what it is sent."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def console(is_terminal: bool = False) -> SafeConsole:
    made = SafeConsole(width=300)
    made.file = Terminal() if is_terminal else io.StringIO()
    return made


def told(made: SafeConsole) -> str:
    assert isinstance(made.file, io.StringIO)
    return made.file.getvalue()


def require_harmless(text: str) -> None:
    assert not [raw for raw in RAW if raw in text]
    assert "[/b][red]x[/red] :boom:" in text
    assert "ünï" in text
    assert "\nverdict" not in text


# --- the function -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("plain [b] ünï 漢 → \u00a0.", "plain [b] ünï 漢 → \u00a0."),
        ("a\x00b\x1b[2J\x7f\x85\x9b", r"a\x00b\x1b[2J\x7f\x85\x9b"),
        ("a\tb\nc\r", r"a\tb\nc\r"),
        ("\u2028\u2029\u202e\u2066\u200f\ufeff", r"\u2028\u2029\u202e\u2066\u200f\ufeff"),
        ("\ud800 \udcff", r"\ud800 \udcff"),
        ("\U000e0001", r"\U000e0001"),
    ],
)
def test_invisible_characters_are_written_out(text: str, wanted: str) -> None:
    assert escaped(text) == wanted


def test_every_control_separator_and_surrogate_is_escaped() -> None:
    unfit = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) in ("Cc", "Cs", "Zl", "Zp")]
    assert [character for character in unfit if not escaped(character).startswith("\\")] == []
    assert escaped("".join(unfit)).isascii()


@given(st.text(st.characters()))
def test_shown_text_is_printable_in_any_encoding_and_stays_as_it_is(text: str) -> None:
    once = escaped(text)
    assert all(c.isprintable() or c.isspace() for c in once)
    assert "\n" not in once
    assert once.encode("utf-8").decode("utf-8") == once == escaped(once)


def test_lines_after_the_first_cannot_pass_for_ours() -> None:
    assert escaped_lines("a\nverdict PASS\x1b\n") == "a\n    verdict PASS\\x1b"


# --- where it is used ---------------------------------------------------------------------------


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_console_reads_no_markup_and_sends_no_control_character(is_terminal: bool) -> None:
    made = console(is_terminal)
    table = Table(HOSTILE, title=HOSTILE, caption=HOSTILE)
    table.add_row(HOSTILE)
    made.print(table, HOSTILE, style="default")
    made.print(Panel(HOSTILE))
    text = told(made)
    assert not [raw for raw in RAW if raw in text]
    assert text.count("[/b][red]x[/red] :boom:") == 6


def test_a_live_page_keeps_the_controls_of_its_own() -> None:
    made = console(is_terminal=True)
    with Live(HOSTILE, console=made, auto_refresh=False) as live:
        live.refresh()
    assert "\x1b[?25l" in told(made)  # the cursor is hidden
    assert "\x1b[2J" not in told(made)


def test_a_board_cannot_write_to_the_operators_display() -> None:
    picture = Picture(HOSTILE, 1, 1, 1, [BoardPicture(0)], events=deque([f"board 0 reports: {HOSTILE}"]))
    made = console(is_terminal=True)
    made.print(page(picture))
    require_harmless(told(made))
    made = console()
    LineDisplay(made).event(f"board 0 reports: {HOSTILE}")
    require_harmless(told(made))


def test_a_board_cannot_write_to_the_verdict() -> None:
    made = console()
    lines = [Line("trace", GOOD, HOSTILE)]
    print_verdict(Judgement("pass", lines, {"notes": [HOSTILE]}, None, Path(HOSTILE), HOSTILE, [HOSTILE]), made)
    text = told(made)
    assert not [raw for raw in RAW if raw in text]
    assert text.count("\nverdict") == 1


def test_a_board_cannot_write_to_the_log(tmp_path: Path) -> None:
    log = GroundLog(tmp_path / "ground.log")
    log.say(1.0, 3, HOSTILE)
    log.text(2.0, 3, HOSTILE.encode("utf-8", "surrogatepass") + b"\xff\r\n\x0b\x1c\n")
    log.close()
    text = (tmp_path / "ground.log").read_text(encoding="utf-8")
    require_harmless(text)
    said = [line[12:] for line in text.split("\n")[:-1]]
    assert [line[:8] for line in said] == ["board 3 "] * 3
    assert said[2] == r"board 3   verdict   PASS\xff"


def test_a_line_that_comes_in_pieces_is_one_line_of_the_log(tmp_path: Path) -> None:
    log = GroundLog(tmp_path / "ground.log")
    log.text(1.0, 3, b'  File "/tmp/r\xc3')
    log.text(1.5, 2, b"between\n")
    log.text(2.0, 3, b'\xbcn/main.py"\nMemory')
    log.text(3.0, 4, b"x" * 499)
    log.text(3.0, 4, b"x" * 2)
    log.close()
    said = (tmp_path / "ground.log").read_text(encoding="utf-8").split("\n")
    assert said == [
        "     1.500  board 2   between",
        '     2.000  board 3     File "/tmp/r\u00fcn/main.py"',
        "     3.000  board 4   " + "x" * 500,
        "     2.000  board 3   Memory",
        "",
    ]


def test_output_and_complaints_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    complain("check", HOSTILE)
    captured = capsys.readouterr()
    require_harmless(captured.out)
    require_harmless(captured.err)
    assert captured.err.startswith("amu check: [/b]")


def test_nothing_else_makes_a_console_or_reads_markup() -> None:
    """rich's own console reads strings as markup: one call is enough for a scenario to crash what prints it."""
    root = ROOT
    found = [
        f"{path.relative_to(root)}: {word}"
        for folder in ("groundstation", "swarm_sim", "specs", "hil")
        for path in sorted((root / folder).rglob("*.py"))
        for word in (" Console(", "=Console(", "(Console(", "from_markup", "rich.markup", "rich import print")
        if word in path.read_text(encoding="utf-8") and path.name != "console.py"
    ]
    assert not found
