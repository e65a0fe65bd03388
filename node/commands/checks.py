"""The checks of `tongjie check` that need no other library: certificates, database, ports.

Promises: nothing is changed, no file is made, a port is taken for a moment only.
"""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from http.client import HTTPConnection, HTTPException
from typing import Final, Literal, TypeAlias

from federation import certificates
from federation.certificates import CertificateError, TlsIdentity
from node.kiosk.tls import Credentials, CredentialsError
from node.settings.library import NodeSettings
from node.settings.model import Endpoint
from node.storage.opening import HEAD, DatabaseError, database_path, inspect_database

__all__ = [
    "Check",
    "State",
    "certificate_checks",
    "database_check",
    "identity_of",
    "kiosk_certificate_checks",
    "port_checks",
]

State: TypeAlias = Literal["ok", "warning", "error"]

_ANSWER_WITHIN_S: Final = 3.0
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared, not bound


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, and what was found, as a sentence with what to do."""

    name: str
    state: State
    text: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


# --- certificates ----------------------------------------------------------------------------------------------


def identity_of(settings: NodeSettings) -> TlsIdentity:
    """Errors: CertificateError."""
    own = settings.federation
    return TlsIdentity.load(own.certificate, own.key, own.ca)


def certificate_checks(settings: NodeSettings, now: datetime) -> list[Check]:
    """Whether other libraries will know this one: one line, or one for each problem."""
    path = settings.federation.certificate
    try:
        identity = identity_of(settings)
    except CertificateError as error:
        return [Check("certificates", "error", f"{error}; make it with `tongjie federation init`")]
    wrong = certificates.check(identity, settings.library, now, soon_days=0)
    soon = [each for each in certificates.check(identity, settings.library, now) if each not in wrong]
    checks = [Check("certificates", "error", f"{path}: {each}; have a new one made") for each in wrong]
    checks += [Check("certificates", "warning", f"{path}: {each}; have a new one made") for each in soon]
    return checks or [Check("certificates", "ok", f"{path} names {settings.library}")]


def kiosk_certificate_checks(settings: NodeSettings) -> list[Check]:
    """What the listeners with TLS show to terminals: one line each."""
    found = []
    for each in settings.sip2.listeners:
        if each.tls and each.certificate is not None and each.key is not None:
            name = f"certificate sip2 {each.port}"
            try:
                Credentials(each.certificate, each.key, each.client_ca)
            except CredentialsError as error:
                found.append(Check(name, "error", f"{error}; correct the listener in node.toml, or the file"))
            else:
                found.append(Check(name, "ok", f"{each.certificate} and its key can be used"))
    return found


# --- database --------------------------------------------------------------------------------------------------


def database_check(settings: NodeSettings) -> Check:
    """Whether the node can start on its database."""
    path = database_path(settings.database)
    try:
        state = inspect_database(path)
    except DatabaseError as error:
        return Check("database", "error", str(error))
    if state.library not in (None, settings.library):
        why = f"{path} is that of {state.library}, not of {settings.library}; correct `database` in node.toml"
        return Check("database", "error", why)
    if state.version is None:
        return Check("database", "ok", f"{path} will be made at the first start")
    if state.version != HEAD:
        why = f"{path} is of version {state.version}; the next start brings it to {HEAD}: make a backup before"
        return Check("database", "warning", why)
    return Check("database", "ok", f"{path} is of version {HEAD} and can be written")


# --- ports -----------------------------------------------------------------------------------------------------


def port_checks(settings: NodeSettings) -> list[Check]:
    """Whether the node can listen, or does already."""
    places = [(f"port sip2 {each.port}", Endpoint(each.host, each.port)) for each in settings.sip2.listeners]
    for name, place in (("federation", settings.federation.listen), ("http", settings.http.listen)):
        places.append((f"port {name} {place.port}", place))
    taken = {place: _bind_error(place) for _, place in places}
    in_use = any(error and error.errno == errno.EADDRINUSE for error in taken.values())
    ours = _ports_of_our_node(settings) if in_use else frozenset()
    return [_port_check(name, place, taken[place], ours) for name, place in places]


def _port_check(name: str, place: Endpoint, error: OSError | None, ours: Collection[int]) -> Check:
    if error is None:
        return Check(name, "ok", f"{place} is free")
    if error.errno == errno.EADDRINUSE and place.port in ours:
        return Check(name, "ok", f"{place} is in use by this library's node, which is running")
    what_to_do = {
        errno.EADDRINUSE: "is in use by another program; stop it, or choose another port",
        errno.EADDRNOTAVAIL: "is no address of this machine; correct the host",
        errno.EACCES: "needs more rights (ports below 1024); choose another port",
    }
    return Check(name, "error", f"{place} {what_to_do.get(error.errno or 0, f'is not possible ({error.strerror})')}")


def _bind_error(place: Endpoint) -> OSError | None:
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            if os.name == "posix":
                # as servers do: an old connection in TIME_WAIT does not count
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((place.host, place.port))
    except OSError as error:
        return error
    return None


def _ports_of_our_node(settings: NodeSettings) -> frozenset[int]:
    """The ports where a node of this library says that it listens; none if none answers."""
    place = settings.http.listen
    connection = HTTPConnection(_EVERYWHERE.get(place.host, place.host), place.port, timeout=_ANSWER_WITHIN_S)
    try:
        connection.request("GET", "/readyz")
        body = json.loads(connection.getresponse().read())
        if body["library"] != settings.library:
            return frozenset()
        return frozenset([place.port, *_ports(each["address"] for each in body["listeners"])])
    except (OSError, HTTPException, ValueError, LookupError, TypeError):
        return frozenset()  # whoever answers so is no node
    finally:
        connection.close()


def _ports(addresses: Iterator[str]) -> Iterator[int]:
    return (int(address.rpartition(":")[2]) for address in addresses)
