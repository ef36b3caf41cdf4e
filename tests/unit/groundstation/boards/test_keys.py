"""The keys of a bench: private, each epoch has its secret, never shown, never lost by a rotation."""

import json
import os
from pathlib import Path

import pytest

from amu.core import limits
from amu.core.errors import AuthError
from amu.wire import auth
from amu.wire.cobs import decode
from amu.wire.frames import parse
from groundstation.boards import keys, provision
from groundstation.boards.keys import KeysError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "desk.keys"


def test_keys_are_private_and_their_secrets_are_never_shown(path: Path) -> None:
    made = keys.make(path, "desk")
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert made.latest.epoch == 0
    assert made.latest.secret not in repr(made)
    assert made.latest.fingerprint in repr(made)


def test_each_rotation_draws_a_secret_and_the_older_ones_are_kept(path: Path) -> None:
    first = keys.make(path, "desk")
    rotated = [keys.rotate(path) for _ in range(3)][-1]
    assert [epoch.epoch for epoch in rotated.epochs] == [0, 1, 2, 3]
    assert rotated.epochs[0] == first.latest
    assert len({epoch.secret for epoch in rotated.epochs}) == 4
    assert keys.load(path) == rotated


def test_so_many_epochs_are_kept_and_no_more(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "EPOCHS_KEPT", 3)
    keys.make(path, "desk")
    for _ in range(4):
        kept = keys.rotate(path)
    assert [epoch.epoch for epoch in kept.epochs] == [2, 3, 4]


def test_keys_that_are_there_are_not_made_again(path: Path) -> None:
    made = keys.make(path, "desk")
    with pytest.raises(KeysError, match="there are keys already; rotate them"):
        keys.make(path, "desk")
    assert keys.load(path) == made


def test_keys_that_are_not_there_are_told_how_to_make(path: Path) -> None:
    with pytest.raises(KeysError, match=r"desk\.keys: there are no keys; make them with: amu keys make .*desk\.toml"):
        keys.load(path)


def test_keys_that_others_can_read_are_refused(path: Path) -> None:
    keys.make(path, "desk")
    path.chmod(0o640)
    with pytest.raises(KeysError, match="others can read or write it"):
        keys.load(path)


@pytest.mark.parametrize(
    "damage",
    [
        lambda found: found.pop("epochs"),
        lambda found: found["epochs"].clear(),
        lambda found: found["epochs"][0].update(secret="00"),
        lambda found: found["epochs"][0].update(secret="no number"),
        lambda found: found["epochs"][1].update(epoch=7),
        lambda found: found["epochs"][0].update(epoch="0"),
        lambda found: [epoch.update(epoch=10**30 + epoch["epoch"]) for epoch in found["epochs"]],
    ],
)
def test_damaged_keys_are_refused(path: Path, damage: "object") -> None:
    keys.make(path, "desk")
    keys.rotate(path)
    found = json.loads(path.read_text())
    damage(found)  # type: ignore[operator]
    path.write_text(json.dumps(found))
    with pytest.raises(KeysError, match="is not as amu keys wrote it"):
        keys.load(path)


def test_keys_of_another_bench_are_refused_and_stay_as_they_are(path: Path) -> None:
    made = keys.make(path, "desk")
    for use in (keys.load, keys.rotate):
        with pytest.raises(KeysError, match=r"desk\.keys: keys of the bench 'desk', and not of 'lab'; put"):
            use(path, "lab")
    assert keys.load(path) == made


def test_no_epoch_follows_the_last_that_a_board_takes(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys.make(path, "desk")
    monkeypatch.setattr(keys, "EPOCH_MAX", 1)
    last = keys.rotate(path)
    with pytest.raises(KeysError, match="1 is the last epoch; move the file away, and make new keys"):
        keys.rotate(path)
    assert keys.load(path) == last


def test_a_board_of_any_epoch_kept_understands_one_of_the_exits(path: Path) -> None:
    keys.make(path, "desk")
    found = keys.rotate(path)
    exits = provision.exits(found, 2)
    assert len(exits) == 2
    for epoch in found.epochs:
        secret = bytes.fromhex(epoch.secret)
        board = auth.keyring(secret, found.cluster, epoch.epoch, 2, 4)
        understood = []
        for number, frame in enumerate(exits):
            parsed = parse(decode(frame[1:-1]))
            try:
                board.check(parsed.traffic, limits.GROUND, parsed.tag, parsed.payload)
                understood.append(number)
            except AuthError:
                continue
        assert understood == [epoch.epoch]
