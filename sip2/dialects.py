"""What one terminal does differently, as a frozen value of named switches.

Promises: every `Dialect` that can be constructed works: the encoding exists, and the delimiter cannot occur elsewhere
in a message. Quirks of vendors are values of this class, never branches in other code. `sip2.codec` reads the
switches of the wire, `sip2.tailoring` those of the content. docs/dialects.md is generated from these declarations.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, TypeVar

ChecksumOver = Literal["codepoints", "utf16 units", "without tail"]
"""Other readings of the checksum seen in the field (1.9); outgoing ones always run over the bytes sent."""

LENIENT: frozenset[ChecksumOver] = frozenset({"codepoints", "utf16 units"})
"""What half of the clients in use send for text that is not ASCII."""

Terminator = Literal["CR", "CRLF"]
_TERMINATORS: dict[Terminator, bytes] = {"CR": b"\r", "CRLF": b"\r\n"}

DueDate: TypeAlias = Literal["sip", "day", "minute", "slashes", "chinese"]
Names: TypeAlias = Literal["full", "masked", "none"]
EchoedCard: TypeAlias = Literal["card", "as_sent"]
Alert: TypeAlias = Literal["decided", "accepted_only", "never"]

T = TypeVar("T")

FINE_LINE, FINE_LINE_EN = "{barcode} {library} {yuan}元", "{barcode} {library} {yuan} yuan"
"""One line of AV. It may name {barcode}, {title}, {library}, {yuan} and {due}."""

_CHINESE = "借阅卡图书馆"


def sendable(text: str, encoding: str) -> bool:
    """Whether the encoding has all characters of the text."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _wire(default: T, means: str) -> T:
    """A switch of the codec with its meaning, for people."""
    return field(default=default, metadata={"means": means, "said": False})


