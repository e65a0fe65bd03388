"""Kiosks behind a balancer: the PROXY header is read however it is cut, and the kiosk's address counts."""

from __future__ import annotations

import socket
import struct
from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address

from node.kiosk.edge import Door, Limits
from node.kiosk.proxy import HEADER_WITHIN_S, WAITING, Header, HeaderError, ProxyFactory, header_of
from node.kiosk.terminal import Terminal
from tests.node.kiosk.lines import Line, Place, status

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
BALANCER: Any = IPv4Address("TCP", "10.9.9.9", 50000)  # zope's interfaces: mypy does not see them
V1 = b"PROXY TCP4 10.0.0.7 10.9.9.9 40000 6001\r\n"


def v2(host: str = "10.0.0.7", command: int = 0x21, extra: bytes = b"") -> bytes:
    packed = [socket.inet_pton(socket.AF_INET, each) for each in (host, "10.9.9.9")]
    body = struct.pack("!4s4sHH", *packed, 40000, 6001) + extra
    return SIGNATURE + bytes((command, 0x11)) + struct.pack("!H", len(body)) + body


def v2_of_ipv6(host: str) -> bytes:
    packed = [socket.inet_pton(socket.AF_INET6, each) for each in (host, "fd00::1")]
    body = struct.pack("!16s16sHH", *packed, 40000, 6001)
    return SIGNATURE + b"\x21\x21" + struct.pack("!H", len(body)) + body


@pytest.mark.parametrize(
    ("data", "host"),
    [
        (V1, "10.0.0.7"),
        (b"PROXY TCP6 fd00::7 fd00::1 40000 6001\r\n", "fd00::7"),
        (b"PROXY UNKNOWN\r\n", ""),
        (b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", ""),
        (v2(), "10.0.0.7"),
        (v2(extra=b"\x03\x00\x04abcd"), "10.0.0.7"),
        (v2_of_ipv6("fd00::7"), "fd00::7"),
        (v2(command=0x20), ""),
        (SIGNATURE + b"\x21\x00\x00\x00", ""),
    ],
)
def test_a_header_says_where_the_kiosk_is_and_ends_where_it_says(data: bytes, host: str) -> None:
    found = header_of(data + b"9900802.00")
    assert found is not None
    assert (found.host, found.length) == (host, len(data))
    assert all(header_of(data[:length]) is None for length in range(len(data)))


@pytest.mark.parametrize(
    "data",
    [
        b"9300CNx|",
        b"PROXY TCP4 10.0.0.7 10.9.9.9 40000\r\n",
        b"PROXY TCP4 kiosk 10.9.9.9 40000 6001\r\n",
        b"PROXY TCP4 10.0.0.7 10.9.9.9 forty 6001\r\n",
        b"PROXY UDP4 10.0.0.7 10.9.9.9 40000 6001\r\n",
        b"PROXY \r\n",
        b"PROXY " + b"x" * 200,
        SIGNATURE + b"\x2f\x11\x00\x0c" + bytes(12),
        SIGNATURE + b"\x21\x11\x00\x04" + bytes(4),
        SIGNATURE + b"\x21\x11\xff\xff",
    ],
)
def test_what_is_no_header_is_refused(data: bytes) -> None:
    with pytest.raises(HeaderError):
        header_of(data)


@given(st.binary(max_size=60))
def test_whatever_comes_is_a_header_or_the_beginning_of_one_or_refused(data: bytes) -> None:
    for front in (b"", b"PROXY ", SIGNATURE, SIGNATURE + b"\x21\x11\x00\x0c"):
        try:
            found = header_of(front + data)
        except HeaderError:
            continue
        assert found is None or isinstance(found, Header)


def behind(place: Place, door: Door | None = None) -> ProxyFactory:
    listener = place.kiosks.behind(door or Door())
    return ProxyFactory(listener, place.clock, lambda: listener.door.balancers, place.kiosks.turned_away)


def connected(factory: ProxyFactory) -> Line:
    protocol = factory.buildProtocol(BALANCER)
    assert protocol is not None
    return Line(protocol)


@pytest.mark.parametrize("header", [V1, v2()])
def test_a_kiosk_behind_a_balancer_is_answered_however_its_bytes_are_cut(header: bytes) -> None:
    for size in (1, 7, 1000):
        line, whole = connected(behind(Place())), header + status() + status(2)
        heard = [line.send(whole[at : at + size]) for at in range(0, len(whole), size)]
        assert b"".join(heard).count(b"\r") == 2


def test_a_terminal_known_by_its_address_is_known_behind_a_balancer() -> None:
    known = Terminal("sc9", "selfcheck", addresses=(ip_network("10.0.0.7/32"),))
    place = Place(known)
    connected(behind(place)).send(V1)
    assert place.kiosks.connected_logins() == {"sc9"}


def test_limits_and_allowed_addresses_go_by_the_kiosk_not_by_the_balancer() -> None:
    place = Place(limits=Limits(per_address=1))
    factory = behind(place, Door(allow=(ip_network("10.0.0.0/24"),)))
    lines = [connected(factory) for _ in range(3)]
    for line, host in zip(lines, ("10.0.0.7", "10.0.0.8", "10.0.0.7"), strict=True):
        line.send(v2(host))
    assert [line.wire.closed for line in lines] == [False, False, True]
    assert place.notes.disturbances == ["too_many_of_address"]
    stranger = connected(factory)
    stranger.send(v2("10.0.1.1"))
    assert stranger.wire.closed
    assert place.notes.disturbances[-1] == "address_not_allowed"


def test_who_is_no_balancer_may_not_say_whence_it_comes() -> None:
    place = Place()
    factory = behind(place, Door(balancers=(ip_network("10.9.8.0/24"),)))
    assert factory.buildProtocol(BALANCER) is None
    assert place.notes.disturbances == ["balancer_not_allowed"]


def test_a_connection_without_a_header_is_closed_and_noted() -> None:
    place = Place()
    line = connected(behind(place))
    line.send(status())
    assert line.wire.disconnected
    assert place.notes.disturbances == ["no_proxy_header"]


def test_a_connection_that_never_says_whence_it_comes_is_closed() -> None:
    place = Place()
    line = connected(behind(place))
    line.send(V1[:20])
    place.pass_s(HEADER_WITHIN_S)
    assert line.wire.disconnected
    assert place.notes.disturbances == ["no_proxy_header"]


def test_a_line_that_ends_ends_its_kiosk_too() -> None:
    place = Place(limits=Limits(max_connections=1))
    factory = behind(place)
    line = connected(factory)
    line.send(V1 + status())
    line.hang_up()
    again = connected(factory)
    assert again.send(V1 + status()).startswith(b"98")
    assert place.clock.getDelayedCalls()


def test_connections_that_say_nothing_are_few_and_a_kiosk_comes_in_beside_them() -> None:
    place = Place()
    factory = behind(place)
    silent = [connected(factory) for _ in range(WAITING.most + 10)]
    assert [line.wire.disconnected for line in silent].count(True) == 10
    assert set(place.notes.disturbances) == {"made_way"}
    assert connected(factory).send(V1 + status()).startswith(b"98")


def test_a_kiosk_whose_header_has_come_waits_no_more_and_never_makes_way_for_one_without() -> None:
    place = Place()
    factory = behind(place)
    kiosk = connected(factory)
    kiosk.send(V1 + status())
    for _ in range(WAITING.most + 10):
        connected(factory)
    assert not kiosk.wire.disconnected
    assert len(factory.waiting) == WAITING.most
