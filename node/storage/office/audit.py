"""Rows of the audit log: the chain, its end, and beside it the reasons and the names."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from node.storage.rows import Rows
from node.storage.schema import audit, audit_head, audit_name, audit_reason
from node.storage.statements import Statement, insertion, insertion_if_absent
from node.storage.store import Tx


class AuditRow(NamedTuple):
    """One link of the chain. It holds opaque references only."""

    seq: int
    at_ms: int
    actor: str
    action: str
    subject: str
    reason_digest: str
    hash: str


class Line(NamedTuple):
    """A link with what stands beside it. `salt`, `reason` and `name` are "" where they were blanked."""

    row: AuditRow
    salt: str
    reason: str
    name: str


_ROWS = Rows(AuditRow, audit)
_ADD = _ROWS.insertion()
_HEAD = Statement(select(audit_head.c.seq, audit_head.c.hash))
_ADD_HEAD = insertion_if_absent(audit_head, "one", "seq", "hash")
_MOVE_HEAD = Statement(update(audit_head), ("seq", "hash"))
_ADD_REASON = insertion(audit_reason, "seq", "salt", "reason")
_BLANK_REASON = Statement(update(audit_reason).where(audit_reason.c.seq == bindparam("seq_")), ("salt", "reason"))
_ADD_NAME = insertion_if_absent(audit_name, "ref", "name")
_RENAME = Statement(update(audit_name).where(audit_name.c.ref == bindparam("ref_")), ("name",))
_LINES = (
    select(*audit.c, audit_reason.c.salt, audit_reason.c.reason, audit_name.c.name)
    .select_from(
        audit.outerjoin(audit_reason, audit_reason.c.seq == audit.c.seq).outerjoin(
            audit_name, audit_name.c.ref == audit.c.actor
        )
    )
    .limit(bindparam("most"))
)
_FORWARD = Statement(_LINES.where(audit.c.seq > bindparam("after")).order_by(audit.c.seq))
_BACKWARD = Statement(_LINES.where(audit.c.seq < bindparam("before")).order_by(audit.c.seq.desc()))


def head(tx: Tx) -> tuple[int, str]:
    """(number, hash) of the last link; (0, "") before the first."""
    row = tx.one(_HEAD)
    return (0, "") if row is None else (int(row[0]), str(row[1]))


def append(tx: Tx, row: AuditRow, *, salt: str, reason: str) -> None:
    """The next link, which becomes the end."""
    _ADD.run(tx, row)
    tx.run(_ADD_REASON, seq=row.seq, salt=salt, reason=reason)
    if not tx.run(_ADD_HEAD, one=1, seq=row.seq, hash=row.hash):
        tx.run(_MOVE_HEAD, seq=row.seq, hash=row.hash)


def keep_name(tx: Tx, ref: str, name: str) -> None:
    if not tx.run(_ADD_NAME, ref=ref, name=name):
        tx.run(_RENAME, ref_=ref, name=name)


def blank_reason(tx: Tx, seq: int) -> bool:
    """False if there is no such link."""
    return tx.run(_BLANK_REASON, seq_=seq, salt="", reason="") > 0


def lines_after(tx: Tx, seq: int, most: int) -> list[Line]:
    """Oldest first."""
    return [_line(row) for row in tx.all(_FORWARD, after=seq, most=most)]


def lines_before(tx: Tx, seq: int, most: int) -> list[Line]:
    """Newest first."""
    return [_line(row) for row in tx.all(_BACKWARD, before=seq, most=most)]


def _line(raw: tuple[object, ...]) -> Line:
    *link, salt, reason, name = raw
    return Line(_ROWS.read(tuple(link)), str(salt or ""), str(reason or ""), str(name or ""))