def _said(default: T, means: str) -> T:
    """A switch of `sip2.tailoring` and of whoever answers."""
    return field(default=default, metadata={"means": means, "said": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How a terminal wants its messages. Each switch says what it means beside it."""

    # the wire
    encoding: str = _wire("utf-8", "Character set of both directions; 2.00 says cp850 unless agreed (1.6)")
    terminator: Terminator = _wire("CR", "What ends an answer; a request may end in CR, LF or both (1.3)")
    delimiter: str = _wire("|", "The sign after each tagged field, one of ASCII (1.2)")
    delimiter_substitute: str = _wire("｜", "Stands for the delimiter inside a value")
    control_substitute: str = _wire(" ", "Stands for a control character inside a value")
    checksum_leniency: frozenset[ChecksumOver] = _wire(
        LENIENT, "Wrong readings of the checksum that are taken, and noted (1.9)"
    )
    require_error_detection: bool = _wire(False, "A request without checksum is answered by 96")
    undecodable: Literal["resend", "replace"] = _wire(
        "replace", "A request that is not in the encoding: read it with replacement characters, or ask again"
    )
    max_field_unit: Literal["characters", "bytes"] = _wire("characters", "A value is cut at 255 of these (1.5)")
    splits_bytes: bool = _wire(
        False, "The device splits answers at the byte of the delimiter, also inside a character (GBK): send 〓 for such"
    )
    strip_ay_on_resend: bool = _wire(False, "An answer sent again loses its sequence number (1.10)")
    hidden_tags: frozenset[str] = _wire(frozenset(), "Fields that are never sent; wins over `allowed_tags`")
    allowed_tags: frozenset[str] = _wire(frozenset(), "If any stand here, no other fields are sent")

    # what is asked
    ignore_no_block: bool = _said(False, "`no block` is read as N, for devices that always say Y")

    # what is said
    echo_aa: EchoedCard = _said(
        "as_sent", "AA of the answers: as it was sent, or the card's number without an institution code"
    )
    institution: str = _said("", "AO of the answers, in place of the library's code")
    timeout_tenths: int | None = _said(None, "Time-out told in 98, in place of `[sip2] timeout_tenths`")
    retries: int | None = _said(None, "Retries told in 98, in place of `[sip2] retries`")
    offline_ok: bool | None = _said(None, "Off-line lending told in 98, in place of `[sip2] offline_ok`")
    due_date: DueDate = _said(
        "sip", "AH as 20250414    235900, 2025-04-14, 2025-04-14 23:59, 2025/04/14 or 2025年4月14日"
    )
    currency: str = _said("CNY", "Code of the yuan for this terminal (BH, and in 37)")
    names: Names = _said("full", "AE and DA: the name, its first character and asterisks, or nothing")
    fine_line: str = _said(FINE_LINE, "One line of AV; {barcode} {title} {library} {yuan} {due}")
    counts_always: bool = _said(False, "A count that is not known is sent as 0000, not blank (64)")
    counts_blank: bool = _said(False, "After a wrong PIN counts are blank, not 0000 (64)")
    unchecked_pin_valid: bool = _said(False, "CQ is Y for a valid card whose PIN was not asked for")
    join_screen_messages: bool = _said(False, "Several AF become one, for devices that show only one")
    checkin_message: bool = _said(True, "AF when a return went well and nothing is owed or to be done")
    checkin_patron: bool = _said(False, "10 has the card of this library's reader who brought it back (AA)")
    hold_slip: bool = _said(
        False, "10 at a sorter names the own reader's card for whom it is kept (CY); a staff desk always does"
    )
    alert: Alert = _said("decided", "The alert of 10: as decided, not for a refused return, or never")
    cv_always: bool = _said(False, "10 always has an alert type, 00 where there is no alert")
    cv_00_on_success: bool = _said(False, "10 has CV 00 when a return went well without an alert")
    ct_always: bool = _said(False, "10 always has a destination (CT), this library where the item stays")
    sort_bins: tuple[str, ...] = _said(
        (), "CL as the first `what=bin` that fits: a library's code, hold, staff, away, here or *"
    )

    end: bytes = field(init=False, repr=False)
    """The bytes that end an outgoing message."""
    filters: bool = field(init=False, repr=False)
    """Whether some fields are not sent."""
    has_chinese: bool = field(init=False, repr=False)
    """Whether the encoding has Chinese. Otherwise everything is said in English."""
    tailors: bool = field(init=False, repr=False)
    """Whether `sip2.tailoring` has anything to do."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "end", _TERMINATORS[self.terminator])
        object.__setattr__(self, "filters", bool(self.hidden_tags or self.allowed_tags))
        self._check_wire()
        self._check_said()
        said = (each for each in fields(self) if each.init and each.metadata["said"])
        object.__setattr__(self, "has_chinese", sendable(FINE_LINE + _CHINESE, self.encoding))
        tailors = not self.has_chinese or any(getattr(self, each.name) != each.default for each in said)
        object.__setattr__(self, "tailors", tailors)

    def _check_wire(self) -> None:
        try:
            ascii_as_itself = "AZ09|".encode(self.encoding) == b"AZ09|"
        except LookupError as unknown:
            raise ValueError(f"encoding {self.encoding!r} is not known") from unknown
        if not ascii_as_itself:
            raise ValueError(f"encoding {self.encoding!r} does not contain ASCII as it is")
        if self.delimiter not in tuple("|^~!#$%&@;=_`{}"):
            raise ValueError(f"delimiter {self.delimiter!r} may occur in the fixed part or in a tag")
        if self.delimiter in self.delimiter_substitute:
            raise ValueError("the substitute of the delimiter contains the delimiter")
        if self.delimiter in self.control_substitute or not self.control_substitute.isprintable():
            raise ValueError("the substitute of control characters can't be sent itself")
        for tag in self.hidden_tags | self.allowed_tags:
            if not re.fullmatch("[A-Z][A-Z0-9]", tag):
                raise ValueError(f"{tag!r} is no field: two characters, such as BH")

    def _check_said(self) -> None:
        if not re.fullmatch("[A-Z]{3}", self.currency):
            raise ValueError(f"currency {self.currency!r} is not three capital letters")
        for number in (self.timeout_tenths, self.retries):
            if number is not None and not 0 <= number <= 999:
                raise ValueError(f"{number} does not fit into the three digits of 98")
        for rule in self.sort_bins:
            if not re.fullmatch("[A-Za-z*]+=[A-Za-z0-9]{1,10}", rule):
                raise ValueError(f"sort bin {rule!r} is not what=bin, such as CQBB=3")
        try:
            self.fine_line.format(barcode="", title="", library="", yuan="", due="")
        except (KeyError, IndexError, ValueError) as wrong:
            raise ValueError(f"{self.fine_line!r} names something else than {FINE_LINE}, title or due") from wrong


DEFAULT = Dialect()

NAMED: Mapping[str, Dialect] = MappingProxyType(
    {
        "default": DEFAULT,
        "strict": Dialect(checksum_leniency=frozenset()),
        "crlf": Dialect(terminator="CRLF"),
        "gbk": Dialect(encoding="gbk"),
        "gb18030": Dialect(encoding="gb18030"),
        "cp850": Dialect(encoding="cp850"),
        "ascii": Dialect(encoding="ascii"),
        "koha": Dialect(terminator="CRLF", strip_ay_on_resend=True),
        "jsip2": Dialect(hidden_tags=frozenset({"BH"}), counts_always=True),
        "dp2": Dialect(encoding="gb18030", checksum_leniency=LENIENT | {"without tail"}, due_date="day"),
        "sorter": Dialect(cv_always=True, ct_always=True, max_field_unit="bytes"),
        "one-line": Dialect(join_screen_messages=True, max_field_unit="bytes"),
    }
)
"""Dialects that settings may name."""

ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "default": "New devices, and whatever is not known better",
        "strict": "Devices whose checksums are right, over bytes",
        "crlf": "Devices that wait for LF",
        "gbk": "Older Chinese self-checks",
        "gb18030": "Chinese devices with rare characters",
        "cp850": "Devices that keep to the letter of 2.00, library apps",
        "ascii": "Devices whose checksum covers characters: nothing but ASCII is sent",
        "koha": "Clients made for Koha or SIPServer",
        "jsip2": "Clients with a fixed list of currencies, and no blanks for numbers",
        "dp2": "Clients made for dp2",
        "sorter": "Sorters and return bins that want an alert type and a destination every time",
        "one-line": "Small displays that show a single message",
    }
)
"""For whom a named dialect is."""

Switches = dict[str, Any]


def differences(dialect: Dialect, base: Dialect = DEFAULT) -> Switches:
    """The switches in which a dialect differs from another, by name."""
    return {
        each.name: getattr(dialect, each.name)
        for each in fields(Dialect)
        if each.init and getattr(dialect, each.name) != getattr(base, each.name)
    }
