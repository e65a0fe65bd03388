"""All checks: a name for each, and the order does not matter. Each gives sentences, one a violation."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from kiosk_sim.simulation.account import Account, Intention
from kiosk_sim.simulation.checks import cards, clocks, holds, loans, money, quiet, screens, staff, told, whose
from kiosk_sim.simulation.checks.clocks import is_behind_its_books
from kiosk_sim.simulation.checks.facts import Facts
from kiosk_sim.simulation.checks.rows import CityRows
from kiosk_sim.simulation.world import World

__all__ = ["IN_THE_CALM", "after_a_step", "in_the_calm", "is_behind_its_books", "unfinished"]

Check = Callable[[Facts], Iterator[str]]

MOST_OF_A_KIND = 5

IN_THE_CALM: Mapping[str, Check] = {
    "no card above its quota": loans.quotas_are_kept,
    "no item lent to two": loans.no_item_is_lent_to_two,
    "loans and places agree": loans.loans_and_places_agree,
    "a return ends the loan that ran": loans.a_return_ends_the_loan_that_ran,
    "told returned, off the account": loans.what_was_returned_is_off_the_account,
    "doubts have their reason": loans.doubts_have_their_reason,
    "a return ends the loan of its item": loans.a_return_ends_the_loan_of_its_item,
    "renewals keep the rules": loans.renewals_keep_the_rules,
    "loans begin when asked": loans.loans_begin_when_they_were_asked,
    "a return is in the books": told.accepted_returns_are_in_the_books,
    "told lent, lent": told.what_was_lent_is_lent,
    "told not lent, not lent": told.what_was_refused_is_not_lent,
    "told renewed, renewed": told.renewals_are_as_told,
    "told renewed one by one, renewed": told.renewals_of_all_are_as_told,
    "told undone, undone": told.what_failed_at_the_kiosk_is_undone,
    "executed once": told.nothing_is_executed_twice,
    "one fine a late return": money.a_late_return_has_one_fine,
    "fines are booked where they arise": money.fines_are_booked_as_ordered,
    "mirrors agree": money.mirrors_agree,
    "money is booked": money.money_taken_is_money_booked,
    "payments are as told": money.payments_are_as_told,
    "nobody owes for days that have not been": clocks.nobody_owes_for_days_that_have_not_been,
    "no library opens behind its books": clocks.no_library_opens_behind_its_books,
    "what a tag names is known": whose.what_a_tag_names_is_known,
    "told reserved, reserved": holds.holds_are_as_told,
    "a kept copy is not on loan": holds.kept_copies_are_there,
    "holds are collected by their readers": holds.holds_are_collected_by_their_readers,
    "nobody waits for what was borrowed": holds.no_reader_waits_for_a_title_that_was_borrowed,
    "copies kept in vain are listed": holds.copies_kept_in_vain_are_listed,
    "no copy travels for nobody": holds.no_copy_travels_for_nobody,
    "mirrors of holds agree": holds.mirrors_agree,
    "told blocked, blocked": cards.blocks_are_as_told,
    "blocked here, denied here": cards.what_is_blocked_here_is_denied_here,
    "refunds are listed": staff.refunds_due_are_listed,
    "what broke a rule is listed": staff.broken_rules_are_listed,
    "the screen shows the books": screens.the_screen_shows_the_books,
    "privacy": quiet.no_reader_is_known_elsewhere,
}


def in_the_calm(world: World, books: CityRows, account: Account) -> list[str]:
    """Every check over all the books."""
    facts = Facts(world, books, account)
    return [
        f"{name}: {sentence}"
        for name, check in IN_THE_CALM.items()
        for sentence in islice(check(facts), MOST_OF_A_KIND)
    ]


def unfinished(books: CityRows) -> list[str]:
    """What is half done although all is quiet."""
    return [
        f"{name}: {sentence}"
        for name, check in quiet.UNFINISHED.items()
        for sentence in islice(check(books), MOST_OF_A_KIND)
    ]


def after_a_step(world: World, databases: Mapping[str, sqlite3.Connection], done: Intention) -> list[str]:
    """What one operation touched: its card and its item, at this moment."""
    found: list[str] = []
    if done.reader is not None:
        found += loans.quota_now(databases, done.reader)
    if done.item is not None:
        found += loans.lent_once_now(databases[done.item.owner], done.item)
        found += holds.kept_now(databases[done.item.owner], done.item)
    return found
