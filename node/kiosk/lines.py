"""Options of TCP and TLS that are set on a Twisted transport. A transport in memory has none."""

from __future__ import annotations

import socket
from typing import Any

from cryptography import x509
from twisted.internet.tcp import Connection

_PROBES = 4


def keep_alive(transport: Any, idle_s: int) -> None:
    """Small answers go out at once. A silent line is probed after `idle_s` (0: never) and counts as dead after twice
    that time (field lesson 13)."""
    if not hasattr(transport, "setTcpKeepAlive"):
        return
    transport.setTcpNoDelay(True)
    if idle_s <= 0:
        return
    transport.setTcpKeepAlive(True)
    tcp = transport if hasattr(transport, "socket") else getattr(transport, "transport", None)
    handle = getattr(tcp, "socket", None)
    if isinstance(handle, socket.socket):
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle_s)
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, max(1, idle_s // _PROBES))
        handle.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _PROBES)


def send(transport: Any, data: bytes) -> None:
    """Write an answer. On a plain line on which nothing waits it leaves at once: Twisted would first watch the socket,
    and send in the reactor's next turn."""
    if isinstance(transport, Connection) and _nothing_waits(transport):
        sent = transport.writeSomeData(data)
        data = data[sent:] if isinstance(sent, int) else data
    if data:
        transport.write(data)


def _nothing_waits(line: Connection) -> bool:
    free = line.connected and not line.disconnecting and not line.TLS
    return bool(free) and not line.dataBuffer and not line._tempDataBuffer


def names_in_certificate(transport: Any) -> list[str]:
    """The DNS names and the common name of the client's certificate, which TLS has verified; none without one."""
    shown = transport.getPeerCertificate()
    if shown is None:
        return []
    certificate = shown.to_cryptography()
    common = [str(each.value) for each in certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)]
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return common
    return [*alternative.get_values_for_type(x509.DNSName), *common]
