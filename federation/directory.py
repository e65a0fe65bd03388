"""Which libraries there are, whose a card or an item is, and who circulates with whom (design 3, R9).

Built once from `federation.toml`; pure and immutable. Routing is by prefix, and the longest prefix wins. Callers get
library codes and compare no prefixes themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

_RANGE: Final = re.compile(r"([0-9]+)-([0-9]+)")
ISIL: Final = r"[A-Za-z]{1,4}-[A-Za-z0-9:/-]{1,14}"
"""How an ISIL looks (ISO 15511, GB/T 35660), at most 16 characters. The codes in use have a longer second part than
the 11 characters of the first edition."""
_BEHIND_A_CODE: Final = re.compile(rf"({ISIL})\.(.+)")


class DirectoryError(ValueError):
    """The lists contradict themselves. `table` ("library" or "group"), `index` and `key` say where, from 0."""

    def __init__(self, table: str, index: int, key: str, why: str) -> None:
        super().__init__(why)
        self.table = table
        self.index = index
        self.key = key


@dataclass(frozen=True, slots=True)
class LibraryEntry:
    """One library and the address of its node.

    `item_prefixes` may hold ranges of digits as well, "1000000-1999999": both ends of the same length, both
    included, matching barcodes of exactly that length.
    """

    code: str
    name: str
    group: str
    card_prefixes: tuple[str, ...]
    item_prefixes: tuple[str, ...]
    host: str
    port: int
    isil: str = ""
    name_en: str = ""

    @property
    def english(self) -> str:
        """What English sentences call it."""
        return self.name_en or self.code


@dataclass(frozen=True, slots=True)
class Number:
    """The number of a card or an item, without the institution code that a kiosk sent in front of it.

    `library`: the one that the code names, "" if there was no code. `wrong`: the code is nobody's ("unknown"), or the
    prefix of the number says otherwise ("contradicts"); `text` is all that was sent then.
    """

    text: str
    library: str = ""
    wrong: Literal["", "unknown", "contradicts"] = ""


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """Libraries that circulate together (R9).

    A group with `includes` widens: its own libraries and those of the included groups circulate together from the
    day `from_on` (None: always).
    """

    code: str
    name: str
    includes: tuple[str, ...] = ()
    from_on: date | None = None


@dataclass(frozen=True, slots=True)
class AreaEntry:
    """A lending area behind a gate, and what the gate does when a reader's home can't be asked (R12)."""

    code: str
    name: str
    when_unreachable: Literal["open", "shut"]


@dataclass(frozen=True, slots=True)
class _Range:
    first: str
    last: str

    def __contains__(self, barcode: str) -> bool:
        # digits of one length sort as numbers do
        return (
            len(barcode) == len(self.first)
            and barcode.isascii()
            and barcode.isdecimal()
            and self.first <= barcode <= self.last
        )


class Directory:
    """The libraries of the federation, in the order of `federation.toml`. DirectoryError if they contradict."""

    def __init__(self, libraries: Sequence[LibraryEntry], groups: Sequence[GroupEntry]) -> None:
        _refuse_duplicates("library", (library.code for library in libraries))
        _refuse_duplicates("group", (group.code for group in groups))
        self.libraries = tuple(libraries)
        self.groups = tuple(groups)
        self._entries: Final = {library.code: library for library in libraries}
        _check_groups(self.libraries, self.groups)
        self._card_homes = _card_homes(libraries)
        self._item_owners, self._item_ranges = _item_owners(libraries)
        self._by_isil = _by_isil(libraries)
        self._card_lengths = _lengths(self._card_homes)
        self._item_lengths = _lengths(self._item_owners)

    def follow(self, other: Directory) -> None:
        """Become equal to `other`: whoever holds this directory knows its libraries from now on."""
        self.libraries, self.groups = other.libraries, other.groups
        self._entries.clear()
        self._entries.update(other._entries)
        self._card_homes, self._card_lengths = other._card_homes, other._card_lengths
        self._item_owners, self._item_ranges = other._item_owners, other._item_ranges
        self._item_lengths, self._by_isil = other._item_lengths, other._by_isil

    @property
    def members(self) -> Collection[str]:
        """The codes of all libraries, as they are whenever this is looked at."""
        return self._entries.keys()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes of all libraries."""
        return tuple(self._entries)

    def entry(self, code: str) -> LibraryEntry | None:
        """The library of that code."""
        return self._entries.get(code)

    def home_of(self, card: str) -> str | None:
        """The home library of a card, by its longest listed prefix; None: a card number of nobody."""
        for length in self._card_lengths:
            if home := self._card_homes.get(card[:length]):
                return home
        return None

    def owners_of(self, barcode: str) -> tuple[str, ...]:
        """The libraries that list the longest prefix of the barcode, in order of the directory; () if none does.

        A range names whole barcodes, so it is longer than any prefix. If there is more than one library, the owner is
        not decided here: barcodes of older systems repeat between libraries.
        """
        in_range = {owner for numbers, owner in self._item_ranges.get(len(barcode), ()) if barcode in numbers}
        if in_range:
            in_range.update(self._item_owners.get(barcode, ()))
            return tuple(code for code in self._entries if code in in_range)
        for length in self._item_lengths:
            if owners := self._item_owners.get(barcode[:length]):
                return owners
        return ()

    def item_number(self, sent: str) -> Number:
        """An item's number as RFID kiosks send it: `ISIL.barcode` (GB/T 35660), or the barcode alone."""
        return self._number(sent, self.owners_of)

    def card_number(self, sent: str) -> Number:
        """The same for a card."""
        return self._number(sent, lambda number: tuple(filter(None, (self.home_of(number),))))

    def _number(self, sent: str, decided: Callable[[str], tuple[str, ...]]) -> Number:
        # not every dot stands behind a code: old barcodes are call numbers as well (I247.55)
        found = _BEHIND_A_CODE.fullmatch(sent) if "." in sent else None
        if found is None:
            return Number(sent)
        library, number = self._by_isil.get(found[1].upper()), found[2].strip()
        if library is None:
            return Number(sent, wrong="" if decided(sent) else "unknown")
        others = decided(number)
        if not number or (others and library not in others):
            return Number(sent, wrong="contradicts")
        return Number(number, library)

    def together(self, codes: Iterable[str], on: date) -> bool:
        """R9: whether these libraries all circulate together on the day `on`: all in one group, or all within one
        widening in force. Unknown codes, and no codes, never do."""
        groups = set()
        for code in codes:
            entry = self._entries.get(code)
            if entry is None:
                return False
            groups.add(entry.group)
        if len(groups) <= 1:
            return bool(groups)
        return any(groups <= {group.code, *group.includes} for group in self.groups if _in_force(group, on))

    def group_members(self, code: str, on: date) -> tuple[str, ...]:
        """The libraries that circulate with `code` on the day `on`, itself among them; () for an unknown code."""
        return tuple(other for other in self._entries if self.together((code, other), on))


