"""What an operation's kind is called in the books, and in its id: for ever."""

from __future__ import annotations

from node.service.desk.kinds import Kind
from node.service.desk.memory import Ask, Fresh, KioskMemory
from node.storage.opening import new_memory_database
from node.storage.sqlite import InlineStore
from node.storage.store import Tx

STORED = {
    "CHECKOUT": "11",
    "RETURN": "09",
    "RENEWAL": "29",
    "RENEW_ALL": "65",
    "HOLD": "15",
    "PAYMENT": "37",
    "BLOCK": "01",
    "ENABLE": "25",
    "KEEP": "19",
    "CANCEL_CHECKOUT": "09 cancel",
    "CANCEL_RETURN": "11 cancel",
}


def test_the_stored_codes_stay_as_they_are() -> None:
    assert {kind.name: kind.value for kind in Kind} == STORED


def test_an_operation_has_the_same_id_and_the_same_row_as_ever() -> None:
    """A node that was updated goes on with what its kiosks asked before."""
    memory = KioskMemory(
        "CQBB", b"k" * 16, lambda: 1_772_416_800_000, older_ids=False, repeat_window_s=600.0, answer_within_s=4.0
    )
    ask = Ask(Kind.CHECKOUT, "sc", "20260302    100000", 1_772_416_800_000, "23501000001", "CQBB1000001")
    connection = new_memory_database()

    def begin(tx: Tx) -> Fresh:
        begun = memory.begin(tx, ask)
        assert isinstance(begun, Fresh)
        memory.asked(tx, ask, begun, "")
        return begun

    begun = InlineStore(connection).run_now(begin, "begin")
    assert begun.op == "2026030210008e0e9e16268df44cfc86"
    assert connection.execute("SELECT message, typeof(message) FROM kiosk_op").fetchall() == [("11", "text")]
