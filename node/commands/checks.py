"""The checks of `tongjie check` that need no line: certificates, database.

Promises: nothing is changed, no file is made.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from federation import certificates
from federation.certificates import CertificateError, TlsIdentity
from node.kiosk.tls import Credentials, CredentialsError
from node.settings.library import NodeSettings
from node.storage.opening import HEAD, DatabaseError, database_path, inspect_database

__all__ = [
    "Check",
    "State",
    "certificate_checks",
    "database_check",
    "identity_of",
    "kiosk_certificate_checks",
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


def kiosk_certificate_checks(settings: NodeSettings) -> list[Check]:
    """What the listeners with TLS show to terminals: one line each."""
    found = []
    for each in settings.sip2.listeners:
        if each.tls and each.certificate is not None and each.key is not None:
            name = f"certificate sip2 {each.port}"
            try:
                Credentials(each.certificate, each.key, each.client_ca)
            except CredentialsError as error:
                found.append(Check(name, "error", f"{error}; correct the listener in node.toml, or the file"))
            else:
                found.append(Check(name, "ok", f"{each.certificate} and its key can be used"))
    return found


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
