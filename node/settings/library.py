"""The settings of one node: `node.toml`, with the `federation.toml` it names (design 9).

`load_node_settings` reads both and checks all that files alone can show; what comes out is frozen, typed and
within bounds. docs/settings.md is generated from these declarations (`node.settings.doc`).
"""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo

from federation.directory import LibraryEntry
from node.domain.terminal_kinds import ALWAYS, MAY_ASK, PAYMENT, UNDO_RETURN
from node.settings.city import CitySettings, load_city_settings
from node.settings.contradictions import port_problems, time_problems
from node.settings.keep import KeepSettings
from node.settings.model import (
    EndpointText,
    FilePath,
    Filled,
    Networks,
    Settings,
    closest,
    folder_of,
    validated,
)
from node.settings.switches import SwitchError, composed
from node.settings.toml_file import Problem, SettingsError, TomlFile, read_toml
from node.settings.web import WebSettings, web_problems
from sip2 import Dialect

__all__ = [
    "FederationSettings",
    "HttpSettings",
    "ListenerSettings",
    "NodeSettings",
    "SettingsError",
    "Sip2Settings",
    "TerminalKind",
    "TerminalSettings",
    "load_node_settings",
]

TerminalKind: TypeAlias = Literal["selfcheck", "return", "sorter", "gate", "staff"]

_SQLITE = "sqlite:///"


def _database(url: str, info: ValidationInfo) -> str:
    """An absolute SQLite URL; a relative path starts at the settings file."""
    if not url.startswith(_SQLITE):
        raise ValueError("only SQLite is supported for now; write sqlite:///node.db")
    path = url.removeprefix(_SQLITE)
    if path in ("", ":memory:"):
        raise ValueError("the books of a library need a file; write sqlite:///node.db")
    if "?" in path:
        raise ValueError("no options after the path, please; write sqlite:///node.db")
    return f"{_SQLITE}{(folder_of(info) / path).resolve()}"


def _argon2_hash(value: str) -> str:
    if not value:
        return value  # known by its address or certificate alone
    try:
        extract_parameters(value)
    except InvalidHashError:
        # never show what stands there: it may be the password itself
        raise ValueError("not an argon2 hash; make one with `tongjie terminals hash`") from None
    return value


def _requests(value: tuple[str, ...]) -> tuple[str, ...]:
    """Codes that a table of kinds can have."""
    known = sorted(set().union(*MAY_ASK.values()) - {UNDO_RETURN})
    for each in value:
        if each == PAYMENT:
            raise ValueError("37 is a payment; set may_take_payment in its place")
        if each in ALWAYS:
            raise ValueError(f"{each} may be asked by every terminal; leave it out")
        if each not in known:
            raise ValueError(f"{each!r} is no request of SIP2{closest(each, known)}")
    return value


RequestCodes = Annotated[tuple[str, ...], AfterValidator(_requests)]


def _known_encoding(value: str) -> str:
    try:
        return value and codecs.lookup(value).name
    except LookupError:
        raise ValueError(f"{value!r} is no known encoding; use utf-8 or gb18030, or leave it out") from None


class ListenerSettings(Settings):
    """A port where terminals connect."""

    host: str = Field("0.0.0.0", min_length=1, description="Address to listen at.")  # noqa: S104  the branch's LAN
    port: int = Field(ge=0, le=65535, description="TCP port; 0 lets the system choose.")
    tls: bool = Field(False, description="Whether terminals speak TLS here.")
    certificate: FilePath | None = Field(None, description="With `tls`: certificate and chain (PEM); read at SIGHUP.")
    key: FilePath | None = Field(None, description="With `tls`: private key of the certificate (PEM).")
    client_ca: FilePath | None = Field(None, description="Authority of the terminals' own certificates (PEM).")
    client_certificate: Literal["required", "optional"] = Field(
        "required", description="With `client_ca`: whether a terminal must show one."
    )
    allow: Networks = Field((), description="Addresses and networks that may connect; none given: all.")
    proxy: bool = Field(
        False, description="Whether a balancer in front says where each connection comes from (PROXY v1, v2)."
    )
    proxy_from: Networks = Field((), description="With `proxy`: addresses of balancers; none given: all.")
    login_required: bool | None = Field(None, description="In place of `[sip2] login_required`, for this port.")
    dialect: str = Field("default", description="How terminals are spoken to before they are known.")
    keepalive_s: int = Field(60, ge=0, le=86400, description="A silent line is probed after this; 0 for never.")


