"""The rules of lending (R2 to R8, R12 of the design), as pure functions of facts.

Nothing here knows a clock, a database or another library: days and facts are arguments. A refusal is a value
with its reason; None means that nothing speaks against it. Days are civil dates of Asia/Shanghai, money is
integer fen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final, Literal, Protocol, TypeAlias

from federation.contract import CardStatus, Reason, Refused

Breach: TypeAlias = Literal["overdue_item", "fee_unpaid", "suspended", "lost", "expired", "violation"]
"""What a card can be in breach of (R6)."""

FeeArisesAt: TypeAlias = Literal["return", "lending", "owner"]

ANY_TYPE: Final = "*"
DEFAULT_CATEGORY: Final = "pupil"

RENEWAL_BREACHES: Final[frozenset[Breach]] = frozenset(
    ("overdue_item", "fee_unpaid", "suspended", "lost", "expired", "violation")
)
LENDING_BREACHES: Final[frozenset[Breach]] = frozenset(("overdue_item", "fee_unpaid", "violation"))

_STATUS_REFUSALS: Final = {
    CardStatus.SUSPENDED: Refused(Reason.CARD_SUSPENDED),
    CardStatus.LOST: Refused(Reason.CARD_LOST),
    CardStatus.EXPIRED: Refused(Reason.CARD_EXPIRED),
    CardStatus.CLOSED: Refused(Reason.CARD_CLOSED),
}
_STATUS_BREACHES: Final[dict[Reason, Breach]] = {
    Reason.CARD_SUSPENDED: "suspended",
    Reason.CARD_LOST: "lost",
    Reason.CARD_EXPIRED: "expired",
}
# R12: what may stop a loan, but never a reader at the door
_NEVER_SHUTS_A_GATE: Final = frozenset(
    (Reason.OVERDUE_ITEM, Reason.FEE_UNPAID, Reason.VIOLATION, Reason.QUOTA, Reason.FOREIGN_QUOTA)
)


@dataclass(frozen=True, slots=True)
class LendingRule:
    """One `[[rule]]` row: what holds for a category of readers and a type of item from the day `from_on`.

    A row stands alone: a key that it leaves out has the default below, not the value of another row. What
    belongs to the card (`max_loans`, `max_foreign_loans`, `due_within_card`, `lending_refused_for`,
    `renewal_refused_for`, `card_reissue_fen`, `max_holds`) is read from the row of any type. ValueError for an
    unknown breach.
    """

    category: str = DEFAULT_CATEGORY
    item_type: str = ANY_TYPE
    from_on: date = date.min
    max_loans: int = 8
    max_foreign_loans: int = 3
    lendable_types: tuple[str, ...] = ("book", "picture_book", "periodical")
    lendable_locations: tuple[str, ...] = ()
    loan_days: int = 30
    renewals: int = 1
    renewal_days: int = 30
    renewable_from_day: int = 0
    due_within_card: bool = False
    renewal_refused_for: frozenset[Breach] = RENEWAL_BREACHES
    lending_refused_for: frozenset[Breach] = frozenset()
    late_fee_fen_per_day: int = 20
    late_fee_cap_fen: int = 5000
    fee_arises_at: FeeArisesAt = "return"
    card_reissue_fen: int = 1000
    max_holds: int = 8
    hold_shelf_days: int = 7
    hold_fee_fen: int = 0

    def __post_init__(self) -> None:
        if unknown := self.renewal_refused_for - RENEWAL_BREACHES:
            raise ValueError(f"renewal_refused_for: {sorted(unknown)} not among {sorted(RENEWAL_BREACHES)}")
        if unknown := self.lending_refused_for - LENDING_BREACHES:
            raise ValueError(f"lending_refused_for: {sorted(unknown)} not among {sorted(LENDING_BREACHES)}")


DEFAULT_RULE: Final = LendingRule()


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All rows of the federation. ValueError if two rows hold for the same category, type and day."""

    rules: tuple[LendingRule, ...] = ()
    _rows: dict[tuple[str, str], tuple[LendingRule, ...]] = field(init=False, repr=False, compare=False)
    _categories: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        rows: dict[tuple[str, str], tuple[LendingRule, ...]] = {}
        for rule in sorted(self.rules, key=lambda rule: rule.from_on, reverse=True):
            key = (rule.category, rule.item_type)
            newer = rows.get(key, ())
            if newer and newer[-1].from_on == rule.from_on:
                raise ValueError(f"two rules for category {key[0]}, item type {key[1]} from {rule.from_on}")
            rows[key] = (*newer, rule)
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "_categories", tuple(sorted({DEFAULT_CATEGORY, *(key[0] for key in rows)})))

    def rule_for(self, category: str, item_type: str, on: date) -> LendingRule:
        """The most specific row in force on the day `on`: category before type, `pupil` for want of the category,
        and of those the latest; the built-in defaults if there is none. Never an error."""
        if not self._rows:
            return DEFAULT_RULE
        for key in _by_precedence(category, item_type):
            for rule in self._rows.get(key, ()):
                if rule.from_on <= on:
                    return rule
        return DEFAULT_RULE

    def fees_stop_lending(self, category: str, on: date) -> bool:
        """Whether a reader of that category who owes anything may borrow nothing."""
        return "fee_unpaid" in self.rule_for(category, ANY_TYPE, on).lending_refused_for

    def last_due_on(self, category: str, card_expires_on: date | None, on: date) -> date | None:
        """The latest due date that a card of that category and last day may be given on the day `on`; None: any."""
        return card_expires_on if self.rule_for(category, ANY_TYPE, on).due_within_card else None

    def rules_for(self, category: str | None, item_type: str, on: date) -> tuple[LendingRule, ...]:
        """The rule of that category of readers; None: the rules of all categories, for whoever must decide before the
        category is known. Never empty."""
        categories = self._categories if category is None else (category,)
        return tuple(self.rule_for(each, item_type, on) for each in categories)

    def all_rules(self, on: date) -> frozenset[LendingRule]:
        """Every rule that holds for anybody and anything on that day: for whoever knows neither the reader's category
        nor the item's type. Never empty."""
        kinds = {*self._rows, (DEFAULT_CATEGORY, ANY_TYPE)}
        return frozenset(self.rule_for(category, item_type, on) for category, item_type in kinds)

    def late_fee_at_most_fen(self, days_late: int, on: date) -> int:
        """What nobody owes more than for an item that was due on the day `on` and came back so late (R7)."""
        return max(late_fee_fen(rule, days_late) for rule in self.all_rules(on))

    def hold_fee_at_most_fen(self, on: date) -> int:
        """What nobody owes more than for a hold that was collected on that day."""
        return max(rule.hold_fee_fen for rule in self.all_rules(on))

    def item_refusal(self, category: str | None, item_type: str, location: str, on: date) -> Refused | None:
        """R3 for readers of that category; None (not known yet): refused is what nobody may borrow."""
        for rule in self.rules_for(category, item_type, on):
            refused = item_refusal(rule, item_type, location)
            if refused is None:
                return None
        return refused


