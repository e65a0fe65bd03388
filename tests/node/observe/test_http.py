"""The HTTP side: pages by path without a port, and once over a real loopback port."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure

from federation.crowd import Places
from node.observe.http import STATUS_FRESH_S, STATUS_WAIT_S, status_site
from node.observe.logs import Silence
from node.observe.metrics import Metrics
from node.observe.page import CONTENT_SECURITY_POLICY
from node.observe.status import ErrorLine, ListenerState, NodeStatus, PeerState, TerminalState
from tests.reactors import the_reactor

STATUS = NodeStatus(
    library="CQSPB",
    library_name="沙坪坝区图书馆",
    version="0.1.0",
    now_ms=1_685_606_400_000,
    started_ms=1_685_506_400_000,
    database_writable=True,
    loans_active=1234,
    exceptions_open=2,
    fines_outstanding_fen=1240,
    listeners=(ListenerState("sip2", "127.0.0.1:9001", open=True),),
    terminals=(TerminalState("self1", "selfcheck", "<b>一楼</b>", connected=True, last_seen_ms=1_685_606_399_000),),
    peers=(PeerState("CQBB", "北碚图书馆", up=False, outbox_depth=3, oldest_s=3700.0),),
    last_errors=(ErrorLine(1_685_606_000_000, "store", "ValueError: <script>alert(1)</script>"),),
)


class Source:
    """A `StatusSource` that answers with `answer`, and counts the questions."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked = 0

    def status(self) -> Deferred[NodeStatus]:
        self.asked += 1
        if isinstance(self.answer, Deferred):
            return self.answer
        return fail(self.answer) if isinstance(self.answer, Exception) else succeed(self.answer)


