"""The requests that simulated kiosks send, as messages of `sip2`."""

from __future__ import annotations

from kiosk_sim.simulation.world import Item, Reader
from sip2 import SipDate
from sip2 import messages as m


def checkout(
    branch: str, reader: Reader, item: Item, date: SipDate, *, pin: str | None = None, no_block: bool = False
) -> m.Checkout:
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
    )


def checkin(branch: str, item: Item, date: SipDate, *, no_block: bool = False) -> m.Checkin:
    return m.Checkin(
        no_block=no_block,
        transaction_date=date,
        return_date=date,
        current_location="",
        institution_id=branch,
        item_identifier=item.barcode,
        terminal_password="",
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
        summary="  Y       ",
        institution_id=branch,
        patron_identifier=reader.card,
    )
