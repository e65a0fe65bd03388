"""The checks of `tongjie check` that need no line: certificates, database, items.

Promises: nothing is changed, no file is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from federation import certificates
from federation.certificates import CertificateError, TlsIdentity
from federation.clocks import APART_MS
from node.kiosk.tls import Credentials, CredentialsError
from node.settings.library import NodeSettings
from node.storage import soundness
from node.storage.beside import read_beside
from node.storage.newest import newest_row_ms
from node.storage.opening import HEAD, DatabaseError, database_path, inspect_database
from node.storage.owner import loans as owner_rows

__all__ = [
    "Check",
    "State",
    "about_uncovered",
    "certificate_checks",
    "database_check",
    "identity_of",
    "items_check",
    "listener_certificate_checks",
    "newest_row_check",
    "soundness_check",
]

State: TypeAlias = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, and what was found, as a sentence with what to do."""

    name: str
    state: State
    text: str

    def as_json(self) -> dict[str, str]:
        return asdict(self)


# --- certificates ----------------------------------------------------------------------------------------------


def identity_of(settings: NodeSettings) -> TlsIdentity:
    """Errors: CertificateError."""
    own = settings.federation
    return TlsIdentity.load(own.certificate, own.key, own.ca)


def certificate_checks(settings: NodeSettings, now: datetime) -> list[Check]:
    """Whether other libraries will know this one: one line, or one for each problem."""
    path = settings.federation.certificate
    try:
        identity = identity_of(settings)
    except CertificateError as error:
        return [Check("certificates", "error", str(error))]
    wrong = certificates.check(identity, settings.library, now, soon_days=0)
    soon = [each for each in certificates.check(identity, settings.library, now) if each not in wrong]
    checks = [Check("certificates", "error", f"{path}: {each}; have a new one made") for each in wrong]
    checks += [Check("certificates", "warning", f"{path}: {each}; have a new one made") for each in soon]
    return checks or [Check("certificates", "ok", f"{path} names {settings.library}")]


def listener_certificate_checks(settings: NodeSettings) -> list[Check]:
    """What the listeners with TLS show to terminals and browsers: one line each."""
    shown = [
        (f"certificate sip2 {each.port}", each.certificate, each.key, each.client_ca)
        for each in settings.sip2.listeners
    ]
    shown += [(f"certificate web {page.port}", page.certificate, page.key, None) for page in settings.web.listeners]
    return [
        _usable(name, certificate, key, client_ca)
        for name, certificate, key, client_ca in shown
        if certificate is not None and key is not None
    ]


def _usable(name: str, certificate: Path, key: Path, client_ca: Path | None) -> Check:
    try:
        Credentials(certificate, key, client_ca)
    except CredentialsError as error:
        return Check(name, "error", f"{error}; correct the listener in node.toml, or the file")
    return Check(name, "ok", f"{certificate} and its key can be used")


# --- database --------------------------------------------------------------------------------------------------


def database_check(settings: NodeSettings) -> Check:
    """Whether the node can start on its database."""
    path = database_path(settings.database)
    try:
        state = inspect_database(path)
    except DatabaseError as error:
        return Check("database", "error", str(error))
    if state.library not in (None, settings.library):
        why = f"{path} is that of {state.library}, not of {settings.library}; correct `database` in node.toml"
        return Check("database", "error", why)
    if state.version is None:
        return Check("database", "ok", f"{path} will be made at the first start")
    if state.version != HEAD:
        why = f"{path} is of version {state.version}; the next start brings it to {HEAD}: make a backup before"
        return Check("database", "warning", why)
    return Check("database", "ok", f"{path} is of version {HEAD} and can be written")


def newest_row_check(settings: NodeSettings, now_ms: int) -> list[Check]:
    """Whether the node would wait at its start, because the clock is behind its own books. None where the database
    can't be read: that is said elsewhere."""
    try:
        newest_ms = read_beside(database_path(settings.database), settings.library, newest_row_ms)
    except DatabaseError:
        return []
    behind_ms = newest_ms - now_ms
    if behind_ms <= APART_MS:
        return [Check("newest row", "ok", "the clock is not behind the books")]
    why = (
        f"the clock is {behind_ms // 1000} s behind the newest row of the database, so the node would wait with its "
        "ports closed: set the clock; if it is right, start with --clock-is-right"
    )
    return [Check("newest row", "error", why)]


def soundness_check(settings: NodeSettings, give_up: Callable[[], bool]) -> list[Check]:
    """Whether its pages hold together, as far as could be seen until `give_up()` became true. Nothing where there is no
    database yet."""
    path = database_path(settings.database)
    if not path.is_file():
        return []
    for table in (*soundness.FIRST, *soundness.LATER):
        found = soundness.damage_of(path, table, give_up)
        if found:
            why = f"{path} is damaged ({found}): stop the node, put the file aside, and restore a backup"
            return [Check("database pages", "error", why)]
        if give_up():
            return [
                Check("database pages", "warning", f"{path} is large and was looked at in part; no damage was found")
            ]
    return [Check("database pages", "ok", f"all pages of {path} hold together")]


# --- items -----------------------------------------------------------------------------------------------------


def items_check(settings: NodeSettings) -> list[Check]:
    """Whether the barcodes of the items tell their owner: one line for each way in which they do not. None where the
    database can't be read: that is said elsewhere."""
    directory, library = settings.city.directory, settings.library
    alone, others = 0, 0
    of_nobody, of_another = "", ""
    try:
        barcodes = read_beside(database_path(settings.database), library, owner_rows.barcodes)
    except DatabaseError:
        return []
    for barcode in barcodes:
        owners = directory.owners_of(barcode)
        if owners and library not in owners:
            others, of_another = others + 1, of_another or barcode
        elif owners != (library,):
            alone, of_nobody = alone + 1, of_nobody or barcode
    found = []
    if alone:
        found.append(Check("items", "warning", about_uncovered(alone, of_nobody)))
    if others:
        found.append(Check("items", "warning", of_others(others, of_another)))
    return found or [Check("items", "ok", f"the prefixes of {library} cover all {len(barcodes)} barcodes")]


def of_others(number: int, example: str) -> str:
    """Such an item is looked for at the other library."""
    return (
        f"{number} barcodes have a prefix of another library, such as {example}; those items can't be lent: "
        "correct them, or `item_prefixes` in federation.toml"
    )


def about_uncovered(number: int, example: str) -> str:
    """What items without a prefix cost, and what to do."""
    return (
        f"{number} barcodes are covered by no prefix of this library alone, such as {example}; every return of such an "
        "item waits for all libraries: list their prefixes or ranges in `item_prefixes` of federation.toml"
    )