class Accidents(Silence):
    """A log that keeps the names of accidents."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def accident(self, name: str, failure: Failure, /, **fields: object) -> None:
        self.names.append(name)


class World:
    """A site on a fake clock, asked over in-memory connections."""

    def __init__(self, answer: Any = STATUS) -> None:
        self.clock = Clock()
        self.source = Source(answer)
        self.log = Accidents()
        metrics = Metrics(terminals=("self1",), peers=("CQBB",), areas=())
        self.turned_away: list[tuple[str, str]] = []
        self.site = status_site(
            metrics,
            self.source,
            self.log,
            self.clock,
            lambda function: succeed(function()),
            places=lambda: Places(most=6, of_address=3),
            turned_away=lambda why, host: self.turned_away.append((why, host)),
        )

    def connect(self, host: str) -> tuple[Any, Any]:
        caller: Any = IPv4Address("TCP", host, 40_000)
        channel = self.site.buildProtocol(caller)
        transport = StringTransport()
        if channel is not None:
            channel.makeConnection(transport)
        return channel, transport

    def send(self, text: str) -> tuple[Any, StringTransport]:
        channel = self.site.buildProtocol(None)
        transport: Any = StringTransport()
        transport.abortConnection = transport.loseConnection
        channel.makeConnection(transport)
        channel.dataReceived(text.encode())
        return channel, transport

    def ask(self, path: str, method: str = "GET") -> tuple[int, dict[str, str], str]:
        _, transport = self.send(f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return parse(transport.value())


ASKED = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


def parse(raw: bytes) -> tuple[int, dict[str, str], str]:
    head, _, body = raw.decode().partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), body


def test_healthz_answers_without_asking_the_node() -> None:
    world = World(RuntimeError())
    assert world.ask("/healthz")[::2] == (200, "ok\n")
    assert world.source.asked == 0


def test_readyz_is_200_while_the_listeners_are_open_and_the_database_writes() -> None:
    code, headers, body = World().ask("/readyz")
    told = json.loads(body)
    assert code == 200
    assert headers["Content-Type"].startswith("application/json")
    assert told["ready"] is True
    assert told["database"] == {"writable": True, "checked": True, "damage": ""}
    assert told["listeners"] == [{"name": "sip2", "address": "127.0.0.1:9001", "open": True}]
    assert told["peers"][0]["library"] == "CQBB"
    assert told["peers"][0]["up"] is False


@pytest.mark.parametrize(
    "status",
    [
        replace(STATUS, database_writable=False),
        replace(STATUS, listeners=(ListenerState("sip2", "127.0.0.1:9001", open=False),)),
        replace(STATUS, listeners=()),
    ],
)
def test_readyz_is_503_when_the_node_cannot_serve(status: NodeStatus) -> None:
    code, _, body = World(status).ask("/readyz")
    assert code == 503
    assert json.loads(body)["ready"] is False


def test_metrics_show_the_state_of_the_node() -> None:
    code, headers, body = World().ask("/metrics")
    assert code == 200
    assert headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "tongjie_loans_active 1234.0" in body
    assert 'tongjie_outbox_depth{peer="CQBB"} 3.0' in body


def test_the_page_shows_what_an_operator_needs() -> None:
    code, headers, body = World().ask("/")
    assert code == 200
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    for shown in ("沙坪坝区图书馆", "CQSPB", "1,234", "12.40", "北碚图书馆", "1 小时 1 分", "self1", "1 / 1", "0 / 1"):
        assert shown in body
    assert 'http-equiv="refresh"' in body
    assert "<script" not in body


def test_the_page_escapes_everything() -> None:
    body = World(replace(STATUS, library_name='"><img src=x>')).ask("/")[2]
    assert "<img" not in body
    assert "<b>一楼" not in body
    assert "&lt;b&gt;一楼&lt;/b&gt;" in body
    assert "&lt;script&gt;" in body


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/metrics", "/nowhere"])
def test_every_answer_carries_the_security_headers(path: str) -> None:
    headers = World().ask(path)[1]
    assert headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store"
    assert headers["Server"] == "tongjie"


def test_an_unknown_path_is_404_and_its_text_is_not_repeated() -> None:
    code, _, body = World().ask("/<script>")
    assert (code, body) == (404, "not found\n")


def test_only_reading_is_allowed() -> None:
    code, headers, _ = World().ask("/", method="POST")
    assert (code, headers["Allow"]) == (405, "GET, HEAD")


def test_head_has_the_headers_and_no_body() -> None:
    code, headers, body = World().ask("/healthz", method="HEAD")
    assert (code, headers["Content-Length"], body) == (200, "3", "")


@pytest.mark.parametrize(("path", "code"), [("/", 503), ("/readyz", 503), ("/metrics", 200)])
def test_a_node_that_fails_to_tell_its_state_is_reported_not_raised(path: str, code: int) -> None:
    world = World(RuntimeError("no"))
    assert world.ask(path)[0] == code
    assert world.log.names == ["status"]


def test_a_source_that_raises_at_once_is_no_different() -> None:
    world = World()
    source: Any = world.source
    source.status = lambda: 1 // 0
    assert world.ask("/readyz")[0] == 503


def test_a_stuck_node_is_waited_for_with_a_limit() -> None:
    world = World(Deferred())
    _, transport = world.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert transport.value() == b""
    world.clock.advance(STATUS_WAIT_S)
    assert parse(transport.value())[0] == 503


def test_an_asker_who_has_gone_is_not_answered() -> None:
    waiting: Deferred[NodeStatus] = Deferred()
    world = World(waiting)
    channel, transport = world.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    channel.connectionLost(Failure(ConnectionError()))
    waiting.callback(STATUS)
    assert transport.value() == b""
    assert world.log.names == []


def test_the_state_is_asked_for_once_in_a_second() -> None:
    world = World()
    world.ask("/")
    world.ask("/metrics")
    assert world.source.asked == 1
    world.clock.advance(STATUS_FRESH_S)
    world.ask("/")
    assert world.source.asked == 2


# --- connections that cost and say nothing ---------------------------------------------------------------------


def test_a_header_that_comes_byte_by_byte_must_end_in_time() -> None:
    world = World()
    channel, transport = world.connect("192.0.2.6")
    for byte in b"GET / HTTP/1.1\r\nX-A: " + b"a" * 40:
        channel.dataReceived(bytes([byte]))
        world.clock.advance(0.25)
    assert transport.disconnected
    assert world.turned_away == [("too_slow", "192.0.2.6")]


def test_lines_of_a_header_and_a_body_that_never_ends_do_not_win_time() -> None:
    world = World()
    slow, endless = world.connect("192.0.2.6"), world.connect("192.0.2.7")
    slow[0].dataReceived(b"GET / HTTP/1.1\r\n")
    endless[0].dataReceived(b"POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n")
    for number in range(11):
        slow[0].dataReceived(b"X-%d: a\r\n" % number)
        endless[0].dataReceived(b"a" * 100)
        world.clock.advance(1)
    assert slow[1].disconnected
    assert endless[1].disconnected


def test_a_monitor_may_keep_its_connection_between_two_questions_and_not_for_ever() -> None:
    world = World()
    channel, transport = world.connect("192.0.2.1")
    for _ in range(5):
        channel.dataReceived(ASKED)
        assert transport.value().endswith(b"ok\n")
        transport.clear()
        world.clock.advance(15)
        assert not transport.disconnected
    world.clock.advance(16)
    assert transport.disconnected


def test_who_does_not_read_the_answer_is_cut() -> None:
    world = World()
    channel, transport = world.connect("192.0.2.6")
    channel.dataReceived(ASKED.replace(b"Host", b"Connection: close\r\nHost"))
    assert not transport.disconnected  # it is closing, and waits for its reader
    world.clock.advance(31)
    assert transport.disconnected


def test_silent_connections_make_way_and_the_one_who_asks_is_answered() -> None:
    world = World()
    silent = [world.connect("192.0.2.6")[1] for _ in range(20)]
    assert sum(each.disconnected for each in silent) == 17
    channel, transport = world.connect("192.0.2.6")
    channel.dataReceived(ASKED)
    assert transport.value().endswith(b"ok\n")
    channel, transport = world.connect("192.0.2.1")
    channel.dataReceived(ASKED)
    assert transport.value().endswith(b"ok\n")
    assert set(world.turned_away) == {("made_way", "192.0.2.6")}


def test_who_is_being_answered_keeps_its_place() -> None:
    world = World(Deferred())
    asking = [world.connect("192.0.2.1") for _ in range(3)]
    for channel, _ in asking:
        channel.dataReceived(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
    assert world.connect("192.0.2.1")[0] is None
    assert world.turned_away == [("too_many_of_address", "192.0.2.1")]
    world.clock.advance(STATUS_WAIT_S)
    assert [parse(transport.value())[0] for _, transport in asking] == [503] * 3


def test_a_connection_that_ends_leaves_its_place_and_no_timer() -> None:
    world = World()
    before = len(world.clock.getDelayedCalls())
    for _ in range(5):
        channel, _ = world.connect("192.0.2.1")
        channel.connectionLost(Failure(ConnectionError()))
    assert len(world.site.crowd) == 0
    assert len(world.clock.getDelayedCalls()) == before


def test_importing_the_site_installs_no_reactor() -> None:
    program = "import sys, node.observe.http; sys.exit('twisted.internet.reactor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.fixture
def loopback() -> Iterator[int]:
    reactor = the_reactor()
    metrics = Metrics(terminals=(), peers=("CQBB",), areas=())
    port = reactor.listenTCP(
        0, status_site(metrics, Source(STATUS), Silence(), reactor, deferToThread), interface="127.0.0.1"
    )
    yield port.getHost().port
    pytest_twisted.blockon(port.stopListening())


def fetch(url: str) -> tuple[int, str]:
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.status, response.read().decode()


@pytest.mark.parametrize(
    ("path", "text"), [("/healthz", "ok"), ("/readyz", "ready"), ("/metrics", "tongjie_loans_active"), ("/", "</html>")]
)
@pytest_twisted.ensureDeferred
async def test_an_ordinary_client_reads_it_over_a_real_port(loopback: int, path: str, text: str) -> None:
    code, body = await deferToThread(fetch, f"http://127.0.0.1:{loopback}{path}")
    assert code == 200
    assert text in body
