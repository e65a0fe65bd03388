"""A terminal of the settings as the edge knows it, all of them together, and what one connection remembers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Literal, TypeAlias

from node.domain import terminal_kinds
from sip2 import DEFAULT, Dialect

Kind = Literal["selfcheck", "return", "sorter", "gate", "staff"]
Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address
UNKNOWN_LOGIN = ""
ENGLISH, CHINESE = "001", "019"


@dataclass(frozen=True, slots=True)
class Terminal:
    """`addresses`, `certificate`: they identify it without a login; `sessions`: how many it may have at once.
    `may_enable`: it may end the block of a card (25). `renew_on_checkout`: a second checkout of what the reader has
    already is a renewal, if the request allows it. `tells_return_date`: its return date (09) may be that of an earlier
    day, on which the item came back. `may_also`, `may_not`: codes of requests that it may ask beside those of its kind,
    or may not. `may_take_payment` None: as its kind does.
    """

    login: str
    kind: Kind
    location: str = ""
    area: str = ""
    dialect: Dialect = DEFAULT
    pin: Literal["required", "if_sent", "ignored"] = "if_sent"
    language: str = "019"
    password_hash: str = field(default="", repr=False)
    certificate: str = ""
    addresses: tuple[Network, ...] = ()
    sessions: int = 1
    may_enable: bool = False
    renew_on_checkout: bool = False
    tells_return_date: bool = False
    may_also: frozenset[str] = frozenset()
    may_not: frozenset[str] = frozenset()
    may_take_payment: bool | None = None

    def may_ask(self, code: str) -> bool:
        """Whether it may ask that: a code of SIP2, or `terminal_kinds.UNDO_RETURN`."""
        if code == terminal_kinds.PAYMENT:
            takes = self.may_take_payment
            return self.kind in terminal_kinds.TAKE_PAYMENT if takes is None else takes
        usual = terminal_kinds.MAY_ASK[self.kind] | self.may_also
        if self.kind == "sorter" and self.prints_hold_slips:
            usual |= terminal_kinds.FOR_HOLD_SLIPS
        return code in terminal_kinds.ALWAYS or (code in usual and code not in self.may_not)

    @property
    def may_block(self) -> bool:
        """Whether a reader or a member of staff stands here with a card (SIP2 01)."""
        return self.kind in ("selfcheck", "staff")

    @property
    def takes_everything(self) -> bool:
        """What has gone into a bin is in the library (design 2)."""
        return self.kind in ("return", "sorter")

    @property
    def prints_hold_slips(self) -> bool:
        """Whether a return tells it for which card the item is kept (CY)."""
        return self.kind == "staff" or (self.kind == "sorter" and self.dialect.hold_slip)


NOBODY = Terminal(UNKNOWN_LOGIN, "selfcheck")
"""Before a login: a self-check without a name, allowed only where the settings do not require a login."""


class Terminals(Mapping[str, Terminal]):
    """The terminals by login, as the settings have them now. `version` grows when they change."""

    def __init__(self, terminals: Mapping[str, Terminal]) -> None:
        self.version = -1
        self.replace(terminals)

    def __getitem__(self, login: str) -> Terminal:
        return self._by_login[login]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_login)

    def __len__(self) -> int:
        return len(self._by_login)

    def replace(self, terminals: Mapping[str, Terminal]) -> None:
        """The settings were read again; open sessions follow at their next message."""
        self._by_login = dict(terminals)
        self._placed = [(network, terminal) for terminal in terminals.values() for network in terminal.addresses]
        self.version += 1

    def by_address(self, host: str) -> Terminal | None:
        """The terminal that is known by this address, if there is one; the narrowest network wins."""
        address = address_of(host)
        if address is None:
            return None
        found = [(network.prefixlen, terminal) for network, terminal in self._placed if address in network]
        return max(found, key=lambda each: each[0])[1] if found else None

    def by_certificate(self, names: Iterable[str]) -> Terminal | None:
        """The terminal of a client certificate with these names."""
        known = {each.certificate.lower(): each for each in self._by_login.values() if each.certificate}
        return next((known[name.lower()] for name in names if name.lower() in known), None)


@lru_cache(maxsize=4096)
def address_of(host: str) -> Address | None:
    """An IP address; IPv4 mapped to IPv6 becomes IPv4. None if it is no address."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@dataclass(frozen=True, slots=True)
class Verified:
    """The card whose PIN was right, and the keyed digest of both."""

    card: str = field(repr=False)
    proof: str = field(repr=False)


@dataclass(slots=True)
class Session:
    """One connection: its terminal, and the reader who stands there now.

    `login_required`: the listener's setting, None if it has none.
    `host`: the address that it comes from.
    `dialect`: how it is spoken to: its terminal's way, or that of the port before a terminal is known.
    `card`: the card that was named last; `verified`: the one whose PIN was right; `asked_at_s`: when the reader last
    asked something.
    """

    terminal: Terminal = NOBODY
    logged_in: bool = False
    language: str = ""
    card: str = field(default="", repr=False)
    verified: Verified | None = field(default=None, repr=False)
    asked_at_s: float = 0.0
    login_required: bool | None = None
    dialect: Dialect = DEFAULT
    host: str = ""

    def login(self, terminal: Terminal) -> None:
        self.terminal, self.logged_in = terminal, True
        self.end_patron()

    def logout(self) -> None:
        self.terminal, self.logged_in = NOBODY, False
        self.end_patron()

    def end_patron(self) -> None:
        self.language, self.card, self.verified = "", "", None

    def language_of(self, requested: str | None = None) -> str:
        """The language of the request, else of this reader's last request, else of the terminal. English where the
        encoding has no Chinese."""
        if requested and requested != "000" and requested.isascii() and requested.isdigit():
            self.language = requested
        language = self.language or self.terminal.language
        return ENGLISH if language == CHINESE and not self.dialect.has_chinese else language
