"""The node's HTTP side (design 11): `/metrics`, `/healthz`, `/readyz`, and the status page at `/`.

Promises: it only reads (GET, HEAD). `/healthz` asks nothing, so it fails only if the process does not work. The other
paths wait at most `STATUS_WAIT_S` for the node's state and say so if it did not come: a stuck database must show here
and not block the page. A browser does not cache, frame, script or sniff anything.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from io import BytesIO
from typing import Any, TypeAlias, cast

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import INTERNAL_SERVER_ERROR, NOT_ALLOWED, NOT_FOUND, OK, SERVICE_UNAVAILABLE, HTTPChannel
from twisted.web.http import Request as HttpRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from federation.clock import Clock, DelayedCall
from federation.crowd import MADE_WAY, Crowd, Places
from node.observe.logs import EventLog
from node.observe.metrics import CONTENT_TYPE, Metrics
from node.observe.page import CONTENT_SECURITY_POLICY, render, render_unknown
from node.observe.status import NodeStatus, StatusSource
from node.observe.visitors import TOO_SLOW

InThread: TypeAlias = Callable[[Callable[[], bytes]], Deferred[bytes]]

STATUS_WAIT_S = 2.0
STATUS_FRESH_S = 1.0
REQUEST_WITHIN_S = 10.0
"""From the beginning of a connection to the end of its first request: header and body."""
NEXT_WITHIN_S = 30.0
"""From one answer to the end of the next request. Also the time in which an answer must have been read."""
PLACES = Places(most=128, of_address=32)
_TOLD = ("name", "open", "most", "wanted", "turned_away")

_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Server": "tongjie",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HTML = "text/html; charset=utf-8"
_JSON = "application/json; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, whole."""

    code: int
    content_type: str
    body: bytes


def readiness(status: NodeStatus | None) -> Answer:
    """`/readyz`: 200 if kiosks may be sent here, else 503; the body tells why (None: the state is unknown)."""
    if status is None:
        body: dict[str, object] = {"ready": False, "why": "the node can't tell its state"}
        return Answer(SERVICE_UNAVAILABLE, _JSON, json.dumps(body).encode())
    body = {
        "ready": status.ready,
        "library": status.library,
        "listeners": [asdict(each) for each in status.listeners],
        "clock": asdict(status.clock),
        "database": {
            "writable": status.database_writable,
            "checked": status.database_checked,
            "damage": status.database_damage,
        },
        "peers": [asdict(each) for each in status.peers],
        "connections": [{key: getattr(each, key) for key in _TOLD} for each in status.connections],
    }
    text = json.dumps(body, ensure_ascii=False, indent=1)
    return Answer(OK if status.ready else SERVICE_UNAVAILABLE, _JSON, text.encode())


class _Pages:
    """What is answered at each path."""

    def __init__(
        self, metrics: Metrics, source: StatusSource, log: EventLog, clock: Clock, in_thread: InThread
    ) -> None:
        self._metrics = metrics
        self._in_thread = in_thread
        self._source = source
        self._log = log
        self._clock = clock
        self._last: NodeStatus | None = None
        self._last_at_s = 0.0
        self.paths: dict[bytes, Callable[[], Deferred[Answer]]] = {
            b"/": lambda: self._state().addCallback(self._page),
            b"/healthz": lambda: succeed(Answer(OK, _TEXT, b"ok\n")),
            b"/metrics": lambda: self._state().addCallback(self._exposition),
            b"/readyz": lambda: self._state().addCallback(readiness),
        }

    def _state(self) -> Deferred[NodeStatus | None]:
        """The node's state, at most `STATUS_FRESH_S` old; None if it can't be had."""
        if self._last is not None and self._clock.seconds() - self._last_at_s < STATUS_FRESH_S:
            return succeed(self._last)
        asked: Deferred[NodeStatus] = maybeDeferred(self._source.status)
        asked.addTimeout(STATUS_WAIT_S, cast(IReactorTime, self._clock))
        return asked.addCallbacks(self._keep, self._unknown)

    def _keep(self, status: NodeStatus) -> NodeStatus:
        self._last, self._last_at_s = status, self._clock.seconds()
        return status

    def _unknown(self, failure: Failure) -> None:
        self._log.accident("status", failure)

    def _page(self, status: NodeStatus | None) -> Answer:
        if status is None:
            return Answer(SERVICE_UNAVAILABLE, _HTML, render_unknown())
        return Answer(OK, _HTML, render(status))

    def _exposition(self, status: NodeStatus | None) -> Deferred[Answer]:
        # The counters are useful even without the state.
        if status is not None:
            self._metrics.show(status)
        # Some thousand lines take longer to write than a kiosk should have to wait for.
        return self._in_thread(self._metrics.text).addCallback(lambda text: Answer(OK, CONTENT_TYPE, text))


