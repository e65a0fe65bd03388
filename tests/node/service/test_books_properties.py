"""Whatever readers do at one library, and whatever is cancelled, the books add up after every step."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from federation.contract import CancelOp
from node.domain.rules import LendingRule
from tests.node.service.kiosks import Kiosk
from tests.node.service.small_city import SmallCity

LIBRARY = "CQBB"
CAP_FEN = 600
RULE = LendingRule(max_loans=3, max_foreign_loans=1, late_fee_fen_per_day=20, late_fee_cap_fen=CAP_FEN)

CARDS = st.integers(1, 3)
ITEMS = st.sampled_from([1, 2, 3, 4, 11, 12, 14])  # 11 and 12 are foreign, 14 is not lent
WHICH = st.integers(0, 20)  # of what there is, counted round
STEPS = st.one_of(
    st.tuples(st.just("lend"), CARDS, ITEMS),
    st.tuples(st.just("lend"), CARDS, ITEMS),
    st.tuples(st.just("return"), WHICH),
    st.tuples(st.just("return_late"), WHICH),
    st.tuples(st.just("return_late"), WHICH),
    st.tuples(st.just("return_any"), ITEMS),
    st.tuples(st.just("renew"), WHICH),
    st.tuples(st.just("renew_any"), CARDS, ITEMS),
    st.tuples(st.just("pay"), st.sampled_from([0.5, 0.8, 1, 1.2])),
    st.tuples(st.just("cancel"), st.sampled_from([0, 0, 1, 5, 17])),
    st.tuples(st.just("repeat")),
    st.tuples(st.just("wait"), st.sampled_from([1 / 1440, 1, 29, 31, 45])),
)
WALKS = st.lists(STEPS, min_size=20, max_size=40)


class Walk:
    """A city of one library, and a kiosk at which the steps are made."""

    def __init__(self) -> None:
        self.city = SmallCity([LIBRARY], rule=RULE)
        self.node = self.city[LIBRARY]
        self.kiosk: Kiosk = self.city.kiosk(LIBRARY)
        self.last = b""

    def step(self, kind: str, *drawn: Any) -> None:
        """One step, and a minute: two requests within one second could not be told from a repeat."""
        getattr(self, f"_{kind}")(*drawn)
        self.city.pass_minutes(1)

    def _ask(self, message: Any) -> None:
        self.last = self.kiosk.bytes_of(message)
        self.kiosk.send(self.last)

    def _lend(self, card: int, item: int) -> None:
        self._ask(self.kiosk.checkout(self.city.card(LIBRARY, card), self.city.item(LIBRARY, item)))

    def _return(self, which: int) -> None:
        """Something that is on loan."""
        on_loan = self.sql("SELECT barcode FROM loan WHERE closed_at_ms IS NULL ORDER BY barcode")
        if on_loan:
            self._ask(self.kiosk.checkin(on_loan[which % len(on_loan)][0]))

    def _return_late(self, which: int) -> None:
        self.city.pass_days(35)
        self._return(which)

    def _return_any(self, item: int) -> None:
        self._ask(self.kiosk.checkin(self.city.item(LIBRARY, item)))

    def _renew(self, which: int) -> None:
        """Something on loan, by its reader."""
        on_loan = self.sql(
            "SELECT card, barcode FROM loan JOIN card ON card.reader = loan.reader"
            " WHERE closed_at_ms IS NULL ORDER BY barcode"
        )
        if on_loan:
            self._ask(self.kiosk.renew(*on_loan[which % len(on_loan)]))

    def _renew_any(self, card: int, item: int) -> None:
        self._ask(self.kiosk.renew(self.city.card(LIBRARY, card), self.city.item(LIBRARY, item)))

    def _pay(self, share: float) -> None:
        """A share of what the reader who owes most owes, or some money of one who owes nothing."""
        card = max((1, 2, 3), key=self.owed_fen)
        amount_fen = round(self.owed_fen(card) * share) or 100
        self._ask(self.kiosk.pay(self.city.card(LIBRARY, card), f"{amount_fen // 100}.{amount_fen % 100:02d}"))

    def _cancel(self, place: int) -> None:
        """Some operation of the past, whatever came of it."""
        rows = self.sql("SELECT op, barcode FROM kiosk_op WHERE message IN ('11', '29') ORDER BY seq DESC")
        if rows:
            op, barcode = rows[place % len(rows)]
            self.city.wait_for(self.node.core.local.deliver([CancelOp(op, barcode, LIBRARY)], 1.0))

    def _repeat(self) -> None:
        if self.last:
            self.kiosk.connect()
            self.kiosk.send(self.last)

    def _wait(self, days: float) -> None:
        self.city.pass_days(days)

    def owed_fen(self, card: int) -> int:
        owed = (
            f"SELECT coalesce(sum(max(amount_fen - paid_fen, 0)), 0) FROM fine WHERE reader = '{LIBRARY}-reader-{card}'"
        )
        return int(self.sql(owed)[0][0])

    def sql(self, query: str) -> list[Any]:
        return self.node.connection.execute(query).fetchall()

    # --- what holds ------------------------------------------------------------------------------------------

    def check(self) -> None:
        self._places_are_counted()
        self._loans_have_places_and_items_one_loan()
        self._money_adds_up()

    def _places_are_counted(self) -> None:
        counted = "SELECT reader, places_used, foreign_used FROM card ORDER BY reader"
        held = (
            "SELECT card.reader, count(op), coalesce(sum(is_foreign), 0) FROM card"
            " LEFT JOIN place ON place.reader = card.reader AND state = 'held' GROUP BY card.reader ORDER BY 1"
        )
        assert self.sql(counted) == self.sql(held)
        assert self.sql(f"SELECT reader FROM card WHERE places_used > {RULE.max_loans} OR foreign_used > 1") == []

    def _loans_have_places_and_items_one_loan(self) -> None:
        assert self.city.loans() == self.city.places()
        assert (
            self.sql("SELECT barcode FROM loan WHERE closed_at_ms IS NULL GROUP BY barcode HAVING count(*) > 1") == []
        )
        due = "SELECT op, due_on, renewals FROM {} ORDER BY op"
        assert self.sql(due.format("loan WHERE closed_at_ms IS NULL")) == self.sql(
            due.format("place WHERE state = 'held'")
        )
        assert self.sql(f"SELECT op FROM loan WHERE renewals NOT BETWEEN 0 AND {RULE.renewals}") == []

    def _money_adds_up(self) -> None:
        ((lines,),) = self.sql("SELECT coalesce(sum(amount_fen), 0) FROM payment_line")
        ((paid,),) = self.sql("SELECT coalesce(sum(paid_fen), 0) FROM fine")
        assert self.sql("SELECT coalesce(sum(amount_fen), 0) FROM payment") == [(lines,)]
        assert lines == paid
        assert self.sql(f"SELECT fine FROM fine WHERE amount_fen > {CAP_FEN}") == []
        refunds = "SELECT 1 FROM staff_exception WHERE kind = 'refund_due' AND op LIKE fine || '/%'"
        assert self.sql(f"SELECT fine FROM fine WHERE paid_fen > amount_fen AND NOT EXISTS ({refunds})") == []
        mirrored = "SELECT fine, amount_fen, paid_fen FROM {} ORDER BY fine"
        assert self.sql(mirrored.format("fine")) == self.sql(mirrored.format("fine_mirror"))
        assert self.sql("SELECT loan FROM fine GROUP BY loan, due_on HAVING count(*) > 1") == []


@settings(max_examples=100)
@given(WALKS)
def test_the_books_add_up_after_every_step(steps: list[tuple[Any, ...]]) -> None:
    walk = Walk()
    for step in steps:
        walk.step(*step)
        walk.check()
    walk.city.check()


@settings(max_examples=40)
@given(WALKS)
def test_what_a_reader_is_told_is_what_the_books_hold(steps: list[tuple[Any, ...]]) -> None:
    walk = Walk()
    for step in steps:
        walk.step(*step)
    for number in (1, 2, 3):
        told = walk.kiosk.ask(walk.kiosk.information(walk.city.card(LIBRARY, number), 2))
        reader = f"{LIBRARY}-reader-{number}"
        held = walk.sql(f"SELECT barcode FROM place WHERE reader = '{reader}' AND state = 'held'")
        owed = walk.owed_fen(number)
        assert sorted(told.charged_items) == sorted(barcode for (barcode,) in held)
        assert told.charged_items_count == len(held)
        assert told.fee_amount == f"{owed // 100}.{owed % 100:02d}"
