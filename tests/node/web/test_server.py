"""Pages over real sockets: TLS, headers, cookies, the proxy in front, and what is too much."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPSConnection, RemoteDisconnected
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import pytest
import pytest_twisted
from twisted.internet.threads import deferToThread

from federation import certificates
from node.domain.accounts import Role
from node.doors import Doors, Ports
from node.settings.web import WebListenerSettings
from node.web.server import CONNECTIONS_OF_ADDRESS, Entrance, _Door
from tests.node.commands.city_files import free_ports
from tests.node.office.offices import CHOSEN
from tests.node.web.sites import Site
from tests.reactors import the_reactor

T = TypeVar("T")
HOST = "127.0.0.1"


@dataclass
class Answered:
    code: int
    headers: list[tuple[str, str]]
    body: bytes

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name]

    def one(self, name: str) -> str:
        (value,) = self.all(name)
        return value


@dataclass
class Line:
    """A client of that port, in a thread."""

    port: int
    trusted: Path | None

    async def ask(self, method: str, path: str, body: bytes = b"", **headers: str) -> Answered:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        answered: Answered = await in_thread(lambda: self._ask(method, path, body, named))
        return answered

    def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Answered:
        connection = self._connection()
        try:
            connection.request(method, path, body or None, headers)
            found = connection.getresponse()
            return Answered(found.status, found.getheaders(), found.read())
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        if self.trusted is None:
            return HTTPConnection(HOST, self.port, timeout=60)
        context = ssl.create_default_context(cafile=str(self.trusted))
        context.check_hostname = False
        return HTTPSConnection(HOST, self.port, timeout=60, context=context)


async def in_thread(work: Callable[[], T]) -> T:
    found: T = await deferToThread(work)
    return found


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certs")
    certificates.lay_out(folder, ["CQSPB"], datetime.now(UTC), 30)
    return folder


@asynccontextmanager
async def listening(site: Site, certs: Path | None = None, **more: object) -> AsyncIterator[Line]:
    (port,) = free_ports(1)
    tls = {} if certs is None else {"certificate": str(certs / "CQSPB.pem"), "key": str(certs / "CQSPB.key")}
    values = {"host": HOST, "port": port, "audience": ("staff",), **tls, **more}
    listener = WebListenerSettings.model_validate(values)
    reactor = the_reactor()
    ports = Ports(reactor)
    await ports.listen("web", HOST, port, Doors(reactor).web_factory(listener, site.at(*listener.audience)))
    try:
        yield Line(port, None if certs is None else certs / "ca.pem")
    finally:
        await ports.close("web")


@pytest.fixture
def site() -> Site:
    return Site()


@pytest_twisted.ensureDeferred
async def test_over_tls_somebody_signs_in_and_the_cookies_are_for_this_host_and_tls_alone(
    site: Site, certs: Path
) -> None:
    site.add_ready("wang", Role.DESK)
    async with listening(site, certs) as line:
        shown = await line.ask("GET", "/sign-in")
        cookie = shown.one("set-cookie")
        assert re.fullmatch(r"__Host-session=[\w-]{43}; Path=/; Secure; HttpOnly; SameSite=lax", cookie)
        token = re.search(rb'name="token" value="(\w+)"', shown.body)
        assert token
        form = urlencode({"token": token[1].decode(), "login": "wang", "password": CHOSEN}).encode()
        sent = await line.ask(
            *("POST", "/sign-in", form),
            Cookie=cookie.split(";")[0],
            Content_Type="application/x-www-form-urlencoded",
            Sec_Fetch_Site="same-origin",
        )
        assert (sent.code, sent.one("location")) == (303, "/")
        names = [each.split("=")[0] for each in sent.all("set-cookie")]
        assert names == ["__Host-session", "__Host-device"]
        session = sent.all("set-cookie")[0].split(";")[0]
        listed = await line.ask("GET", "/exceptions", Cookie=session)
        assert listed.code == 200
        assert "wang老师" in listed.body.decode()
        stranger = await line.ask("POST", "/sign-out", form, Cookie=session, Sec_Fetch_Site="cross-site")
        assert stranger.code in (400, 403)


@pytest_twisted.ensureDeferred
@pytest.mark.parametrize("path", ["/sign-in", "/nothing", "/exceptions", "/style.css"])
async def test_every_answer_forbids_scripts_frames_sniffing_and_caching(site: Site, path: str) -> None:
    async with listening(site) as line:
        answer = await line.ask("GET", path)
    policy = answer.one("content-security-policy")
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert answer.one("x-content-type-options") == "nosniff"
    assert answer.one("referrer-policy") == "no-referrer"
    assert answer.one("cache-control").startswith("public" if path == "/style.css" else "no-store")
    assert "Twisted" not in str(answer.headers)


@pytest_twisted.ensureDeferred
async def test_on_this_machine_alone_cookies_do_without_tls(site: Site) -> None:
    async with listening(site) as line:
        cookie = (await line.ask("GET", "/sign-in")).one("set-cookie")
    assert cookie.startswith("session=")
    assert "Secure" not in cookie


@pytest_twisted.ensureDeferred
async def test_a_request_that_is_too_much_or_no_form_is_refused(site: Site) -> None:
    kind = "application/x-www-form-urlencoded"
    async with listening(site) as line:
        codes = [
            (await line.ask("POST", "/sign-in", body, Content_Type=named)).code
            for body, named in (
                (b"login=" + b"a" * 70_000, kind),
                (b"login=a&login=b", kind),
                (b"&".join(b"a%d=1" % number for number in range(60)), kind),
                (b"login=%ff", kind),
                (b"login=\xff", kind),
                (b"{}", "application/json"),
                (b"login=a", "multipart/form-data; boundary=x"),
            )
        ]
        assert codes == [413, 400, 400, 400, 400, 400, 400]
        assert (await line.ask("GET", "/exceptions?a=1&a=2")).code == 400
        assert (await line.ask("GET", "/exceptions?" + "a" * 9000)).code in (400, 414)
        head = await line.ask("HEAD", "/sign-in")
        assert (head.code, head.body) == (200, b"")
        assert (await line.ask("BREW", "/sign-in")).code == 405


@pytest_twisted.ensureDeferred
async def test_whoever_sends_without_end_is_cut_off(site: Site) -> None:
    async with listening(site) as line:

        def flood() -> int:
            sent = 0
            with socket.create_connection((HOST, line.port), timeout=60) as end:
                end.sendall(b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
                try:
                    while sent < 64 * 1024 * 1024:
                        sent += end.send(b"a" * 65_536)
                except OSError:
                    pass
            return sent

        assert await in_thread(flood) < 64 * 1024 * 1024
        assert (await line.ask("GET", "/sign-in")).code == 200


@pytest_twisted.ensureDeferred
async def test_behind_a_proxy_guesses_are_counted_by_the_address_that_the_proxy_saw(site: Site) -> None:
    site.add_ready("wang", Role.DESK)
    async with listening(site, proxy_from=("127.0.0.0/8",)) as line:
        shown = await line.ask("GET", "/sign-in")
        cookie = shown.one("set-cookie")
        assert cookie.startswith("__Host-session=")
        token = re.search(rb'name="token" value="(\w+)"', shown.body)
        assert token

        async def tried(password: str, seen_from: str) -> int:
            form = {"token": token[1].decode(), "login": "wang", "password": password}
            answer = await line.ask(
                *("POST", "/sign-in", urlencode(form).encode()),
                Cookie=cookie.split(";")[0],
                Content_Type="application/x-www-form-urlencoded",
                X_Forwarded_For=seen_from,
            )
            return answer.code

        # what a client itself writes in front of the proxy's word is not believed
        wrong = [await tried("wrong wrong", f"10.0.0.{number}, 203.0.113.9") for number in range(7)]
        assert wrong == [422] * 6 + [429]
        assert await tried(CHOSEN, "203.0.113.9") == 429
        assert await tried(CHOSEN, "203.0.113.10") == 303


@pytest_twisted.ensureDeferred
async def test_nobody_but_the_proxy_may_connect(site: Site) -> None:
    async with listening(site, proxy_from=("10.0.0.5",)) as line:
        with pytest.raises((RemoteDisconnected, ConnectionError)):
            await line.ask("GET", "/sign-in")


def test_an_address_has_so_many_connections_and_no_more_and_a_closed_one_frees_its_place(site: Site) -> None:
    from twisted.internet.address import IPv4Address
    from twisted.internet.task import Clock
    from twisted.internet.testing import StringTransport
    from twisted.python.failure import Failure
    from twisted.web.server import Site as WebSite

    from node.web.server import _Root

    made = WebSite(_Root(site.at("staff"), Entrance(secure=False)), reactor=Clock())
    door = _Door(made, Entrance(secure=False))
    here: Any = IPv4Address("TCP", "10.0.0.1", 1)
    there: Any = IPv4Address("TCP", "10.0.0.2", 1)
    lines = [door.buildProtocol(here) for _ in range(CONNECTIONS_OF_ADDRESS)]
    assert door.buildProtocol(here) is None
    assert door.buildProtocol(there) is not None
    lines[0].makeConnection(StringTransport())
    lines[0].connectionLost(Failure(ConnectionError()))
    assert door.buildProtocol(here) is not None
