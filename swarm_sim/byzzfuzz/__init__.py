"""ByzzFuzz: a handful of faults at random rounds of the protocol, over the real flight code.

Theory: bugs of Byzantine-fault-tolerant protocols seldom need many faults, they need them in the right round. So a run
has d rounds in which the network is parted and c rounds in which the Byzantine replica lies to some of its peers, and
no other fault. Lies are *small in scope*: a message says what its sender could nearly have said - another value that is
about, a neighbouring view - or does not come (Winter et al., "Randomized Testing of Byzantine Fault Tolerant
Algorithms", OOPSLA 2023). Lies of any scope are there for comparison.

    rounds   which rounds of the protocol a message speaks in
    lies     the Byzantine replica
    runs     one run: drawn from a seed, flown, judged by the whole checker; the grid over c and d
"""
