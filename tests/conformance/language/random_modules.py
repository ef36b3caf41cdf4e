"""Small random modules, evaluated here and by TLC: values of expressions, and numbers of reachable states.

    python -m tests.conformance.language.random_modules --modules 2000 --seed 1

Each module has definitions, expressions that use them, and a state machine of two variables. One run of TLC takes a
batch: it compares each value found here with its own, and explores all state machines as one. What is an error here
must be an error for TLC; of these a sample is asked, because TLC stops at the first. Exit status 1 if they differ.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from specs.tla.explore.reachable import explore
from specs.tla.language.language import EvaluationError, ModuleError, load, of_python, to_tla
from specs.tlc import runner as tlc
from tests.conformance.language.random_terms import Terms

BATCH = 100
ERRORS_ASKED = 3  # of each batch
STATES_MAX = 3_000
LAX = "is not a set"  # TLC 2.15 does not look at the other operand of an empty set: `{} \\cup 1` is 1 there
EXTENDS = "Integers, Sequences, FiniteSets, TLC"


@dataclass
class Sample:
    """One module: its source, and what the evaluator makes of it."""

    number: int
    definitions: str
    expressions: list[str]
    init: str
    next: str
    values: dict[int, str] = field(default_factory=dict)  # of expressions, as TLA+
    errors: dict[int, str] = field(default_factory=dict)
    states: int | None = None

    def text(self, name: str) -> str:
        values = [f"E{index} == {expression}" for index, expression in enumerate(self.expressions)]
        machine = [f"Init == {self.init}", f"Next ==\n{self.next}"]
        lines = [f"---- MODULE {name} ----", f"EXTENDS {EXTENDS}", "VARIABLES x, y", self.definitions]
        return "\n".join([*lines, *values, *machine, "====", ""])


def drawn(number: int, seed: int) -> Sample:
    """Module `number` of the sequence that `seed` begins."""
    terms = Terms(random.Random(f"{seed}/{number}"), f"m{number}_")
    definitions = terms.definitions()
    expressions = [terms.expression() for _ in range(4)]
    init, following = terms.machine()
    return Sample(number, definitions, expressions, init, following)


def evaluate(sample: Sample, folder: Path) -> None:
    """Fill in what the evaluator says."""
    path = folder / f"M{sample.number}.tla"
    path.write_text(sample.text(path.stem), encoding="utf-8")
    module = load(path)
    for index in range(len(sample.expressions)):
        try:
            sample.values[index] = to_tla(of_python(module.value(f"E{index}")))
        except (EvaluationError, ModuleError) as error:
            sample.errors[index] = str(error).splitlines()[0]
    try:
        found = explore(module, "Init", "Next", limit=STATES_MAX)
        sample.states = found.distinct_states if found.complete else None
    except (EvaluationError, ModuleError):
        sample.states = None


def asked(folder: Path, name: str, body: Sequence[str], config: str = "") -> tuple[tlc.TlcResult | None, str]:
    """TLC's result of a module, and its output."""
    text = "\n".join([f"---- MODULE {name} ----", f"EXTENDS {EXTENDS}", *body, "====", ""])
    path = folder / f"{name}.tla"
    path.write_text(text, encoding="utf-8")
    try:
        found = tlc.run(path, config, timeout_seconds=120)
    except tlc.TlcError as error:
        return None, str(error)
    return found, found.output


def compared_values(samples: Sequence[Sample], folder: Path) -> list[str]:
    """The expressions of which TLC does not say that they have our value."""
    pending = [(sample, index) for sample in samples for index in sample.values]
    differences: list[str] = []
    while pending:
        body = [sample.definitions for sample in samples]
        body += [
            f"ASSUME PrintT(<<{number}, ({sample.expressions[index]}) = ({sample.values[index]})>>)"
            for number, (sample, index) in enumerate(pending)
        ]
        found, output = asked(folder, "Values", body)
        said = re.findall(r"^<<(\d+), (TRUE|FALSE)>>$", output, re.MULTILINE)
        differences += [
            told(*pending[int(number)], "another value") for number, is_equal in said if is_equal == "FALSE"
        ]
        if len(said) == len(pending):
            break
        if found is None and not said:
            return [*differences, output]
        differences.append(told(*pending[len(said)], f"an error: {' '.join(output.splitlines()[-4:])[:300]}"))
        pending = pending[len(said) + 1 :]
    return differences


