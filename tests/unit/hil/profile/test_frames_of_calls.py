"""Calls that a decision makes dozens of times keep their state off the heap."""

from pathlib import Path

import pytest

from hil.boards.emulated import folding, pico_files
from hil.profile import bytecode
from hil.profile.bytecode import FRAME_WORDS_MAX, frame_words

HOT = (
    *("boards/guided.py:GuidedReader.read", "boards/pico.py:UsbPort.read"),
    *("boards/runtime.py:Runtime._take_frames", "boards/runtime.py:Runtime._take_turn"),
    *("boards/runtime.py:Runtime._bar", "boards/runtime.py:Runtime._is_surplus"),
    *(
        "wire/framer.py:Framer.only",
        "wire/framer.py:Framer.push",
        "wire/framer.py:Framer.next",
        "wire/framer.py:Framer._cut",
    ),
    *("wire/auth.py:Mac.digest", "wire/auth.py:Keyring.check", "wire/auth.py:Keyring.seal"),
    *("wire/codec.py:encode", "wire/codec.py:decode"),
    *("core/lamport.py:Witnesses.judge", "core/lamport.py:Witnesses.believable", "services/detector.py:Detector.heard"),
    *("node/node.py:Node.ready", "node/effects.py:Effects.take", "node/tracer.py:Tracer.emit"),
    *("consensus/replica.py:Replica.receive", "consensus/replica.py:Replica.settle"),
    *("consensus/instance.py:Instance.on_vote", "consensus/instance.py:Instance._count_votes"),
)


def test_hot_functions_keep_their_state_off_the_heap() -> None:
    words = {function.name: frame_words(function) for function in bytecode.firmware() if not function.is_native}
    assert {name: words[name] for name in HOT if words[name] > FRAME_WORDS_MAX} == {}


def test_those_with_a_long_state_are_machine_code_and_keep_it_on_the_stack() -> None:
    native = {function.name for function in bytecode.firmware() if function.is_native}
    for module, names in folding.NATIVE.items():
        path = module.replace(".", "/") + ".py:"
        for name in names:
            assert [each for each in native if each.startswith(path) and each.split(".")[-1].endswith(name)], name


@pytest.mark.parametrize("count", [1, 3, 15, 16, 40, 70])
def test_a_frame_holds_locals_stack_and_handlers(count: int, tmp_path: Path) -> None:
    assigned = "; ".join(f"a{number} = 1" for number in range(count))
    source = tmp_path / "some.py"
    source.write_text(
        f"def plain(): {assigned}\n\ndef handles():\n    {assigned}\n    try: pass\n    except ValueError: pass\n"
    )
    _, plain, handles = bytecode.functions_of(
        "amu/some.py", source.read_text(), pico_files.compile_module("amu/some.py", source)
    )
    assert count <= frame_words(plain) <= count + 1
    assert count + 3 < frame_words(handles) <= count + 3 + 6  # what was raised is on the stack
