"""How many connections each listener may hold, so that the process never runs out of files.

A connection is a file of the system, and a process may open only so many (RLIMIT_NOFILE). Kiosks come first: what the
page and the other libraries may hold is set apart, and shrinks before anything is taken from the kiosks. So a kiosk is
never turned away because of connections at the other ports.
"""

from __future__ import annotations

import resource
from dataclasses import dataclass
from typing import Final

from federation.transport.front import DESCRIPTORS
from node.settings.library import NodeSettings

__all__ = ["Shares", "files_at_most", "raise_limit", "shares_of"]

MOST_FILES: Final = 65_536
"""More than this is never needed."""
OWN: Final = 128
"""The database and its copies of pages, the log, listening ports, threads, gRPC's own: 25 to 60 were seen."""
OF_PEER: Final = 4
"""A connection to each library, a new one beside it, and two that are still closing."""
BEFORE_HEADER: Final = 256
"""Connections that have not sent their PROXY header yet, where a listener expects one."""
LEAST: Final = 16
"""Connections that each listener has, however few files there are."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Connections by listener; `files`: what the system allows, `needed`: what the settings would need."""

    files: int
    needed: int
    sip2: int
    http: int
    federation: int

    @property
    def enough(self) -> bool:
        return self.files >= self.needed


def shares_of(settings: NodeSettings, files: int) -> Shares:
    """What the settings want, or what is possible with so many files."""
    sip2, http = settings.sip2.max_connections, settings.http.max_connections
    federation = settings.federation.max_connections
    own = OWN + OF_PEER * len(settings.city.directory.codes)
    if any(each.proxy for each in settings.sip2.listeners):
        own += BEFORE_HEADER
    needed = own + sip2 + http + DESCRIPTORS * federation
    missing = max(0, needed - files)
    given_up = min(missing, max(0, http - LEAST))
    http, missing = http - given_up, missing - given_up
    given_up = min(-(-missing // DESCRIPTORS), max(0, federation - LEAST))
    federation, missing = federation - given_up, max(0, missing - given_up * DESCRIPTORS)
    return Shares(files, needed, min(sip2, max(LEAST, sip2 - missing)), http, federation)


def files_at_most() -> int:
    """What the system allows a process of this user, once it has asked for all of it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return MOST_FILES if hard == resource.RLIM_INFINITY else min(MOST_FILES, hard)


def raise_limit() -> int:
    """Ask for all of it; gives how many files this process may open now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files_at_most()
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return MOST_FILES if soft == resource.RLIM_INFINITY else min(MOST_FILES, soft)
