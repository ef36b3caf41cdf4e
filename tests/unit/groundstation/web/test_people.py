"""Roles and tokens."""

import hashlib
from pathlib import Path
from typing import get_args

import pytest

from groundstation.orders.order import Body
from groundstation.web.people import LEAST, ROLES, Person, RoleFileError, load

DIGEST = hashlib.sha256(b"secret").hexdigest()
ALICE = f'[[people]]\nname = "alice"\nrole = "operator"\ntoken_sha256 = "{DIGEST}"\n'


def _kinds() -> set[str]:
    return {get_args(order.model_fields["kind"].annotation)[0] for order in get_args(get_args(Body)[0])}


def test_every_order_has_a_least_role() -> None:
    assert _kinds() | {"start", "resume", "replay"} == set(LEAST)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("what", [*LEAST, "explode", "None"])
def test_a_role_may_what_it_and_the_lower_ones_may(role: str, what: str) -> None:
    allowed = what in LEAST and ROLES.index(role) >= ROLES.index(LEAST[what])
    assert Person("alice", role).may(what) == allowed
    assert not Person("alice", "observer").may(what)


def test_a_token_names_its_person(tmp_path: Path) -> None:
    path = tmp_path / "roles.toml"
    path.write_text(ALICE)
    roles = load(path)
    assert roles.person("secret") == Person("alice", "operator")
    assert roles.person("Secret") is None
    assert roles.person("") is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "people"),
        ("[[people]", ":1:9: not TOML"),
        (ALICE.replace("operator", "king"), "role"),
        (ALICE.replace(DIGEST, "abc"), "token_sha256"),
        ('host = "0.0.0.0"\n' + ALICE, "want certificate and key"),
        ('host = "0.0.0.0"\ncertificate = "c"\nkey = "k"\n' + ALICE, "names: missing"),
        ('names = ["a/b"]\n' + ALICE, "names"),
        ('hosts = "127.0.0.1"\n' + ALICE, "hosts"),
    ],
)
def test_a_bad_role_file_is_refused_with_the_field(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "roles.toml"
    path.write_text(text)
    with pytest.raises(RoleFileError, match=told):
        load(path)


def test_a_missing_role_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RoleFileError, match="cannot be read as a role file"):
        load(tmp_path / "none.toml")
