"""CPython and MicroPython read the same bytes alike: same items, same frames, same refusals in the same words."""

import random
from pathlib import Path

from amu.wire import cbor, codec, frames, messages
from tests import ROOT
from tests.support.flight import interpreters

FOLDER = ROOT / "tests" / "support" / "simulator"
DIGEST = bytes(range(32))


def damaged(draw: random.Random, data: bytes) -> bytes:
    """`data` with up to three bytes changed, cut or doubled."""
    for _ in range(draw.randrange(4)):
        place = draw.randrange(len(data) + 1)
        how = draw.randrange(3)
        if how == 0:
            data = data[:place] + draw.randbytes(1) + data[place + 1 :]
        elif how == 1:
            data = data[:place] + data[place + draw.randrange(3) :]
        else:
            data = data[:place] + data[max(0, place - 5) : place + 5] + data[place:]
    return data


def inputs() -> list[str]:
    """Lines `what hex`: well-formed and damaged items, payloads and streams."""
    draw = random.Random(8949)
    items = [
        [1, 1000, -70_000, 1 << 40, -(1 << 63), b"bytes", "text \u00fc\u6c34\U00010151", None, True, [False, [[]]]],
        {"key": 1, "other": {b"\x01": [2]}, 7: "seven", -1: {}, b"": 1 << 30},
        ["lease-acquire", "dock/1", 3, (1 << 64) - 1],
    ]
    sent = [
        messages.Vote(3, 0, 2, DIGEST),
        messages.Status(1, 2, 3, (1, DIGEST), None, (0, DIGEST), None, None, None, DIGEST, None, None, None),
        messages.Request(1, 2, ["noop", {"map": [None]}]),
        messages.Log(2, "journal \u00e9"),
    ]
    lines = [f"cbor {damaged(draw, cbor.encode(draw.choice(items))).hex()}" for _ in range(1500)]
    for _ in range(1500):
        some = [draw.choice(sent) for _ in range(draw.choice((1, 1, 2, 3)))]
        if draw.random() < 0.8:
            some = [message for message in some if message.KIND >> 4 == some[0].KIND >> 4]
        payload = b"".join(codec.encode(draw.choice((0, 70_000, 1 << 61)), message) for message in some)
        lines.append(f"codec {some[0].KIND >> 4:02x}{damaged(draw, payload).hex()}")
    for _ in range(300):
        stream = b""
        for _ in range(4):
            message = draw.choice(sent)
            traffic = frames.traffic_of(message.KIND)
            wire = frames.build(traffic, 1, 2, bytes(frames.tag_bytes(traffic)), codec.encode(5, message))
            stream += draw.choice((b"", b"text\r\n", draw.randbytes(9), b"\xff" * 1200)) + damaged(draw, wire)
        lines.append(f"framer {stream.hex()}")
    return lines


def test_same_answers(tmp_path: Path) -> None:
    script, questions = FOLDER / "wire_answers.py", tmp_path / "questions"
    questions.write_text("\n".join(inputs()))
    here = interpreters.run_cpython(script, str(questions))
    assert here.returncode == 0, here.stdout
    answers = here.stdout.splitlines()
    for arguments in ([], ["machine"]):
        there = interpreters.run_micropython(script, str(questions), *arguments)
        # MicroPython warns when a map holds keys of both types, and does the right thing.
        theirs = [line for line in there.stdout.splitlines() if line != "Warning: Comparison between bytes and str"]
        assert theirs == answers
    # The inputs are worth something: many are accepted, many are refused, for many reasons.
    assert len(answers) == 3300
    assert sum("refused" in answer for answer in answers) > 1000
    assert sum("refused" not in answer for answer in answers) > 800
    assert len({answer.partition(": ")[2] for answer in answers if answer.startswith("cbor refused")}) > 15
