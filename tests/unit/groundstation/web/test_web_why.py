"""The console's table `why` says what the engine says, for each open slot."""

import json
from pathlib import Path

from groundstation.web.model import Model
from groundstation.why import answer as a
from tests.unit.groundstation.why.stalls import answer, kills


def test_the_table_has_each_open_slot_and_changes_with_the_trace(tmp_path: Path) -> None:
    found = answer(tmp_path, {"board_faults": kills(1, 3)})
    model, states = Model(), []
    for text in (tmp_path / "trace.ndjson").read_text().splitlines():
        model.changed.clear()
        assert model.takes(json.loads(text))
        if ("why", "open") in model.changed:
            states.append(model.tables["why"]["open"]["state"])
    assert (states[0], states[-1]) == (a.MOVING, a.IMPOSSIBLE)
    row = model.tables["why"]["open"]
    assert (row["cause"], row["slot"]) == (a.CRASH, found.slot)
    assert sorted(model.tables["why"]) == sorted(["open", *(str(found.slot + n) for n in range(4))])
