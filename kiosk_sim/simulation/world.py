"""Who and what there is in one history: libraries in two groups, readers with small quotas, few items.

Small on purpose: limits are reached, readers meet, items come round again. Names, PINs and card numbers are canaries:
unlike anything else, so that one in a wrong place is found.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from federation.directory import AreaEntry, Directory, GroupEntry, LibraryEntry
from kiosk_sim.city import plan
from kiosk_sim.simulation.streams import Random
from node.domain.rules import RuleBook
from node.kiosk.terminal import Kind, Terminal
from node.storage.home import cards as home_rows
from node.storage.owner import loans as owner_rows
from node.storage.sqlite import InlineStore
from node.storage.store import Tx
from sip2 import DEFAULT, Dialect

NAME_CANARY = "秘密读者"
PIN_CANARY = "PIN-"
PASSWORD = "open"  # noqa: S105 - of a simulated kiosk
OLD_BARCODE = 7_000_000
TAGGED = 0.35
"""So many cities have mostly old barcodes, and kiosks that read tags: the same barcode at two libraries is common."""
EPOCH_MS = 1_772_409_600_000  # 2026-03-02 08:00 in Shanghai


@dataclass(frozen=True, slots=True)
class Reader:
    card: str
    reader: str
    home: str
    name: str
    pin: str
    max_loans: int
    max_foreign: int


@dataclass(frozen=True, slots=True)
class Item:
    """`number` tells copies apart that bear the same barcode; `first_at` is the branch where it lies at first."""

    number: int
    barcode: str
    owner: str
    title: str
    item_type: str
    foreign: bool
    first_at: str


@dataclass(frozen=True, slots=True)
class Device:
    """A terminal of a branch and how it behaves.

    `clock`: its own, right, `stuck` at a moment, without a `date`, right to the `minute`, or of one moment for a whole
    `batch` of requests. `retry`: what it sends when no answer came: the same bytes, a new sequence number, or a fresh
    date as well. `sequences` False: no error detection. `codes`: it reads tags, and sends the owner's institution code
    in front of a barcode. `tells_return_date`: its library believes its return dates.
    """

    branch: str
    login: str
    kind: Kind
    clock: str = "right"
    skew_s: float = 0.0
    retry: str = "same"
    sequences: bool = True
    codes: bool = False
    tells_return_date: bool = False
    timeout_s: float = 10.0
    retries: int = 3


@dataclass(frozen=True, slots=True)
class World:
    """`renewal_days`: by its rules, as the checks know them."""

    codes: tuple[str, ...]
    central: tuple[str, ...]
    directory: Directory
    rule_book: RuleBook
    readers: tuple[Reader, ...]
    items: tuple[Item, ...]
    devices: tuple[Device, ...]
    areas: dict[str, AreaEntry] = field(default_factory=dict)
    renewal_days: int = 30

    def has_twin(self, item: Item) -> bool:
        """Whether another library of its group has an item with that barcode."""
        group = self.central if item.owner in self.central else (item.owner,)
        return any(
            other.barcode == item.barcode and other.owner != item.owner for other in self.items if other.owner in group
        )

    def terminals(self, code: str) -> dict[str, Terminal]:
        return {
            device.login: Terminal(
                device.login,
                device.kind,
                password_hash=PASSWORD,
                dialect=DIALECT,
                may_enable=device.kind == "selfcheck",
                tells_return_date=device.tells_return_date,
            )
            for device in self.devices
            if device.branch == code
        }


DIALECT: Dialect = DEFAULT


def isil_of(code: str) -> str:
    """The institution code of a library."""
    return f"CN-500106-1-{code[2:]}"


def draw_world(rng: Random, libraries: int | None) -> World:
    """`libraries`: how many, at least 2; None draws it. The last one is an outer library."""
    count = libraries or rng.choice((3, 4, 4, 5, 5, 6, 12))
    codes = (*plan.all_codes()[: count - 1], plan.all_codes()[-1])
    listed = plan.libraries(codes, 6000)
    entries = [
        LibraryEntry(
            each.code,
            each.name,
            each.group,
            (each.card_prefix,),
            (each.item_prefix,),
            "127.0.0.1",
            each.federation_port,
            isil_of(each.code),
        )
        for each in listed
    ]
    groups = [GroupEntry(code, name) for code, name in plan.GROUP_NAMES.items()]
    tagged = rng.random() < TAGGED
    return World(
        codes=codes,
        central=codes[:-1],
        directory=Directory(entries, groups),
        rule_book=RuleBook(),
        readers=tuple(_readers(rng, listed)),
        items=tuple(_items(rng, codes, old=0.5 if tagged else 0.1)),
        devices=tuple(_devices(rng, codes, tags=0.6 if tagged else 0.2)),
    )


def _readers(rng: Random, listed: Sequence[plan.Library]) -> list[Reader]:
    return [
        Reader(
            card=f"{library.card_prefix}{rng.randrange(10**7):07d}",
            reader=f"reader-{library.code}-{number}",
            home=library.code,
            name=f"{NAME_CANARY}{library.code}{number}",
            pin=f"{PIN_CANARY}{rng.randrange(10**6):06d}",
            max_loans=rng.choice((1, 2, 4, 8)),
            max_foreign=rng.choice((1, 3)),
        )
        for library in listed
        for number in range(1 if len(listed) > 6 else 2)
    ]


def _items(rng: Random, codes: Sequence[str], old: float) -> list[Item]:
    """Three or four a library, some of them copies of one title. A share `old` has barcodes of plain digits, which do
    not tell their owner.

    Such a barcode may be on an item of another central library too. The outer library has one that a central one has
    as well: those are two items in two groups.
    """
    items: list[Item] = []
    for code in codes:
        for nth in range(rng.choice((3, 4))):
            number = len(items)
            copied = items[-1].title if nth and rng.random() < 0.3 else ""
            bare = rng.random() < old
            items.append(
                Item(
                    number=number,
                    barcode=f"{OLD_BARCODE + number}" if bare else f"{code}01{number:08d}",
                    owner=code,
                    title=copied or f"书{number}",
                    item_type="reference" if rng.random() < 0.03 else rng.choice(("book", "picture_book")),
                    foreign=rng.random() < 0.35,
                    first_at=code if bare or code == codes[-1] else rng.choice((code, rng.choice(codes[:-1]))),
                )
            )
    central = [item for item in items if item.barcode.isdigit() and item.owner != codes[-1]]
    if central:
        items.append(_twin(central[0], len(items), codes[-1]))
    for item in central:
        others = [code for code in codes[:-1] if code != item.owner]
        if others and rng.random() < 0.6:
            items.append(_twin(item, len(items), rng.choice(others)))
    return items


def _twin(item: Item, number: int, owner: str) -> Item:
    return replace(item, number=number, owner=owner, title=f"书{number}", first_at=owner)


def _devices(rng: Random, codes: Sequence[str], tags: float) -> list[Device]:
    """A share `tags` reads them."""
    devices = []
    for code in codes:
        devices += [_device(rng, code, f"{code}-s{number}", "selfcheck", tags) for number in range(2)]
        devices.append(_device(rng, code, f"{code}-bin", "return", tags))
    return devices


def _device(rng: Random, code: str, login: str, kind: Kind, tags: float) -> Device:
    return Device(
        branch=code,
        login=login,
        kind=kind,
        clock=rng.choice(("right",) * 8 + ("stuck", "stuck now", "none", "minute", "minute", "batch")),
        skew_s=rng.choice((0.0, 0.0, rng.uniform(-90, 90), rng.uniform(-7200, 7200))),
        retry=rng.choice(("same", "same", "sequence", "fresh")),
        sequences=rng.random() < 0.85,
        codes=rng.random() < tags,
        tells_return_date=rng.random() < (0.8 if kind == "return" else 0.1),
        timeout_s=rng.choice((3.0, 5.0, 10.0)),
        retries=rng.choice((0, 2, 3)),
    )


def stock(world: World, code: str, connection: sqlite3.Connection) -> None:
    """Lay the cards and items of library `code` into its database."""

    def work(tx: Tx) -> None:
        home_rows.add_cards(
            tx,
            [
                home_rows.NewCard(r.card, r.reader, r.name, "pupil", None, r.pin, r.max_loans, r.max_foreign)
                for r in world.readers
                if r.home == code
            ],
        )
        owner_rows.add_items(tx, [_item_row(item) for item in world.items if item.owner == code])

    InlineStore(connection).run_now(work, "stock")


def _item_row(item: Item) -> owner_rows.NewItem:
    return owner_rows.NewItem(item.barcode, item.title, "", "", "", item.item_type, "", item.foreign, price_fen=2000)
