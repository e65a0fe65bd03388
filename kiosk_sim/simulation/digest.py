"""What a history came to, in a few hex digits: two programs that behave the same give the same line for each seed.

The line covers every SIP2 byte that a kiosk sent or heard, and every row of every library's books at the end.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from kiosk_sim.simulation.trace import Trace

SIP2_KINDS = ("kiosk", "screen")
"""Events of a trace that carry the bytes of a request or an answer."""
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"


@dataclass(frozen=True, slots=True)
class Digest:
    """Of one history: the bytes on the wire, and each table over all libraries."""

    seed: int
    wire: str
    tables: tuple[tuple[str, str], ...]

    def line(self) -> str:
        """`seed wire table=digest ...`: a table that changed can be told from the others."""
        return " ".join((str(self.seed), self.wire, *(f"{name}={found}" for name, found in self.tables)))


def digest_of(seed: int, trace: Trace, databases: Iterable[tuple[str, sqlite3.Connection]]) -> Digest:
    """(library code, database) for each library, in any order."""
    wire = _summed(f"{who} {kind} {data!r}" for kind, who, data in sip2_of(trace))
    tables: dict[str, list[str]] = {}
    for code, connection in databases:
        for (table,) in connection.execute(_TABLES).fetchall():
            rows = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in rows.description]
            tables.setdefault(table, []).extend(f"{code} {dict(zip(names, row, strict=True))}" for row in rows)
    return Digest(seed, wire, tuple((table, _summed(sorted(rows))) for table, rows in sorted(tables.items())))


def sip2_of(trace: Trace) -> Iterable[tuple[str, object, object]]:
    """(kind, terminal, bytes) of every request and every answer, in their order."""
    return ((kind, what[0], what[1]) for _seconds, kind, what in trace.events if kind in SIP2_KINDS)


def _summed(lines: Iterable[str]) -> str:
    summed = blake2b(digest_size=8)
    for line in lines:
        summed.update(line.encode())
        summed.update(b"\n")
    return summed.hexdigest()
