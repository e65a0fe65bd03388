"""A terminal of the small city: real SIP2 bytes through the node's own connection, one answer to each request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from twisted.internet.testing import StringTransport

from node.domain.calendar import SHANGHAI
from node.kiosk.listener import KioskFactory
from sip2 import Message, Received, SipDate, decode, encode
from sip2 import messages as m
from sip2.dates import local_date

BLANK = None


def sip_date(at_ms: int) -> SipDate:
    return local_date(datetime.fromtimestamp(at_ms / 1000, UTC), SHANGHAI)


def end_of(day: date) -> SipDate:
    """A due date as kiosks send it: the end of the day."""
    return SipDate(f"{day:%Y%m%d}    235900")


class Kiosk:
    """One terminal. `ask` sends a message and waits, on the city's clock, for its answer."""

    def __init__(
        self,
        factory: Callable[[], KioskFactory],
        login: str,
        library: str,
        *,
        wall_ms: Callable[[], int],
        pump: Callable[[Callable[[], bool]], None],
    ) -> None:
        self._factory = factory
        self.login = login
        self.library = library
        self._wall_ms = wall_ms
        self._pump = pump
        self._sequence = 0
        self.connect()

    # --- the line ------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """A new connection, logged in."""
        protocol = self._factory().buildProtocol(None)
        assert protocol is not None
        self._protocol = protocol
        self._transport = StringTransport()
        self._protocol.makeConnection(self._transport)
        answer = self.ask(m.Login(login_user_id=self.login, login_password="secret"))
        assert isinstance(answer, m.LoginResponse)
        assert answer.ok

    def send(self, data: bytes) -> bytes:
        """Raw bytes, and the raw answer to them."""
        self._transport.clear()
        self._protocol.dataReceived(data)
        self._pump(lambda: self.heard().endswith(b"\r"))
        return self.heard()

    def say(self, data: bytes) -> None:
        """Raw bytes, and no waiting for the answer: see `heard`."""
        self._transport.clear()
        self._protocol.dataReceived(data)

    def heard(self) -> bytes:
        """What has come since the last request; b"" if nothing has."""
        heard: bytes = self._transport.value()
        return heard

    def bytes_of(self, message: Message, *, error_detection: bool = True) -> bytes:
        """The message as it is sent, with the next sequence number."""
        if not error_detection:
            return encode(message)
        self._sequence = (self._sequence + 1) % 10
        return encode(message, str(self._sequence))

    def ask(self, message: Message, *, error_detection: bool = True) -> Any:
        """The response to `message`, decoded."""
        return read(self.send(self.bytes_of(message, error_detection=error_detection)))

    # --- requests, dated now ---------------------------------------------------------------------------------

    @property
    def now(self) -> SipDate:
        return sip_date(self._wall_ms())

    def checkout(self, card: str, barcode: str, **fields: Any) -> m.Checkout:
        return m.Checkout(
            **{
                "sc_renewal_policy": False,
                "no_block": False,
                "transaction_date": self.now,
                "nb_due_date": BLANK,
                "institution_id": self.library,
                "patron_identifier": card,
                "item_identifier": barcode,
                "terminal_password": "",
                **fields,
            }
        )

    def checkin(self, barcode: str, **fields: Any) -> m.Checkin:
        return m.Checkin(
            **{
                "no_block": False,
                "transaction_date": self.now,
                "return_date": self.now,
                "current_location": "",
                "institution_id": self.library,
                "item_identifier": barcode,
                "terminal_password": "",
                **fields,
            }
        )

    def renew(self, card: str, barcode: str, **fields: Any) -> m.Renew:
        return m.Renew(
            **{
                "third_party_allowed": False,
                "no_block": False,
                "transaction_date": self.now,
                "nb_due_date": BLANK,
                "institution_id": self.library,
                "patron_identifier": card,
                "item_identifier": barcode,
                **fields,
            }
        )

    def renew_all(self, card: str, **fields: Any) -> m.RenewAll:
        return m.RenewAll(
            **{"transaction_date": self.now, "institution_id": self.library, "patron_identifier": card, **fields}
        )

    def hold(self, mode: str, card: str, barcode: str | None = None, **fields: Any) -> m.Hold:
        return m.Hold(
            **{
                "hold_mode": mode,
                "transaction_date": self.now,
                "institution_id": self.library,
                "patron_identifier": card,
                "item_identifier": barcode,
                **fields,
            }
        )

    def information(self, card: str, wanted: int | None = None, **fields: Any) -> m.PatronInformation:
        return m.PatronInformation(
            **{
                "language": "019",
                "transaction_date": self.now,
                "summary": "".join("Y" if place == wanted else " " for place in range(10)),
                "institution_id": self.library,
                "patron_identifier": card,
                **fields,
            }
        )

    def status(self, card: str, **fields: Any) -> m.PatronStatus:
        return m.PatronStatus(
            **{
                "language": "019",
                "transaction_date": self.now,
                "institution_id": self.library,
                "patron_identifier": card,
                "terminal_password": "",
                "patron_password": "",
                **fields,
            }
        )

    def item(self, barcode: str) -> m.ItemInformation:
        return m.ItemInformation(
            transaction_date=self.now, institution_id=self.library, item_identifier=barcode, terminal_password=""
        )

    def properties(self, barcode: str, properties: str) -> m.ItemStatusUpdate:
        return m.ItemStatusUpdate(
            transaction_date=self.now,
            institution_id=self.library,
            item_identifier=barcode,
            item_properties=properties,
        )

    def block(self, card: str, *, retained: bool = False, message: str = "") -> m.BlockPatron:
        return m.BlockPatron(
            card_retained=retained,
            transaction_date=self.now,
            institution_id=self.library,
            blocked_card_msg=message,
            patron_identifier=card,
            terminal_password="",
        )

    def enable(self, card: str, **fields: Any) -> m.PatronEnable:
        return m.PatronEnable(
            **{"transaction_date": self.now, "institution_id": self.library, "patron_identifier": card, **fields}
        )

    def end_session(self, card: str) -> m.EndPatronSession:
        return m.EndPatronSession(transaction_date=self.now, institution_id=self.library, patron_identifier=card)

    def sc_status(self) -> m.ScStatus:
        return m.ScStatus(status_code="0", max_print_width=80)

    def pay(self, card: str, amount: str, **fields: Any) -> m.FeePaid:
        return m.FeePaid(
            **{
                "transaction_date": self.now,
                "fee_type": "04",
                "payment_type": "00",
                "currency_type": "CNY",
                "fee_amount": amount,
                "institution_id": self.library,
                "patron_identifier": card,
                **fields,
            }
        )


def read(data: bytes) -> Any:
    """One answer's bytes as its message."""
    received = decode(data.rstrip(b"\r\n"))
    assert isinstance(received, Received), received
    return received.message
