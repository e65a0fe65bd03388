"""The sequences of 1.10: what is sent again, what is processed, and what nobody hears."""

from __future__ import annotations

from sip2 import DEFAULT, NAMED, Dialect, Ignored, Memory, Process, Send, decode, encode
from sip2 import messages as m

BAD = b"96AZFEF6\r"
RESEND = b"97AZFEF5"


def item(barcode: str, sequence: str | None = "1") -> bytes:
    return encode(m.ItemInformation(transaction_date=None, institution_id="X", item_identifier=barcode), sequence)


def status(sequence: str = "1") -> bytes:
    return encode(m.ScStatus(status_code="0", max_print_width=80), sequence)


def login(sequence: str = "0") -> bytes:
    return encode(m.Login(login_user_id="k", login_password="p"), sequence)


class Desk:
    """A connection whose service answers every request with a number of its own."""

    def __init__(self, dialect: Dialect = DEFAULT) -> None:
        self.dialect = dialect
        self.memory = Memory(dialect)
        self.processed = 0

    def hears(self, frame: bytes) -> bytes | None:
        step = self.memory.receive(decode(frame, self.dialect))
        if isinstance(step, Send):
            return step.data
        if isinstance(step, Ignored):
            return None
        self.processed += 1
        received = step.received
        answer = encode(
            m.FeePaidResponse(
                payment_accepted=True, transaction_date=None, institution_id="X", patron_identifier=str(self.processed)
            ),
            received.sequence,
            self.dialect,
            received.error_detection,
        )
        self.memory.answered(received, answer)
        return answer


def damaged(frame: bytes) -> bytes:
    return frame.replace(b"X", b"Y", 1)


def test_a_repeated_request_gets_the_same_bytes_and_is_processed_once() -> None:
    desk = Desk()
    first = desk.hears(item("A"))
    assert desk.hears(item("A")) == first
    assert desk.hears(item("A")) == first
    assert desk.processed == 1


def test_the_same_sequence_number_with_another_checksum_is_a_new_request() -> None:
    desk = Desk()
    assert desk.hears(item("A")) != desk.hears(item("B"))
    assert desk.processed == 2


def test_the_same_checksum_over_other_bytes_is_a_new_request() -> None:
    desk = Desk()
    assert item("AB")[-5:] == item("BA")[-5:]
    desk.hears(item("AB"))
    desk.hears(item("BA"))
    assert desk.processed == 2


def test_a_new_sequence_number_is_a_new_request() -> None:
    desk = Desk()
    desk.hears(item("A", "1"))
    desk.hears(item("A", "2"))
    assert desk.processed == 2


def test_without_sequence_number_nothing_is_taken_for_a_repetition() -> None:
    desk = Desk()
    desk.hears(item("A", None))
    desk.hears(item("A", None))
    assert desk.processed == 2


def test_a_damaged_request_gets_96_and_is_not_processed() -> None:
    desk = Desk()
    assert desk.hears(damaged(item("A"))) == BAD
    assert desk.processed == 0
    assert desk.memory.damaged_in_a_row == 1


def test_after_a_damaged_repetition_the_next_copy_gets_the_answer_not_the_96() -> None:
    desk = Desk()
    answer = desk.hears(item("A"))
    assert desk.hears(damaged(item("A"))) == BAD
    assert desk.hears(item("A")) == answer
    assert desk.processed == 1
    assert desk.memory.damaged_in_a_row == 0


def test_after_a_change_of_the_dialect_a_96_is_in_the_new_one() -> None:
    desk = Desk()
    desk.memory.speak(NAMED["crlf"])
    assert desk.hears(damaged(item("A"))) == BAD.replace(b"\r", b"\r\n")


def test_97_gets_the_last_bytes_even_if_they_were_a_96() -> None:
    desk = Desk()
    answer = desk.hears(item("A"))
    assert desk.hears(RESEND) == answer
    assert desk.hears(RESEND) == answer
    desk.hears(damaged(item("A")))
    assert desk.hears(RESEND) == BAD
    assert desk.hears(item("A")) == answer
    assert desk.hears(RESEND) == answer


