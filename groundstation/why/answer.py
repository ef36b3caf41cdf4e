"""An answer: the state of the swarm, what it waits for in a sentence, and the boards and links behind that."""

from dataclasses import asdict, dataclass, field

MOVING = "moving"
LIGHT = "waiting for light time"
TIMER = "waiting for a timer"
IMPOSSIBLE = "impossible under the present faults"
STUCK = "stuck"
STATES = (MOVING, LIGHT, TIMER, IMPOSSIBLE, STUCK)

# Kinds of causes, of boards and of links.
CRASH, STOPPED, CLOCK, FLASH, FORGOT, LIAR = "crash", "stopped", "clock", "flash", "erased flash", "liar"
CUT, LOSS, DAMAGE, HELD, LIGHT_TIME = "partition", "lossy link", "damaged frames", "closed contact", "light time"
VIEW_TIMER, UNKNOWN, NONE = "timer", "cannot tell", "none"


@dataclass(frozen=True)
class BoardAnswer:
    """Of one board: what it is ("able", or a kind of cause), in words, since when; its view and latest phase in the
    slot. is_missing: its vote is what the slot lacks. takes_part: it hears and speaks, truly or not, so its links
    were judged."""

    node: int
    kind: str
    words: str = ""
    since: float | None = None
    view: int | None = None
    phase: int = 0
    is_decided: bool = False
    is_missing: bool = False
    takes_part: bool = True


@dataclass(frozen=True)
class LinkAnswer:
    """Of a link that is not as it should be. since: mission second at which its receiver last heard its sender."""

    source: int
    destination: int
    kind: str
    words: str
    since: float | None = None


@dataclass(frozen=True)
class Answer:
    """state: one of STATES. cause: kinds of causes, the first names the most. unknown: what would be needed to tell."""

    state: str
    causes: tuple[str, ...]
    sentence: str
    at: float
    slot: int = 0
    view: int = 0
    phase: int = 0  # whose votes are missing
    quorum: int = 0
    boards: tuple[BoardAnswer, ...] = ()
    links: tuple[LinkAnswer, ...] = ()
    unknown: tuple[str, ...] = field(default=())

    @property
    def cause(self) -> str:
        return " and ".join(self.causes) or NONE

    def as_dict(self) -> dict[str, object]:
        """The members as JSON has them."""
        return {"state": self.state, "cause": self.cause, **asdict(self)}


def boards(nodes: list[int]) -> str:
    """no board; board 2; boards 0 and 2; boards 0, 1 and 2."""
    texts = [str(node) for node in sorted(nodes)]
    if len(texts) < 2:
        return f"board {texts[0]}" if texts else "no board"
    return f"boards {', '.join(texts[:-1])} and {texts[-1]}"
