"""The checks of `tongjie check` about ports: can the node listen there, or does it already?

A port in use is right if this library's own node uses it. That node says so at `/readyz`, ready or not. Where it
can't say so, its certificate at the federation port still shows that it runs.

Promises: a port is taken for a moment only.
"""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

from node.commands.checks import Check
from node.commands.peer_checks import tls_problem
from node.settings.library import NodeSettings
from node.settings.model import Endpoint

__all__ = ["port_checks", "ready_body"]

_ANSWER_WITHIN_S: Final = 3.0
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  compared, not bound
_WHAT_TO_DO: Final = {
    errno.EADDRINUSE: "is in use by another program; stop it, or choose another port",
    errno.EADDRNOTAVAIL: "is no address of this machine; correct the host",
    errno.EACCES: "needs more rights (ports below 1024); choose another port",
}


@dataclass(frozen=True, slots=True)
class _OurNode:
    """The ports of this library's running node: those that it surely has, and those that it may have."""

    ports: frozenset[int] = frozenset()
    perhaps: frozenset[int] = frozenset()


def port_checks(settings: NodeSettings) -> list[Check]:
    """One line for each port. A port that our own running node uses is ok."""
    places = [(f"port sip2 {each.port}", Endpoint(each.host, each.port)) for each in settings.sip2.listeners]
    for name, place in (("federation", settings.federation.listen), ("http", settings.http.listen)):
        places.append((f"port {name} {place.port}", place))
    places += [(f"port web {each.port}", Endpoint(each.host, each.port)) for each in settings.web.listeners]
    taken = {place: _bind_error(place) for _, place in places}
    in_use = {place for place, error in taken.items() if error and error.errno == errno.EADDRINUSE}
    ours = _our_node(settings, federation_in_use=settings.federation.listen in in_use) if in_use else _OurNode()
    return [_port_check(name, place, taken[place], ours) for name, place in places]


def _port_check(name: str, place: Endpoint, error: OSError | None, ours: _OurNode) -> Check:
    if error is None:
        return Check(name, "ok", f"{place} is free")
    if error.errno == errno.EADDRINUSE and place.port in ours.ports:
        return Check(name, "ok", f"{place} is in use by this library's node, which is running")
    if error.errno == errno.EADDRINUSE and place.port in ours.perhaps:
        why = f"{place} is in use, as it seems by this library's node, which is running but does not tell its ports"
        return Check(name, "warning", why)
    return Check(name, "error", f"{place} {_WHAT_TO_DO.get(error.errno or 0, f'is not possible ({error.strerror})')}")


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


# --- is it our own node? -----------------------------------------------------------------------------------------


def _our_node(settings: NodeSettings, *, federation_in_use: bool) -> _OurNode:
    """What runs there, from what it says and what it shows."""
    http, federation = settings.http.listen.port, settings.federation.listen.port
    told = ready_body(settings)
    library = None if told is None else told.get("library")
    shown = {federation} if federation_in_use and _shows_our_certificate(settings) else set()
    if told is not None and library == settings.library:
        return _OurNode(frozenset({http, *shown, *_open_ports(told.get("listeners"))}))
    if not shown:
        return _OurNode()
    others = {each.port for each in settings.sip2.listeners} | {page.port for page in settings.web.listeners}
    if told is not None and library is None:  # our node can't tell its state
        return _OurNode(frozenset({http, *shown}), frozenset(others))
    return _OurNode(frozenset(shown), frozenset({http, *others} if told is None else others))


def ready_body(settings: NodeSettings) -> Mapping[str, Any] | None:
    """What `/readyz` says, be the node ready (200) or not (503); None if no node answers there."""
    place = settings.http.listen
    connection = HTTPConnection(_EVERYWHERE.get(place.host, place.host), place.port, timeout=_ANSWER_WITHIN_S)
    try:
        connection.request("GET", "/readyz")
        body = json.loads(connection.getresponse().read())
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return body if isinstance(body, dict) and "ready" in body else None


def _open_ports(listeners: Any) -> set[int]:
    """The ports of `listeners`, [{name, address, open}]: all that are open, whatever their names are."""
    try:
        return {int(each["address"].rpartition(":")[2]) for each in listeners if each["open"]}
    except (LookupError, TypeError, ValueError, AttributeError):
        return set()  # of a version that says it otherwise


def _shows_our_certificate(settings: NodeSettings) -> bool:
    """Whether who listens at the federation port has this library's certificate: only its own node has the key."""
    place = settings.federation.listen
    ourselves = replace(settings.entry, host=_EVERYWHERE.get(place.host, place.host), port=place.port)
    return tls_problem(ourselves, settings) == ""
