"""Twins: two copies of one replica under one identity, and every way to part the network, round by round.

Theory: a Byzantine replica that equivocates, votes twice or forgets its locks can be had without writing an adversary:
two correct copies with the same number and keys, which do not know of each other, are together exactly such a replica
(Bano et al., "Twins: BFT Systems Made Robust", OPODIS 2021). A *schedule* says for each round how the endpoints are
parted; in a round messages travel within a part only. Here: four replicas and a second copy of one of them are five
endpoints, two non-empty parts can be made of them in 15 ways, and six rounds give 15**6 = 11,390,625 schedules. A round
lasts a view: leaders follow from the protocol's own rule.

    round    one part in one round, over real `amu.node.node.Node`s
    state    what of a node can influence what it does next
    search   all schedules, equal states merged
    replay   one schedule from the start, as a trace for the checker, and what comes when the network heals

Whose copy is doubled is a parameter. To choose the leaders as well would add nothing: leader(1, view) = view mod 4, so
another first leader is another number for the twin.
"""
