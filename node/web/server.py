"""Pages over HTTP: bytes to `Ask`, `Answer` to bytes, and who may connect at all.

Promises: a request has at most `BODY_MAX` bytes of form and is kept in memory, never in a file. Every answer forbids
scripts, frames, sniffing and caching. Where a proxy stands in front, nobody else may connect, and the address of a
visitor is the one that the proxy saw.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final, TypeAlias

from twisted.internet.interfaces import IAddress
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.web.http import HTTPChannel
from twisted.web.http import Request as HttpRequest
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request, Site

from federation.clock import Clock
from node.web.asking import Answer, Ask, Cookie, fields_of
from node.web.website import Website

__all__ = ["Entrance", "web_factory"]

Network: TypeAlias = IPv4Network | IPv6Network

BODY_MAX: Final = 64 * 1024
BODY_CUT: Final = 1024 * 1024
"""Whoever goes on sending beyond this is cut off."""
ADDRESS_MAX: Final = 8 * 1024
IDLE_TIMEOUT_S: Final = 30
CONNECTIONS_MAX: Final = 1_000
CONNECTIONS_OF_ADDRESS: Final = 200
"""A school behind one address has so many browsers' lines."""
HOUSEHOLD_BITS: Final = 64

_COOKIES: Final = ("session", "device", "language")
_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Server": "tongjie",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Entrance:
    """What is special about one listener. `secure`: browsers reach it over TLS, here or at the proxy."""

    secure: bool
    proxies: tuple[Network, ...] = ()

    def cookie_name(self, short: str) -> str:
        """With __Host- a browser takes it over TLS only, for this host only."""
        return f"__Host-{short}" if self.secure else short

    def is_proxy(self, host: str) -> bool:
        address = _address(host)
        return address is not None and any(address in network for network in self.proxies)


def web_factory(website: Website, entrance: Entrance, clock: Clock) -> Any:
    """What is to listen there."""
    site = _QuietSite(  # type: ignore[no-untyped-call]
        _Root(website, entrance), parsePOSTFormSubmission=False, timeout=IDLE_TIMEOUT_S, reactor=clock
    )
    return _Door(site, entrance)


# --- from bytes to a request ---------------------------------------------------------------------------------


class _BoundedRequest(Request):
    """Its body is kept in memory, up to `BODY_MAX`."""

    too_large = False
    came = 0

    def gotLength(self, length: int | None) -> None:
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        self.came += len(data)
        if self.came <= BODY_MAX:
            super().handleContentChunk(data)  # type: ignore[no-untyped-call]
            return
        self.too_large = True
        channel: Any = self.channel
        if self.came > BODY_CUT and isinstance(channel, HTTPChannel):
            channel.forceAbortClient()


class _QuietSite(Site):
    """A site without access log: addresses of pages and people are nobody's business."""

    noisy = False
    requestFactory = _BoundedRequest

    def log(self, request: HttpRequest) -> None:
        return None


class _Root(Resource):
    """One resource for all paths: the table of pages says what is there."""

    isLeaf = True

    def __init__(self, website: Website, entrance: Entrance) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._website = website
        self._entrance = entrance

    def render(self, request: Request) -> int:
        ask = _ask(request, self._entrance)
        if isinstance(ask, HTTPStatus):
            _send(request, Answer(ask, f"{ask.phrase}\n".encode(), "text/plain; charset=utf-8"), self._entrance)
            return NOT_DONE_YET
        # it has no errback: the website always answers
        self._website.answer(ask).addCallback(lambda answer: _send(request, answer, self._entrance))
        return NOT_DONE_YET


def _ask(request: Request, entrance: Entrance) -> Ask | HTTPStatus:
    """What is asked, or why it can't be read."""
    if getattr(request, "too_large", False):
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    if len(request.uri) > ADDRESS_MAX:
        return HTTPStatus.REQUEST_URI_TOO_LONG
    try:
        path = request.path.decode("ascii")
    except UnicodeDecodeError:
        return HTTPStatus.BAD_REQUEST
    query = fields_of(request.uri.partition(b"?")[2])
    form = _form(request)
    if query is None or form is None:
        return HTTPStatus.BAD_REQUEST
    return Ask(
        method="GET" if request.method == b"HEAD" else request.method.decode("ascii", "replace"),
        path=path,
        query=query,
        form=form,
        cookies=_cookies(request, entrance),
        address=_household(_visitor(request, entrance)),
        cross_site=request.getHeader("sec-fetch-site") not in (None, "same-origin", "none"),
    )


