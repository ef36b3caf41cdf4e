"""For tests, yours and ours: swarms of real flight code in this process, moved by hand.

cluster      replicas, learners and a network; the test says when time passes, what is lost and which board dies
host_board   a board for a real ground station, in memory and in virtual time (`groundstation.boards.base.Board`)
"""
