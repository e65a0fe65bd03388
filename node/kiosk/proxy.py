"""PROXY protocol, versions 1 and 2 (proxy-protocol.txt of HAProxy): in front of a kiosk's bytes a balancer says which
address they come from.

Twisted's own wrapper makes the connection before the header has come, and cannot read a header that comes in pieces.
Here the kiosk's connection is made when its address is known. So limits, and terminals known by address, use the
kiosk's address.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, Final

from twisted.internet import address
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.protocol import Protocol as TwistedProtocol
from twisted.python.failure import Failure

from federation.clock import Clock, DelayedCall
from federation.crowd import MADE_WAY, Crowd, Places
from node.kiosk.terminal import Network, address_of

HEADER_WITHIN_S: Final = 5.0
WAITING: Final = Places(most=256, of_address=256)
"""Connections whose header has not come yet. It comes with the first bytes, so only silent ones ever make way."""
LONGEST_V1: Final = 107
LONGEST_V2: Final = 16 + 2048
_V1: Final = b"PROXY "
_V2: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_TCP4, _TCP6 = 0x11, 0x21


@dataclass(frozen=True, slots=True)
class Header:
    """`length`: bytes of the header. `host`, `port`: where the kiosk is; "" where the balancer speaks for itself."""

    length: int
    host: str = ""
    port: int = 0


class HeaderError(ValueError):
    """The bytes are no header of the PROXY protocol; the text says why."""


def header_of(data: bytes) -> Header | None:
    """The header at the beginning of `data`; None while it is not complete. Errors: HeaderError."""
    if data.startswith(_V2[: len(data)]):
        return _version_2(data)
    if data.startswith(_V1[: len(data)]):
        return _version_1(data)
    raise HeaderError("begins with something else than a PROXY header")


def _version_1(data: bytes) -> Header | None:
    end = data.find(b"\r\n", 0, LONGEST_V1)
    if end < 0:
        if len(data) >= LONGEST_V1:
            raise HeaderError("the line of version 1 does not end")
        return None
    words = data[:end].decode("ascii", "replace").split(" ")
    if words[1] == "UNKNOWN":
        return Header(end + 2)
    if len(words) != 6 or words[1] not in ("TCP4", "TCP6") or not (words[4].isascii() and words[4].isdigit()):
        raise HeaderError("the line of version 1 is not PROXY TCP4|TCP6 from to port port")
    try:
        host = ip_address(words[2])
    except ValueError:
        raise HeaderError("the line of version 1 holds no address") from None
    return Header(end + 2, str(host), int(words[4]))


def _version_2(data: bytes) -> Header | None:
    if len(data) < 16:
        return None
    command, family, length = data[12], data[13], 16 + int.from_bytes(data[14:16], "big")
    if command not in (0x20, 0x21):
        raise HeaderError(f"command {command:#x} is not known")
    if length > LONGEST_V2:
        raise HeaderError(f"a header of {length} bytes is too long")
    if len(data) < length:
        return None
    if command == 0x20 or family not in (_TCP4, _TCP6):
        return Header(length)
    layout, kind = ("!4s4sHH", IPv4Address) if family == _TCP4 else ("!16s16sHH", IPv6Address)
    if length < 16 + struct.calcsize(layout):
        raise HeaderError("the header is shorter than its addresses")
    host, _to, port, _to_port = struct.unpack_from(layout, data, 16)
    return Header(length, str(kind(host)), port)


class ProxyFactory(Factory):
    """Connections of a balancer: each becomes one of `kiosks` with the address in its header.

    `balancers`: the networks that may say so; empty: all. `turned_away(why, host)` hears of connections that are closed
    because they have no header.
    """

    noisy = False

    def __init__(
        self,
        kiosks: Factory,
        clock: Clock,
        balancers: Callable[[], tuple[Network, ...]],
        turned_away: Callable[[str, str], None],
    ) -> None:
        self.kiosks = kiosks
        self.clock = clock
        self.turned_away = turned_away
        self._balancers = balancers
        self.waiting: Crowd[_Proxied] = Crowd(lambda: WAITING, _Proxied.make_way)

    def buildProtocol(self, addr: IAddress | None) -> _Proxied | None:
        host, allowed = str(getattr(addr, "host", "")), self._balancers()
        found = address_of(host)
        if allowed and (found is None or not any(found in network for network in allowed)):
            self.turned_away("balancer_not_allowed", host)
            return None
        proxied = _Proxied(self, addr)
        self.waiting.enter(proxied, host)  # whoever waits makes way, so there is a place
        return proxied


class _Proxied(TwistedProtocol):
    """One connection. It reads the header, then passes everything on."""

    def __init__(self, factory: ProxyFactory, peer: IAddress | None) -> None:
        self._factory = factory
        self._peer = peer
        self._begun = b""
        self._kiosk: Any = None
        self._late: DelayedCall | None = None

    def connectionMade(self) -> None:
        self._late = self._factory.clock.callLater(HEADER_WITHIN_S, self._refuse, "no_proxy_header")

    def dataReceived(self, data: bytes) -> None:
        if self._kiosk is not None:
            self._kiosk.dataReceived(data)
            return
        self._begun += data
        try:
            header = header_of(self._begun)
        except HeaderError:
            self._refuse("no_proxy_header")
            return
        if header is not None:
            self._hand_on(header)

    def _hand_on(self, header: Header) -> None:
        self._waits_no_more()
        made = address.IPv6Address if ":" in header.host else address.IPv4Address
        peer = made("TCP", header.host, header.port) if header.host else self._peer
        self._kiosk = self._factory.kiosks.buildProtocol(peer)  # type: ignore[arg-type]  # zope's interfaces
        if self._kiosk is None:
            self._transport.loseConnection()
            return
        self._kiosk.makeConnection(self.transport)
        rest, self._begun = self._begun[header.length :], b""
        if rest:
            self._kiosk.dataReceived(rest)

    def make_way(self) -> None:
        self._refuse(MADE_WAY)

    def _refuse(self, why: str) -> None:
        self._waits_no_more()
        self._factory.turned_away(why, str(getattr(self._peer, "host", "")))
        self._transport.abortConnection()

    def _waits_no_more(self) -> None:
        self._factory.waiting.leave(self)
        if self._late is not None and self._late.active():
            self._late.cancel()

    @property
    def _transport(self) -> Any:
        return self.transport

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._waits_no_more()
        if self._kiosk is not None:
            self._kiosk.connectionLost(reason)
