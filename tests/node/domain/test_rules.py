"""The rules of lending: items, days, money, and which rule holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.contract import Reason, Refused
from node.domain.calendar import SHANGHAI, civil_date
from node.domain.rules import (
    DEFAULT_RULE,
    FeeArisesAt,
    LendingRule,
    LoanFacts,
    RuleBook,
    days_late,
    due_on,
    fee_ledger,
    item_refusal,
    late_fee_fen,
    loan_renewal_refusal,
    renewed_due_on,
)

DAYS = st.dates(date(2000, 1, 1), date(2100, 12, 31))
RULES = st.builds(
    LendingRule,
    category=st.sampled_from(["pupil", "adult"]),
    item_type=st.sampled_from(["*", "book", "periodical"]),
    from_on=DAYS,
    loan_days=st.integers(1, 365),
    renewals=st.integers(0, 5),
    renewal_days=st.integers(1, 365),
    late_fee_fen_per_day=st.integers(0, 500),
    late_fee_cap_fen=st.integers(0, 10_000),
)


# --- days ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lent_on", "due"),
    [
        (date(2023, 9, 1), date(2023, 10, 1)),
        (date(2024, 1, 30), date(2024, 2, 29)),
        (date(2023, 1, 30), date(2023, 3, 1)),
        (date(2024, 2, 29), date(2024, 3, 30)),
    ],
)
def test_a_loan_is_due_on_the_thirtieth_day_after_lending(lent_on: date, due: date) -> None:
    assert due_on(DEFAULT_RULE, lent_on, None) == due


def test_a_return_on_the_due_date_is_in_time_until_the_last_second_of_shanghai() -> None:
    due = due_on(DEFAULT_RULE, date(2024, 1, 30), None)
    last_ms = int(datetime.combine(due, time(23, 59, 59, 999_000), SHANGHAI).timestamp() * 1000)
    assert days_late(due, civil_date(last_ms)) == 0
    assert days_late(due, civil_date(last_ms + 1)) == 1


@given(DAYS, st.integers(-400, 4000))
def test_days_late_count_from_the_day_after_the_due_date(due: date, days: int) -> None:
    assert days_late(due, due + timedelta(days=days)) == max(0, days)


@given(RULES, DAYS)
def test_a_renewal_counts_from_the_day_of_renewal(rule: LendingRule, renewed_on: date) -> None:
    assert (renewed_due_on(rule, renewed_on, None) - renewed_on).days == rule.renewal_days


# --- money ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "fee_fen"), [(-3, 0), (0, 0), (1, 20), (2, 40), (249, 4980), (250, 5000), (251, 5000), (99_999, 5000)]
)
def test_the_late_fee_is_twenty_fen_a_day_and_at_most_fifty_yuan(late: int, fee_fen: int) -> None:
    assert late_fee_fen(DEFAULT_RULE, late) == fee_fen


@given(RULES, st.integers(0, 5000), st.integers(0, 5000))
def test_a_fee_never_falls_with_the_days_nor_passes_its_cap(rule: LendingRule, late: int, more: int) -> None:
    fee = late_fee_fen(rule, late)
    assert 0 <= fee <= late_fee_fen(rule, late + more) <= rule.late_fee_cap_fen
    assert fee in (late * rule.late_fee_fen_per_day, rule.late_fee_cap_fen)


@pytest.mark.parametrize(("arises_at", "ledger"), [("return", "CQCQ"), ("lending", "CQSPB"), ("owner", "CQBB")])
def test_a_fee_is_owed_to_the_library_that_the_rule_names(arises_at: FeeArisesAt, ledger: str) -> None:
    rule = replace(DEFAULT_RULE, fee_arises_at=arises_at)
    assert fee_ledger(rule, lending="CQSPB", returning="CQCQ", owner="CQBB") == ledger


# --- items ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item_type", "lendable"),
    [
        ("book", True),
        ("picture_book", True),
        ("periodical", True),
        ("audiovisual", False),
        ("reference", False),
        ("rare", False),
        ("", False),
        ("*", False),
    ],
)
def test_only_items_of_a_lendable_type_are_lent(item_type: str, lendable: bool) -> None:
    refused = item_refusal(DEFAULT_RULE, item_type, "任何地方")
    assert refused == (None if lendable else Refused(Reason.NOT_LENDABLE))


def test_only_listed_locations_lend_where_locations_are_listed() -> None:
    rule = replace(DEFAULT_RULE, lendable_locations=("开架一区",))
    assert item_refusal(rule, "book", "开架一区") is None
    assert item_refusal(rule, "book", "书库") == Refused(Reason.NOT_LENDABLE)
    assert item_refusal(rule, "rare", "开架一区") == Refused(Reason.NOT_LENDABLE)


# --- renewing a loan -----------------------------------------------------------------------------------------

DUE = date(2024, 2, 29)
LENT = DUE - timedelta(days=30)


@pytest.mark.parametrize(
    ("on", "renewals", "reserved", "reason"),
    [
        (DUE - timedelta(days=30), 0, False, Reason.RENEWAL_TOO_EARLY),
        (DUE - timedelta(days=29), 0, False, None),
        (DUE, 0, False, None),
        (DUE + timedelta(days=1), 0, False, Reason.RENEWAL_OVERDUE),
        (DUE, 0, True, Reason.RESERVED),
        (DUE, 1, False, Reason.RENEWAL_LIMIT),
        (DUE, 1, True, Reason.RESERVED),
        (DUE + timedelta(days=1), 1, True, Reason.RENEWAL_OVERDUE),
    ],
)
def test_a_loan_renews_once_up_to_its_due_date_unless_reserved(
    on: date, renewals: int, reserved: bool, reason: Reason | None
) -> None:
    refused = loan_renewal_refusal(DEFAULT_RULE, LoanFacts(LENT, DUE, renewals, reserved), on)
    assert (refused and refused.reason) == reason
    if refused:
        assert refused.due_on == DUE


def test_the_limit_of_renewals_is_named() -> None:
    refused = loan_renewal_refusal(replace(DEFAULT_RULE, renewals=2), LoanFacts(LENT, DUE, 2, False), DUE)
    assert refused == Refused(Reason.RENEWAL_LIMIT, number=2, due_on=DUE)


@pytest.mark.parametrize(
    ("rule", "from_on"),
    [
        (DEFAULT_RULE, LENT + timedelta(days=1)),
        (replace(DEFAULT_RULE, renewable_from_day=7), LENT + timedelta(days=7)),
        (replace(DEFAULT_RULE, renewal_days=10), DUE - timedelta(days=9)),
        (replace(DEFAULT_RULE, renewal_days=60), LENT),
    ],
)
def test_a_renewal_that_gains_no_day_is_refused_with_the_day_from_which_it_gains(
    rule: LendingRule, from_on: date
) -> None:
    facts = LoanFacts(LENT, DUE, 0, reserved=False)
    refused = loan_renewal_refusal(rule, facts, from_on - timedelta(days=1))
    assert refused == Refused(Reason.RENEWAL_TOO_EARLY, number=rule.renewal_days, due_on=DUE, from_on=from_on)
    assert loan_renewal_refusal(rule, facts, from_on) is None
    assert renewed_due_on(rule, from_on, None) > DUE


@given(RULES, DAYS, st.lists(st.integers(0, 40), max_size=12), st.none() | DAYS)
def test_a_reader_who_keeps_renewing_never_renews_more_often_than_allowed(
    rule: LendingRule, lent_on: date, pauses: list[int], last_due: date | None
) -> None:
    due, renewals, today = due_on(rule, lent_on, last_due), 0, lent_on
    for pause in pauses:
        today += timedelta(days=pause)
        if loan_renewal_refusal(rule, LoanFacts(lent_on, due, renewals, False, last_due), today) is None:
            assert days_late(due, today) == 0
            assert renewed_due_on(rule, today, last_due) > due, "a renewal gains days"
            due, renewals = renewed_due_on(rule, today, last_due), renewals + 1
    assert renewals <= rule.renewals
    assert last_due is None or due <= max(last_due, lent_on)
    assert due <= max(due_on(rule, lent_on, None), today + timedelta(days=rule.renewal_days))


@pytest.mark.parametrize(
    ("last_due", "on", "reason"),
    [
        (DUE + timedelta(days=1), LENT + timedelta(days=1), None),
        (DUE, LENT + timedelta(days=1), Reason.RENEWAL_PAST_CARD),
        (DUE - timedelta(days=5), DUE, Reason.RENEWAL_PAST_CARD),  # lent before the rule held: never shortened
        (DUE, LENT, Reason.RENEWAL_PAST_CARD),  # no day is named from which it would gain
        (DUE, DUE + timedelta(days=1), Reason.RENEWAL_OVERDUE),
    ],
)
def test_a_renewal_that_gains_no_day_because_the_card_ends_is_refused_for_that(
    last_due: date, on: date, reason: Reason | None
) -> None:
    refused = loan_renewal_refusal(DEFAULT_RULE, LoanFacts(LENT, DUE, 0, False, last_due), on)
    assert refused == (None if reason is None else Refused(reason, due_on=DUE))


@pytest.mark.parametrize(
    ("last_due", "due"),
    [
        (None, LENT + timedelta(days=30)),
        (LENT + timedelta(days=31), LENT + timedelta(days=30)),
        (LENT + timedelta(days=29), LENT + timedelta(days=29)),
        (LENT, LENT),
        (LENT - timedelta(days=1), LENT),
    ],
)
def test_no_due_date_lies_after_the_last_one_of_the_card_nor_before_the_loan(last_due: date | None, due: date) -> None:
    assert due_on(DEFAULT_RULE, LENT, last_due) == due
    assert renewed_due_on(DEFAULT_RULE, LENT, last_due) == due


def test_only_a_rule_that_says_so_keeps_due_dates_within_the_card() -> None:
    until = date(2024, 6, 30)
    within = replace(DEFAULT_RULE, category="visitor", from_on=date(2024, 2, 1), due_within_card=True)
    book = RuleBook((within, replace(within, item_type="periodical", due_within_card=False)))
    assert book.last_due_on("visitor", until, date(2024, 2, 1)) == until
    assert book.last_due_on("visitor", None, date(2024, 2, 1)) is None
    assert book.last_due_on("visitor", until, date(2024, 1, 31)) is None
    assert book.last_due_on("pupil", until, date(2024, 2, 1)) is None


# --- which rule holds ----------------------------------------------------------------------------------------

OLD, NEW = date(2023, 9, 1), date(2025, 1, 1)


def row(category: str, item_type: str, from_on: date, loan_days: int) -> LendingRule:
    return LendingRule(category=category, item_type=item_type, from_on=from_on, loan_days=loan_days)


BOOK = RuleBook(
    (
        row("pupil", "*", OLD, 1),
        row("pupil", "*", NEW, 2),
        row("pupil", "periodical", OLD, 3),
        row("adult", "*", NEW, 4),
        row("adult", "book", NEW, 5),
    )
)


@pytest.mark.parametrize(
    ("category", "item_type", "on", "loan_days"),
    [
        ("pupil", "book", OLD - timedelta(days=1), 30),
        ("pupil", "book", OLD, 1),
        ("pupil", "book", NEW - timedelta(days=1), 1),
        ("pupil", "book", NEW, 2),
        ("pupil", "periodical", NEW, 3),
        ("adult", "book", NEW, 5),
        ("adult", "periodical", NEW, 4),
        ("adult", "book", NEW - timedelta(days=1), 1),
        ("adult", "periodical", OLD, 3),
        ("adult", "*", NEW, 4),
        ("teacher", "book", NEW, 2),
        ("teacher", "periodical", NEW, 3),
    ],
)
def test_the_most_specific_rule_in_force_holds(category: str, item_type: str, on: date, loan_days: int) -> None:
    assert BOOK.rule_for(category, item_type, on).loan_days == loan_days


def test_before_the_category_is_known_the_rules_of_all_categories_may_hold() -> None:
    assert [rule.loan_days for rule in BOOK.rules_for(None, "book", NEW)] == [5, 2]
    assert [rule.loan_days for rule in BOOK.rules_for("adult", "book", NEW)] == [5]
    assert RuleBook().rules_for(None, "book", NEW) == (LendingRule(),)


@pytest.mark.parametrize(
    ("category", "item_type", "refused"),
    [
        ("pupil", "reference", True),
        ("adult", "reference", False),
        ("teacher", "reference", True),
        (None, "reference", False),
        ("adult", "rare", True),
        (None, "rare", True),
        (None, "book", False),
    ],
)
def test_an_item_is_refused_to_a_category_or_before_that_is_known_if_nobody_may_borrow_it(
    category: str | None, item_type: str, refused: bool
) -> None:
    book = RuleBook((LendingRule(), LendingRule(category="adult", lendable_types=("book", "reference"))))
    assert (book.item_refusal(category, item_type, "children", NEW) is not None) is refused


def test_a_rule_that_is_not_in_force_yet_lends_to_nobody() -> None:
    book = RuleBook((LendingRule(category="adult", from_on=NEW, lendable_types=("reference",)),))
    assert book.item_refusal(None, "reference", "", NEW - timedelta(days=1)) == Refused(Reason.NOT_LENDABLE)
    assert book.item_refusal(None, "reference", "", NEW) is None


def test_an_empty_book_holds_the_numbers_of_the_public_notice() -> None:
    assert RuleBook().rule_for("pupil", "book", OLD) == LendingRule()


def test_two_rules_for_one_day_are_refused() -> None:
    with pytest.raises(ValueError, match="two rules for category pupil, item type \\* from 2023-09-01"):
        RuleBook((row("pupil", "*", OLD, 1), row("pupil", "*", OLD, 2)))
    with pytest.raises(ValueError, match="two rules"):
        RuleBook((row("pupil", "*", NEW, 1), row("pupil", "*", OLD, 2), row("pupil", "*", OLD, 3)))


@given(st.lists(RULES, unique_by=lambda rule: (rule.category, rule.item_type, rule.from_on)), DAYS)
def test_a_rule_never_holds_before_its_day_nor_after_a_newer_one(rules: list[LendingRule], on: date) -> None:
    found = RuleBook(tuple(rules)).rule_for("adult", "book", on)
    assert found == RuleBook(tuple(reversed(rules))).rule_for("adult", "book", on)
    assert found.from_on <= on
    same_row = [rule for rule in rules if (rule.category, rule.item_type) == (found.category, found.item_type)]
    assert not any(found.from_on < rule.from_on <= on for rule in same_row)


def test_an_unknown_breach_is_refused() -> None:
    with pytest.raises(ValueError, match="renewal_refused_for"):
        LendingRule(renewal_refused_for=frozenset({"late"}))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="lending_refused_for"):
        LendingRule(lending_refused_for=frozenset({"suspended"}))
