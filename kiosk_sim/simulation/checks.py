"""All checks: a name for each, and the order does not matter. Each gives sentences, one a violation."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from kiosk_sim.simulation import (
    checks_cards,
    checks_holds,
    checks_loans,
    checks_money,
    checks_quiet,
    checks_screens,
    checks_staff,
    checks_told,
)
from kiosk_sim.simulation.account import Account, Intention
from kiosk_sim.simulation.books import Books
from kiosk_sim.simulation.facts import Facts
from kiosk_sim.simulation.world import World

Check = Callable[[Facts], Iterator[str]]

MOST_OF_A_KIND = 5

IN_THE_CALM: Mapping[str, Check] = {
    "no card above its quota": checks_loans.quotas_are_kept,
    "no item lent to two": checks_loans.no_item_is_lent_to_two,
    "loans and places agree": checks_loans.loans_and_places_agree,
    "a return ends the loan that ran": checks_loans.a_return_ends_the_loan_that_ran,
    "renewals keep the rules": checks_loans.renewals_keep_the_rules,
    "loans begin when asked": checks_loans.loans_begin_when_they_were_asked,
    "a return is in the books": checks_told.accepted_returns_are_in_the_books,
    "told lent, lent": checks_told.what_was_lent_is_lent,
    "told not lent, not lent": checks_told.what_was_refused_is_not_lent,
    "told renewed, renewed": checks_told.renewals_are_as_told,
    "told renewed one by one, renewed": checks_told.renewals_of_all_are_as_told,
    "told undone, undone": checks_told.what_failed_at_the_kiosk_is_undone,
    "executed once": checks_told.nothing_is_executed_twice,
    "one fine a late return": checks_money.a_late_return_has_one_fine,
    "fines are booked where they arise": checks_money.fines_are_booked_as_ordered,
    "mirrors agree": checks_money.mirrors_agree,
    "money is booked": checks_money.money_taken_is_money_booked,
    "payments are as told": checks_money.payments_are_as_told,
    "told reserved, reserved": checks_holds.holds_are_as_told,
    "a kept copy is not on loan": checks_holds.kept_copies_are_there,
    "holds are collected by their readers": checks_holds.holds_are_collected_by_their_readers,
    "mirrors of holds agree": checks_holds.mirrors_agree,
    "told blocked, blocked": checks_cards.blocks_are_as_told,
    "blocked here, denied here": checks_cards.what_is_blocked_here_is_denied_here,
    "refunds are listed": checks_staff.refunds_due_are_listed,
    "what broke a rule is listed": checks_staff.broken_rules_are_listed,
    "the screen shows the books": checks_screens.the_screen_shows_the_books,
    "privacy": checks_quiet.no_reader_is_known_elsewhere,
}


def in_the_calm(world: World, books: Books, account: Account) -> list[str]:
    """Every check over all the books."""
    facts = Facts(world, books, account)
    return [
        f"{name}: {sentence}"
        for name, check in IN_THE_CALM.items()
        for sentence in islice(check(facts), MOST_OF_A_KIND)
    ]


def unfinished(books: Books) -> list[str]:
    """What is half done although all is quiet."""
    return [
        f"{name}: {sentence}"
        for name, check in checks_quiet.UNFINISHED.items()
        for sentence in islice(check(books), MOST_OF_A_KIND)
    ]


def after_a_step(world: World, databases: Mapping[str, sqlite3.Connection], done: Intention) -> list[str]:
    """What one operation touched: its card and its item, at this moment."""
    found: list[str] = []
    if done.reader is not None:
        found += checks_loans.quota_now(databases, done.reader)
    if done.item is not None:
        found += checks_loans.lent_once_now(databases[done.item.owner], done.item)
        found += checks_holds.kept_now(databases[done.item.owner], done.item)
    return found
