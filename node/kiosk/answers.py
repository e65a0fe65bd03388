"""Answers in SIP2: decisions of the desk as response messages, all fields in every case (field lessons 1, 9, 20)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import TypeAlias

from federation.contract import (
    ItemState,
    ItemView,
    Lent,
    PinCheck,
    Reason,
    Refused,
    Renewed,
    Route,
    Standing,
    TakenBack,
)
from node.domain.calendar import SHANGHAI, civil_date
from node.kiosk import texts
from node.service.desk.memory import ReturnAccepted, Told
from node.service.desk.results import Recorded, Undone
from node.service.money.steps import Paid
from sip2 import SipDate
from sip2 import messages as m
from sip2.amounts import amount
from sip2.codes import AlertType, CirculationStatus, FeeType, MediaType, SecurityMarker
from sip2.dates import local_date

CheckoutAnswer: TypeAlias = Lent | Renewed | Recorded | Undone | Refused
RenewalAnswer: TypeAlias = Renewed | Recorded | Lent | Refused
CheckinAnswer: TypeAlias = TakenBack | ReturnAccepted | Undone | Refused

CURRENCY = "CNY"
NO_FLAGS = " " * 14
ALL_DENIED = "YYYY" + " " * 10

_MEDIA = {
    "book": MediaType.BOOK,
    "picture_book": MediaType.BOOK,
    "reference": MediaType.BOOK,
    "rare": MediaType.BOOK,
    "periodical": MediaType.MAGAZINE,
    "audiovisual": MediaType.CD,
}
_CIRCULATION = {
    ItemState.AVAILABLE: CirculationStatus.AVAILABLE,
    ItemState.ON_LOAN: CirculationStatus.CHARGED,
    ItemState.BEING_LENT: CirculationStatus.IN_PROCESS,
    ItemState.HOLD_SHELF: CirculationStatus.WAITING_ON_HOLD_SHELF,
    ItemState.IN_TRANSIT: CirculationStatus.IN_TRANSIT,
    ItemState.LOST: CirculationStatus.LOST,
    ItemState.MISSING: CirculationStatus.MISSING,
}

_ALERTS = {
    Route.HOLD_HERE: AlertType.HOLD_HERE,
    Route.HOLD_ELSEWHERE: AlertType.HOLD_ELSEWHERE,
    Route.OWNER: AlertType.SEND_TO_OTHER_BRANCH,
    Route.STAFF: AlertType.OTHER,
}
_BINS = {Route.SHELF: "1", Route.HOLD_HERE: "2", Route.HOLD_ELSEWHERE: "9", Route.OWNER: "9", Route.STAFF: "8"}


def sip_date(at_ms: int) -> SipDate:
    return _date_of_second(at_ms // 1000)


@lru_cache(maxsize=1024)
def _date_of_second(second: int) -> SipDate:
    return local_date(datetime.fromtimestamp(second, UTC), SHANGHAI)


def due_field(on: date | None) -> str:
    """AH: the end of the day, in the layout that most clients read; empty if there is none."""
    return "" if on is None else f"{on:%Y%m%d}    235900"


@dataclass(frozen=True, slots=True)
class People:
    """This library's own readers whom a return concerns, as far as the terminal may know; "" for all others."""

    hold_name: str = field(default="", repr=False)
    hold_card: str = field(default="", repr=False)
    borrower_card: str = field(default="", repr=False)


NO_PEOPLE = People()


