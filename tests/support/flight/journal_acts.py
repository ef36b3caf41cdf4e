"""What is on flash after acts on a journal: the model that journals of either kind are compared with."""

from typing import Any

Records = list[list[Any]]
Act = tuple[str, Any]  # ("append", records), ("checkpoint", item), ("reboot", None) or ("rest", times)
State = tuple[Any, Records]  # checkpoint, records


def states_after(acts: list[Act], checkpoint: Any = None, records: Records | None = None) -> list[State]:
    """What is on flash after none, one, two, ... of the acts."""
    records = records or []
    states: list[State] = [(checkpoint, records)]
    for name, argument in acts:
        if name == "append":
            records = records + argument
        elif name == "checkpoint":
            checkpoint, records = argument, []
        states.append((checkpoint, records))
    return states
