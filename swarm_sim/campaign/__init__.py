"""Campaigns: one function over many seeds, none lost, none counted twice.

    task          what is run: a function by its dotted name, nodes, slots; the fingerprint of the code
    worker        the process in which seeds run, one after the other
    keeper        keeps one worker alive: runs a seed again when its worker died, ends one that hangs
    jobs          many keepers on this machine
    dask_cluster  keepers on the workers of a Dask cluster
    store         SQLite: one row a seed
    campaign      missing seeds -> jobs or dask_cluster -> store
    summary       seeds counted by verdict and cause, marks, rates
    display       progress, failures as they happen, the summary as a table

Theory. A seed's outcome is a function of seed, nodes, slots and code (`swarm_sim.outcome`), so it does not matter
where, when, in which order or how often a seed runs: any answer is the answer. What is left is to count each seed once,
which the store's primary key does, and to miss none, which asking the store for the missing ones does.

Rules. Only the coordinator writes the store. A seed is lost by nobody's death: a worker's is noticed by its keeper, a
keeper's by Dask, the coordinator's by whoever starts the same command again. Wall time enters at one place, the
keeper's limit for a seed that does not end, and can only turn a seed into a crash, never into a pass.
"""