def _by_precedence(category: str, item_type: str) -> Iterable[tuple[str, str]]:
    return (
        (category, item_type),
        (category, ANY_TYPE),
        (DEFAULT_CATEGORY, item_type),
        (DEFAULT_CATEGORY, ANY_TYPE),
    )


# --- days and money -------------------------------------------------------------------------------------------


def due_on(rule: LendingRule, lent_on: date, last_due_on: date | None) -> date:
    """The last day of a loan that begins on `lent_on` (R4). `last_due_on`: see `RuleBook.last_due_on`."""
    return _not_after(last_due_on, lent_on, lent_on + timedelta(days=rule.loan_days))


def renewed_due_on(rule: LendingRule, renewed_on: date, last_due_on: date | None) -> date:
    """The last day of a loan renewed on `renewed_on`, counted from that day (R5)."""
    return _not_after(last_due_on, renewed_on, renewed_on + timedelta(days=rule.renewal_days))


def _not_after(last_due_on: date | None, begun_on: date, due_on: date) -> date:
    """A loan is never over before it began, whatever the card says: what left off line may be on an expired card."""
    return due_on if last_due_on is None else max(begun_on, min(due_on, last_due_on))


def days_late(due_on: date, returned_on: date) -> int:
    """Whole days after the due date; 0 on the due date itself and before it (R7)."""
    return max(0, (returned_on - due_on).days)


def late_fee_fen(rule: LendingRule, days_late: int) -> int:
    """What a return `days_late` days late owes, in fen, at most the cap per item and loan (R7)."""
    return min(max(0, days_late) * rule.late_fee_fen_per_day, rule.late_fee_cap_fen)


def fee_ledger(rule: LendingRule, *, lending: str, returning: str, owner: str) -> str:
    """The code of the library to which a late fee is owed (R8: by default where the late item was returned)."""
    return {"lending": lending, "return": returning, "owner": owner}[rule.fee_arises_at]


# --- the item -------------------------------------------------------------------------------------------------


def item_refusal(rule: LendingRule, item_type: str, location: str) -> Refused | None:
    """R3: only items of a lendable type at a lendable location; no locations listed means any."""
    lendable_here = not rule.lendable_locations or location in rule.lendable_locations
    if item_type in rule.lendable_types and lendable_here:
        return None
    return Refused(Reason.NOT_LENDABLE)


# --- the card -------------------------------------------------------------------------------------------------