def _form(request: Request) -> Mapping[str, str] | None:
    if request.method != b"POST":
        return {}
    kind = (request.getHeader("content-type") or "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return None
    content: Any = request.content
    content.seek(0)
    return fields_of(content.read())


def _cookies(request: Request, entrance: Entrance) -> Mapping[str, str]:
    found = {}
    for short in _COOKIES:
        value = request.getCookie(entrance.cookie_name(short).encode())
        if value is not None:
            found[short] = value.decode("ascii", "replace")
    return found


def _visitor(request: Request, entrance: Entrance) -> str:
    """Behind a proxy: the last address that it or another named proxy has not added about a proxy."""
    peer = str(getattr(request.getClientAddress(), "host", ""))
    if not entrance.proxies:
        return peer
    said = ",".join(request.requestHeaders.getRawHeaders("x-forwarded-for", []))
    for each in reversed([word.strip() for word in said.split(",") if word.strip()]):
        if _address(each) is None:
            return peer
        if not entrance.is_proxy(each):
            return each
    return peer


def _household(host: str) -> str:
    """By which guesses are counted: of IPv6 the network that one household has."""
    address = _address(host)
    if isinstance(address, IPv6Address):
        return str(IPv6Network((address, HOUSEHOLD_BITS), strict=False))
    return host if address is None else str(address)


def _address(host: str) -> Any:
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


# --- from an answer to bytes ---------------------------------------------------------------------------------


def _send(request: Request, answer: Answer, entrance: Entrance) -> None:
    if request.channel is None:  # the asker has gone
        return
    request.setResponseCode(answer.code)
    headers = {
        **_HEADERS,
        "Cache-Control": "public, max-age=31536000, immutable" if answer.lasting else "no-store",
        "Content-Type": answer.content_type,
        "Content-Length": str(len(answer.body)),
    }
    if answer.location:
        headers["Location"] = answer.location
    for name, value in headers.items():
        request.responseHeaders.setRawHeaders(name, [value])
    for cookie in answer.cookies:
        _set_cookie(request, cookie, entrance)
    request.write(b"" if request.method == b"HEAD" else answer.body)
    request.finish()


def _set_cookie(request: Request, cookie: Cookie, entrance: Entrance) -> None:
    request.addCookie(
        entrance.cookie_name(cookie.name),
        cookie.value,
        path="/",
        max_age=None if cookie.keep_s is None else str(cookie.keep_s),
        secure=entrance.secure,
        httpOnly=True,
        sameSite="lax",
    )


# --- who may connect -----------------------------------------------------------------------------------------


class _Counted(ProtocolWrapper):
    """One connection."""

    host = ""

    def connectionLost(self, reason: Any) -> None:  # type: ignore[override]  # Twisted's default for it is a Failure
        door: Any = self.factory
        door.gone(self.host)
        super().connectionLost(reason)  # type: ignore[no-untyped-call]


class _Door(WrappingFactory):
    """Lets in only so many, and where a proxy is named only that."""

    noisy = False
    protocol = _Counted

    def __init__(self, site: Site, entrance: Entrance) -> None:
        super().__init__(site)  # type: ignore[no-untyped-call]
        self._entrance = entrance
        self._open: Counter[str] = Counter()

    def buildProtocol(self, addr: IAddress | None) -> Any:
        host = str(getattr(addr, "host", ""))
        if not self._admits(host):
            return None
        made: Any = super().buildProtocol(addr)
        made.host = host
        self._open[host] += 1
        return made

    def _admits(self, host: str) -> bool:
        if self._open.total() >= CONNECTIONS_MAX:
            return False
        if self._entrance.proxies:
            return self._entrance.is_proxy(host)
        return self._open[host] < CONNECTIONS_OF_ADDRESS

    def gone(self, host: str) -> None:
        self._open[host] -= 1
        if self._open[host] <= 0:
            del self._open[host]
