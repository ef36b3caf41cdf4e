"""Who sees what of the run: the director all of it, the crew what `groundstation.web.crew` lets through.

Rule: everything that is answered about the run comes from a `View`, which `Sights.of` chooses by the person.
"""

import asyncio
from dataclasses import dataclass

from groundstation.web.crew import CrewFlight
from groundstation.web.flights import Flight
from groundstation.web.follower import CrewFollower, Follower
from groundstation.web.hub import Hub
from groundstation.web.model import Model
from groundstation.web.people import DIRECTOR, Person


@dataclass(frozen=True)
class View:
    """The run as some people see it."""

    flight: Flight | CrewFlight
    hub: Hub
    follower: Follower

    @property
    def is_hiding(self) -> bool:
        """Whether something of the run is hidden now."""
        return isinstance(self.flight, CrewFlight) and not self.flight.is_revealed


class Sights:
    """The views of one flight. has_crew: there are people with roles; without them everybody is the director."""

    def __init__(self, flight: Flight, has_crew: bool) -> None:
        hub = Hub(Model(flight.scenario()))
        self.whole = View(flight, hub, Follower(flight, hub))
        self.all = [self.whole]
        if has_crew:
            seen = CrewFlight(flight)
            hub = Hub(Model(seen.scenario()), hub.everybody)
            self.all.append(View(seen, hub, CrewFollower(seen, hub, self.whole.follower)))

    def of(self, person: Person) -> View:
        """The run as a person sees it."""
        return self.whole if person.role == DIRECTOR else self.all[-1]

    async def follow(self) -> None:
        """Follow the trace for every view, until cancelled."""
        try:
            await asyncio.gather(*(view.follower.run() for view in self.all))
        finally:
            for view in reversed(self.all):
                view.flight.close()
