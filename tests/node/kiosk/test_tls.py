"""TLS doors in memory: a client with and without a certificate, renewed files, handshakes that are broken off."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from OpenSSL import SSL
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.test import iosim
from zope.interface import implementer

from federation import certificates
from node.kiosk.edge import Door
from node.kiosk.terminal import Terminal
from node.kiosk.tls import Credentials, CredentialsError, TlsFactory
from tests.node.kiosk.lines import Place, status

HERE: Any = IPv4Address("TCP", "10.0.0.1", 40000)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the node (CQSPB) and one for a terminal (SC1), of one authority."""
    found = tmp_path_factory.mktemp("certs")
    certificates.lay_out(found, ["CQSPB", "SC1"], datetime.now(UTC), 30)
    return found


class Client(Protocol):
    def __init__(self) -> None:
        self.heard = b""
        self.lost = False

    def dataReceived(self, data: bytes) -> None:
        self.heard += data

    def connectionLost(self, *_reason: Any) -> None:
        self.lost = True


@implementer(IOpenSSLClientConnectionCreator)
class _Context:
    """The client's side; it trusts everyone, and shows a certificate if it has one."""

    def __init__(self, folder: Path, code: str) -> None:
        self._context = SSL.Context(SSL.TLS_METHOD)
        if code:
            self._context.use_certificate_file(str(folder / f"{code}.pem"))
            self._context.use_privatekey_file(str(folder / f"{code}.key"))

    def clientConnectionForTLS(self, _protocol: Any) -> SSL.Connection:
        return SSL.Connection(self._context, None)


def connect(credentials: Credentials, place: Place, folder: Path, code: str = "") -> tuple[Client, Any, Any]:
    """A TLS client at that door, handshake done (or refused): the client, what pumps bytes, the door's protocol."""
    door = TlsFactory(credentials, place.kiosks.behind(Door()), place.clock)
    client = Client()
    factory = Factory.forProtocol(lambda: client)
    wrapped = TLSMemoryBIOFactory(_Context(folder, code), True, factory, place.clock)  # type: ignore[arg-type]
    server = door.buildProtocol(HERE)
    _, _, pump = iosim.connectedServerAndClient(lambda: server, lambda: wrapped.buildProtocol(HERE))
    pump.flush()
    return client, pump, server


def say(client: Client, pump: Any, place: Place) -> None:
    """A 99, and time for the small writes that TLS collects for a moment."""
    wire: Any = client.transport
    wire.write(status())
    for _ in range(3):
        place.clock.advance(0)
        pump.flush()


def shown_name(credentials: Credentials) -> str:
    context = credentials.serverConnectionForTLS(None).get_context()
    connection = SSL.Connection(context, None)
    shown = connection.get_certificate()
    assert shown is not None
    return str(shown.get_serial_number())


def test_a_kiosk_speaks_through_tls_as_it_does_without(folder: Path) -> None:
    place = Place()
    client, pump, _ = connect(Credentials(folder / "CQSPB.pem", folder / "CQSPB.key"), place, folder)
    say(client, pump, place)
    assert client.heard.startswith(b"98")
    assert client.heard.endswith(b"\r")


def test_a_terminal_is_known_by_its_certificate(folder: Path) -> None:
    place = Place(Terminal("kiosk", "selfcheck", certificate="sc1"), login_required=True)
    credentials = Credentials(folder / "CQSPB.pem", folder / "CQSPB.key", folder / "ca.pem")
    connect(credentials, place, folder, "SC1")
    assert place.kiosks.connected_logins() == {"kiosk"}


def test_where_a_certificate_is_required_a_client_without_one_is_refused(folder: Path) -> None:
    place = Place()
    credentials = Credentials(folder / "CQSPB.pem", folder / "CQSPB.key", folder / "ca.pem")
    client, pump, _ = connect(credentials, place, folder)
    say(client, pump, place)
    assert client.heard == b""
    assert client.lost


def test_where_a_certificate_is_optional_a_client_without_one_may_log_in(folder: Path) -> None:
    place = Place()
    credentials = Credentials(folder / "CQSPB.pem", folder / "CQSPB.key", folder / "ca.pem", required=False)
    client, pump, _ = connect(credentials, place, folder)
    say(client, pump, place)
    assert client.heard.startswith(b"98")


@pytest.mark.parametrize("rubbish", [b"9900402.00AY1AZFCA5\r", b"\x16\x03\x01\x00\x05", b"GET / HTTP/1.1\r\n\r\n"])
def test_a_handshake_that_is_broken_off_costs_its_own_connection_only(folder: Path, rubbish: bytes) -> None:
    place = Place()
    credentials = Credentials(folder / "CQSPB.pem", folder / "CQSPB.key")
    door = TlsFactory(credentials, place.kiosks.behind(Door()), place.clock)
    server = door.buildProtocol(HERE)
    wire = StringTransport()
    server.makeConnection(wire)
    server.dataReceived(rubbish)
    server.connectionLost(_gone())
    assert place.notes.open == {"unknown": 0}
    client, pump, _ = connect(credentials, place, folder)
    say(client, pump, place)
    assert client.heard.startswith(b"98")


def _gone() -> Any:
    from twisted.internet.error import ConnectionLost
    from twisted.python.failure import Failure

    return Failure(ConnectionLost())


def test_one_that_is_not_admitted_gets_no_handshake(folder: Path) -> None:
    place = Place()
    place.kiosks.edge.limits = type(place.kiosks.edge.limits)(max_connections=0)
    door = TlsFactory(Credentials(folder / "CQSPB.pem", folder / "CQSPB.key"), place.kiosks.behind(Door()), place.clock)
    assert door.buildProtocol(HERE) is None


def test_a_renewed_certificate_is_shown_to_whoever_connects_next(tmp_path: Path) -> None:
    certificates.lay_out(tmp_path, ["CQSPB"], datetime.now(UTC), 30)
    credentials = Credentials(tmp_path / "CQSPB.pem", tmp_path / "CQSPB.key")
    before = shown_name(credentials)
    for name in ("CQSPB.pem", "CQSPB.key"):
        (tmp_path / name).unlink()
    certificates.lay_out(tmp_path, ["CQSPB"], datetime.now(UTC), 30)
    credentials.read_again()
    assert shown_name(credentials) != before


def _lose_key(folder: Path) -> None:
    (folder / "CQSPB.key").unlink()


def _spoil(name: str) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        (folder / name).write_text("rubbish")

    return spoil


def _other_key(folder: Path) -> None:
    (folder / "CQSPB.key").write_bytes((folder / "SC1.key").read_bytes())


@pytest.mark.parametrize("spoil", [_lose_key, _spoil("CQSPB.pem"), _spoil("CQSPB.key"), _other_key])
def test_files_that_can_not_be_used_leave_the_present_certificate_in_force(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    certificates.lay_out(tmp_path, ["CQSPB", "SC1"], datetime.now(UTC), 30)
    credentials = Credentials(tmp_path / "CQSPB.pem", tmp_path / "CQSPB.key")
    before = shown_name(credentials)
    spoil(tmp_path)
    with pytest.raises(CredentialsError, match=r"CQSPB\.(pem|key)"):
        credentials.read_again()
    assert shown_name(credentials) == before
