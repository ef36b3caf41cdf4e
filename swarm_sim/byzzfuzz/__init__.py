"""ByzzFuzz: a few faults at random rounds of the protocol, over the real flight code.

Theory: bugs of Byzantine-fault-tolerant protocols seldom need many faults, but faults in the right round. So a run has
d rounds in which the network is partitioned and c rounds in which the Byzantine replica lies to some of its peers, and
no other fault. Lies are *small in scope*: a message is close to a correct one (another value in circulation, a
neighbouring view) or omitted (Winter et al., "Randomized Testing of Byzantine Fault Tolerant Algorithms", OOPSLA 2023).
Lies of any scope exist for comparison.

    rounds   the rounds of the protocol to which a message belongs
    lies     the Byzantine replica
    runs     one run: drawn from a seed, flown, checked by the complete checker; the grid over c and d
"""
