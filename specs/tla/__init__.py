r"""TLA+ in Python: load a module, evaluate it, take its steps, explore its states, check a trace against it.

The package knows nothing about swarms and needs no Java. Its public names are in `__all__`; the subpackages (values,
syntax, language, explore, observe, each built on the ones before) are for those who extend it.

    >>> import pathlib, tempfile
    >>> from specs import tla
    >>> folder = tempfile.TemporaryDirectory()
    >>> path = pathlib.Path(folder.name) / "Clock.tla"
    >>> _ = path.write_text('''
    ... ---- MODULE Clock ----
    ... EXTENDS Naturals
    ... CONSTANT Hours
    ... VARIABLE hour
    ... Init == hour = 0
    ... Tick(n) == n > 0 /\\ hour' = (hour + n) % Hours
    ... Next == \\E n \\in 1..2 : Tick(n)
    ... Small == hour < 4
    ... ====
    ... ''')

Load a module, and evaluate it in a state:

    >>> module = tla.load(path, {"Hours": 12})
    >>> state = module.state(hour=11)
    >>> module.holds("Small", state)
    False

Ask whether the module allows a step, and list the successors of a state:

    >>> module.is_step("Tick", [2], state, module.state(hour=1))
    True
    >>> [after["hour"] for after in module.successors("Next", state)]
    [0, 1]

Explore all states until an invariant is false:

    >>> found = tla.explore(module, "Init", "Next", ["Small"])
    >>> found.violated, [state["hour"] for state in found.path]
    ('Small', [0, 2, 4])

Check a trace against the module. The observer searches for what a line leaves out, an argument or part of the state:

    >>> observer = tla.Observer(module)
    >>> observer.feed(tla.Observation(1, "Tick", arguments={"n": 1}))
    >>> observer.feed(tla.Observation(2, "Tick", state={"hour": 7}))
    >>> print(observer.result().bad)
    line 2: Tick()
      no choice of the unlogged arguments makes this a step of Clock
      state before: /\ hour = 1
    >>> folder.cleanup()
"""

from specs.tla.explore.reachable import Exploration, explore
from specs.tla.language.language import (
    EvaluationError,
    Explanation,
    Function,
    ModelValue,
    Module,
    ModuleError,
    State,
    Unsupported,
    Value,
    load,
    of_python,
    to_tla,
)
from specs.tla.observe.observations import TraceFile
from specs.tla.observe.observe import BadStep, Observation, ObservationError, Observer, Result

__all__ = [
    "BadStep",
    "EvaluationError",
    "Explanation",
    "Exploration",
    "Function",
    "ModelValue",
    "Module",
    "ModuleError",
    "Observation",
    "ObservationError",
    "Observer",
    "Result",
    "State",
    "TraceFile",
    "Unsupported",
    "Value",
    "explore",
    "load",
    "of_python",
    "to_tla",
]