def test_97_before_anything_was_sent_gets_96_in_the_style_of_the_97() -> None:
    assert Desk().hears(RESEND) == BAD
    assert Desk().hears(b"97") == b"96\r"


def test_96_from_a_terminal_is_a_97() -> None:
    desk = Desk()
    answer = desk.hears(item("A"))
    assert desk.hears(b"96AZFEF6") == answer


def test_the_terminals_97_does_not_hide_the_request_before_it() -> None:
    desk = Desk()
    answer = desk.hears(item("A"))
    desk.hears(RESEND)
    assert desk.hears(item("A")) == answer
    assert desk.processed == 1


def test_an_unknown_command_changes_nothing() -> None:
    desk = Desk()
    answer = desk.hears(item("A"))
    assert desk.hears(b"8520250315    090000AO|") is None
    assert desk.hears(RESEND) == answer
    assert desk.hears(item("A")) == answer


def test_a_response_from_a_terminal_is_ignored() -> None:
    step = Memory(DEFAULT).receive(decode(b"941AY0AZFDFD"))
    assert step == Ignored("94 is not a request")


def test_nothing_from_before_a_login_is_sent_after_it() -> None:
    memory = Memory(DEFAULT)
    before = decode(item("A"))
    step = memory.receive(before)
    assert isinstance(step, Process)
    memory.answered(step.received, b"the account of another\r")
    step = memory.receive(decode(login()))
    assert isinstance(step, Process)
    resend = memory.receive(decode(RESEND))
    assert isinstance(resend, Send)
    assert resend.data == BAD
    assert memory.last is None
    assert isinstance(memory.receive(before), Process)


def test_a_request_under_way_does_not_hide_the_exchange_before_it() -> None:
    """The line may be lost before there is an answer; then the terminal's account keeps that exchange."""
    desk = Desk()
    desk.hears(item("A", "1"))
    kept = desk.memory.last
    assert kept is not None
    assert isinstance(desk.memory.receive(decode(item("B", "2"))), Process)
    assert desk.memory.last is kept


def test_a_repeated_login_gets_its_answer_again() -> None:
    desk = Desk()
    answer = desk.hears(login())
    assert desk.hears(login()) == answer
    assert desk.hears(RESEND) == answer
    assert desk.processed == 1


def test_a_forgotten_session_gets_96_for_97() -> None:
    desk = Desk()
    desk.hears(login())
    desk.memory.forget()
    assert desk.hears(RESEND) == BAD


def test_a_status_request_is_always_answered_afresh() -> None:
    desk = Desk()
    assert desk.hears(status()) != desk.hears(status())
    assert desk.processed == 2


def test_an_answer_sent_again_loses_its_sequence_number_where_the_dialect_says_so() -> None:
    desk = Desk(NAMED["koha"])
    answer = desk.hears(item("A"))
    again = desk.hears(item("A"))
    assert answer is not None
    assert b"AY1AZ" in answer
    assert again is not None
    assert b"AY" not in again
    assert desk.hears(RESEND) == again
    assert Desk().memory.receive(decode(again)) == Ignored("38 is not a request")  # it is well-formed


def test_a_request_repeated_over_a_new_connection_is_recognised_if_its_account_kept_the_exchange() -> None:
    old = Desk()
    answer = old.hears(item("A", "1"))
    kept = old.memory.last
    assert kept is not None
    new = Desk()
    new.hears(login())
    new.memory.recall(kept)
    assert new.hears(item("A", "1")) == answer
    assert new.processed == 1


def test_a_request_that_was_answered_too_long_ago_is_processed_when_its_bytes_come_again() -> None:
    desk = Desk()
    first = desk.hears(item("A"))
    desk.memory.expire()
    assert desk.hears(item("A")) != first
    assert desk.processed == 2
