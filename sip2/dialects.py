"""What one terminal does differently, as a frozen value.

Promises: a `Dialect` that can be constructed can be used: the encoding exists, the delimiter can stand nowhere else
in a message. Quirks of vendors are values of this class, never branches elsewhere.
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

ChecksumOver = Literal["codepoints", "utf16 units", "without tail"]
"""Other readings of the checksum seen in the field (1.9); outgoing ones always run over the bytes sent."""

LENIENT: frozenset[ChecksumOver] = frozenset({"codepoints", "utf16 units"})
"""What half of the clients in use send for text that is not ASCII."""

Terminator = Literal["CR", "CRLF"]
_TERMINATORS: dict[Terminator, bytes] = {"CR": b"\r", "CRLF": b"\r\n"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a terminal wants its messages.

    `encoding`                  a Python codec; 2.00 says cp850 unless agreed, new devices use utf-8
    `terminator`                what ends an outgoing message; incoming ones end at CR or LF whatever is set here
    `delimiter`                 one ASCII sign (1.2)
    `delimiter_substitute`      stands for the delimiter inside an outgoing value
    `checksum_leniency`         wrong readings of the checksum that are accepted with a warning
    `require_error_detection`   a request without checksum is answered by 96
    `undecodable`               a request that is not in `encoding`: ask again, or read it with replacement characters
    `max_field_unit`            an outgoing value is cut at 255 of these
    `strip_ay_on_resend`        a repeated answer loses its sequence number, as SIPServer and Koha do (1.10)
    `hidden_tags`               never sent: `{"BH"}` for clients that do not know the currency
    """

    encoding: str = "utf-8"
    terminator: Terminator = "CR"
    delimiter: str = "|"
    delimiter_substitute: str = "｜"
    checksum_leniency: frozenset[ChecksumOver] = LENIENT
    require_error_detection: bool = False
    undecodable: Literal["resend", "replace"] = "resend"
    max_field_unit: Literal["characters", "bytes"] = "characters"
    strip_ay_on_resend: bool = False
    hidden_tags: frozenset[str] = frozenset()
    end: bytes = field(init=False, repr=False)
    """The bytes that end an outgoing message."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "end", _TERMINATORS[self.terminator])
        try:
            ascii_as_itself = "AZ09|".encode(self.encoding) == b"AZ09|"
        except LookupError as unknown:
            raise ValueError(f"encoding {self.encoding!r} is not known") from unknown
        if not ascii_as_itself or codecs.lookup(self.encoding).name.startswith("utf-16"):
            raise ValueError(f"encoding {self.encoding!r} does not contain ASCII as it is")
        if self.delimiter not in tuple("|^~!#$%&@;=_`{}"):
            raise ValueError(f"delimiter {self.delimiter!r} may occur in the fixed part or in a tag")
        if self.delimiter in self.delimiter_substitute:
            raise ValueError("the substitute of the delimiter contains the delimiter")


DEFAULT = Dialect()

NAMED: Mapping[str, Dialect] = MappingProxyType(
    {
        "default": DEFAULT,
        "strict": Dialect(checksum_leniency=frozenset()),
        "crlf": Dialect(terminator="CRLF"),
        "gbk": Dialect(encoding="gbk"),
        "gb18030": Dialect(encoding="gb18030"),
        "cp850": Dialect(encoding="cp850"),
        "ascii": Dialect(encoding="ascii", undecodable="replace"),
        "koha": Dialect(terminator="CRLF", strip_ay_on_resend=True),
        "jsip2": Dialect(hidden_tags=frozenset({"BH"})),
        "dp2": Dialect(encoding="gb18030", checksum_leniency=LENIENT | {"without tail"}),
    }
)
"""Dialects that settings may name."""
