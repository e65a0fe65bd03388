"""`federation.toml`, the same file at every library: who belongs to the city, and the rules of lending (design 9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints

from federation.directory import ISIL, AreaEntry, Directory, DirectoryError, GroupEntry, LibraryEntry
from node.domain.rules import ANY_TYPE, DEFAULT_CATEGORY, DEFAULT_RULE, Breach, FeeArisesAt, LendingRule, RuleBook
from node.settings.model import EndpointText, Filled, Settings, validated
from node.settings.toml_file import Problem, TomlFile, read_toml

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
# also the DNS name in the node's certificate, in lower case
LibraryCode = Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9-]{0,30}[A-Z0-9]$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
Isil = Annotated[str, StringConstraints(pattern=rf"^({ISIL})?$", max_length=16)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60)]
_OF_THE_CARD: Final = (
    "max_loans",
    "max_foreign_loans",
    "due_within_card",
    "renewal_refused_for",
    "lending_refused_for",
    "card_reissue_fen",
    "max_holds",
)
ItemType = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z][a-z0-9_]{0,31})$")]


class GroupRow(Settings):
    """Libraries that circulate together. A group with `includes` widens it to other groups, from a date."""

    code: Code = Field(description="Name of the group in this file.")
    name: Name = Field(description="Name on screens.")
    includes: tuple[Code, ...] = Field((), description="Groups that circulate with this one and with each other.")
    from_on: date | None = Field(None, alias="from", description="First day of `includes`; without it: always.")

    def entry(self) -> GroupEntry:
        return GroupEntry(self.code, self.name, self.includes, self.from_on)


class LibraryRow(Settings):
    """One library."""

    code: LibraryCode = Field(description="SIP2 institution id; in lower case the name in the node's certificate.")
    name: Name = Field(description="Name on screens.")
    name_en: str = Field(
        "",
        max_length=100,
        pattern=r"^[ -~]*$",
        description="Name in English, in ASCII; without it: the code.",
    )
    group: Code = Field(description="Code of its `[[group]]`.")
    isil: Isil = Field(
        "",
        description="Institution code (ISO 15511, GB/T 35660), such as `CN-500106-1-SPB`. RFID kiosks send it in front "
        "of a number, with a dot between. It names the library outright.",
    )
    card_prefixes: tuple[Prefix, ...] = Field(description="Card numbers that begin so are its own; longest wins.")
    item_prefixes: tuple[Prefix, ...] = Field(
        (), description="Barcodes that begin so are its own; or a range of digits, `1000000-1999999`."
    )
    federation: EndpointText = Field(description="Where the other nodes reach its node.")

    def entry(self) -> LibraryEntry:
        return LibraryEntry(
            code=self.code,
            name=self.name,
            group=self.group,
            card_prefixes=self.card_prefixes,
            item_prefixes=self.item_prefixes,
            host=self.federation.host,
            port=self.federation.port,
            isil=self.isil,
            name_en=self.name_en,
        )


class RuleRow(Settings):
    """The rules for a category of readers and a type of item, from a date on.

    The most specific row in force counts: category and type, category, type for `pupil`, `pupil`. Rows do not inherit
    from each other: a key that a row leaves out has the default given here. Keys that belong to the card (limits,
    breaches, price) may only be in rows of type `*`.
    """

    category: Code = Field(DEFAULT_CATEGORY, description="Category of readers.")
    item_type: ItemType = Field(ANY_TYPE, description="Type of items; `*` is any.")
    from_on: date = Field(date.min, alias="from", description="First day of the rule; without it: always.")
    max_loans: int = Field(DEFAULT_RULE.max_loans, ge=0, le=1000, description="Items on loan at once, everywhere (R2).")
    max_foreign_loans: int = Field(
        DEFAULT_RULE.max_foreign_loans, ge=0, le=1000, description="Foreign-language items among them (R2)."
    )
    lendable_types: tuple[Word, ...] = Field(DEFAULT_RULE.lendable_types, description="Types that may be lent (R3).")
    lendable_locations: tuple[Word, ...] = Field(
        DEFAULT_RULE.lendable_locations, description="Shelving locations that may be lent from; none is any (R3)."
    )
    loan_days: int = Field(DEFAULT_RULE.loan_days, ge=1, le=3650, description="Length of a loan (R4).")
    renewals: int = Field(DEFAULT_RULE.renewals, ge=0, le=100, description="Renewals of a loan (R5).")
    renewal_days: int = Field(
        DEFAULT_RULE.renewal_days, ge=1, le=3650, description="Length from the day of renewal (R5)."
    )
    renewable_from_day: int = Field(
        DEFAULT_RULE.renewable_from_day,
        ge=0,
        le=3650,
        description="Days after lending before a renewal is allowed (R5).",
    )
    due_within_card: bool = Field(
        DEFAULT_RULE.due_within_card,
        description="No due date lies after the card's last day. A renewal that would gain no day is refused.",
    )
    renewal_refused_for: tuple[Breach, ...] = Field(
        tuple(sorted(DEFAULT_RULE.renewal_refused_for)), description="Breaches that stop a renewal (R6)."
    )
    lending_refused_for: tuple[Literal["overdue_item", "fee_unpaid", "violation"], ...] = Field(
        (), description="What stops a checkout, beside an invalid card."
    )
    late_fee_fen_per_day: int = Field(
        DEFAULT_RULE.late_fee_fen_per_day, ge=0, le=100_000, description="Late fee for each day late (R7)."
    )
    late_fee_cap_fen: int = Field(
        DEFAULT_RULE.late_fee_cap_fen, ge=0, le=10_000_000, description="Most that one late loan owes (R7)."
    )
    fee_arises_at: FeeArisesAt = Field(
        DEFAULT_RULE.fee_arises_at, description="Library to which a late fee is owed (R8)."
    )
    card_reissue_fen: int = Field(
        DEFAULT_RULE.card_reissue_fen,
        ge=0,
        le=1_000_000,
        description="Price of a replaced card (R10); not charged yet: no command replaces a card.",
    )
    max_holds: int = Field(DEFAULT_RULE.max_holds, ge=0, le=1000, description="Reservations at once, everywhere.")
    hold_shelf_days: int = Field(
        DEFAULT_RULE.hold_shelf_days, ge=1, le=365, description="How long a reserved item waits on the shelf."
    )
    hold_fee_fen: int = Field(
        DEFAULT_RULE.hold_fee_fen, ge=0, le=1_000_000, description="Price of collecting a reserved item."
    )

    def rule(self) -> LendingRule:
        values = {name: getattr(self, name) for name in type(self).model_fields}
        for breaches in ("renewal_refused_for", "lending_refused_for"):
            values[breaches] = frozenset(values[breaches])
        return LendingRule(**values)


class AreaRow(Settings):
    """A lending area behind a gate."""

    code: Code = Field(description="Name of the area in settings.")
    name: Name = Field(description="Name on screens.")
    when_unreachable: Literal["open", "shut"] = Field(
        description="What the gate does when a reader's library can't be asked (R12)."
    )

    def entry(self) -> AreaEntry:
        return AreaEntry(self.code, self.name, self.when_unreachable)


class CitySettings(Settings):
    """What all libraries of the city have in common."""

    gate_grace_s: int = Field(
        86400, ge=0, le=2_592_000, description="How long a gate trusts the last answer about a card."
    )
    group_rows: Annotated[tuple[GroupRow, ...], Filled] = Field(alias="group", description="Groups of libraries (R9).")
    library_rows: Annotated[tuple[LibraryRow, ...], Filled] = Field(alias="library", description="The libraries.")
    rule_rows: tuple[RuleRow, ...] = Field((), alias="rule", description="The rules of lending (R2 to R10).")
    area_rows: tuple[AreaRow, ...] = Field((), alias="area", description="Areas with gates (R12).")

    @cached_property
    def directory(self) -> Directory:
        """The libraries and groups."""
        return Directory([row.entry() for row in self.library_rows], [row.entry() for row in self.group_rows])

    @cached_property
    def rule_book(self) -> RuleBook:
        """The rules of lending."""
        return RuleBook(tuple(row.rule() for row in self.rule_rows))

    @cached_property
    def areas(self) -> Mapping[str, AreaEntry]:
        """The areas by code, in the order of the file."""
        return MappingProxyType({row.code: row.entry() for row in self.area_rows})


def load_city_settings(path: Path) -> CitySettings:
    """Read `federation.toml`. SettingsError names file, line and key of every problem."""
    file = read_toml(path)
    city = validated(CitySettings, file)
    _check(city, file)
    return city


def _check(city: CitySettings, file: TomlFile) -> None:
    problems = [*_repeated_rows(city), *_misplaced_limits(city), *_shared_addresses(city)]
    try:
        city.directory  # noqa: B018  built here so that a contradiction is found now
    except DirectoryError as error:
        problems.append(Problem((error.table, error.index, error.key), str(error)))
    if problems:
        raise file.error(problems)


def _repeated_rows(city: CitySettings) -> list[Problem]:
    problems = []
    areas = [row.code for row in city.area_rows]
    for index, code in enumerate(areas):
        if code in areas[:index]:
            problems.append(Problem(("area", index, "code"), f"area {code} is listed twice; give each its own code"))
    rules = [(row.category, row.item_type, row.from_on) for row in city.rule_rows]
    for index, key in enumerate(rules):
        if key in rules[:index]:
            why = "this category, item type and date have a rule already; change the date or remove one"
            problems.append(Problem(("rule", index, "from"), why))
    return problems


def _misplaced_limits(city: CitySettings) -> list[Problem]:
    """The home decides about a card before it knows any item, so a limit by type would have no effect."""
    return [
        Problem(("rule", index, key), 'belongs to the card; put it into the row of item_type "*"')
        for index, row in enumerate(city.rule_rows)
        if row.item_type != ANY_TYPE
        for key in _OF_THE_CARD
        if key in row.model_fields_set
    ]


def _shared_addresses(city: CitySettings) -> list[Problem]:
    problems = []
    seen: dict[str, str] = {}
    for index, row in enumerate(city.library_rows):
        address = str(row.federation)
        if row.federation.port == 0:
            problems.append(Problem(("library", index, "federation"), "port 0 can't be reached; give the node's port"))
        elif address in seen:
            why = f"{address} is the address of {seen[address]} already; each node has its own"
            problems.append(Problem(("library", index, "federation"), why))
        seen.setdefault(address, row.code)
    return problems
