"""Counts of links: news since the last call, and what is on the way now."""

from groundstation.faults.ether import Ether
from tests.unit.groundstation.faults.test_ether import accept, plan


def test_what_is_lost_on_its_way_and_delivered_is_told_apart() -> None:
    rules = [
        {"fault": "drop", "probability": 1.0, "source": [0], "destination": [1]},
        {"fault": "delay", "seconds": 5, "source": [0], "destination": [2]},
    ]
    ether = Ether(plan(*rules), range(4))
    for destination in (1, 2, 3):
        accept(ether, 0, 0, destination)
    ether.due(1)
    assert ether.links.told() == [[0, 1, 1, 0, 0], [0, 2, 1, 0, 1], [0, 3, 1, 1, 0]]
    assert ether.links.told() == []
    ether.due(5)
    assert ether.links.told() == [[0, 2, 0, 1, 0]]