class Sip2Settings(Settings):
    """How terminals are served."""

    idle_timeout_s: int = Field(
        900,
        ge=10,
        le=86400,
        description="Silence after which a connection is closed; more than twice the terminals' heartbeat (99).",
    )
    login_timeout_s: int = Field(300, ge=5, le=86400, description="The same before a login, where one is required.")
    message_timeout_s: int = Field(30, ge=2, le=3600, description="A message that has begun must end within this.")
    max_connections: int = Field(5000, ge=1, le=100_000, description="Connections at once, over all listeners.")
    max_connections_per_address: int = Field(
        64, ge=1, le=100_000, description="Of one address, without a login; the machine itself is exempt."
    )
    damaged_in_a_row: int = Field(
        10, ge=3, le=1000, description="So many messages with a wrong checksum end a connection."
    )
    login_required: bool = Field(True, description="Whether a terminal must log in (93) before anything else.")
    repeat_window_s: int = Field(
        60, ge=0, le=86400, description="How long the same request is a repeat if its date is not true."
    )
    not_on_loan_ok: bool = Field(True, description="Whether the return of an item that is not on loan is answered ok.")
    answer_within_s: float = Field(4.0, ge=2.0, le=30.0, description="Time in which every request is answered.")
    timeout_tenths: int = Field(100, ge=0, le=999, description="Time-out told to terminals (98).")
    retries: int = Field(3, ge=0, le=999, description="Retries told to terminals (98).")
    offline_ok: bool = Field(False, description="Whether terminals are told that they may lend off line (98).")
    listeners: Annotated[tuple[ListenerSettings, ...], Filled] = Field(
        alias="listener", description="Ports for terminals."
    )


class TerminalSettings(Settings):
    """A self-check, return bin, sorter, gate or staff desk of this library."""

    login: str = Field(min_length=1, max_length=64, description="Login user id (CN) of the terminal.")
    password_hash: Annotated[str, AfterValidator(_argon2_hash)] = Field(
        "", repr=False, description="argon2 hash of its password (CO), made by `tongjie terminals hash`."
    )
    address: Networks = Field((), description="Addresses by which it is known, without a login.")
    certificate: str = Field(
        "", max_length=253, description="Name in its TLS certificate, by which it is known without a login."
    )
    sessions: int = Field(1, ge=1, le=1000, description="Sessions at once; a new one displaces the oldest.")
    kind: TerminalKind = Field(description="What it is; returns and sorters take every item.")
    location: str = Field("", max_length=60, description="Where it stands.")
    area: str = Field("", description="Code of the `[[area]]` behind a gate; required for a gate.")
    dialect: str = Field("default", description="Vendor's way of speaking SIP2, one of docs/dialects.md.")
    pin: Literal["required", "if_sent", "ignored"] = Field("if_sent", description="When a reader's PIN is checked.")
    encoding: Annotated[str, AfterValidator(_known_encoding)] = Field(
        "", description="Encoding of text, in place of the dialect's."
    )
    terminator: Literal["", "CR", "CRLF"] = Field("", description="End of a message, in place of the dialect's.")
    language: str = Field("019", pattern=r"^[0-9]{3}$", description="SIP2 language where a request says 000.")
    may_enable: bool | None = Field(
        None, description="Whether it may end the block of a card (25); without it: a staff desk may."
    )
    may_also: RequestCodes = Field(
        (), description='Requests (codes of SIP2) that it may ask beside those of its kind, as ["63"].'
    )
    may_not: RequestCodes = Field((), description='Requests of its kind that it may not ask, as ["15", "65"].')
    may_take_payment: bool | None = Field(
        None, description="Whether it takes money (37); without it: a self-check and a staff desk do."
    )
    renew_on_checkout: bool = Field(
        False, description="Whether lending what the reader has already renews it, if the terminal asks for that."
    )
    return_date: Literal["ours", "theirs"] | None = Field(
        None,
        description="Which date ends a loan; theirs: the return date of 09, up to 7 days back, if its clock is right. "
        "Without it: ours at a self-check, theirs at the others.",
    )
    switches: dict[str, object] = Field({}, description="Switches in place of the dialect's (docs/dialects.md).")

    @property
    def believes_return_date(self) -> bool:
        """Whether its return date may be that of an earlier day: staff and machines that empty bins know it."""
        return (self.return_date or ("theirs" if self.kind in ("return", "sorter", "staff") else "ours")) == "theirs"

    def composed_dialect(self) -> Dialect:
        """The dialect with this terminal's own switches. Errors: SwitchError."""
        own = {"encoding": self.encoding, "terminator": self.terminator}
        return composed(self.dialect, {**{key: value for key, value in own.items() if value}, **self.switches})


