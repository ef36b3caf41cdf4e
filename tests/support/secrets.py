"""A mission with secrets of every kind, and a search for them in what a crew member is given."""

from typing import Any

# Words that stand in the scenario for what the crew must not learn; each occurs in no other place.
SECRETS = {
    "name of an inject": "sabotage-of-the-relay",
    "text of an inject": "the-crew-should-notice",
    "fault of an inject": "magpie",
    "planned fault": "quicksand",
    "description": "crystal-ball",
    "alarm, note or inject of the director": "nightingale",
}

MISSION: dict[str, Any] = {
    "name": "secret",
    "description": f"A mission of secrets: {SECRETS['description']}.",
    "mission": {"slots": 20, "limit_seconds": 90.0, "no_progress_seconds": 20.0, "settle_seconds": 1.0, "ground": 1},
    "workload": {"operations": 20, "in_flight": 2},
    "faults": [
        {"fault": "light_time", "seconds": 0.05},
        {"fault": "drop", "name": SECRETS["planned fault"], "probability": 0.05},
    ],
    "board_faults": [{"at": 1.0, "node": 3, "kind": "pause", "seconds": 0.5}],
    "procedure": {
        "title": "Open",
        "steps": [
            {"name": "all vote", "expect": {"voting": 4}, "within_seconds": 30},
            {
                "name": "lease",
                "hold": True,
                "poll": ["operator", "director"],
                "order": {
                    "kind": "telecommand",
                    "verb": "lease-acquire",
                    "fields": {"resource": "dock/9", "holder": 1, "slots": 50},
                },
                "expect": {"stage": "confirmed"},
                "within_seconds": 60,
            },
        ],
    },
    "injects": [
        {
            "name": SECRETS["name of an inject"],
            "text": SECRETS["text of an inject"],
            "at": 1.5,
            "order": {"kind": "board", "board": 2, "action": "kill", "fields": {"restart_after": 1.0}},
        },
        {
            "name": "nightingale",
            "step": "lease",
            "order": {
                "kind": "fault",
                "name": SECRETS["fault of an inject"],
                "seconds": 1.0,
                "rule": {"fault": "delay", "seconds": 0.01},
            },
        },
    ],
}
# What the bench records, and no crew hears: as it stands in a trace.
BENCH_EVENTS = ("BoardStart", "BoardKill", "BoardFault", "Scheduled", "Inject", "Attach", '"stage":"uplinked"')


def found_in(text: str) -> set[str]:
    """The secrets in a text, and the bench's events."""
    return {what for what, word in SECRETS.items() if word in text} | events_in(text)


def events_in(text: str) -> set[str]:
    """The bench's events in a text."""
    plain = text.replace('": "', '":"')
    return {event for event in BENCH_EVENTS if (event if ":" in event else f'"event":"{event}"') in plain}
