"""The audit log: a chain in which tampering is found, and from which names and reasons can be erased."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.service.office.audit import Action, Actor, Flaw, Head, _hash_of, lines_before, person, verify
from node.storage.store import Tx
from tests.node.office.offices import Bench

ANNA = Actor("staff-1", "王老师")


def record(bench: Bench, action: Action, count: int, reason: str = "") -> None:
    """So many links, in one transaction."""

    def work(tx: Tx) -> None:
        for number in range(1, count + 1):
            said = f"{reason} {number}" if reason else ""
            bench.audit.record(tx, ANNA, action, f"exception/{number}", at_ms=number, reason=said)

    bench.done(work)


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    record(bench, Action.EXCEPTION_CLOSED, 5, "已处理")
    return bench


def flaw(bench: Bench, noted: Head | None = None) -> Flaw | None:
    return bench.done(lambda tx: verify(tx, noted))[1]


def head(bench: Bench) -> Head:
    return bench.done(verify)[0]


def spoil(bench: Bench, sql: str) -> None:
    assert bench.store.connection.execute(sql).rowcount > 0, sql


def test_a_log_as_it_was_written_is_whole(bench: Bench) -> None:
    assert flaw(bench) is None
    assert head(bench).seq == 5


def test_an_empty_log_is_whole() -> None:
    assert flaw(Bench()) is None


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE audit SET actor = 'staff-2' WHERE seq = 3", Flaw(3, "hash")),
        ("UPDATE audit SET at_ms = at_ms + 1 WHERE seq = 3", Flaw(3, "hash")),
        ("UPDATE audit SET action = 'signed_in' WHERE seq = 3", Flaw(3, "hash")),
        ("UPDATE audit SET subject = 'exception/9' WHERE seq = 1", Flaw(1, "hash")),
        ("UPDATE audit SET reason_digest = 'x' WHERE seq = 2", Flaw(2, "hash")),
        ("UPDATE audit SET hash = 'x' WHERE seq = 2", Flaw(2, "hash")),
        ("DELETE FROM audit WHERE seq = 3", Flaw(3, "missing")),
        ("DELETE FROM audit WHERE seq = 1", Flaw(1, "missing")),
        ("DELETE FROM audit WHERE seq = 5", Flaw(4, "end")),
        ("DELETE FROM audit", Flaw(0, "end")),
        ("DELETE FROM audit_head", Flaw(5, "end")),
        ("UPDATE audit_reason SET reason = '别的' WHERE seq = 4", Flaw(4, "reason")),
        ("UPDATE audit_reason SET salt = '' WHERE seq = 4", Flaw(4, "reason")),
        ("INSERT INTO audit VALUES (6, 1, 'a', 'b', 'c', 'd', 'e')", Flaw(6, "hash")),
    ],
)
def test_tampering_is_found(bench: Bench, sql: str, found: Flaw) -> None:
    spoil(bench, sql)
    assert flaw(bench) == found


def test_a_link_that_was_forged_with_a_hash_that_fits_it_does_not_fit_the_next(bench: Bench) -> None:
    links = [line.row for line in bench.done(lambda tx: lines_before(tx, 0, 9))][::-1]
    forged = links[2]._replace(actor="staff-2", hash="")
    fits = _hash_of(links[1].hash, forged)
    spoil(bench, f"UPDATE audit SET actor = 'staff-2', hash = '{fits}' WHERE seq = 3")
    assert flaw(bench) == Flaw(4, "hash")


def test_a_name_and_a_reason_can_be_erased_and_the_chain_verifies_afterwards(bench: Bench) -> None:
    assert bench.done(lambda tx: bench.audit.blank_reason(tx, 2, ANNA, at_ms=9, reason="写了读者的姓名"))
    spoil(bench, "UPDATE audit_name SET name = ''")
    assert flaw(bench) is None
    text = "\n".join(bench.store.connection.iterdump())
    assert "已处理 2" not in text
    assert "王老师" not in text
    assert "已处理 3" in text


def test_a_log_that_was_rewritten_from_the_beginning_does_not_lead_to_the_head_that_was_noted(bench: Bench) -> None:
    noted = head(bench)
    forged = Bench()
    record(forged, Action.SIGNED_IN, 7)
    assert flaw(forged) is None
    assert flaw(forged, noted) == Flaw(noted.seq, "head")
    assert flaw(bench, noted) is None


def test_a_log_that_is_shorter_than_the_head_that_was_noted_is_not_whole(bench: Bench) -> None:
    noted = head(bench)
    assert flaw(Bench(), noted) == Flaw(noted.seq, "head")


def test_a_link_is_undone_with_the_transaction_of_its_action(bench: Bench) -> None:
    def work(tx: Tx) -> None:
        bench.audit.record(tx, ANNA, Action.SIGNED_IN, "account/1", at_ms=1)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        bench.done(work)
    assert head(bench).seq == 5
    assert flaw(bench) is None


def test_the_chain_itself_holds_no_name_and_no_reason(bench: Bench) -> None:
    found = bench.store.connection.execute("SELECT * FROM audit").fetchall()
    assert "王老师" not in str(found)
    assert "已处理" not in str(found)


def test_a_long_log_is_read_in_pages() -> None:
    bench = Bench()

    record(bench, Action.SIGNED_IN, 2_002)
    assert head(bench).seq == 2_002
    assert flaw(bench) is None
    spoil(bench, "UPDATE audit SET at_ms = 0 WHERE seq = 1001")
    assert flaw(bench) == Flaw(1001, "hash")


@given(st.text(), st.text())
def test_fields_cannot_be_shifted_into_each_other(actor: str, subject: str) -> None:
    clean = "".join(each for each in actor + "|" + subject if not 0xD800 <= ord(each) <= 0xDFFF)
    bench = Bench()
    bench.done(lambda tx: bench.audit.record(tx, Actor(clean), Action.SIGNED_IN, "a", at_ms=1))
    spoil(bench, "UPDATE audit SET actor = subject, subject = actor")
    assert flaw(bench) == (None if clean == "a" else Flaw(1, "hash"))


def test_the_same_name_is_the_same_reference_and_another_library_makes_another_one() -> None:
    assert person(b"k", "王老师") == person(b"k", "王老师")
    assert person(b"k", "王老师").ref != person(b"k", "李老师").ref
    assert person(b"k", "王老师").ref != person(b"l", "王老师").ref
    assert "王老师" not in repr(person(b"k", "王老师"))
