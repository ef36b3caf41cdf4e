"""The modules of proofs with small constants, in whose states formulas are compared with the evaluator of TLA+."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Case:
    """A module of proofs, small constants, and the sets from which operators with parameters get their arguments."""

    feature: str
    module: str
    constants: dict[str, object]
    operators: dict[str, tuple[str, ...]]
    hidden: frozenset[str] = frozenset()
    bounds: tuple[tuple[str, int], ...] = ()  # behaviours end where a variable is larger
    initial: str = "Init"
    relation: str = "Next"
    silent: frozenset[str] = field(default_factory=frozenset)  # predicates that no state here makes true, or false
    variant: str = ""

    @property
    def name(self) -> str:
        return f"{self.module}{self.variant}"


TETRABFT = Case(
    "tetrabft",
    "tetrabft_proofs",
    {
        "Replica": frozenset({"p1", "p2", "p3", "p4"}),
        "Byzantine": frozenset({"p4"}),
        "FaultsMax": 1,
        "Value": frozenset({"x", "y"}),
        "NoValue": "none",
        "MaxView": 2,
        "WithClauseIIIB": True,
    },
    {
        "SafeToVote": ("Value", "View"),
        "SafeToPropose": ("Value", "View"),
        "NoneOtherChoosableAt": ("Value", "View"),
    },
    frozenset({"IsQuorum", "IsBlocking"}),
)
MESSAGES = Case(
    "tetrabft",
    "tetrabft_messages_proofs",
    {
        **TETRABFT.constants,
        "MaxView": 1,
        "PowerFails": frozenset({"p1"}),
    },
    {
        "IsHighest": ("Phase",),
        "Abstract!SafeToVote": ("Value", "View"),
        "Abstract!SafeToPropose": ("Value", "View"),
        "Abstract!Accepted": ("Value", "View", "Phase"),
        "Abstract!NoneOtherChoosableAt": ("Value", "View"),
    },
    frozenset({"Abstract!IsQuorum", "Abstract!IsBlocking"}),
    silent=frozenset({"ConstantsHaveTypes"}),
)
LEDGER = Case(
    "ledger",
    "ledger_proofs",
    {
        "Shards": frozenset({1, 2}),
        "Things": frozenset({"dock"}),
        "Holders": frozenset({1, 2}),
        "KeyMax": 1,
        "Opaques": frozenset({"o"}),
        "LeaseSlots": frozenset({1, 2}),
        "ShardsMax": 2,
        "LeasesMax": 2,
        "Workers": frozenset({1, 2}),
        "FaultyMax": 0,
        "Payloads": frozenset({"p"}),
        "Digests": frozenset({"d", "e"}),
        "JobSlots": frozenset({2}),
        "JobsMax": 1,
    },
    {"HasRoomForLease": (), "IsTaken": ("Shards",)},
    bounds=(("now", 4), ("nextToken", 5), ("nextJob", 4)),
    # The evaluator cannot say that a function is in a set of functions to Nat; a false assumption is refused.
    silent=frozenset({"Types", "StaleTokenMovesNothing", "ConstantsHaveTypes", "ShardsDisjoint"}),
)
OPERATIONS = Case(
    "ledger",
    "operations_proofs",
    {
        "Clients": frozenset({1, 2}),
        "Window": 2,
        "ClientsMax": 1,
        "OperationMax": 4,
        "Answers": frozenset({"a", "b"}),
    },
    {"IsForgotten": ("Clients", "Operations")},
    initial="ModelInit",
    relation="ModelNext",
    silent=frozenset({"ConstantsHaveTypes", "Types"}),
)
JOBS = Case(
    "ledger",
    "jobs_proofs",
    {
        "Shards": frozenset({1}),
        "Things": frozenset({"dock"}),
        "Holders": frozenset({1}),
        "KeyMax": 1,
        "Opaques": frozenset({"o"}),
        "LeaseSlots": frozenset({1}),
        "ShardsMax": 1,
        "LeasesMax": 1,
        "Workers": frozenset({"w1", "w2", "w3", "w4"}),
        "FaultyMax": 1,
        "Payloads": frozenset({"p"}),
        "Digests": frozenset({"right", "wrong"}),
        "JobSlots": frozenset({1, 3}),
        "JobsMax": 1,
        "Liars": frozenset({"w4"}),
        "Right": "right",
        "SlotMax": 3,
        "JobMax": 2,
    },
    {},
    frozenset({"IsEnough"}),
    relation="JobsNext",
    silent=LEDGER.silent | {"FewLie", "OneHasWon"},
)
CLOCK = Case(
    "lamport_clock",
    "lamport_clock_proofs",
    {"Node": frozenset({0, 1, 2}), "EventMax": 4, "Reserve": 2, "JumpMax": 1, "RebootMax": 1},
    {},
    silent=frozenset({"Types", "ConstantsHaveTypes"}),
)
CHECKPOINTS = Case(
    "replicated_log",
    "checkpoints_proofs",
    {
        "Replica": frozenset({"p1", "p2", "p3", "p4"}),
        "Byzantine": frozenset({"p4"}),
        "FaultsMax": 1,
        "Window": 1,
        "Period": 2,
        "Watermark": 3,
        "Kept": 2,
        "MaxSlot": 4,
    },
    {"CanBeHad": ("Slot",), "LastOpen": ("Correct",)},
    frozenset({"IsQuorum", "IsBlocking"}),
)
REJOIN = Case(
    "replicated_log",
    "rejoin_proofs",
    {
        "Replica": frozenset({"p1", "p2", "p3", "p4"}),
        "Byzantine": frozenset(),
        "FaultsMax": 1,
        "Window": 1,
        "MaxSlot": 2,
    },
    {"Decided": ("Slot",), "IsRecovering": ("Correct",), "Second": ("Correct",)},
    frozenset({"IsQuorum"}),
    silent=frozenset({"ConstantsHaveTypes"}),
)
MUTEX = Case(
    "lamport_mutex",
    "lamport_mutex_proofs",
    # A liar would crowd out the rest.
    {"Board": frozenset({0, 1}), "Liar": frozenset(), "Times": frozenset(range(1, 7)), "Clocks": frozenset({0})},
    {"CanEnter": ("Correct",), "Reaches": ("Correct", "Correct")},
    bounds=(("life", 3), ("clock", 5)),
    initial="Connections",
    silent=frozenset({"ReceiveLie", "MeetLiar", "Init", "ConstantsHaveTypes", "WireBounded"}),
)
MUTEX_WITH_LIAR = replace(
    MUTEX,
    constants={
        "Board": frozenset({0, 1, 2}),
        "Liar": frozenset({2}),
        "Times": frozenset(range(1, 4)),
        "Clocks": frozenset(),  # nobody reboots
    },
    silent=frozenset({"Restart", "Meet", "Init", "ConstantsHaveTypes", "WireBounded"}),
    variant=" with a liar",
)
LINK = Case(
    "link",
    "link_proofs",
    {
        "Side": frozenset({"a", "b"}),
        "Talkers": frozenset({"a"}),
        "Rebooters": frozenset({"b"}),
        "BootMax": 2,
        "NumberMax": 2,
        "Window": 2,
        "QueueMax": 2,
        "FlightMax": 2,
    },
    {},
)
LOG = Case(
    "replicated_log",
    "replicated_log_proofs",
    {
        "Replica": frozenset({0, 1, 2, 3}),
        "Byzantine": frozenset({3}),
        "FaultsMax": 1,
        "Window": 1,
        "Places": 4,
        "NoValue": "none",
        "Value": frozenset({"x", "y"}),
        "MaxSlot": 5,  # the ring forgets
        "MaxView": 1,
    },
    {"IsKept": ("Slot",), "IsOpen": ("Correct", "Slot"), "InRange": ("Correct", "Slot"), "IsDemanded": ("Slot",)},
    frozenset({"IsQuorum", "IsBlocking"}),
    silent=frozenset({"ConstantsHaveTypes", "KeepsAll"}),
)
WITNESSES = Case(
    "lamport_clock",
    "witnesses_proofs",
    {
        "Correct": frozenset({"p1", "p2", "p3"}),
        "Liar": frozenset({"p4"}),
        "Victims": frozenset({"p1", "p2"}),
        "Everybody": frozenset({"p1", "p2", "p3", "p4"}),
        "FaultMax": 1,
        "Lead": 1,
        "LostMax": 1,
        "TimeMax": 3,
        "FirstTimes": frozenset({0, 2}),
    },
    {},
    frozenset({"HasWitness"}),
    silent=frozenset({"ConstantsHaveTypes"}),
)
LEADERS = Case(
    "replicated_log",
    "leader_rule_proofs",
    {
        "ReplicaCount": 4,
        "Byzantine": frozenset({1}),
        "FaultsMax": 1,
        "Window": 2,
        "MaxView": 1,
        "MaxSlot": 5,
    },
    {"InRange": ("Correct", "View")},
    initial="InitWithRule",
    relation="NextWithRule",
    silent=frozenset({"ConstantsHaveTypes", "CorrectLeaderSoon"}),
)
SNAPSHOT = Case(
    "snapshot",
    "snapshot_proofs",
    {
        "Board": frozenset({0, 1}),
        "Liar": frozenset(),
        "ItemsMax": 1,
        "Items": frozenset({1}),
        "States": frozenset({0}),
        "Numbers": frozenset({1, 2}),
    },
    {"InProgress": ("Correct", "Board"), "IsFinished": ("Correct", "Board"), "Reaches": ("Correct", "Correct")},
    initial="Connections",
    # No board reboots or lies.
    silent=frozenset({"Init", "ConstantsHaveTypes", "ReceiveLie", "ReceiveMarkerLie", "MeetLiar", "Types"}),
)
CASES = [
    TETRABFT,
    LEDGER,
    OPERATIONS,
    JOBS,
    CLOCK,
    CHECKPOINTS,
    REJOIN,
    LOG,
    LEADERS,
    MUTEX,
    MUTEX_WITH_LIAR,
    LINK,
    WITNESSES,
    SNAPSHOT,
    MESSAGES,
]
