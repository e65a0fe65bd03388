"""What of a card may reach a screen: the one door between how a card stands and every answer that tells of it.

Promises:

* Answers take a `Seen`, never a `Standing`, and a `Seen` is made here alone. So no answer can forget to ask.
* Where the terminal requires a PIN, nothing about the card is told before the right one.
* After a wrong PIN nothing is told but that it was wrong.
* A gate is told whether the card is valid. It is told no name, no lists, no counts and no amounts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from federation.contract import CardStatus, PinCheck, Reason, Refused, Standing
from node.kiosk.terminal import Session
from node.service.desk.paying import PaymentAnswer
from node.service.money.steps import Paid


@dataclass(frozen=True, slots=True)
class Seen:
    """`standing`: with what may be told, and nothing else. `whole`: all of it; else the lists, sums and the name are
    empty because they are not told, and a count of zero would be false."""

    standing: Standing
    whole: bool

    @property
    def pin(self) -> PinCheck:
        return self.standing.pin


def is_open(session: Session, card: str) -> bool:
    """Whether this terminal may be told of the card now, as far as its PIN goes."""
    verified = session.verified is not None and session.verified.card == card
    return verified or session.terminal.pin != "required"


def seen(session: Session, card: str, found: Standing | Refused) -> Seen | Refused:
    """`found` as this terminal may tell it."""
    if isinstance(found, Refused):
        return found
    if found.pin is PinCheck.WRONG:
        return Seen(replace(_bare(found), status=CardStatus.ACTIVE), whole=False)
    if found.pin is PinCheck.ABSENT and not is_open(session, card):
        return Refused(Reason.PIN_REQUIRED)
    if session.terminal.kind == "gate":
        return Seen(_bare(found), whole=False)
    return Seen(found, whole=True)


def _bare(found: Standing) -> Standing:
    return replace(found, name="", loans=(), fines=(), holds=(), lending=None, renewal=None)


_TELL_OF_DEBTS = frozenset((Reason.OVERPAYMENT, Reason.NOTHING_OWED, Reason.FEE_ELSEWHERE))


def payment_seen(session: Session, card: str, answer: PaymentAnswer) -> PaymentAnswer:
    """What came of a payment: whoever pays may know that, and learns of no debts before the right PIN."""
    if is_open(session, card):
        return answer
    if isinstance(answer, Paid):
        return replace(answer, left_fen=0)
    return Refused(Reason.PIN_REQUIRED) if answer.reason in _TELL_OF_DEBTS else answer