def _lengths(prefixes: Iterable[str]) -> tuple[int, ...]:
    """The lengths that listed prefixes have, the longest first: the only ones worth a look-up."""
    return tuple(sorted({len(prefix) for prefix in prefixes}, reverse=True))


def _in_force(group: GroupEntry, on: date) -> bool:
    return bool(group.includes) and (group.from_on is None or group.from_on <= on)


def _refuse_duplicates(table: str, codes: Iterable[str]) -> None:
    seen: set[str] = set()
    for index, code in enumerate(codes):
        # a code is a DNS name as well, where case does not count
        if code.lower() in seen:
            raise DirectoryError(table, index, "code", f"{table} {code} is listed twice")
        seen.add(code.lower())


def _by_isil(libraries: Sequence[LibraryEntry]) -> dict[str, str]:
    """Codes in capitals: kiosks do not agree on their case."""
    found: dict[str, str] = {}
    for index, library in enumerate(libraries):
        isil = library.isil.upper()
        if isil and isil in found:
            why = f"isil {library.isil} is listed twice, at {found[isil]} and at {library.code}"
            raise DirectoryError("library", index, "isil", why)
        if isil:
            found[isil] = library.code
    return found


def _check_groups(libraries: Sequence[LibraryEntry], groups: Sequence[GroupEntry]) -> None:
    by_code = {group.code: group for group in groups}
    for index, library in enumerate(libraries):
        if library.group not in by_code:
            why = f"library {library.code} is in group {library.group}, which is not listed"
            raise DirectoryError("library", index, "group", why)
    for index, group in enumerate(groups):
        if group.from_on is not None and not group.includes:
            raise DirectoryError("group", index, "from", f"group {group.code} has a date but includes no other group")
        for included in group.includes:
            if included not in by_code:
                why = f"group {group.code} includes {included}, which is not listed"
                raise DirectoryError("group", index, "includes", why)
            if by_code[included].includes:
                # one level keeps "together from that day" a single date
                why = f"group {group.code} includes {included}, which includes others: list those instead"
                raise DirectoryError("group", index, "includes", why)


def _card_homes(libraries: Sequence[LibraryEntry]) -> dict[str, str]:
    homes: dict[str, str] = {}
    for index, library in enumerate(libraries):
        for prefix in library.card_prefixes:
            if not prefix:
                raise DirectoryError("library", index, "card_prefixes", f"library {library.code}: empty card prefix")
            if prefix in homes:
                why = f"card prefix {prefix} is listed twice, at {homes[prefix]} and at {library.code}"
                raise DirectoryError("library", index, "card_prefixes", why)
            homes[prefix] = library.code
    return homes


_Ranges: TypeAlias = dict[int, list[tuple[_Range, str]]]


def _item_owners(libraries: Sequence[LibraryEntry]) -> tuple[dict[str, tuple[str, ...]], _Ranges]:
    """Who lists which prefix, in order of the directory, and who which range, by the length of its barcodes."""
    owners: dict[str, tuple[str, ...]] = {}
    ranges: _Ranges = {}
    for index, library in enumerate(libraries):
        for prefix in library.item_prefixes:
            if not prefix:
                raise DirectoryError("library", index, "item_prefixes", f"library {library.code}: empty item prefix")
            if library.item_prefixes.count(prefix) > 1:
                why = f"library {library.code}: item prefix {prefix} is listed twice"
                raise DirectoryError("library", index, "item_prefixes", why)
            if bounds := _RANGE.fullmatch(prefix):
                numbers = _range(index, library.code, bounds[1], bounds[2])
                ranges.setdefault(len(numbers.first), []).append((numbers, library.code))
            else:
                owners[prefix] = (*owners.get(prefix, ()), library.code)
    return owners, ranges


def _range(index: int, code: str, first: str, last: str) -> _Range:
    if len(first) != len(last) or first > last:
        why = f"library {code}: {first}-{last} is no range of barcodes (same length, the lower first)"
        raise DirectoryError("library", index, "item_prefixes", why)
    return _Range(first, last)
