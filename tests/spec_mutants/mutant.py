"""A specification mutant."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SpecMutant:
    """One planted mistake in a module of `specs/<feature>/`.

    `before` stands exactly once in the file `module` and becomes `after`. The model-checking run named `run` in the
    feature's plan.json must then end with `caught_by`: the name of an invariant or property, or "deadlock". With run
    "trace", a recorded trace of a sound swarm must be rejected, `caught_by` being an identifier of the verdict.
    """

    name: str
    feature: str
    module: str
    before: str
    after: str
    run: str
    caught_by: str
