"""The ether as a state machine: every frame has a fate that is counted; equal inputs give equal outputs."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from amu.wire import frames
from groundstation.faults.ether import Delivery, Ether
from groundstation.faults.plan import FaultPlan

LOST = ("drop", "bandwidth: queue full", "contact_window: store full", "contact_window: no contact", "ether full")
PLANS = [
    [],
    [{"fault": "drop", "probability": 0.3}, {"fault": "jitter", "seconds_max": 4}],
    [{"fault": "duplicate", "probability": 0.5, "copies": 2}, {"fault": "drop", "probability": 0.5}],
    [{"fault": "delay", "seconds": 3}, {"fault": "corrupt", "probability": 0.5}],
    [{"fault": "bandwidth", "bytes_per_second": 20, "queue_bytes_max": 1100}],
    [
        {
            "fault": "contact_window",
            "passes": [{"aos": 1, "los": 2}],
            "period_seconds": 5,
            "outside": "hold",
            "store_frames_max": 2,
        }
    ],
]


class EtherMachine(RuleBasedStateMachine):
    """Two ethers are fed the same frames: what one does, the other does."""

    @initialize(rules=st.sampled_from(PLANS), seed=st.integers(0, 99))
    def build(self, rules: list[dict], seed: int) -> None:
        plan = FaultPlan.model_validate({"seed": seed, "rules": rules})
        self.ether, self.twin = (Ether(plan, range(3), frames_max=12) for _ in range(2))
        self.now = 0.0
        self.last: Delivery | None = None

    @rule(source=st.integers(0, 2), step=st.integers(1, 2), payload=st.binary(max_size=30))
    def send(self, source: int, step: int, payload: bytes) -> None:
        destination = (source + step) % 3
        wire = frames.build(frames.FLIGHT, source, destination, bytes(16), payload)
        header = frames.Frame(frames.FLIGHT, source, destination, bytes(16), payload)
        assert self.ether.accept(self.now, source, wire, header) == self.twin.accept(self.now, source, wire, header)

    @rule(seconds=st.sampled_from([0.0, 0.3, 2.0, 30.0]))
    def let_time_pass(self, seconds: float) -> None:
        earlier, self.now = self.now, self.now + seconds
        due = self.ether.due(self.now)
        assert due == self.twin.due(self.now)
        assert due == sorted(due)
        assert all(earlier <= delivery.at <= self.now for delivery in due)

    @invariant()
    def every_frame_has_a_fate(self) -> None:
        totals = self.ether.totals()
        came = totals.get("accepted", 0) + totals.get("duplicate", 0)
        went = totals.get("delivered", 0) + sum(totals.get(cause, 0) for cause in LOST)
        assert came == went + self.ether.in_flight
        assert self.ether.in_flight <= 12
        assert (self.ether.next_due is None) == (self.ether.in_flight == 0)
        assert self.ether.timeline == self.twin.timeline


TestEther = EtherMachine.TestCase
TestEther.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
