"""Campaigns: one function over many seeds, none lost, none counted twice.

    task          the job: a function by its dotted name, nodes, slots; the fingerprint of the code
    worker        the process in which seeds run, one at a time
    keeper        keeps one worker alive: runs a seed again when its worker died, ends one that hangs
    jobs          many keepers on this machine
    dask_cluster  keepers on the workers of a Dask cluster
    store         SQLite: one row per seed
    campaign      missing seeds -> jobs or dask_cluster -> store
    summary       seeds counted by verdict and cause, marks, rates
    display       progress, failures as they happen, the summary as a table

Theory. A seed's outcome is a function of seed, nodes, slots and code (`swarm_sim.outcome`), so it does not matter
where, when, in which order or how often a seed runs: all answers are equal. It remains to count each seed once, which
the store's primary key ensures, and to miss none: the coordinator asks the store which seeds are missing.

Rules. Only the coordinator writes the store. No death of a process loses a seed: the keeper detects a worker's death,
Dask a keeper's; after the coordinator's death the user runs the same command again. Wall time enters at one place, the
keeper's limit for a seed that does not end: such a seed has no answer, and never passes.
"""
