"""Which library decides: the one that is named, then by prefix, then by asking. Nobody else asks "is it mine?" (design
3).

Barcodes of older systems repeat between libraries, so a barcode that no library lists may be an item of several. This
branch asks all that circulate with it, itself as well, at the same time:

* One library has it: its item.
* Several have it: the one whose open loan fits, if exactly one does. For a return, a loan that ran at that moment; for
  a checkout or a renewal, a loan to this very card, as the card's home knows it. Else AMBIGUOUS_ITEM: staff decide.
* Some did not answer. A return waits until they have (`undecided.py`): it would end the wrong loan. A checkout goes on
  with the one that was found, for a library whose line is cut lends its own items; unless another library's item with
  this barcode may lie here, because one came back here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final, TypeAlias

from twisted.internet.defer import Deferred, DeferredList
from twisted.python.failure import Failure

from federation.clock import Clock
from federation.contract import (
    ItemDecision,
    ItemQuestion,
    ItemView,
    Library,
    NotPermitted,
    PeerUnreachable,
    Reason,
    Refused,
    Standing,
    StandingQuestion,
)
from federation.directory import Directory, Number
from node.domain.calendar import civil_date
from node.service.asking import ask_repeatedly
from node.service.desk.item_name import ItemName
from node.storage.desk import operations as branch_rows
from node.storage.store import Store

WAIT_S: Final = 1.5
"""For the libraries that may own an item, while a kiosk waits."""
PATIENT_S: Final = 8.0
ASK_AT_S: Final = (0.0, 0.7, 2.0, 4.0)
STANDING_TIMEOUT_S = 1.0
MAX_CARD = 64
_WRONG: Final = {"unknown": Reason.UNKNOWN_CODE, "contradicts": Reason.CODE_CONTRADICTS}


@dataclass(frozen=True, slots=True)
class Undecided:
    """It is not known which library owns the item. `silent`: those that could not be asked, and may own it."""

    silent: tuple[str, ...]


Whose: TypeAlias = str | Refused | Undecided
"""The code of the owner; or why there is none."""


@dataclass(frozen=True, slots=True)
class _Answers:
    """`views` of those that have such an item; `silent`: who did not answer."""

    views: tuple[ItemView, ...]
    silent: tuple[str, ...]

    def whose(self, fitting: list[str]) -> Whose:
        """`fitting`: of several that have it, those whose loan fits."""
        if not self.views:
            return Undecided(self.silent)
        found = [view.owner for view in self.views] if len(self.views) == 1 else fitting
        return found[0] if len(found) == 1 else Refused(Reason.AMBIGUOUS_ITEM)


class Authorities:
    """Authorities of branch `here`. `libraries(code)` reaches any library, this one too."""

    def __init__(
        self,
        here: str,
        directory: Directory,
        store: Store,
        *,
        libraries: Callable[[str], Library],
        clock: Clock,
        wall_ms: Callable[[], int],
    ) -> None:
        self.here = here
        self.library = libraries
        self._directory = directory
        self._store = store
        self._clock = clock
        self._wall_ms = wall_ms

    # --- cards and libraries -------------------------------------------------------------------------------

    def card_of(self, sent: str) -> str:
        """The card's number without the institution code in front of it. Where that code is wrong: all that was sent,
        so that it stays nobody's."""
        return self._directory.card_number(sent).text

    def home_of(self, card: str) -> str | Refused:
        """A text longer than any card number is nobody's, whatever its prefix: a home would not even read it."""
        wrong = _wrong(self._directory.card_number(card))
        home = self._directory.home_of(card) if len(card) <= MAX_CARD else None
        return wrong or home or Refused(Reason.UNKNOWN_CARD)

    def is_member(self, code: str) -> bool:
        return self._directory.entry(code) is not None

    def pickup_of(self, sent: str | None) -> str:
        """The library that a terminal means by a pickup location: its code or its name; else this one, which has
        service points of its own."""
        wanted = (sent or "").strip().casefold()
        for library in self._directory.libraries:
            if wanted and wanted in (library.code.casefold(), library.name.casefold()):
                return library.code
        return self.here

    def peers(self) -> tuple[str, ...]:
        """The other libraries that circulate with this one today."""
        members = self._directory.group_members(self.here, civil_date(self._wall_ms()))
        return tuple(code for code in members if code != self.here)

    def out_of_group(self, *others: str) -> Refused | None:
        """R9: the library that does not circulate with this one."""
        on = civil_date(self._wall_ms())
        if self._directory.together((self.here, *others), on):
            return None
        outside = next((code for code in others if not self._directory.together((self.here, code), on)), others[0])
        return Refused(Reason.OUT_OF_GROUP, library=outside)

    # --- items ---------------------------------------------------------------------------------------------

    def item_of(self, sent: str) -> ItemName:
        """The item that a kiosk names. An institution code that the prefix bears out says nothing new, so both forms
        name the same item. Where the code is wrong: all that was sent, so that it stays nobody's."""
        number = self._directory.item_number(sent)
        return self.item_at(number.library, number.text)

    def item_at(self, owner: str, barcode: str) -> ItemName:
        """The item with that barcode of that library; `owner` "": of whomever the barcode tells."""
        return ItemName(barcode, "" if self._directory.owners_of(barcode) == (owner,) else owner)

    def owner_told(self, item: ItemName) -> str | Refused | None:
        """The owner, if the name alone tells it: the usual case, without waiting. Refused: a wrong code."""
        if item.named:
            return item.named
        wrong = _wrong(self._directory.item_number(item.barcode))
        owners = self._directory.owners_of(item.barcode)
        return wrong or (owners[0] if len(owners) == 1 else None)

    async def find_owner(self, item: ItemName) -> Whose:
        """Whose item it is, where no loan of it tells."""
        told = self.owner_told(item)
        return told if told is not None else (await self._ask_all(item.barcode)).whose([])

    async def find_owner_to_lend(self, item: ItemName, card: str) -> Whose:
        """For a checkout or a renewal by that card."""
        told = self.owner_told(item)
        if told is not None:
            return told
        answers = await self._ask_all(item.barcode)
        found = [view.owner for view in answers.views]
        if not found or (len(found) == 1 and not await self._may_be_of_the_silent(item.barcode, found[0], answers)):
            return answers.whose([])
        lenders = await self._lenders(item.barcode, card)
        if answers.silent and lenders.isdisjoint(found):
            return Undecided(answers.silent)
        return answers.whose([owner for owner in found if owner in lenders])

    async def _may_be_of_the_silent(self, barcode: str, owner: str, answers: _Answers) -> bool:
        """Whether the item in hand may be of a library that did not answer."""
        if not answers.silent:
            return False
        return await self._store.read(lambda tx: branch_rows.others_taken_in(tx, barcode, owner))

    async def find_owner_to_return(self, item: ItemName, returned_at_ms: int) -> Whose:
        """For a return at that moment. While a library that may own the item is silent, nobody's loan may end."""
        told = self.owner_told(item)
        return told if told is not None else await self._ask_about_return(item.barcode, returned_at_ms, WAIT_S)

    async def find_owner_later(self, item: ItemName, returned_at_ms: int, silent: Collection[str]) -> Whose:
        """The same, of a return that waits: nobody else is asked while those that were silent still are."""
        told = self.owner_told(item)
        if told is not None:
            return told
        question = ItemQuestion(item.barcode, self.here, moment_ms=returned_at_ms)
        still = (await self._ask_each(silent, question, PATIENT_S)).silent
        return Undecided(still) if still else await self._ask_about_return(item.barcode, returned_at_ms, PATIENT_S)

    async def _ask_about_return(self, barcode: str, returned_at_ms: int, within_s: float) -> Whose:
        answers = await self._ask_all(barcode, within_s, returned_at_ms)
        if answers.silent:
            return Undecided(answers.silent)
        return answers.whose([view.owner for view in answers.views if _ran(view)])

    async def _lenders(self, barcode: str, card: str) -> set[str]:
        """The libraries of which this card has an item with that barcode on loan; none if its home does not say."""
        home = self.home_of(card)
        if isinstance(home, Refused):
            return set()
        question = StandingQuestion(card, self.here, self._wall_ms())
        try:
            standing = await self.library(home).standing(question, STANDING_TIMEOUT_S)
        except (PeerUnreachable, NotPermitted):
            return set()
        loans = standing.loans if isinstance(standing, Standing) else ()
        return {loan.owner for loan in loans if loan.barcode == barcode}

    def possible_owners(self, barcode: str) -> tuple[str, ...]:
        """Those that list the prefix, if several do; else this library and all that circulate with it."""
        return self._directory.owners_of(barcode) or (self.here, *self.peers())

    def may_be_of_several(self, barcode: str) -> bool:
        """Whether the barcode alone does not tell the owner."""
        return len(self._directory.owners_of(barcode)) != 1

    async def _ask_all(self, barcode: str, within_s: float = WAIT_S, moment_ms: int | None = None) -> _Answers:
        """All that may own it, at the same time. No barcode is nobody's."""
        codes = self.possible_owners(barcode) if barcode else ()
        question = ItemQuestion(barcode, self.here, moment_ms=moment_ms)
        return await self._ask_each(codes, question, within_s)

    async def _ask_each(self, codes: Collection[str], question: ItemQuestion, within_s: float) -> _Answers:
        asked = [self._ask(code, question, within_s) for code in codes]
        views: list[ItemView] = []
        silent: list[str] = []
        for code, (_success, result) in zip(codes, await DeferredList(asked, consumeErrors=True), strict=True):
            if isinstance(result, Failure):
                result.trap(PeerUnreachable, NotPermitted)
                silent.append(code)
            elif isinstance(result, ItemView):
                views.append(result)
            elif result.reason is not Reason.UNKNOWN_ITEM:
                silent.append(code)  # it does not say whether it has such an item
        return _Answers(tuple(views), tuple(silent))

    def _ask(self, code: str, question: ItemQuestion, within_s: float) -> Deferred[ItemDecision]:
        library = self.library(code)
        if code == self.here:
            return library.describe(question, within_s)
        return ask_repeatedly(self._clock, lambda left_s: library.describe(question, left_s), ASK_AT_S, within_s)


def _wrong(number: Number) -> Refused | None:
    return Refused(_WRONG[number.wrong]) if number.wrong else None


def _ran(view: ItemView) -> bool:
    """An older library does not tell whether a loan ran then, but whether one runs now."""
    return bool(view.loan) if view.ran is None else view.ran
