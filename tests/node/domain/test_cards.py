"""The rules of lending, the card's side: validity, places in the quota, breaches, gates."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.contract import CardStatus, PinCheck, Reason, Refused, Standing
from node.domain.rules import (
    DEFAULT_RULE,
    LENDING_BREACHES,
    RENEWAL_BREACHES,
    CardFacts,
    card_refusal,
    gate_opens,
    lending_refusal,
    place_refusal,
    renewal_refusal,
)

TODAY = date(2024, 2, 29)
GOOD = CardFacts(CardStatus.ACTIVE, None, places_used=0, foreign_used=0, max_loans=8, max_foreign=3)
BURDENED = replace(GOOD, overdue_items=2, owed_fen=140, fee_ledger="CQBB", violation=True)

FACTS = st.builds(
    CardFacts,
    status=st.sampled_from(CardStatus),
    expires_on=st.none() | st.dates(date(2024, 1, 1), date(2024, 4, 1)),
    places_used=st.integers(0, 12),
    foreign_used=st.integers(0, 12),
    max_loans=st.integers(0, 10),
    max_foreign=st.integers(0, 10),
    overdue_items=st.integers(0, 3),
    owed_fen=st.integers(0, 10_000),
    violation=st.booleans(),
)

STATUS_REASONS = [
    (CardStatus.ACTIVE, None),
    (CardStatus.SUSPENDED, Reason.CARD_SUSPENDED),
    (CardStatus.LOST, Reason.CARD_LOST),
    (CardStatus.EXPIRED, Reason.CARD_EXPIRED),
    (CardStatus.CLOSED, Reason.CARD_CLOSED),
]


@pytest.mark.parametrize(("status", "reason"), STATUS_REASONS)
def test_an_invalid_card_lends_nothing_renews_nothing_and_opens_no_gate(
    status: CardStatus, reason: Reason | None
) -> None:
    facts = replace(GOOD, status=status)
    expected = Refused(reason) if reason else None
    assert card_refusal(facts, TODAY) == expected
    assert lending_refusal(DEFAULT_RULE, facts, TODAY) == expected
    assert renewal_refusal(DEFAULT_RULE, facts, TODAY) == expected
    assert gate_opens(facts, TODAY) == (expected is None)


def test_a_card_is_good_on_its_last_day_and_expired_the_day_after() -> None:
    facts = replace(GOOD, expires_on=TODAY)
    assert card_refusal(facts, TODAY) is None
    assert card_refusal(facts, TODAY + timedelta(days=1)) == Refused(Reason.CARD_EXPIRED)


# --- lending -------------------------------------------------------------------------------------------------


def test_overdue_items_and_fees_do_not_stop_lending_unless_the_rule_says_so() -> None:
    assert lending_refusal(DEFAULT_RULE, BURDENED, TODAY) is None


@pytest.mark.parametrize(
    ("breach", "refused"),
    [
        ("overdue_item", Refused(Reason.OVERDUE_ITEM, number=2)),
        ("fee_unpaid", Refused(Reason.FEE_UNPAID, library="CQBB", number=140)),
        ("violation", Refused(Reason.VIOLATION)),
    ],
)
def test_a_breach_stops_what_the_rule_lists_it_for_and_names_the_figure(breach: str, refused: Refused) -> None:
    listed = {choice for choice in LENDING_BREACHES if choice == breach}
    lending = replace(DEFAULT_RULE, lending_refused_for=frozenset(listed))
    assert lending_refusal(lending, BURDENED, TODAY) == refused
    assert lending_refusal(lending, GOOD, TODAY) is None
    renewal = replace(DEFAULT_RULE, renewal_refused_for=frozenset(listed))
    assert renewal_refusal(renewal, BURDENED, TODAY) == refused
    assert renewal_refusal(renewal, GOOD, TODAY) is None


@given(FACTS)
def test_what_lends_is_always_valid(facts: CardFacts) -> None:
    if lending_refusal(DEFAULT_RULE, facts, TODAY) is None:
        assert facts.status is CardStatus.ACTIVE
        assert facts.expires_on is None or facts.expires_on >= TODAY


# --- places --------------------------------------------------------------------------------------------------


def test_the_ninth_item_and_the_fourth_foreign_one_are_refused_with_the_limit() -> None:
    assert place_refusal(replace(GOOD, places_used=7, foreign_used=2), foreign=True) is None
    assert place_refusal(replace(GOOD, places_used=8), foreign=False) == Refused(Reason.QUOTA, number=8)
    three = replace(GOOD, places_used=3, foreign_used=3)
    assert place_refusal(three, foreign=True) == Refused(Reason.FOREIGN_QUOTA, number=3)
    assert place_refusal(three, foreign=False) is None


@given(st.integers(0, 10), st.integers(0, 10), st.lists(st.tuples(st.booleans(), st.booleans()), max_size=60))
def test_no_order_of_loans_and_returns_passes_the_quota(
    max_loans: int, max_foreign: int, steps: list[tuple[bool, bool]]
) -> None:
    facts = replace(GOOD, max_loans=max_loans, max_foreign=max_foreign)
    held: list[bool] = []
    for is_loan, foreign in steps:
        if is_loan and place_refusal(facts, foreign) is None:
            held.append(foreign)
        elif not is_loan and foreign in held:
            held.remove(foreign)
        facts = replace(facts, places_used=len(held), foreign_used=sum(held))
        assert len(held) <= max_loans
        assert sum(held) <= max_foreign


# --- renewing ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("burden", [{"overdue_items": 1}, {"owed_fen": 1}, {"violation": True}])
def test_any_burden_on_the_register_stops_a_renewal_by_default(burden: dict[str, int | bool]) -> None:
    assert renewal_refusal(DEFAULT_RULE, replace(GOOD, **burden), TODAY) is not None  # type: ignore[arg-type]


def test_a_forgiven_breach_does_not_hide_another() -> None:
    rule = replace(DEFAULT_RULE, renewal_refused_for=RENEWAL_BREACHES - {"suspended"})
    suspended = replace(GOOD, status=CardStatus.SUSPENDED)
    assert renewal_refusal(rule, suspended, TODAY) is None
    expired_too = replace(suspended, expires_on=TODAY - timedelta(days=1))
    assert renewal_refusal(rule, expired_too, TODAY) == Refused(Reason.CARD_EXPIRED)
    assert renewal_refusal(rule, replace(suspended, owed_fen=20), TODAY) == Refused(Reason.FEE_UNPAID, number=20)


def test_no_rule_forgives_a_closed_card() -> None:
    rule = replace(DEFAULT_RULE, renewal_refused_for=frozenset())
    assert renewal_refusal(rule, replace(GOOD, status=CardStatus.CLOSED), TODAY) == Refused(Reason.CARD_CLOSED)
    assert renewal_refusal(rule, replace(BURDENED, status=CardStatus.LOST), TODAY) is None


@given(FACTS, st.sets(st.sampled_from(sorted(RENEWAL_BREACHES))))
def test_listing_fewer_breaches_never_refuses_more(facts: CardFacts, fewer: set[str]) -> None:
    listed = frozenset(breach for breach in RENEWAL_BREACHES if breach in fewer)
    if renewal_refusal(DEFAULT_RULE, facts, TODAY) is None:
        assert renewal_refusal(replace(DEFAULT_RULE, renewal_refused_for=listed), facts, TODAY) is None


# --- gates ---------------------------------------------------------------------------------------------------


@given(FACTS)
def test_a_gate_opens_for_every_valid_card_whatever_is_overdue_or_owed(facts: CardFacts) -> None:
    unburdened = replace(facts, overdue_items=0, owed_fen=0, violation=False, places_used=0, foreign_used=0)
    assert gate_opens(facts, TODAY) == gate_opens(unburdened, TODAY) == (card_refusal(facts, TODAY) is None)


@pytest.mark.parametrize(
    ("reason", "opens"),
    [
        (Reason.OVERDUE_ITEM, True),
        (Reason.FEE_UNPAID, True),
        (Reason.QUOTA, True),
        (Reason.UNKNOWN_CARD, False),
        (Reason.OUT_OF_GROUP, False),
        (Reason.HOME_UNREACHABLE, False),
        (Reason.CARD_LOST, False),
    ],
)
def test_a_refusal_shuts_a_gate_unless_it_is_about_lending_alone(reason: Reason, opens: bool) -> None:
    assert gate_opens(Refused(reason), TODAY) is opens


def test_a_gate_takes_the_standing_that_another_library_sent() -> None:
    standing = Standing(
        reader="r1",
        name="",
        status=CardStatus.ACTIVE,
        pin=PinCheck.ABSENT,
        category="pupil",
        expires_on=TODAY,
        max_loans=8,
        max_foreign=3,
        loans=(),
        fines=(),
        lending=Refused(Reason.FEE_UNPAID),
    )
    assert gate_opens(standing, TODAY)
    assert not gate_opens(standing, TODAY + timedelta(days=1))
