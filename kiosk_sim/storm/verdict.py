"""After the storm: what every kiosk was told, held against the books of all libraries.

The checks are the simulation's, over the same kind of books. What only a simulated node could tell, which operation a
request was taken for, is read here from the branch's own memory of its kiosks.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing

from kiosk_sim.city.city import City
from kiosk_sim.simulation.account import Account, Intention, Operation
from kiosk_sim.simulation.checks import every as checks
from kiosk_sim.simulation.checks.rows import CityRows, Record, read_rows
from kiosk_sim.simulation.world import NAME_CANARY, PIN_CANARY, World
from kiosk_sim.storm.devices import Sent
from kiosk_sim.storm.town import database, look_into

_SLACK_MS = 50
_EXPECTED_ACCIDENTS = ("StoreUnavailable", "can't be written", "disk I/O error", "database or disk is full")

Key = tuple[str, str, str, str]
"""Branch, terminal, message, barcode."""


def violations(town: City, world: World, account: Account, sent: Mapping[int, Sent]) -> list[str]:
    """Everything that is not as it must be, a sentence each."""
    with ExitStack() as open_books:
        connections = {
            branch.library.code: open_books.enter_context(closing(look_into(database(town, branch.library.code))))
            for branch in town.branches
        }
        damaged = [
            f"{code}: {row[0]}"
            for code, connection in connections.items()
            for row in connection.execute("PRAGMA integrity_check")
            if row[0] != "ok"
        ]
        books = read_rows(connections.items())
    recognise(account, sent, books)
    found = [*damaged, *_promised_without_a_row(account), *checks.in_the_calm(world, books, account)]
    found += [f"unfinished: {sentence}" for sentence in checks.unfinished(books)]
    return [*found, *_accidents(town), *_indiscretions(town, world)]


def outstanding(town: City) -> int:
    """Notices that wait in the outboxes of all nodes."""
    count = 0
    for branch in town.branches:
        with closing(look_into(database(town, branch.library.code))) as books:
            count += int(books.execute("SELECT COUNT(*) FROM outbox WHERE acked_at_ms IS NULL").fetchone()[0])
    return count


# --- which operation it was ----------------------------------------------------------------------------------


def recognise(account: Account, sent: Mapping[int, Sent], books: CityRows) -> None:
    """Fill in what the account could not know: operations, and about which one each answer spoke."""
    rows: dict[Key, list[Record]] = defaultdict(list)
    for row in books.all("kiosk_op"):
        rows[row.library, row.terminal, row.message, row.barcode].append(row)
    for intention in account.intentions:
        barcode = "" if intention.item is None or intention.kind in ("37", "63") else intention.item.barcode
        device = intention.device
        about = rows.get((device.branch, device.login, intention.kind, barcode), [])
        _recognise(account, intention, sent[intention.number], about)


def _recognise(account: Account, intention: Intention, sent: Sent, about: list[Record]) -> None:
    mine = [row for row in about if row.kiosk_date in sent.dates]
    for row in mine:
        intention.ops[row.op] = row.asked_at_ms / 1000
        account.operations[row.op] = _operation(row, intention)
    if sent.heard_s is None:
        return
    heard_ms = int(sent.heard_s * 1000) + _SLACK_MS
    known = [row for row in mine if row.kiosk_date == sent.dates[-1] and row.asked_at_ms <= heard_ms]
    if not known:
        # A new date on what was decided already: the node took it for the last operation on that item.
        known = [row for row in about if row.asked_at_ms <= heard_ms and intention.kind != "37"]
        known = known if _may_be_a_repeat(intention) else []
    if known:
        row = max(known, key=lambda each: int(each.seq))
        intention.heard_op = row.op
        intention.ops.setdefault(row.op, row.asked_at_ms / 1000)


def _may_be_a_repeat(intention: Intention) -> bool:
    """Only a "yes" is repeated so; a "no" without a row was given before anything was written."""
    return bool(intention.ok) and intention.kind in ("11", "09")


def _operation(row: Record, intention: Intention) -> Operation:
    return Operation(
        op=row.op,
        branch=row.library,
        message=row.message,
        barcode=row.barcode,
        kiosk_date=row.kiosk_date,
        at_s=row.asked_at_ms / 1000,
        stamped_ms=row.asked_at_ms,
        begun_s=row.asked_at_ms / 1000,
        intention=intention,
    )


def _promised_without_a_row(account: Account) -> Iterator[str]:
    """A "yes" is in the branch's books before it is said."""
    for done in account.intentions:
        if done.ok and done.kind in ("11", "09", "29", "37") and not done.heard_op:
            yield f"intention {done.number} ({done.kind} at {done.device.login}) heard yes, and the branch forgot it"


# --- what the nodes said -------------------------------------------------------------------------------------


def _accidents(town: City) -> Iterator[str]:
    """An error in a node's log, other than of a disk that could not be written; and a node that did not stop well."""
    for branch in town.branches:
        log = branch.folder(town.root) / "node.log"
        lines = [line for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        yield from (f"{branch.library.code} said: {line[:900]}" for line in lines if _is_accident(line))
        if not lines or '"stopped"' not in lines[-1]:
            yield f"{branch.library.code} did not stop in order ({log})"


def _is_accident(line: str) -> bool:
    if any(word in line for word in _EXPECTED_ACCIDENTS):
        return False
    try:
        event = json.loads(line)
    except ValueError:
        return "Traceback" in line
    return isinstance(event, dict) and ("trace" in event or event.get("level") in ("error", "critical"))


def _indiscretions(town: City, world: World) -> Iterator[str]:
    """A card, a name or a PIN in a log."""
    for branch in town.branches:
        log = (branch.folder(town.root) / "node.log").read_text(encoding="utf-8", errors="replace")
        if NAME_CANARY in log or PIN_CANARY in log or any(reader.card in log for reader in world.readers):
            yield f"the log of {branch.library.code} shows a reader"
