"""What must hold is held by the database itself (design 4): each constraint, hit on purpose."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from node.storage.opening import new_memory_database

Values = dict[str, object]

CARD: Values = {"card": "2350010000017", "reader": "r1", "max_loans": 2, "max_foreign": 1}
PLACE: Values = {"op": "o1", "state": "held", "reader": "r1", "owner": "CQBB", "at_ms": 1}
LOAN: Values = {
    **{"op": "o1", "barcode": "B1", "home": "CQSPB", "reader": "r1", "category": "pupil", "branch": "CQBB"},
    **{"opened_at_ms": 1, "due_on": "2026-03-01"},
}
OWNER_OP: Values = {
    **{"op": "o1", "kind": "checkout", "state": "done", "barcode": "B1", "branch": "CQBB", "at_ms": 1},
}
ORDER: Values = {
    **{"fine": "f1", "loan": "o1", "due_on": "2026-03-01", "ledger": "CQBB", "returned_on": "2026-03-03"},
    **{"days_late": 2, "amount_fen": 40, "version": 1},
}
FINE: Values = {
    **{"fine": "f1", "loan": "o1", "owner": "CQBB", "home": "CQSPB", "reader": "r1", "barcode": "B1", "title": ""},
    **{"due_on": "2026-03-01", "returned_on": "2026-03-03", "days_late": 2, "amount_fen": 40, "order_version": 1},
    **{"booked_at_ms": 1, "ordered": "f1"},
}
PAYMENT: Values = {
    **{"pay_key": "p1", "receipt": "R1", "terminal": "T1", "home": "CQSPB", "reader": "r1", "method": "00"},
    **{"amount_fen": 40, "at_ms": 1},
}
LINE: Values = {"pay_key": "p1", "fine": "f1", "amount_fen": 40}
KIOSK_OP: Values = {
    **{"op": "o1", "base": "b1", "attempt": 1, "message": "11", "kiosk_date": "", "terminal": "T1"},
    **{"card_digest": "d", "barcode": "B1", "date_near": 1, "asked_at_ms": 1, "answer_by_ms": 2},
}
NOTICE: Values = {"peer": "CQBB", "key": "k1", "payload": b"", "created_at_ms": 1}
EXCEPTION: Values = {"op": "o1", "kind": "unknown_item", "barcode": "B1", "terminal": "T1", "at_ms": 1}
EVIDENCE: Values = {"op": "o1", "barcode": "B1", "branch": "CQBB", "returned_at_ms": 1, "at_ms": 1}
MIRROR: Values = {
    **{"fine": "f1", "ledger": "CQBB", "reader": "r1", "barcode": "B1", "title": "", "due_on": "2026-03-01"},
    **{"amount_fen": 40, "paid_fen": 0, "epoch": 1, "version": 1},
}
ITEM: Values = {"barcode": "B1", "title": "三体", "item_type": "book"}


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    connection = new_memory_database()
    yield connection
    connection.close()


def insert(database: sqlite3.Connection, table: str, values: Values) -> None:
    marks = ", ".join(f":{name}" for name in values)
    database.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", values)


def refused(database: sqlite3.Connection, table: str, values: Values, by: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=by):
        insert(database, table, values)


def changing_is_refused(database: sqlite3.Connection, change: str, by: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=by):
        database.execute(change)


# --- cards and places ----------------------------------------------------------------------------------------


def test_no_place_beyond_the_limit_of_the_card(database: sqlite3.Connection) -> None:
    insert(database, "card", CARD)
    database.execute("UPDATE card SET places_used = 2")
    changing_is_refused(database, "UPDATE card SET places_used = places_used + 1", "ck_card_places")


def test_no_foreign_item_beyond_the_limit_of_the_card(database: sqlite3.Connection) -> None:
    insert(database, "card", CARD)
    database.execute("UPDATE card SET places_used = 1, foreign_used = 1")
    changing_is_refused(database, "UPDATE card SET places_used = 2, foreign_used = foreign_used + 1", "ck_card_foreign")


@pytest.mark.parametrize(
    ("column", "by"),
    [("places_used", "ck_card_places"), ("foreign_used", "ck_card_foreign"), ("forced_used", "ck_card_forced")],
)
def test_no_place_is_freed_twice(database: sqlite3.Connection, column: str, by: str) -> None:
    insert(database, "card", CARD)
    changing_is_refused(database, f"UPDATE card SET {column} = {column} - 1", by)


def test_a_limit_is_not_lowered_below_what_is_used(database: sqlite3.Connection) -> None:
    insert(database, "card", {**CARD, "places_used": 2})
    changing_is_refused(database, "UPDATE card SET max_loans = 1", "ck_card_places")


def test_a_forced_place_is_counted_apart(database: sqlite3.Connection) -> None:
    insert(database, "card", {**CARD, "places_used": 2})
    database.execute("UPDATE card SET forced_used = 5")
    assert database.execute("SELECT places_used, forced_used FROM card").fetchone() == (2, 5)


def test_a_held_place_is_somebodys(database: sqlite3.Connection) -> None:
    refused(database, "place", {**PLACE, "reader": None}, "ck_place_held_by")
    insert(database, "place", {**PLACE, "reader": None, "state": "freed"})


# --- one of each ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "first", "other", "by"),
    [
        ("card", CARD, {"reader": "r2"}, "card.card"),
        ("card", CARD, {"card": "2350010000025"}, "card.reader"),
        ("place", PLACE, {"reader": "r2"}, "place.op"),
        ("fine_mirror", MIRROR, {"reader": "r2"}, "fine_mirror.ledger, fine_mirror.fine"),
        ("item", ITEM, {"title": "二"}, "item.barcode"),
        ("owner_op", OWNER_OP, {"kind": "renewal"}, "owner_op.op"),
        ("loan", LOAN, {"barcode": "B2"}, "loan.op"),
        ("loan", LOAN, {"op": "o2"}, "loan.barcode"),
        ("evidence", EVIDENCE, {"barcode": "B2"}, "evidence.op"),
        ("fine_order", ORDER, {"loan": "o2"}, "fine_order.fine"),
        ("fine_order", ORDER, {"fine": "f2"}, "fine_order.loan, fine_order.due_on"),
        ("fine", FINE, {"loan": "o2", "ordered": "f2"}, "fine.fine"),
        ("fine", FINE, {"fine": "f2"}, "fine.owner, fine.ordered"),
        ("payment", PAYMENT, {"receipt": "R2"}, "payment.pay_key"),
        ("payment_line", LINE, {"amount_fen": 1}, "payment_line.pay_key, payment_line.fine"),
        ("kiosk_op", KIOSK_OP, {"base": "b2"}, "kiosk_op.op"),
        ("kiosk_op", KIOSK_OP, {"op": "o2"}, "kiosk_op.base, kiosk_op.attempt"),
        ("outbox", NOTICE, {"payload": b"2"}, "outbox.peer, outbox.key"),
        ("staff_exception", EXCEPTION, {"terminal": "T2"}, "staff_exception.op, staff_exception.kind"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_there_is_one_of_each(database: sqlite3.Connection, table: str, first: Values, other: Values, by: str) -> None:
    insert(database, table, first)
    refused(database, table, {**first, **other}, f"UNIQUE constraint failed: (index '.*'|{by})")


def test_a_closed_loan_leaves_the_item_to_the_next(database: sqlite3.Connection) -> None:
    insert(database, "loan", {**LOAN, "closed_at_ms": 5, "closed_how": "returned"})
    insert(database, "loan", {**LOAN, "op": "o2"})
    refused(database, "loan", {**LOAN, "op": "o3"}, "loan.barcode")


def test_another_due_date_of_a_loan_may_have_its_own_fine(database: sqlite3.Connection) -> None:
    insert(database, "fine_order", ORDER)
    insert(database, "fine_order", {**ORDER, "fine": "f2", "due_on": "2026-03-31"})


# --- values --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "values", "by"),
    [
        ("place", {**PLACE, "state": "lent"}, "ck_place_state"),
        ("owner_op", {**OWNER_OP, "kind": "return"}, "ck_owner_op_kind"),
        ("owner_op", {**OWNER_OP, "state": "perhaps"}, "ck_owner_op_state"),
        ("loan", {**LOAN, "closed_at_ms": 5}, "ck_loan_closed"),
        ("loan", {**LOAN, "closed_how": "returned"}, "ck_loan_closed"),
        ("loan", {**LOAN, "closed_at_ms": 5, "closed_how": "eaten"}, "ck_loan_closed_how"),
        ("fine_order", {**ORDER, "amount_fen": -1}, "ck_fine_order_amount"),
        ("staff_exception", {**EXCEPTION, "closed_at_ms": 5}, "ck_staff_exception_closed"),
        ("staff_exception", {**EXCEPTION, "closed_at_ms": 5, "closed_by": "w"}, "ck_staff_exception_closed"),
        ("staff_exception", {**EXCEPTION, "closed_by": "w", "closing_note": "n"}, "ck_staff_exception_closed"),
        ("fine", {**FINE, "kind": "other"}, "ck_fine_kind"),
        ("fine_mirror", {**MIRROR, "kind": "other"}, "ck_fine_mirror_kind"),
        ("fine", {**FINE, "amount_fen": -1}, "ck_fine_amounts"),
        ("fine", {**FINE, "paid_fen": -1}, "ck_fine_amounts"),
        ("payment", {**PAYMENT, "amount_fen": 0}, "ck_payment_amount"),
        ("payment_line", {**LINE, "amount_fen": 0}, "ck_payment_line_amount"),
        ("card", {**CARD, "max_loans": None}, "NOT NULL"),
        ("loan", {**LOAN, "due_on": None}, "NOT NULL"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_makes_no_sense_is_refused(database: sqlite3.Connection, table: str, values: Values, by: str) -> None:
    refused(database, table, values, by)


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT * FROM loan WHERE barcode = ? AND closed_at_ms IS NULL", "ix_loan_open"),
        ("SELECT * FROM place WHERE reader = ? AND state = 'held'", "ix_place_held"),
        ("SELECT * FROM outbox WHERE peer = ? AND acked_at_ms IS NULL ORDER BY id", "ix_outbox_waiting"),
        ("SELECT * FROM outbox WHERE peer = ? AND barcode = 'B1' AND acked_at_ms IS NULL", "ix_outbox_barcode"),
        ("SELECT * FROM outbox WHERE peer = ? AND reader = 'r1' AND acked_at_ms IS NULL", "ix_outbox_reader"),
        ("SELECT * FROM evidence WHERE barcode = ? AND loan IS NULL", "ix_evidence_barcode"),
        ("SELECT * FROM fine WHERE home = ? AND reader = 'r1'", "ix_fine_reader"),
        ("SELECT count(*) FROM staff_exception WHERE closed_at_ms IS NULL AND ? <> ''", "ix_staff_exception_open"),
        ("SELECT * FROM staff_exception WHERE closed_at_ms IS NULL AND ? <> '' ORDER BY id", "ix_staff_exception_open"),
    ],
)
def test_the_partial_indexes_serve_the_questions_they_were_made_for(
    database: sqlite3.Connection, query: str, index: str
) -> None:
    plan = database.execute(f"EXPLAIN QUERY PLAN {query}", ("x",)).fetchall()
    assert index in str(plan)
