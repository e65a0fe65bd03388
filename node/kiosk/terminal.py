"""A terminal of the settings as the edge knows it, and what one connection of it remembers about its reader."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sip2 import DEFAULT, Dialect

Kind = Literal["selfcheck", "return", "sorter", "gate", "staff"]
UNKNOWN_LOGIN = ""


@dataclass(frozen=True, slots=True)
class Terminal:
    login: str
    kind: Kind
    location: str = ""
    area: str = ""
    dialect: Dialect = DEFAULT
    pin: Literal["required", "if_sent", "ignored"] = "if_sent"
    language: str = "019"
    password_hash: str = field(default="", repr=False)

    @property
    def takes_everything(self) -> bool:
        """What has gone into a bin is in the library (design 2)."""
        return self.kind in ("return", "sorter")


NOBODY = Terminal(UNKNOWN_LOGIN, "selfcheck")
"""Before a login: a self-check without a name, allowed only where the settings do not require a login."""


@dataclass(slots=True)
class Session:
    """One connection: its terminal, and the reader who stands there now.

    `verified_card`: the card whose PIN was right in this session; a PIN is checked once, not at every item.
    """

    terminal: Terminal = NOBODY
    logged_in: bool = False
    language: str = ""
    verified_card: str = field(default="", repr=False)

    def login(self, terminal: Terminal) -> None:
        self.terminal, self.logged_in = terminal, True
        self.end_patron()

    def logout(self) -> None:
        self.terminal, self.logged_in = NOBODY, False
        self.end_patron()

    def end_patron(self) -> None:
        self.language, self.verified_card = "", ""

    def language_of(self, requested: str | None = None) -> str:
        """The language of the request, else of this reader's last request, else of the terminal."""
        if requested and requested != "000":
            self.language = requested
        return self.language or self.terminal.language
