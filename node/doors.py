"""The ports of a node, and who is let in where kiosks and browsers connect: certificates are read again when asked."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol

from twisted.internet import tcp
from twisted.internet.defer import Deferred, DeferredList, maybeDeferred, succeed

from node.kiosk.listener import KioskFactory, Listener
from node.kiosk.proxy import ProxyFactory
from node.kiosk.tls import Credentials, CredentialsError, TlsFactory
from node.observe.status import ListenerState
from node.planning import door_of, networks_of
from node.settings.library import ListenerSettings
from node.settings.web import WebListenerSettings
from node.web.server import Entrance, web_factory
from node.web.website import Website

BACKLOG: Final = 4096
"""Connections that wait to be let in; the system may allow fewer."""
ACCEPTS_A_TURN: Final = 1


class ListeningPort(Protocol):
    """A port, as far as `Ports` must know it. `number` 0: not known yet."""

    def number(self) -> int: ...

    def is_listening(self) -> bool: ...

    def close(self) -> Deferred[Any]: ...


class _Closed:
    def number(self) -> int:
        return 0

    def is_listening(self) -> bool:
        return False

    def close(self) -> Deferred[Any]:
        return succeed(None)


CLOSED: Final[ListeningPort] = _Closed()


class _FewAtATime(tcp.Port):
    """A port that lets few in before it is the turn of those who are inside.

    Twisted lets a hundred and more in at once under a flood, and answers nobody meanwhile: a gate then waits for
    hundreds of milliseconds.
    """

    def doRead(self) -> None:
        self.numberAccepts = ACCEPTS_A_TURN
        super().doRead()  # type: ignore[no-untyped-call]


class Ports:
    """The ports of a node, by what they are for: "http", "sip2", "web" or "federation".

    Each is announced (`expect`) before the first one opens, so that a node that is not all open yet is not ready.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._places: dict[tuple[str, str, int], ListeningPort] = {}

    def expect(self, purpose: str, host: str, port: int, found: ListeningPort = CLOSED) -> None:
        """It is to be open; `found` is what listens there, if it is not opened by `listen`."""
        self._places[purpose, host, port] = found

    async def listen(self, purpose: str, host: str, port: int, factory: Any) -> None:
        """Errors: CannotListenError."""
        opened = _FewAtATime(port, factory, BACKLOG, host, self._reactor)
        opened.startListening()
        self._places[purpose, host, port] = _TwistedPort(opened)

    def close(self, purpose: str) -> Deferred[Any]:
        """Let nobody new in there; connections stay."""
        return DeferredList([each.close() for (name, _, _), each in self._places.items() if name == purpose])

    def states(self) -> tuple[ListenerState, ...]:
        return tuple(
            ListenerState(purpose, f"{host}:{each.number() or port}", open=each.is_listening())
            for (purpose, host, port), each in self._places.items()
        )


class _TwistedPort:
    """A port of the reactor. The system says whether it listens: an object can't know what became of its socket."""

    def __init__(self, port: Any) -> None:
        self._port = port
        self._number: int = port.getHost().port

    def number(self) -> int:
        return self._number

    def is_listening(self) -> bool:
        try:
            return bool(self._port.connected and _accepts(self._port.socket))
        except (OSError, AttributeError):  # it has no socket any more
            return False

    def close(self) -> Deferred[Any]:
        return maybeDeferred(self._port.stopListening)


class ServerPort:
    """The port of the federation's server, which keeps its sockets to itself: `serving` says whether it was started
    and not stopped, and the system whether somebody holds the port. `port` gives the number."""

    def __init__(self, host: str, port: Callable[[], int], serving: Callable[[], bool]) -> None:
        self._host = host
        self._port = port
        self._serving = serving

    def number(self) -> int:
        return self._port()

    def is_listening(self) -> bool:
        return self._serving() and is_held(self._host, self._port())

    def close(self) -> Deferred[Any]:
        return succeed(None)  # the server closes it


def is_held(host: str, port: int) -> bool:
    """Whether some program has the port. Nothing is connected: it is tried whether it could be taken."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # an old connection in TIME_WAIT does not count
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False


def _accepts(one: socket.socket) -> int:
    return one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)


class Doors:
    """The kiosks' and the browsers' listeners of one node."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._credentials: list[tuple[str, Credentials]] = []
        self._listeners: dict[tuple[str, int], Listener] = {}

    def factory(self, listener: ListenerSettings, kiosks: KioskFactory) -> Any:
        """What is to listen there. Errors: CredentialsError."""
        inner = self._kiosk_factory(listener, kiosks)
        if not listener.proxy:
            return inner
        door = self._listeners[listener.host, listener.port]
        return ProxyFactory(inner, self._reactor, lambda: door.door.balancers, kiosks.turned_away)

    def _kiosk_factory(self, listener: ListenerSettings, kiosks: KioskFactory) -> Any:
        plain = self._listeners[listener.host, listener.port] = kiosks.behind(door_of(listener))
        if not listener.tls or listener.certificate is None or listener.key is None:
            return plain
        required = listener.client_certificate == "required"
        credentials = Credentials(listener.certificate, listener.key, listener.client_ca, required=required)
        self._credentials.append(("sip2", credentials))
        return TlsFactory(credentials, plain, self._reactor)

    def web_factory(self, listener: WebListenerSettings, website: Website) -> Any:
        """What is to listen there for browsers. Errors: CredentialsError."""
        proxies = networks_of(listener.proxy_from)
        secure = listener.certificate is not None or bool(proxies)
        plain = web_factory(website, Entrance(secure, proxies), self._reactor)
        if listener.certificate is None or listener.key is None:
            return plain
        credentials = Credentials(listener.certificate, listener.key)
        self._credentials.append(("web", credentials))
        return TlsFactory(credentials, plain, self._reactor)

    def follow(self, listeners: Iterable[ListenerSettings]) -> None:
        """Who may connect to the open ports, and the dialect for unknown terminals, as the settings say now."""
        for each in listeners:
            known = self._listeners.get((each.host, each.port))
            if known is not None:
                known.door = door_of(each)

    def certificates(self) -> Iterable[tuple[str, int]]:
        """Of the kiosks' and the browsers' ports: which, and when the first expires (ms since 1970)."""
        for purpose in ("sip2", "web"):
            ends = [each.expires_at_ms for used_for, each in self._credentials if used_for == purpose]
            if ends:
                yield purpose, min(ends)

    def read_again(self) -> Iterable[str]:
        """Use renewed certificates. Gives what is wrong with those that cannot be used; they change nothing."""
        for _purpose, credentials in self._credentials:
            try:
                credentials.read_again()
            except CredentialsError as error:
                yield str(error)
