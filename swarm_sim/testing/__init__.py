"""For tests, yours and ours: swarms of real flight code in this process, under the test's control.

cluster      replicas, learners and a network; the test says when time passes, what is lost and which board dies
host_board   a board for a real ground station, in memory and in virtual time (`groundstation.boards.base.Board`)
"""