class FederationSettings(Settings):
    """How this node talks to other libraries."""

    listen: EndpointText = Field(description="Where it listens for other nodes.")
    max_connections: int = Field(256, ge=16, le=10_000, description="Connections of other nodes at once.")
    max_connections_per_address: int = Field(32, ge=4, le=10_000, description="Of one address, without a question yet.")
    certificate: FilePath = Field(description="Its certificate (PEM); the one DNS name is the library's code.")
    key: FilePath = Field(description="Private key of the certificate (PEM).")
    ca: FilePath = Field(description="Certificate of the city's authority (PEM).")
    clock_alarm_s: float = Field(5.0, ge=0.1, le=3600, description="Clocks this far apart raise an alarm.")
    clock_stop_s: float = Field(60.0, ge=1, le=3600, description="Clocks this far apart stop lending between the two.")
    probe_quiet_s: float = Field(
        30.0,
        ge=0,
        le=3600,
        description="A library that answered nothing for so long is asked whether it is there; 0: not.",
    )
    outbox_first_retry_s: float = Field(5.0, ge=0.1, le=3600, description="Pause after the first failed delivery.")
    outbox_max_retry_s: float = Field(900.0, ge=1, le=86400, description="Longest pause between deliveries.")
    outbox_alarm_s: float = Field(
        86_400.0, ge=60, le=31_536_000, description="An outbox whose oldest notice is older raises an alarm."
    )
    outbox_alarm_notices: int = Field(
        10_000, ge=1, le=100_000_000, description="An outbox in which more wait raises an alarm."
    )
    compare_hour: int = Field(
        3, ge=-1, le=23, description="Local hour of the nightly comparison with the other libraries; -1 for never."
    )
    return_wait_s: float = Field(1.5, ge=0, le=10, description="How long a return waits for the item's owner.")


class HttpSettings(Settings):
    """Metrics, health and the status page."""

    listen: EndpointText = Field(description="Where it listens; keep it inside the library.")
    max_connections: int = Field(128, ge=16, le=10_000, description="Connections at once.")
    max_connections_per_address: int = Field(32, ge=4, le=10_000, description="The same of one address.")