def told(sample: Sample, index: int, what: str) -> str:
    return f"module {sample.number}: {sample.expressions[index]}\n  here {sample.values[index]}, TLC {what}"


def compared_errors(samples: Sequence[Sample], folder: Path) -> list[str]:
    """Of the expressions that have no value here, a few that have one for TLC."""
    differences = []
    wrong = [(item, index) for item in samples for index, error in item.errors.items() if LAX not in error]
    for sample, index in wrong[:ERRORS_ASKED]:
        body = [sample.definitions, f"ASSUME PrintT(<<0, {sample.expressions[index]}>>)"]
        found, _ = asked(folder, "Errors", body)
        if found is not None and found.ok:
            what = f"here an error ({sample.errors[index]}), TLC a value"
            differences.append(f"module {sample.number}: {sample.expressions[index]}\n  {what}")
    return differences


def compared_states(samples: Sequence[Sample], folder: Path) -> list[str]:
    """Whether TLC finds as many states in all state machines together; if not, in which it does not."""
    machines = [sample for sample in samples if sample.states is not None]
    if not machines:
        return []
    body = ["VARIABLES m, x, y", *[sample.definitions for sample in machines]]
    body += [f"Init{item.number} == {item.init}\nNext{item.number} ==\n{item.next}" for item in machines]
    body += ["Init ==", *[f"  \\/ m = {item.number} /\\ Init{item.number}" for item in machines]]
    body += ["Next ==", *[f"  \\/ m = {item.number} /\\ Next{item.number} /\\ UNCHANGED m" for item in machines]]
    found, output = asked(folder, "Machines", body, "INIT Init\nNEXT Next\n")
    wanted = sum([item.states or 0 for item in machines])
    if found is not None and found.ok and found.states_distinct == wanted:
        return []
    if len(machines) == 1:
        said = output[-600:] if found is None else f"{found.outcome}, {found.states_distinct} states"
        return [f"module {machines[0].number}: here {wanted} states, TLC {said}\n{machines[0].text('M')}"]
    half = len(machines) // 2
    return compared_states(machines[:half], folder) + compared_states(machines[half:], folder)


def compare(numbers: range, seed: int, folder: Path) -> tuple[list[Sample], list[str]]:
    """The modules of these numbers, and where TLC differs."""
    samples = [drawn(number, seed) for number in numbers]
    for sample in samples:
        evaluate(sample, folder)
    checks = (compared_values, compared_errors, compared_states)
    return samples, [difference for check in checks for difference in check(samples, folder)]


def main() -> int:
    """Compare, print each difference and the totals."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first module")
    arguments = parser.parse_args()
    values = errors = machines = states = differences = 0
    end = arguments.first + arguments.modules
    with tempfile.TemporaryDirectory(prefix="amu-random-") as scratch:
        for start in range(arguments.first, end, BATCH):
            samples, different = compare(range(start, min(start + BATCH, end)), arguments.seed, Path(scratch))
            values += sum([len(sample.values) for sample in samples])
            errors += sum([len(sample.errors) for sample in samples])
            machines += sum([sample.states is not None for sample in samples])
            states += sum([sample.states or 0 for sample in samples])
            differences += len(different)
            for difference in different:
                print(difference, flush=True)
    print(
        f"{arguments.modules} modules: {values} values, {errors} errors, {machines} machines of {states} states;",
        end=" ",
    )
    print(f"{differences} differences")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
