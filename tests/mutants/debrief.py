"""Planted bugs of the debrief: what it draws from the trace, and for whom."""

from tests.mutants.mutant import Mutant

FOLDER = "groundstation/debrief"


def _told(name: str, file: str, before: str, after: str, check: str = "debrief") -> Mutant:
    return Mutant(f"debrief: {name}", f"{FOLDER}/{file}.py", before, after, (check,))


MUTANTS = (
    _told("the crew saw what only the bench knows", "picture", "if not self._is_of_crew:", "if True:"),
    Mutant(
        "debrief: the crew knew at once",
        "groundstation/procedures/arrivals.py",
        "(self.horizon.arrival(line), place",
        '(line["received"], place',
        ("debrief",),
    ),
    _told("an alarm after the end of a fault counts", "chapters", "and change.moment.at <= played.until", "and True"),
    _told(
        "an alarm of any board counts",
        "chapters",
        "(change.board is None or change.board in played.boards)",
        "(change.board is None or True)",
    ),
    _told(
        "the director's orders are the crew's answer", "read", "each.role == OPERATOR or not self", "True or not self"
    ),
    _told("faults by order are the crew's answer", "read", "            and not each.is_fault\n", ""),
    _told("seconds of a fault are forgotten", "injects", "moment._replace(later=body.seconds)", "moment"),
    _told("a fault that is ended lasts", "injects", 'told.get("kind") == "end-fault"', "False"),
    _told("a board that boots blank is mended", "injects", '"Boot" and line["journal"] != "blank"', '"Boot"'),
    _told(
        "spans run from the wrong line",
        "cells",
        'data-from="{since.line}"',
        'data-from="{moment.line}"',
        "debrief figures",
    ),
    _told("a pause has no begin", "read", "            self._paused[step] = moment\n", "            pass\n"),
    _told("a retry is a hold that was let go", "read", "move.left == HELD else", "True else"),
    _told("mission time is wall time", "moments", "(at - second) / self._speed", "(at - second)"),
    _told(
        "a resumed run has the clock of the first", "moments", "second, when = passed[-1]", "second, when = passed[0]"
    ),
    _told("half a PDF is a PDF", "printed", 'or b"%%EOF" not in data[-1024:]', "or False"),
)