class _Root(Resource):
    """One resource for all paths."""

    isLeaf = True

    def __init__(self, pages: _Pages, log: EventLog) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._pages = pages
        self._log = log

    def render(self, request: Request) -> int:
        asked = self._answer(request.method, request.path)
        asked.addErrback(self._failed).addCallback(partial(_send, request))
        return NOT_DONE_YET

    def _answer(self, method: bytes, path: bytes) -> Deferred[Answer]:
        page = self._pages.paths.get(path)
        if page is None:
            return succeed(Answer(NOT_FOUND, _TEXT, b"not found\n"))
        if method not in (b"GET", b"HEAD"):
            return succeed(Answer(NOT_ALLOWED, _TEXT, b"this service only reads\n"))
        return page()

    def _failed(self, failure: Failure) -> Answer:
        self._log.accident("http", failure)
        return Answer(INTERNAL_SERVER_ERROR, _TEXT, b"an accident, see the log\n")


def _send(request: Request, answer: Answer) -> None:
    if request.channel is None:  # the asker has gone
        return
    request.setResponseCode(answer.code)
    headers = {**_HEADERS, "Content-Type": answer.content_type, "Content-Length": str(len(answer.body))}
    if answer.code == NOT_ALLOWED:
        headers["Allow"] = "GET, HEAD"
    for name, value in headers.items():
        request.responseHeaders.setRawHeaders(name, [value])
    request.write(b"" if request.method == b"HEAD" else answer.body)
    request.finish()


class _BodilessRequest(Request):
    """A request whose body is dropped as it comes. Nobody needs it, and it must neither fill the disk nor open a file,
    as Twisted does for a large one."""

    def gotLength(self, length: int | None) -> None:
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        return None


class _Visitor(HTTPChannel):
    """One connection. While its request is answered it keeps its place; while it is silent it may have to make way."""

    site: StatusSite

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.host = ""
        self._late: DelayedCall | None = None

    def connectionMade(self) -> None:
        super().connectionMade()  # type: ignore[no-untyped-call]
        self._within(REQUEST_WITHIN_S)

    def allContentReceived(self) -> None:
        self.site.crowd.know(self)
        self._within(NEXT_WITHIN_S)
        super().allContentReceived()  # type: ignore[no-untyped-call]

    def requestDone(self, request: HttpRequest) -> None:
        self.site.crowd.know_no_more(self)
        self._within(NEXT_WITHIN_S)
        super().requestDone(request)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._waits_no_more()
        self.site.crowd.leave(self)
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def make_way(self) -> None:
        self.site.turned_away(MADE_WAY, self.host)
        self._cut()

    def _too_slow(self) -> None:
        self.site.turned_away(TOO_SLOW, self.host)
        self._cut()

    def _cut(self) -> None:
        if self.transport is not None:
            self.transport.abortConnection()

    def _within(self, seconds: float) -> None:
        self._waits_no_more()
        self._late = self.site.clock.callLater(seconds, self._too_slow)

    def _waits_no_more(self) -> None:
        if self._late is not None and self._late.active():
            self._late.cancel()


class StatusSite(Site):
    """A site without access log (the page refreshes itself all day) and with few places: `places` at most.
    `turned_away(why, address)` hears of each connection that got none, or lost it."""

    noisy = False
    protocol: Any = _Visitor
    requestFactory = _BodilessRequest

    def __init__(
        self, root: Resource, clock: Clock, places: Callable[[], Places], turned_away: Callable[[str, str], None]
    ) -> None:
        # no time-out of Twisted's: each byte of a header would begin it again
        super().__init__(root, parsePOSTFormSubmission=False, timeout=None, reactor=clock)  # type: ignore[no-untyped-call]
        self.clock = clock
        self.turned_away = turned_away
        self.crowd: Crowd[_Visitor] = Crowd(places, _Visitor.make_way)

    def buildProtocol(self, addr: IAddress | None) -> Any:
        host = str(getattr(addr, "host", ""))
        visitor: Any = super().buildProtocol(addr)  # type: ignore[no-untyped-call]
        visitor.host = host
        why = self.crowd.enter(visitor, host)
        if why:
            self.turned_away(why, host)
            return None
        return visitor

    def log(self, request: HttpRequest) -> None:
        return None


def status_site(
    metrics: Metrics,
    source: StatusSource,
    log: EventLog,
    clock: Clock,
    in_thread: InThread,
    *,
    places: Callable[[], Places] = lambda: PLACES,
    turned_away: Callable[[str, str], None] = lambda *_: None,
) -> StatusSite:
    """The site to listen with, on an address that only the operator and the monitoring reach. `in_thread` calls the
    function off the reactor's thread."""
    pages = _Pages(metrics, source, log, clock, in_thread)
    return StatusSite(_Root(pages, log), clock, places, turned_away)
