"""The requests that simulated kiosks send, as messages of `sip2`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from kiosk_sim.simulation.world import Item, Reader
from sip2 import SipDate
from sip2 import messages as m


def checkout(
    branch: str,
    reader: Reader,
    item: Item,
    date: SipDate,
    *,
    pin: str | None = None,
    no_block: bool = False,
    cancel: bool | None = None,
) -> m.Checkout:
    """`cancel`: the check-in of this item failed at the kiosk, after its answer (BI)."""
    return m.Checkout(
        sc_renewal_policy=False,
        no_block=no_block,
        transaction_date=date,
        nb_due_date=None,
        institution_id=branch,
        patron_identifier=reader.card,
        item_identifier=item.barcode,
        terminal_password="",
        patron_password=pin,
        cancel=cancel,
    )


def checkin(
    branch: str,
    item: Item,
    date: SipDate,
    *,
    came_back: SipDate | None = None,
    no_block: bool = False,
    cancel: bool | None = None,
) -> m.Checkin:
    """`came_back`: the return date, if it is not the date of the transaction. `cancel`: the checkout of this item
    failed at the kiosk, after its answer (BI)."""
    return m.Checkin(
        no_block=no_block,
        transaction_date=date,
        return_date=date if came_back is None else came_back,
        current_location="",
        institution_id=branch,
        item_identifier=item.barcode,
        terminal_password="",
        cancel=cancel,
    )


def renew(branch: str, reader: Reader, item: Item, date: SipDate) -> m.Renew:
    return m.Renew(
        third_party_allowed=False,
        no_block=False,
        transaction_date=date,
        nb_due_date=None,
        institution_id=branch,
        patron_identifier=reader.card,
        item_identifier=item.barcode,
    )


def fee_paid(branch: str, reader: Reader, amount_fen: int, number: str, date: SipDate) -> m.FeePaid:
    return m.FeePaid(
        transaction_date=date,
        fee_type="04",
        payment_type="00",
        currency_type="CNY",
        fee_amount=f"{amount_fen // 100}.{amount_fen % 100:02d}",
        institution_id=branch,
        patron_identifier=reader.card,
        transaction_id=number or None,
    )


def patron_information(branch: str, reader: Reader, date: SipDate) -> m.PatronInformation:
    return m.PatronInformation(
        language="019",
        transaction_date=date,
        summary="  Y       ",  # the items on loan
        institution_id=branch,
        patron_identifier=reader.card,
    )


def renew_all(branch: str, reader: Reader, date: SipDate) -> m.RenewAll:
    return m.RenewAll(transaction_date=date, institution_id=branch, patron_identifier=reader.card)


@dataclass(frozen=True, slots=True)
class HoldWish:
    """What a 15 asks for. `mode`: `+`, `-` or `*`; `item` None: any copy of `title`; `until_on` None: for good."""

    mode: str
    title: str
    item: Item | None
    pickup: str | None = None
    until_on: date | None = None

    def identity(self, branch: str) -> str:
        """What the node adds to the identity of the request."""
        unchanged = self.mode != "+" and self.pickup is None
        parts = (
            _HOLD_MODES[self.mode],
            "" if self.item is None else self.item.barcode,
            "" if self.item is not None else self.title,
            "" if unchanged else self.pickup or branch,
            str(self.until_on),
        )
        return "\x1f".join(parts)


_HOLD_MODES = {"+": "place", "-": "delete", "*": "change"}


def hold(branch: str, reader: Reader, wish: HoldWish, at: SipDate) -> m.Hold:
    return m.Hold(
        hold_mode=wish.mode,
        transaction_date=at,
        expiration_date=None if wish.until_on is None else SipDate(f"{wish.until_on:%Y%m%d}    235900"),
        pickup_location=wish.pickup,
        institution_id=branch,
        patron_identifier=reader.card,
        item_identifier=None if wish.item is None else wish.item.barcode,
        title_identifier=None if wish.item is not None else wish.title,
    )


def block(branch: str, reader: Reader, date: SipDate) -> m.BlockPatron:
    return m.BlockPatron(
        card_retained=False,
        transaction_date=date,
        institution_id=branch,
        blocked_card_msg="",
        patron_identifier=reader.card,
        terminal_password="",
    )


def enable(branch: str, reader: Reader, date: SipDate) -> m.PatronEnable:
    return m.PatronEnable(transaction_date=date, institution_id=branch, patron_identifier=reader.card)
