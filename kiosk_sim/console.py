"""What an operator types at a simulated kiosk, one line at a time, and what the kiosk then shows.

checkout CARD ITEM    checkin ITEM    renew CARD ITEM    pay CARD YUAN    patron CARD [LIST]
item ITEM             gate CARD       status             pin PIN          raw BYTES        quit
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import fields

from kiosk_sim.client import KioskClient
from sip2 import messages as m
from sip2.declaring import LAYOUTS

HELP = (__doc__ or "").partition("\n\n")[2].rstrip()


class BadLine(ValueError):
    """A line that is no command; the text says what is."""


class Console:
    """Runs lines against one kiosk. The PIN given by `pin` goes with every later request that can carry one."""

    def __init__(self, kiosk: KioskClient) -> None:
        self._kiosk = kiosk
        self._pin: str | None = None
        self._payments = 0
        self._verbs: dict[str, tuple[int, int, Callable[..., Awaitable[str]]]] = {
            "checkout": (2, 2, self._checkout),
            "checkin": (1, 1, self._checkin),
            "renew": (2, 2, self._renew),
            "pay": (2, 2, self._pay),
            "patron": (1, 2, self._patron),
            "item": (1, 1, self._item),
            "gate": (1, 1, self._gate),
            "status": (0, 0, self._status),
            "pin": (0, 1, self._set_pin),
            "raw": (1, 1, self._raw),
        }

    async def run(self, line: str) -> str:
        """What the kiosk shows after this line; empty for an empty line or a comment. Raises `BadLine`."""
        words = _words(line)
        if not words:
            return ""
        verb, *arguments = words
        least, most, act = self._verbs.get(verb, (0, 0, None))
        if act is None or not least <= len(arguments) <= most:
            raise BadLine(f"{line.strip()!r} is not understood:\n{HELP}")
        return await act(*arguments)

    async def _checkout(self, card: str, item: str) -> str:
        return show(await self._kiosk.checkout(card, item, self._pin))

    async def _checkin(self, item: str) -> str:
        return show(await self._kiosk.checkin(item))

    async def _renew(self, card: str, item: str) -> str:
        return show(await self._kiosk.renew(card, item, self._pin))

    async def _pay(self, card: str, yuan: str) -> str:
        self._payments += 1
        receipt = f"K{self._kiosk.now()[:8]}{self._kiosk.now()[12:]}-{self._payments}"
        return show(await self._kiosk.fee_paid(card, _fen(yuan), receipt))

    async def _patron(self, card: str, listing: str | None = None) -> str:
        return show(await self._kiosk.patron_information(card, self._pin, listing))

    async def _item(self, item: str) -> str:
        return show(await self._kiosk.item_information(item))

    async def _gate(self, card: str) -> str:
        return show(await self._kiosk.patron_status(card, self._pin))

    async def _status(self) -> str:
        return show(await self._kiosk.status())

    async def _set_pin(self, pin: str | None = None) -> str:
        self._pin = pin
        return ""

    async def _raw(self, text: str) -> str:
        encoding = self._kiosk.options.dialect.encoding
        answer = await self._kiosk.raw(text.encode(encoding) + b"\r")
        return answer.decode(encoding, errors="replace")


def show(answer: m.Response) -> str:
    """An answer as lines: the message, then each field that says something, by its name."""
    secret = {field.name for field in LAYOUTS[answer.command].fields if field.secret}
    lines = [f"{answer.command} {type(answer).__name__}"]
    for declared in fields(answer):  # type: ignore[arg-type]  # every message is a dataclass
        value = getattr(answer, declared.name)
        if declared.name not in secret and value not in {None, "", ()}:
            shown = " / ".join(value) if isinstance(value, tuple) else value
            lines.append(f"   {declared.name}: {shown}")
    return "\n".join(lines)


def _words(line: str) -> Sequence[str]:
    if line.strip().startswith("raw "):
        return ["raw", line.strip()[4:]]
    try:
        return shlex.split(line, comments=True)
    except ValueError as error:
        raise BadLine(f"{line.strip()!r}: {error}") from None


def _fen(yuan: str) -> int:
    whole, _, cents = yuan.partition(".")
    if not (whole.isdigit() and (cents.isdigit() or not cents) and len(cents) <= 2):
        raise BadLine(f"{yuan!r} is no amount in yuan, such as 1.20")
    return int(whole) * 100 + int(cents.ljust(2, "0") or "0")
