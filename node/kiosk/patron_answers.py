"""Answers about a card: 24, 64, and the gate's 24. Counts and lists come from one standing, so they agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from federation.contract import CardStatus, PinCheck, Reason, Refused, Standing
from node.domain.calendar import civil_date
from node.kiosk import texts
from node.kiosk.answers import ALL_DENIED, CURRENCY, NO_FLAGS, Voice, pin_flag, sip_date
from node.kiosk.seen import Seen
from node.kiosk.terminal import CHINESE
from node.service.desk.patrons import Passage
from sip2 import DEFAULT, Dialect
from sip2 import messages as m
from sip2.amounts import amount
from sip2.codes import PatronFlag, SummaryList, patron_status
from sip2.tailoring import CHINESE_TITLE, day_text, fine_line, said


@dataclass(frozen=True, slots=True)
class Occasion:
    """This library, the language, the time, and the home of the card ("" if it is nobody's)."""

    voice: Voice
    language: str
    now_ms: int
    home: str
    dialect: Dialect = DEFAULT

    def refusal(self, refused: Refused) -> str:
        return self.voice.refusal(refused, self.language, self.home)


def flags(standing: Standing) -> str:
    """The 14 positions of patron status: what the card may not do, and why."""
    lending, renewal = standing.lending, standing.renewal
    if lending is None and renewal is None and standing.status is CardStatus.ACTIVE:
        return NO_FLAGS
    invalid = standing.status is not CardStatus.ACTIVE
    reasons = {refused.reason for refused in (lending,) if refused is not None}
    raised = {
        PatronFlag.CHARGE_DENIED: lending is not None,
        PatronFlag.RENEWAL_DENIED: renewal is not None,
        PatronFlag.RECALL_DENIED: invalid,
        PatronFlag.HOLD_DENIED: invalid,
        PatronFlag.CARD_LOST: standing.status is CardStatus.LOST,
        PatronFlag.TOO_MANY_CHARGED: bool(reasons & {Reason.QUOTA, Reason.FOREIGN_QUOTA}),
        PatronFlag.TOO_MANY_OVERDUE: Reason.OVERDUE_ITEM in reasons,
        PatronFlag.EXCESSIVE_FINES: Reason.FEE_UNPAID in reasons,
    }
    return patron_status(flag for flag, is_raised in raised.items() if is_raised)


def _owed_fen(standing: Standing) -> int:
    return sum(fine.outstanding_fen for fine in standing.fines)


def status(occasion: Occasion, asked: m.PatronStatus | m.BlockPatron, found: Seen | Refused) -> m.PatronStatusResponse:
    card = asked.patron_identifier or ""
    if isinstance(found, Refused):
        return m.PatronStatusResponse(
            patron_status=ALL_DENIED,
            language=occasion.language,
            transaction_date=sip_date(occasion.now_ms),
            institution_id=occasion.voice.library,
            patron_identifier=card,
            personal_name="",
            valid_patron=_valid(found),
            screen_message=(occasion.refusal(found),),
        )
    return m.PatronStatusResponse(
        patron_status=flags(found.standing),
        language=occasion.language,
        transaction_date=sip_date(occasion.now_ms),
        institution_id=occasion.voice.library,
        patron_identifier=card,
        personal_name=name_of(occasion, found, card),
        valid_patron=True,
        valid_patron_password=pin_flag(found.pin),
        currency_type=CURRENCY if found.whole else None,
        fee_amount=amount(_owed_fen(found.standing)) if found.whole else None,
        screen_message=tuple(_lines(occasion, found)),
    )


def name_of(occasion: Occasion, found: Seen, card: str) -> str:
    return occasion.voice.patron_name(found.standing, card) if found.whole else ""


_OF_NOBODY = frozenset({Reason.UNKNOWN_CARD, Reason.UNKNOWN_CODE, Reason.CODE_CONTRADICTS})


def _valid(refused: Refused) -> bool | None:
    """BL N only for a card that nobody knows; out of reach is not unknown."""
    return False if refused.reason in _OF_NOBODY else None


def _lines(occasion: Occasion, found: Seen) -> list[str]:
    if found.pin is PinCheck.WRONG:
        return [occasion.refusal(Refused(Reason.PIN_WRONG))]
    lines = occasion.voice.standing_lines(found.standing, occasion.now_ms, occasion.language)
    if found.standing.lending is not None:
        lines.insert(0, occasion.refusal(found.standing.lending))
    return lines


def gate(occasion: Occasion, asked: m.PatronStatus, passage: Passage, pin: PinCheck) -> m.PatronStatusResponse:
    """R12: only position 0 tells the gate. An overdue item or a fee does not close it. No name: others stand there."""
    return m.PatronStatusResponse(**_at_gate(occasion, asked, passage, pin))


def gate_information(
    occasion: Occasion, asked: m.PatronInformation, passage: Passage, pin: PinCheck
) -> m.PatronInformationResponse:
    """The same as 64. Counts are "not supplied": a gate is not told them."""
    return m.PatronInformationResponse(**_counts(None), **_at_gate(occasion, asked, passage, pin))


def _at_gate(
    occasion: Occasion, asked: m.PatronStatus | m.PatronInformation, passage: Passage, pin: PinCheck
) -> dict[str, Any]:
    return {
        "patron_status": NO_FLAGS if passage.opens else ALL_DENIED,
        "language": occasion.language,
        "transaction_date": sip_date(occasion.now_ms),
        "institution_id": occasion.voice.library,
        "patron_identifier": asked.patron_identifier or "",
        "personal_name": "",
        "valid_patron": _valid_at_gate(passage),
        "valid_patron_password": pin_flag(pin),
        "screen_message": (_gate_line(occasion, passage),),
    }


_COUNTS = (
    *("hold_items_count", "overdue_items_count", "charged_items_count", "fine_items_count", "recall_items_count"),
    "unavailable_holds_count",
)


def _counts(count: int | None) -> dict[str, Any]:
    return dict.fromkeys(_COUNTS, count)


def _valid_at_gate(passage: Passage) -> bool | None:
    if passage.opens or passage.standing is not None:
        return True
    return _valid(passage.refused or Refused(Reason.UNKNOWN_CARD))


def _gate_line(occasion: Occasion, passage: Passage) -> str:
    if passage.opens:
        return texts.sentence("enter", occasion.language)
    return occasion.refusal(passage.refused or Refused(Reason.UNKNOWN_CARD))


def information(occasion: Occasion, asked: m.PatronInformation, seen: Seen | Refused) -> m.PatronInformationResponse:
    card = asked.patron_identifier or ""
    if isinstance(seen, Refused) or not seen.whole:
        return _nothing_shown(occasion, asked, seen)
    found = seen.standing
    lists = _lists(occasion, found)
    wanted = (asked.summary or "").find("Y")
    shown = _window(lists.get(wanted, []), asked.start_item, asked.end_item)
    return m.PatronInformationResponse(
        patron_status=flags(found),
        language=occasion.language,
        transaction_date=sip_date(occasion.now_ms),
        hold_items_count=len(lists[SummaryList.HOLD_ITEMS]),
        overdue_items_count=len(lists[SummaryList.OVERDUE_ITEMS]),
        charged_items_count=len(lists[SummaryList.CHARGED_ITEMS]),
        fine_items_count=len(lists[SummaryList.FINE_ITEMS]),
        recall_items_count=0,
        unavailable_holds_count=len(lists[SummaryList.UNAVAILABLE_HOLDS]),
        institution_id=occasion.voice.library,
        patron_identifier=card,
        personal_name=occasion.voice.patron_name(found, card),
        charged_items_limit=found.max_loans,
        valid_patron=True,
        valid_patron_password=pin_flag(found.pin),
        currency_type=CURRENCY,
        fee_amount=amount(_owed_fen(found)),
        fee_limit=_fee_limit(occasion, found),
        hold_items=shown if wanted == SummaryList.HOLD_ITEMS else (),
        overdue_items=shown if wanted == SummaryList.OVERDUE_ITEMS else (),
        charged_items=shown if wanted == SummaryList.CHARGED_ITEMS else (),
        fine_items=shown if wanted == SummaryList.FINE_ITEMS else (),
        unavailable_hold_items=shown if wanted == SummaryList.UNAVAILABLE_HOLDS else (),
        screen_message=tuple(_lines(occasion, seen)),
    )


def _fee_limit(occasion: Occasion, found: Standing) -> str | None:
    """CC: what may be owed before lending stops; none if it does not stop for that."""
    stops = occasion.voice.fees_stop_lending(found.category, civil_date(occasion.now_ms))
    return amount(0) if stops else None


def _lists(occasion: Occasion, found: Standing) -> dict[int, list[str]]:
    today = civil_date(occasion.now_ms)
    return {
        SummaryList.HOLD_ITEMS: [hold.barcode for hold in found.holds if hold.available],
        SummaryList.OVERDUE_ITEMS: [loan.barcode for loan in found.loans if loan.due_on < today],
        SummaryList.CHARGED_ITEMS: [loan.barcode for loan in found.loans],
        SummaryList.FINE_ITEMS: [
            fine_line(occasion.dialect, english=occasion.language != CHINESE).format(
                barcode=fine.barcode,
                title=said(fine.title, occasion.dialect, CHINESE_TITLE),
                library=occasion.voice.name_of(fine.ledger, occasion.language),
                yuan=amount(fine.outstanding_fen),
                due=day_text(fine.due_on, occasion.dialect),
            )
            for fine in found.fines
        ],
        SummaryList.UNAVAILABLE_HOLDS: [
            hold.barcode or said(hold.title, occasion.dialect, CHINESE_TITLE)
            for hold in found.holds
            if not hold.available
        ],
    }


def _window(items: list[str], start: int | None, end: int | None) -> tuple[str, ...]:
    """BP, BQ: 1-based and inclusive; either may be missing (reference 2.8)."""
    return tuple(items[max(0, (start or 1) - 1) : end])


def _nothing_shown(
    occasion: Occasion, asked: m.PatronInformation, found: Seen | Refused
) -> m.PatronInformationResponse:
    """Unknown, out of reach, a wrong PIN, or not for this terminal. With nobody to ask, counts are blank ("not
    supplied"): a zero would be false. After a wrong PIN they are zero, as many clients read no blanks, and CQ N says
    that nothing is shown."""
    refused = found if isinstance(found, Refused) else None
    if isinstance(found, Seen) and found.pin is PinCheck.WRONG:
        refused = Refused(Reason.PIN_WRONG)
    count = 0 if refused is not None and refused.reason in (Reason.UNKNOWN_CARD, Reason.PIN_WRONG) else None
    return m.PatronInformationResponse(
        patron_status=ALL_DENIED if isinstance(found, Refused) else flags(found.standing),
        language=occasion.language,
        transaction_date=sip_date(occasion.now_ms),
        **_counts(count),
        institution_id=occasion.voice.library,
        patron_identifier=asked.patron_identifier or "",
        personal_name="",
        valid_patron=_valid(found) if isinstance(found, Refused) else True,
        valid_patron_password=pin_flag(found.pin) if isinstance(found, Seen) else None,
        screen_message=() if refused is None else (occasion.refusal(refused),),
    )