class NodeSettings(Settings):
    """One library's own settings."""

    library: str = Field(description="Code of this library, as in the federation file.")
    name: str = Field("", max_length=100, description="Name told to terminals (98), in place of the federation's.")
    database: Annotated[str, AfterValidator(_database)] = Field(
        description="SQLAlchemy URL of the books: `sqlite:///node.db`, relative to this file."
    )
    federation_file: FilePath = Field(description="The city's federation.toml, relative to this file.")
    sip2: Sip2Settings = Field(description="How terminals are served.")
    terminals: tuple[TerminalSettings, ...] = Field((), alias="terminal", description="The terminals.")
    federation: FederationSettings = Field(description="How this node talks to other libraries.")
    http: HttpSettings = Field(description="Metrics, health and the status page.")
    keep: KeepSettings = Field(
        default_factory=lambda: KeepSettings.model_validate({}), description="How long the books remember."
    )
    web: WebSettings = Field(WebSettings.model_validate({}), description="Pages for people.")

    _city: CitySettings = PrivateAttr()

    @property
    def city(self) -> CitySettings:
        """The settings that all libraries share."""
        return self._city

    @property
    def entry(self) -> LibraryEntry:
        """This library in the directory."""
        entry = self._city.directory.entry(self.library)
        if entry is None:  # load_node_settings has checked it
            raise LookupError(self.library)
        return entry

    @property
    def library_name(self) -> str:
        """The name that terminals show (98): this file's, else the federation's."""
        return self.name or self.entry.name


def load_node_settings(path: Path) -> NodeSettings:
    """Read `node.toml` and the federation file it names.

    SettingsError names file, line and key of every problem, and what to do. Files named in it, other than the
    federation file, need not exist yet.
    """
    file = read_toml(path.absolute())
    settings = validated(NodeSettings, file)
    if not settings.federation_file.is_file():
        raise file.error([Problem(("federation_file",), f"{settings.federation_file}: no such file; check the path")])
    settings._city = load_city_settings(settings.federation_file)
    _check(settings, file)
    return settings


def _check(settings: NodeSettings, file: TomlFile) -> None:
    problems = [
        *_library_problems(settings),
        *_terminal_problems(settings),
        *_dialect_problems(settings),
        *_listener_problems(settings),
        *port_problems(settings),
        *time_problems(settings),
        *web_problems(settings.web),
    ]
    if problems:
        raise file.error(problems)


def _library_problems(settings: NodeSettings) -> list[Problem]:
    codes = settings.city.directory.codes
    if settings.library in codes:
        return []
    why = f"{settings.library!r} is not listed in {settings.federation_file}{closest(settings.library, codes)}"
    return [Problem(("library",), why)]


def _terminal_problems(settings: NodeSettings) -> list[Problem]:
    problems = []
    logins = [terminal.login for terminal in settings.terminals]
    for index, terminal in enumerate(settings.terminals):
        if terminal.login in logins[:index]:
            why = f"{terminal.login} is the login of another terminal; give each its own"
            problems.append(Problem(("terminal", index, "login"), why))
        if terminal.area and terminal.area not in settings.city.areas:
            why = (
                f"no area {terminal.area!r} in {settings.federation_file}{closest(terminal.area, settings.city.areas)}"
            )
            problems.append(Problem(("terminal", index, "area"), why))
        if not (terminal.password_hash or terminal.address or terminal.certificate):
            why = "missing; add it, or an address or certificate by which the terminal is known"
            problems.append(Problem(("terminal", index, "password_hash"), why))
        if terminal.kind == "gate" and not terminal.area:
            problems.append(Problem(("terminal", index, "area"), "a gate needs the code of its [[area]]"))
    return problems


def _dialect_problems(settings: NodeSettings) -> list[Problem]:
    problems = []
    for index, terminal in enumerate(settings.terminals):
        try:
            terminal.composed_dialect()
        except SwitchError as wrong:
            inner = ("switches", wrong.key) if wrong.key in terminal.switches else (wrong.key,)
            problems.append(Problem(("terminal", index, *inner), str(wrong)))
    for index, listener in enumerate(settings.sip2.listeners):
        try:
            composed(listener.dialect, {})
        except SwitchError as wrong:
            problems.append(Problem(("sip2", "listener", index, "dialect"), str(wrong)))
    return problems


def _listener_problems(settings: NodeSettings) -> list[Problem]:
    needed, unused = "missing; TLS needs it", "has no use without tls = true"
    return [
        Problem(("sip2", "listener", index, key), needed if listener.tls else unused)
        for index, listener in enumerate(settings.sip2.listeners)
        for key in (("certificate", "key") if listener.tls else ("certificate", "key", "client_ca"))
        if (getattr(listener, key) is None) == listener.tls
    ]