@dataclass(frozen=True, slots=True)
class Voice:
    """This library, the names of all by code and language, and what the rules say of a category on a day."""

    library: str
    name_of: Callable[[str, str], str]
    fees_stop_lending: Callable[[str, date], bool]

    def refusal(self, refused: Refused, language: str, home: str = "") -> str:
        """Where the refusal names no library, the card's home is meant."""
        return texts.refusal(refused, language, self.name_of(refused.library or home or self.library, language))

    # --- lending -------------------------------------------------------------------------------------------

    def checkout(self, asked: m.Checkout, told: Told[CheckoutAnswer], language: str, home: str) -> m.CheckoutResponse:
        """12 for every result of an 11: lent, renewed, recorded, a return undone, or refused."""
        answer = told.answer
        done = not isinstance(answer, Refused)
        fee_fen = _fee_fen(answer)
        item_type = getattr(answer, "item_type", "")
        return m.CheckoutResponse(
            ok=done,
            renewal_ok=_is_own_loan(answer),
            magnetic_media="N" if done else "U",
            desensitize=done and not asked.no_block,
            transaction_date=sip_date(told.at_ms),
            institution_id=self.library,
            patron_identifier=asked.patron_identifier or "",
            item_identifier=asked.item_identifier or "",
            title_identifier=answer.title,
            due_date=due_field(answer.due_on),
            fee_type=FeeType.HOLD if fee_fen else None,
            currency_type=CURRENCY if fee_fen else None,
            fee_amount=amount(fee_fen) if fee_fen else None,
            media_type=_MEDIA.get(item_type, MediaType.OTHER) if item_type else None,
            item_properties=getattr(answer, "properties", "") or None,
            screen_message=(self._checkout_line(answer, language, home),),
        )

    def _checkout_line(self, answer: CheckoutAnswer, language: str, home: str) -> str:
        if isinstance(answer, Refused):
            return self.refusal(answer, language, home)
        if isinstance(answer, Undone):
            return texts.sentence("return_undone", language)
        name = "renewed" if isinstance(answer, Renewed) else "lent"
        return texts.sentence(name, language, due=texts.due(answer.due_on))

    def renewal(self, asked: m.Renew, told: Told[RenewalAnswer], language: str, home: str) -> m.RenewResponse:
        answer = told.answer
        done = not isinstance(answer, Refused)
        item_type = getattr(answer, "item_type", "")
        return m.RenewResponse(
            ok=done,
            renewal_ok=answer.due_on is not None,
            magnetic_media="N" if done else "U",
            desensitize=False,
            transaction_date=sip_date(told.at_ms),
            institution_id=self.library,
            patron_identifier=asked.patron_identifier or "",
            item_identifier=asked.item_identifier or "",
            title_identifier=answer.title,
            due_date=due_field(answer.due_on),
            media_type=_MEDIA.get(item_type, MediaType.OTHER) if item_type else None,
            screen_message=(self._renewal_line(answer, language, home),),
        )

    def _renewal_line(self, answer: RenewalAnswer, language: str, home: str) -> str:
        if isinstance(answer, Refused):
            return self.refusal(answer, language, home)
        return texts.sentence("renewed", language, due=texts.due(answer.due_on))

    # --- returning -----------------------------------------------------------------------------------------

    def checkin(self, asked: m.Checkin, told: Told[CheckinAnswer], language: str, people: People) -> m.CheckinResponse:
        """10."""
        answer = told.answer
        if isinstance(answer, TakenBack):
            return self._taken_back(asked, told, answer, language, people)
        refused = isinstance(answer, Refused)
        for_staff = refused or getattr(answer, "for_staff", False)
        return m.CheckinResponse(
            ok=not refused,
            resensitize=not refused and not asked.no_block,
            magnetic_media="U",
            alert=for_staff,
            transaction_date=sip_date(told.at_ms),
            institution_id=self.library,
            item_identifier=asked.item_identifier or "",
            permanent_location="",
            title_identifier=getattr(answer, "title", None),
            alert_type=AlertType.OTHER if for_staff else None,
            screen_message=(self._other_checkin_line(answer, for_staff, language),),
        )

    def _other_checkin_line(self, answer: CheckinAnswer, for_staff: bool, language: str) -> str:
        if isinstance(answer, Refused):
            return self.refusal(answer, language)
        if isinstance(answer, Undone):
            return texts.sentence("checkout_undone", language)
        return texts.sentence("return_for_staff" if for_staff else "return_accepted", language)

    def _taken_back(
        self, asked: m.Checkin, told: Told[CheckinAnswer], taken: TakenBack, language: str, people: People
    ) -> m.CheckinResponse:
        alert_type = _ALERTS.get(taken.route)
        return m.CheckinResponse(
            ok=True,
            resensitize=not asked.no_block,
            magnetic_media="N",
            alert=alert_type is not None,
            transaction_date=sip_date(told.at_ms),
            institution_id=self.library,
            item_identifier=asked.item_identifier or "",
            permanent_location=taken.location,
            title_identifier=taken.title,
            sort_bin=_BINS.get(taken.route, "1"),
            media_type=_MEDIA.get(taken.item_type, MediaType.OTHER),
            item_properties=taken.properties or None,
            call_number=taken.call_number or None,
            destination_location=taken.destination or None,
            alert_type=alert_type,
            patron_identifier=people.borrower_card or None,
            hold_patron_id=people.hold_card or None,
            hold_patron_name=people.hold_name or None,
            screen_message=tuple(self._return_lines(taken, language)),
        )

    def _return_lines(self, taken: TakenBack, language: str) -> list[str]:
        first = "returned" if taken.was_on_loan else "arrived" if taken.arrived else "not_on_loan"
        lines = [texts.sentence(first, language)]
        if taken.fine is not None and taken.fine.amount_fen > 0:
            here = taken.fine.ledger == self.library
            lines.append(
                texts.sentence(
                    "fine_here" if here else "fine_elsewhere",
                    language,
                    days=taken.fine.days_late,
                    yuan=amount(taken.fine.amount_fen),
                    library=self.name_of(taken.fine.ledger, language),
                )
            )
        onward = {Route.HOLD_HERE: "to_hold_shelf", Route.HOLD_ELSEWHERE: "to_pickup"}.get(taken.route, "to_owner")
        if taken.destination:
            lines.append(texts.sentence(onward, language, library=self.name_of(taken.destination, language)))
        return lines

    # --- money ---------------------------------------------------------------------------------------------

    def payment(self, asked: m.FeePaid, told: Told[Paid | Refused], language: str, home: str) -> m.FeePaidResponse:
        answer = told.answer
        return m.FeePaidResponse(
            payment_accepted=isinstance(answer, Paid),
            transaction_date=sip_date(told.at_ms),
            institution_id=self.library,
            patron_identifier=asked.patron_identifier or "",
            transaction_id=answer.receipt if isinstance(answer, Paid) else None,
            screen_message=(self._payment_line(asked, answer, language, home),),
        )

    def _payment_line(self, asked: m.FeePaid, answer: Paid | Refused, language: str, home: str) -> str:
        if isinstance(answer, Refused):
            if answer.reason is Reason.NOTHING_OWED and (asked.fee_identifier or "").strip():
                return texts.sentence("unknown_fee", language)
            return self.refusal(answer, language, home)
        name = "paid_left" if answer.left_fen else "paid"
        return texts.sentence(name, language, yuan=amount(answer.amount_fen), left=amount(answer.left_fen))

    # --- items ---------------------------------------------------------------------------------------------

    def item(
        self, asked: m.ItemInformation, view: ItemView | Refused, now_ms: int, language: str
    ) -> m.ItemInformationResponse:
        if isinstance(view, Refused):
            return m.ItemInformationResponse(
                circulation_status=CirculationStatus.OTHER,
                security_marker=SecurityMarker.OTHER,
                fee_type=FeeType.OTHER,
                transaction_date=sip_date(now_ms),
                item_identifier=asked.item_identifier or "",
                title_identifier="",
                screen_message=(self.refusal(view, language),),
            )
        return m.ItemInformationResponse(
            circulation_status=_CIRCULATION[view.state],
            security_marker=SecurityMarker.OTHER,
            fee_type=FeeType.OTHER,
            transaction_date=sip_date(now_ms),
            hold_queue_length=view.holds,
            due_date=due_field(view.due_on) or None,
            item_identifier=asked.item_identifier or view.barcode,
            title_identifier=view.title,
            owner=self.name_of(view.owner, language),
            media_type=_MEDIA.get(view.item_type, MediaType.OTHER),
            permanent_location=view.location,
            current_location=self.name_of(view.current_location, language),
            item_properties=view.properties or None,
            call_number=view.call_number or None,
            hold_pickup_date=None if view.shelf_until_on is None else SipDate(due_field(view.shelf_until_on)),
            destination_location=view.destination or None,
        )

    # --- patrons -------------------------------------------------------------------------------------------

    def patron_name(self, standing: Standing, card: str) -> str:
        """A name never leaves the home library. Elsewhere the screen shows the end of the card's number."""
        return standing.name or f"*{card[-4:]}"

    def standing_lines(self, standing: Standing, now_ms: int, language: str) -> list[str]:
        """What to tell the reader: overdue items, and fees by the library where they are owed."""
        lines: list[str] = []
        today = civil_date(now_ms)
        overdue = sum(1 for loan in standing.loans if loan.due_on < today)
        if overdue:
            lines.append(texts.sentence("overdue", language, number=overdue))
        owed: dict[str, int] = {}
        for fine in standing.fines:
            owed[fine.ledger] = owed.get(fine.ledger, 0) + fine.outstanding_fen
        for ledger, owed_fen in owed.items():
            lines.append(
                texts.sentence("owed", language, library=self.name_of(ledger, language), yuan=amount(owed_fen))
            )
        return lines


def _is_own_loan(answer: CheckoutAnswer) -> bool:
    """It was renewed, or could be: this reader has it."""
    if isinstance(answer, Refused):
        return answer.reason is Reason.ON_LOAN_TO_READER
    return isinstance(answer, Renewed)


def _fee_fen(answer: CheckoutAnswer) -> int:
    """What collecting a reserved item costs: charged with the loan, or to be agreed to first (SIP2 BO)."""
    if isinstance(answer, Refused):
        return answer.number if answer.reason is Reason.FEE_NOT_ACKNOWLEDGED else 0
    return answer.fee_fen if isinstance(answer, Lent) else 0


def pin_flag(pin: PinCheck) -> bool | None:
    """CQ: sent only if a PIN was checked (field lesson 17)."""
    return None if pin is PinCheck.ABSENT else pin is PinCheck.RIGHT
