"""The ports of a node, and who is let in where kiosks connect: certificates are read again when asked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, maybeDeferred
from twisted.internet.endpoints import TCP4ServerEndpoint, TCP6ServerEndpoint

from node.kiosk.listener import KioskFactory, Listener
from node.kiosk.proxy import ProxyFactory
from node.kiosk.tls import Credentials, CredentialsError, TlsFactory
from node.observe.status import ListenerState
from node.planning import door_of
from node.settings.library import ListenerSettings

BACKLOG = 512


def endpoint(reactor: Any, host: str, port: int) -> Any:
    """A server endpoint at that address, IPv4 or IPv6."""
    made = TCP6ServerEndpoint if ":" in host else TCP4ServerEndpoint
    return made(reactor, port, interface=host, backlog=BACKLOG)


class Ports:
    """The ports that are open, by what they are for: "http" or "sip2"."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._open: list[tuple[str, Any]] = []

    async def listen(self, purpose: str, host: str, port: int, factory: Any) -> None:
        """Errors: CannotListenError."""
        self._open.append((purpose, await endpoint(self._reactor, host, port).listen(factory)))

    def close(self, purpose: str) -> Deferred[Any]:
        """Let nobody new in there; connections stay."""
        return DeferredList([maybeDeferred(port.stopListening) for name, port in self._open if name == purpose])

    def states(self) -> tuple[ListenerState, ...]:
        return tuple(_state(purpose, port) for purpose, port in self._open)


def _state(purpose: str, port: Any) -> ListenerState:
    address = port.getHost()
    return ListenerState(purpose, f"{address.host}:{address.port}", open=True)


class Doors:
    """The kiosks' listeners of one node."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._credentials: list[Credentials] = []
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
        self._credentials.append(credentials)
        return TlsFactory(credentials, plain, self._reactor)

    def follow(self, listeners: Iterable[ListenerSettings]) -> None:
        """Who may connect to the open ports, and the dialect for unknown terminals, as the settings say now."""
        for each in listeners:
            known = self._listeners.get((each.host, each.port))
            if known is not None:
                known.door = door_of(each)

    def read_again(self) -> Iterable[str]:
        """Use renewed certificates. Gives what is wrong with those that cannot be used; they change nothing."""
        for credentials in self._credentials:
            try:
                credentials.read_again()
            except CredentialsError as error:
                yield str(error)
