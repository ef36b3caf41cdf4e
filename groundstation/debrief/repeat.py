"""How to repeat a run, and the numbers by which its files are known again."""

import html
import shlex

from groundstation.record import run_directory
from groundstation.report.exports.selected import sha256
from groundstation.report.page import Markup, paragraph, section, table
from groundstation.report.report import Sources

WITHOUT_FOLDER = "The trace stands alone: its scenario is not here, so there is no command that flies it again."


def chapter(sources: Sources) -> str:
    """Commands, seed and hashes."""
    folder = sources.trace.parent
    scenario = folder / run_directory.SCENARIO
    rows: list[tuple[object, object]] = [("seed", sources.about["seed"])]
    if sources.scenario is None:
        content = paragraph(WITHOUT_FOLDER)
    else:
        by_itself = f"amu rehearse --replay {shlex.quote(str(folder))}"
        by_people = f"amu console {shlex.quote(str(scenario))}"
        commands = [
            (_code(by_itself), "scenario, seed and injects again; holds are released, everybody says go"),
            (_code(by_people), "the same with people"),
        ]
        content = table((), commands)
        rows.append((f"SHA-256 of {run_directory.SCENARIO}", sha256(scenario)))
    rows.append((f"SHA-256 of {sources.trace.name}", sha256(sources.trace)))
    firmware = sources.versions.get("firmware_sha256")
    rows += [("SHA-256 of the firmware", firmware)] if firmware else []
    said = "Boards in real time repeat faults and injects, not each frame."
    return section("Fly it again", said, content + table((), rows))


def _code(command: str) -> Markup:
    return Markup(f"<code>{html.escape(command)}</code>")
