"""Twins: two copies of one replica under one identity, and every partition of the network, round by round.

Theory: a Byzantine replica that equivocates, votes twice or forgets its locks needs no adversary code: two correct
copies with the same number and keys, which do not know of each other, together behave like such a replica (Bano et al.,
"Twins: BFT Systems Made Robust", OPODIS 2021). A *schedule* gives the partition of the endpoints for each round; in a
round messages travel only within a part. Here four replicas and a second copy of one of them are five endpoints, which
have 15 partitions into two non-empty parts; six rounds give 15**6 = 11,390,625 schedules. A round lasts one view, so
the protocol's own rule gives the leaders.

    round    one part in one round, over real `amu.node.node.Node`s
    state    the part of a node's state that can influence its future
    search   all schedules, equal states merged
    replay   one schedule from the start, as a trace for the checker, then with a healed network

The replica with two copies is a parameter. Choosing the leaders as well would add nothing: leader(1, view) = view mod
4, so another first leader is another number for the twin.
"""
