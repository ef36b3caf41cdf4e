"""Counts of the frames of each link, for the trace: `Fault.links`.

What a ground station sees of a link, whatever the reason: frames that it took, copies that it delivered, and copies
that are on their way now.
"""


class LinkCounts:
    """Of the links between `node_count` boards; link source -> destination is number source * node_count + destination.

    The one that carries frames counts them here.
    """

    def __init__(self, node_count: int) -> None:
        self.node_count = node_count
        self.accepted = [0] * (node_count * node_count)
        self.delivered = [0] * (node_count * node_count)
        self.on_the_way = [0] * (node_count * node_count)
        self._told = [(0, 0)] * (node_count * node_count)

    def told(self) -> list[list[int]]:
        """[source, destination, accepted, delivered, on the way] of each link that took or delivered a frame since the
        last call; the first two counts are those since then."""
        links = []
        for link, (accepted, delivered) in enumerate(zip(self.accepted, self.delivered)):
            before = self._told[link]
            if before != (accepted, delivered):
                news = accepted - before[0], delivered - before[1]
                links.append([*divmod(link, self.node_count), *news, self.on_the_way[link]])
                self._told[link] = accepted, delivered
        return links
