"""`amu console` beyond the loopback interface: over TLS, by its names; and what is wrong with a certificate."""

import http.client
import json
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from groundstation.web.flights import AMU
from groundstation.web.people import Entry, RoleFile
from groundstation.web.serve import hosts
from tests.support.served import GIVE_UP_SECONDS, ROLE_FILE, as_role

NAME = "console.example"


def _roles(folder: Path, certificate: Path, key: Path) -> Path:
    people = "".join(
        f'[[people]]\nname = "{one.name}"\nrole = "{one.role}"\ntoken_sha256 = "{one.token_sha256}"\n'
        for one in ROLE_FILE.people
    )
    path = folder / "roles.toml"
    path.write_text(f'host = "0.0.0.0"\nnames = ["{NAME}"]\ncertificate = "{certificate}"\nkey = "{key}"\n{people}')
    return path


def _start(roles: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-c",
        AMU,
        "console",
        "first-light",
        "--role-file",
        str(roles),
        "--port",
        "0",
        "--no-browser",
    ]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """A certificate that vouches for itself, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    made, key = tmp_path / "console.pem", tmp_path / "console.key"
    ask = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    ask += ["-keyout", str(key), "-out", str(made), "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    subprocess.run(ask, check=True, capture_output=True)
    return made, key


@pytest.fixture
def port(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[int]:
    """Where a console serves over TLS."""
    process = _start(_roles(tmp_path, *certificate))
    try:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert told.startswith(f"console: https://{NAME}:"), told
        yield int(told.split("/")[2].partition(":")[2])
    finally:
        process.terminate()
        process.communicate(timeout=GIVE_UP_SECONDS)


def test_a_console_for_other_machines_speaks_tls_and_knows_its_name(port: int, certificate: tuple[Path, Path]) -> None:
    context = ssl.create_default_context(cafile=str(certificate[0]))
    context.check_hostname = False  # the name leads nowhere here; the host of the request has it

    def ask(method: str, host: str, body: str | None = None, **headers: str) -> tuple[int, str | None]:
        line = http.client.HTTPSConnection("127.0.0.1", port, timeout=GIVE_UP_SECONDS, context=context)
        changing = {"X-AMU-Console": "1"} if method == "POST" else {}
        line.request(method, "/api/session", body, {"Host": host, **changing, **headers})
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer.status, answer.headers["set-cookie"]

    assert ask("GET", f"{NAME}:{port}", **as_role("observer"))[0] == 200
    assert ask("GET", f"evil.example:{port}", **as_role("observer"))[0] == 421
    status, cookie = ask("POST", f"{NAME}:{port}", json.dumps({"token": "token of observer"}))
    assert status == 200
    assert cookie is not None
    assert "Secure" in cookie


def test_a_bad_certificate_is_refused_with_what_is_wrong(tmp_path: Path) -> None:
    bad = tmp_path / "bad.pem"
    bad.write_text("no certificate")
    for certificate in (bad, tmp_path / "none.pem"):
        process = _start(_roles(tmp_path, certificate, bad))
        _, told = process.communicate(timeout=GIVE_UP_SECONDS)
        assert process.returncode == 2
        assert f"amu console: {certificate}, {bad}: " in told
        assert "Traceback" not in told


def test_a_console_goes_by_its_own_names_only() -> None:
    people = [Entry(name="a", role="observer", token_sha256="0" * 64)]
    assert hosts(None, 8765, False) == {"127.0.0.1:8765", "[::1]:8765", "localhost:8765"}
    assert hosts(None, 80, False) > {"localhost", "localhost:80"}
    far = RoleFile(people=people, host="0.0.0.0", names=[NAME, "fd00::1"], certificate="c", key="k")
    assert hosts(far, 443, True) == {
        f"{name}{port}" for name in (NAME, "[fd00::1]", "0.0.0.0") for port in ("", ":443")
    }
    assert hosts(far, 80, True) == {f"{NAME}:80", "[fd00::1]:80", "0.0.0.0:80"}