class CardValidity(Protocol):
    """What says whether a card is valid: `CardFacts` at the home, a `Standing` anywhere else."""

    @property
    def status(self) -> CardStatus: ...

    @property
    def expires_on(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the home knows of a card when it decides.

    `max_loans` and `max_foreign` are the limits that stand on the card's row; `overdue_items` counts the loans of
    the mirror that are overdue; `owed_fen` is owed anywhere, `fee_ledger` one library where it is ("" if none).
    """

    status: CardStatus
    expires_on: date | None
    places_used: int
    foreign_used: int
    max_loans: int
    max_foreign: int
    overdue_items: int = 0
    owed_fen: int = 0
    fee_ledger: str = ""
    violation: bool = False


def card_refusal(card: CardValidity, on: date) -> Refused | None:
    """A card that is not valid on the day `on`: suspended, lost, closed, or past its last day `expires_on`."""
    return next(_card_refusals(card, on), None)


def _card_refusals(card: CardValidity, on: date) -> Iterator[Refused]:
    if refused := _STATUS_REFUSALS.get(card.status):
        yield refused
    if card.expires_on is not None and card.expires_on < on:
        yield Refused(Reason.CARD_EXPIRED)


def lending_refusal(rule: LendingRule, facts: CardFacts, on: date) -> Refused | None:
    """Whether the card may borrow at all (not: whether a place is left, see `place_refusal`).

    An invalid card lends nothing; overdue items and fees stop lending only if the rule lists them.
    """
    return card_refusal(facts, on) or _register_refusal(rule.lending_refused_for, facts)


def place_refusal(facts: CardFacts, foreign: bool) -> Refused | None:
    """R2: whether one more item fits; `number` is the limit that is reached."""
    if facts.places_used >= facts.max_loans:
        return Refused(Reason.QUOTA, number=facts.max_loans)
    if foreign and facts.foreign_used >= facts.max_foreign:
        return Refused(Reason.FOREIGN_QUOTA, number=facts.max_foreign)
    return None


def renewal_refusal(rule: LendingRule, facts: CardFacts, on: date) -> Refused | None:
    """R6, the card's side: a card in one of the breaches that the rule lists renews nothing; nor a closed one."""
    for refused in _card_refusals(facts, on):
        breach = _STATUS_BREACHES.get(refused.reason)
        # a closed card is no breach that a rule could forgive
        if breach is None or breach in rule.renewal_refused_for:
            return refused
    return _register_refusal(rule.renewal_refused_for, facts)


def _register_refusal(refused_for: frozenset[Breach], facts: CardFacts) -> Refused | None:
    """What stands on the register against a card, of what a rule counts; the heaviest first."""
    if facts.violation and "violation" in refused_for:
        return Refused(Reason.VIOLATION)
    if facts.overdue_items > 0 and "overdue_item" in refused_for:
        return Refused(Reason.OVERDUE_ITEM, number=facts.overdue_items)
    if facts.owed_fen > 0 and "fee_unpaid" in refused_for:
        return Refused(Reason.FEE_UNPAID, library=facts.fee_ledger, number=facts.owed_fen)
    return None


def gate_opens(card: CardValidity | Refused, on: date) -> bool:
    """R12: every valid card enters; an overdue item or a fee never shuts a gate.

    A refusal of the card's home shuts it. `HOME_UNREACHABLE` is no answer of the home: ask the area's
    `when_unreachable` before this.
    """
    if isinstance(card, Refused):
        return card.reason in _NEVER_SHUTS_A_GATE
    return card_refusal(card, on) is None


# --- the loan -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoanFacts:
    """What the owner knows of a loan when it is asked to renew it. `lent_on`: the day of the checkout; `reserved`:
    another reader waits for the item; `last_due_on`: of its reader's card, see `RuleBook.last_due_on`."""

    lent_on: date
    due_on: date
    renewals: int
    reserved: bool
    last_due_on: date | None = None


def loan_renewal_refusal(rule: LendingRule, facts: LoanFacts, on: date) -> Refused | None:
    """R5 and R6, the loan's side: on or before the due date, not reserved, not renewed as often as allowed, and only
    if the reader gains a day: the card lasts longer than the loan, and it is not too early.

    `due_on` tells the reader the date that stands; `number` of RENEWAL_LIMIT is the limit, of RENEWAL_TOO_EARLY the
    days of a renewal.
    """
    if on > facts.due_on:
        return Refused(Reason.RENEWAL_OVERDUE, due_on=facts.due_on)
    if facts.reserved:
        return Refused(Reason.RESERVED, due_on=facts.due_on)
    if facts.renewals >= rule.renewals:
        return Refused(Reason.RENEWAL_LIMIT, number=rule.renewals, due_on=facts.due_on)
    if facts.last_due_on is not None and facts.last_due_on <= facts.due_on:
        return Refused(Reason.RENEWAL_PAST_CARD, due_on=facts.due_on)
    from_on = renewable_from(rule, facts)
    if on < from_on:
        return Refused(Reason.RENEWAL_TOO_EARLY, number=rule.renewal_days, due_on=facts.due_on, from_on=from_on)
    return None


def renewable_from(rule: LendingRule, facts: LoanFacts) -> date:
    """The first day on which a renewal gains a day, and which the rule allows (R5). It counts from the renewal."""
    gains_on = facts.due_on - timedelta(days=rule.renewal_days - 1)
    return max(gains_on, facts.lent_on + timedelta(days=rule.renewable_from_day))
