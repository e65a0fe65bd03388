"""`tongjie check`: each thing that keeps a node from starting, or from being heard, is one clear line."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, succeed

from federation.certificates import TlsIdentity, issue, lay_out, make_authority, read_pair
from federation.methods import DELIVER, Envelope, decode_notices, encode_receipts
from federation.transport import GrpcServer
from node.commands.check import every_check, printed
from node.commands.checks import Check, certificate_checks, database_check, items_check
from node.commands.port_checks import port_checks
from node.settings.library import SettingsError, load_node_settings
from node.storage.imports import NewItem, claim_database, import_items
from node.storage.opening import prepare_database
from tests.node.commands.city_files import Files, city_files
from tests.reactors import the_reactor

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOBODY = 65534


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return city_files(tmp_path)


def only(checks: list[Check], name: str) -> Check:
    [found] = [each for each in checks if each.name.startswith(name)]
    return found


# --- certificates --------------------------------------------------------------------------------------------


def certificates_at(tmp_path: Path, days: int) -> list[Check]:
    files = city_files(tmp_path, NOW)
    return certificate_checks(load_node_settings(files.config), NOW + timedelta(days=days))


def test_a_sound_certificate_is_ok(tmp_path: Path) -> None:
    assert only(certificates_at(tmp_path, days=1), "certificates").state == "ok"


def test_a_certificate_that_expires_soon_is_a_warning(tmp_path: Path) -> None:
    found = only(certificates_at(tmp_path, days=85), "certificates")
    assert (found.state, "expires soon" in found.text) == ("warning", True)


def test_an_expired_certificate_is_an_error(tmp_path: Path) -> None:
    found = only(certificates_at(tmp_path, days=100), "certificates")
    assert (found.state, "expired on" in found.text) == ("error", True)


def test_a_missing_certificate_is_an_error_that_names_the_file(files: Files) -> None:
    (files.certs / "CQBB.pem").unlink()
    found = only(certificate_checks(load_node_settings(files.config), NOW), "certificates")
    assert found.state == "error"
    assert "CQBB.pem" in found.text
    assert "tongjie federation init" in found.text


@contextmanager
def forbidden(path: Path) -> Iterator[None]:
    """Nobody may read the file: neither an ordinary user nor root, who becomes one for the time."""
    path.chmod(0)
    before = os.geteuid()
    os.seteuid(before or NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.mark.parametrize("name", ["CQBB.key", "CQBB.pem", "ca.pem"])
def test_a_key_that_may_not_be_read_is_said_to_lack_permission_and_not_to_be_missing(files: Files, name: str) -> None:
    settings = load_node_settings(files.config)
    with forbidden(files.certs / name):
        found = only(certificate_checks(settings, NOW), "certificates")
    assert found.state == "error"
    assert "no permission to read it" in found.text
    assert "init" not in found.text


def test_settings_that_may_not_be_read_are_said_to_lack_permission(files: Files) -> None:
    with forbidden(files.config), pytest.raises(SettingsError, match="no permission to read it"):
        load_node_settings(files.config)


def test_the_certificate_of_another_library_is_an_error(files: Files) -> None:
    for suffix in ("pem", "key"):
        (files.certs / f"CQSPB.{suffix}").replace(files.certs / f"CQBB.{suffix}")
    found = certificate_checks(load_node_settings(files.config), datetime.now(UTC))
    assert any("is that of CQSPB, not of CQBB" in each.text for each in found)
    assert {each.state for each in found} == {"error"}


# --- items ---------------------------------------------------------------------------------------------------


def test_items_whose_barcodes_do_not_tell_their_owner_are_a_warning(files: Files) -> None:
    settings = load_node_settings(files.config)
    assert items_check(settings) == [], "there is no database yet"
    prepare_database(files.database)
    claim_database(files.database, "CQBB", bytes)
    new = {"CQBB01": "", "30012345": "", "30012346": "", "CQSPB7": ""}
    import_items(files.database, [NewItem(each, "书", "", "", "", "book", "", False, 0) for each in new])
    found = items_check(settings)
    assert [each.state for each in found] == ["warning", "warning"]
    assert found[0].text.startswith("2 barcodes are covered by no prefix of this library alone, such as 30012345")
    assert found[1].text.startswith("1 barcodes have a prefix of another library, such as CQSPB7")


# --- database ------------------------------------------------------------------------------------------------


def database(files: Files) -> Check:
    return database_check(load_node_settings(files.config))


def test_a_database_that_is_not_there_will_be_made_but_not_by_the_check(files: Files) -> None:
    assert database(files) == Check("database", "ok", f"{files.database} will be made at the first start")
    assert not files.database.exists()


def test_a_database_of_this_program_and_library_is_ok(files: Files) -> None:
    prepare_database(files.database)
    claim_database(files.database, "CQBB", bytes)
    assert database(files).state == "ok"


def test_the_database_of_another_library_is_an_error(files: Files) -> None:
    prepare_database(files.database)
    claim_database(files.database, "CQSPB", bytes)
    assert (database(files).state, "is that of CQSPB" in database(files).text) == ("error", True)


def test_a_file_that_is_no_database_is_an_error(files: Files) -> None:
    files.database.write_text("no database" * 100)
    assert (database(files).state, "is not an SQLite database" in database(files).text) == ("error", True)


# --- ports ---------------------------------------------------------------------------------------------------


@pytest.fixture
def taken(files: Files) -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", files.sip2_port))) as server:
        yield server


def test_free_ports_are_ok(files: Files) -> None:
    assert [each.state for each in port_checks(load_node_settings(files.config))] == ["ok"] * 3


@pytest.mark.usefixtures("taken")
def test_a_port_of_another_program_is_an_error(files: Files) -> None:
    found = only(port_checks(load_node_settings(files.config)), "port sip2")
    assert (found.state, "another program" in found.text) == ("error", True)


def test_a_host_that_is_not_this_machine_is_an_error(files: Files) -> None:
    text = files.config.read_text("utf-8").replace(f'"127.0.0.1:{files.http_port}"', '"192.0.2.1:8080"')
    files.config.write_text(text, "utf-8")
    found = only(port_checks(load_node_settings(files.config)), "port http")
    assert (found.state, "no address of this machine" in found.text) == ("error", True)


def readiness(files: Files, *names: str, ready: bool = True) -> dict[str, Any]:
    """What a node of CQBB says at /readyz, with the listeners of these names."""
    ports = {"sip2": files.sip2_port, "federation": files.own_port, "http": files.http_port}
    listeners = [{"name": name, "address": f"0.0.0.0:{ports[name]}", "open": True} for name in names]
    return {"ready": ready, "library": "CQBB", "listeners": listeners}


def at_http(files: Files, code: int, body: object, host: str) -> Any:
    from twisted.web.resource import Resource
    from twisted.web.server import Site

    class Ready(Resource):
        isLeaf = True

        def render_GET(self, request: Any) -> bytes:
            request.setResponseCode(code)
            return json.dumps(body).encode()

    return the_reactor().listenTCP(files.http_port, Site(Ready()), interface=host)


def own_federation_port(files: Files) -> GrpcServer:
    identity = TlsIdentity.load(files.certs / "CQBB.pem", files.certs / "CQBB.key", files.certs / "ca.pem")
    return GrpcServer(identity, lambda *_: succeed(b""), [DELIVER], host="127.0.0.1", port=files.own_port)


async def ports_beside(
    files: Files, body: object, *, code: int = 200, host: str = "127.0.0.1", federation: bool = True
) -> list[Check]:
    """What is found beside a process at all three ports that says `body` at /readyz."""
    from twisted.internet.threads import deferToThread

    port = at_http(files, code, body, host)
    server = own_federation_port(files)
    with closing(socket.create_server(("127.0.0.1", files.sip2_port))):
        if federation:
            await server.start()
        try:
            return await deferToThread(port_checks, load_node_settings(files.config))
        finally:
            await server.stop(0)
            await port.stopListening()


@pytest_twisted.ensureDeferred
async def test_all_ports_of_our_own_running_node_are_ok(files: Files) -> None:
    found = await ports_beside(files, readiness(files, "sip2", "federation", "http"))
    assert [(each.state, "which is running" in each.text) for each in found] == [("ok", True)] * 3


@pytest_twisted.ensureDeferred
async def test_the_federation_port_of_our_own_node_is_ok_even_if_the_node_does_not_list_it(files: Files) -> None:
    found = await ports_beside(files, readiness(files, "sip2", "http"))
    assert [each.state for each in found] == ["ok"] * 3


@pytest_twisted.ensureDeferred
async def test_the_ports_of_our_own_node_are_ok_when_it_is_not_ready(files: Files) -> None:
    found = await ports_beside(files, readiness(files, "sip2", "federation", "http", ready=False), code=503)
    assert [each.state for each in found] == ["ok"] * 3


@pytest_twisted.ensureDeferred
async def test_the_ports_of_our_own_node_are_ok_when_it_listens_everywhere(files: Files) -> None:
    text = files.config.read_text("utf-8").replace(f'"127.0.0.1:{files.http_port}"', f'"0.0.0.0:{files.http_port}"')
    files.config.write_text(text, "utf-8")
    found = await ports_beside(files, readiness(files, "sip2", "federation", "http"), host="0.0.0.0")
    assert [each.state for each in found] == ["ok"] * 3


@pytest_twisted.ensureDeferred
async def test_a_node_that_cannot_tell_its_state_is_known_by_its_certificate(files: Files) -> None:
    found = await ports_beside(files, {"ready": False, "why": "the node can't tell its state"}, code=503)
    assert [each.state for each in found] == ["warning", "ok", "ok"]
    assert "as it seems" in found[0].text


@pytest_twisted.ensureDeferred
async def test_the_ports_of_another_librarys_node_are_an_error(files: Files) -> None:
    body = readiness(files, "sip2", "federation", "http") | {"library": "CQSPB"}
    found = await ports_beside(files, body, federation=False)
    assert [each.state for each in found] == ["error", "ok", "error"]


# --- other libraries, the clock ------------------------------------------------------------------------------


async def found_with(
    files: Files, *, ahead_ms: int = 0, authority: Path | None = None, name: str = "CQSPB"
) -> list[Check]:
    """What is found while CQSPB runs, its clock ahead of ours."""
    from twisted.internet.threads import deferToThread

    folder = authority or files.certs
    pair = issue(read_pair(folder, "ca"), [name.lower()], datetime.now(UTC))
    identity = TlsIdentity(pair.certificate, pair.key, (folder / "ca.pem").read_bytes())

    def answer(caller: str, method: str, payload: bytes, left_s: float) -> Deferred[bytes]:
        envelope, notices = decode_notices(payload)
        assert (caller, envelope.caller, notices) == ("CQBB", "CQBB", ())
        return succeed(encode_receipts(Envelope("CQSPB", 1, envelope.sent_at_ms + ahead_ms), []))

    server = GrpcServer(identity, answer, [DELIVER], host="127.0.0.1", port=files.peer_port)
    await server.start()
    try:
        return await every_check(files.config, deferToThread)
    finally:
        await server.stop(0)


@pytest_twisted.ensureDeferred
async def test_a_peer_that_answers_is_ok_and_so_is_the_clock(files: Files) -> None:
    checks = await found_with(files)
    assert only(checks, "peer CQSPB").state == "ok"
    assert only(checks, "clock") == Check("clock", "ok", "agrees with CQSPB")


@pytest.mark.parametrize(("ahead_ms", "state"), [(10_000, "warning"), (-10_000, "warning"), (120_000, "error")])
@pytest_twisted.ensureDeferred
async def test_clocks_that_are_apart_are_told(files: Files, ahead_ms: int, state: str) -> None:
    clock = only(await found_with(files, ahead_ms=ahead_ms), "clock")
    assert clock.state == state
    assert f"{abs(ahead_ms) // 1000 - 1}." in clock.text or f"{abs(ahead_ms) // 1000}.0 s" in clock.text
    assert ("ahead" if ahead_ms > 0 else "behind") in clock.text


@pytest_twisted.ensureDeferred
async def test_a_peer_of_another_authority_is_a_warning_that_says_why(files: Files, tmp_path: Path) -> None:
    other = tmp_path / "other"
    lay_out(other, ["CQSPB"], datetime.now(UTC))
    peer = only(await found_with(files, authority=other), "peer CQSPB")
    assert (peer.state, "certificate that does not hold" in peer.text) == ("warning", True)


@pytest_twisted.ensureDeferred
async def test_a_peer_with_the_certificate_of_another_library_is_a_warning(files: Files) -> None:
    peer = only(await found_with(files, name="CQCQ"), "peer CQSPB")
    assert (peer.state, "certificate that does not hold" in peer.text) == ("warning", True)


@pytest_twisted.ensureDeferred
async def test_a_peer_that_does_not_know_our_authority_is_a_warning(files: Files) -> None:
    stranger = make_authority("another", datetime.now(UTC))
    ours = issue(stranger, ["cqbb"], datetime.now(UTC))
    (files.certs / "CQBB.pem").write_bytes(ours.certificate)
    (files.certs / "CQBB.key").write_bytes(ours.key)
    peer = only(await found_with(files), "peer CQSPB")
    assert peer.state == "warning"
    assert "does it know our authority?" in peer.text or "compare the certificates of both" in peer.text


@pytest_twisted.ensureDeferred
async def test_a_peer_that_is_down_is_a_warning(files: Files) -> None:
    from twisted.internet.threads import deferToThread

    checks = await every_check(files.config, deferToThread)
    assert only(checks, "peer CQSPB").state == "warning"
    assert "is its node running?" in only(checks, "peer CQSPB").text
    assert only(checks, "clock").state == "ok"


# --- the command ---------------------------------------------------------------------------------------------


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from node.__main__ import main; import sys; sys.argv[0] = 'tongjie'; main()"
    return subprocess.run(
        [sys.executable, "-c", program, "check", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONWARNINGS": "default"},
    )


def test_the_command_ends_with_0_and_one_line_a_check(files: Files) -> None:
    done = run("--config", str(files.config))
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split()[0] for line in done.stdout.splitlines()] == ["ok"] * 7 + ["warning", "ok"]


def test_the_command_ends_with_1_on_an_error_and_tells_it_as_json_too(files: Files) -> None:
    files.config.write_text(files.config.read_text("utf-8").replace("CQBB", "CQXX"), "utf-8")
    done = run("--config", str(files.config), "--json")
    body = json.loads(done.stdout)
    assert (done.returncode, body["ok"]) == (1, False)
    assert body["checks"][0]["name"] == "settings"
    assert "CQXX" in body["checks"][0]["text"]


def test_the_lines_are_in_columns() -> None:
    checks = [Check("settings", "ok", "fine"), Check("peer CQSPB", "warning", "shut")]
    assert printed(checks, "en", as_json=False).count("\n") == 1
