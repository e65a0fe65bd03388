"""PINs at a terminal: each one that is sent is checked, and a right one holds for its reader and for a short time.

Promises:

* The card's home checks a PIN, only as often as the throttle allows for this terminal. The very PIN that was right a
  moment ago, for the same card in the same session, is known by its digest; any other is checked.
* A right PIN holds until a wrong one comes, or one that can't be checked, or another card, or the end of the session
  (35), or `SILENCE_S` without a request. Heartbeats (99) are no requests of a reader.
* Who guesses at a terminal is told to the operator.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from twisted.internet.defer import Deferred, succeed

from federation.clock import Clock
from federation.contract import PinCheck, Reason, Refused, Standing
from node.kiosk.terminal import Session, Verified
from node.service.desk.patrons import Patrons
from node.service.throttle import PinThrottle

MAX_PIN: Final = 64
SILENCE_S: Final = 60.0
HOUR_S: Final = 3600.0
UNUSUAL: Final = 100
"""Wrong PINs at one terminal in an hour, the tries that were not checked included: somebody guesses."""
PLACES_KEPT: Final = 4096


class GuessAlarm:
    """Tells `event("terminal_alarm", ...)` at most once an hour for each terminal."""

    def __init__(self, clock: Clock, event: Callable[..., None]) -> None:
        self._clock = clock
        self._event = event
        self._hours: dict[str, tuple[float, int]] = {}

    def wrong(self, place: str) -> None:
        began_s, count = self._hours.get(place, (self._clock.seconds(), 0))
        if self._clock.seconds() - began_s >= HOUR_S:
            began_s, count = self._clock.seconds(), 0
        if place not in self._hours and len(self._hours) >= PLACES_KEPT:
            self._hours.pop(next(iter(self._hours)))
        self._hours[place] = (began_s, count + 1)
        if count + 1 == UNUSUAL:
            self._event("terminal_alarm", terminal=place, kind="wrong_pin", count=UNUSUAL)

    def right(self, place: str, mistyped: int) -> None:
        """The reader mistyped, and was no guesser."""
        began_s, count = self._hours.get(place, (0.0, 0))
        if mistyped and place in self._hours:
            self._hours[place] = (began_s, max(0, count - mistyped))


class Pins:
    """The checks of one node. `digest` is keyed, and of this library alone."""

    def __init__(
        self,
        patrons: Patrons,
        throttle: PinThrottle,
        alarm: GuessAlarm,
        *,
        clock: Clock,
        digest: Callable[[str], str],
    ) -> None:
        self._patrons = patrons
        self._throttle = throttle
        self._alarm = alarm
        self._clock = clock
        self._digest = digest

    def sent(self, session: Session, pin: str | None) -> str | None:
        """The PIN to check: none if the terminal does not ask for one, or if none was sent. It is cut; no real PIN is
        as long as the part that is kept."""
        return None if session.terminal.pin == "ignored" or not pin else pin[:MAX_PIN]

    def noticed(self, session: Session, card: str) -> None:
        """A request of a reader, and the card that it names ("" if none): another card, or a long silence, ends what
        a right PIN allowed."""
        now_s = self._clock.seconds()
        if session.verified is not None:
            silent = now_s - session.asked_at_s >= SILENCE_S
            if silent or (card and card != session.verified.card):
                session.verified = None
        session.asked_at_s = now_s
        session.card = card or session.card

    def is_same(self, session: Session, card: str, pin: str) -> bool:
        """Whether this is the PIN that was right for the card just before."""
        verified = session.verified
        return verified is not None and hmac.compare_digest(verified.proof, self._proof(card, pin))

    def standing(self, session: Session, card: str, pin: str | None) -> Deferred[Standing | Refused]:
        """How the card stands, and what its home says of the PIN."""
        if pin is None:
            return self._patrons.standing(card, None)
        if self.is_same(session, card, pin):
            return self._patrons.standing(card, None).addCallback(_with_right_pin)
        session.verified = None
        place = place_of(session)
        if not self._throttle.admits(place, card):
            self._alarm.wrong(place)
            return succeed(Refused(Reason.PIN_THROTTLED))
        found = self._patrons.standing(card, pin)
        found.addErrback(self._failed, place, card)
        return found.addCallback(self._told, session, place, card, pin)

    def _failed(self, failure: object, place: str, card: str) -> object:
        self._throttle.unchecked(place, card)
        return failure

    def _told(self, found: Standing | Refused, session: Session, place: str, card: str, pin: str) -> Standing | Refused:
        if isinstance(found, Standing) and found.pin is PinCheck.RIGHT:
            self._alarm.right(place, self._throttle.right(place, card))
            if session.card == card:  # else its reader has gone before the home answered
                session.verified = Verified(card, self._proof(card, pin))
        elif isinstance(found, Refused) and found.reason is not Reason.UNKNOWN_CARD:
            self._throttle.unchecked(place, card)
        else:
            self._throttle.wrong(place)
            self._alarm.wrong(place)
        return found

    def _proof(self, card: str, pin: str) -> str:
        return self._digest(f"{card}\x1f{pin}")


def place_of(session: Session) -> str:
    """Where guesses are counted: the terminal; without a login its address."""
    return session.terminal.login or f"@{session.host}"


def _with_right_pin(found: Standing | Refused) -> Standing | Refused:
    return replace(found, pin=PinCheck.RIGHT) if isinstance(found, Standing) else found
