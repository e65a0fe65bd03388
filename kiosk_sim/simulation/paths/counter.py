"""Counts how often each rare path is walked: a green run of a path that was never walked proves nothing.

Here lending and returning between libraries; `paths_owner` and `paths_desk` have the rest.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from kiosk_sim.simulation.account import Account
from kiosk_sim.simulation.library import SimLibrary
from kiosk_sim.simulation.looking_on import after, before
from kiosk_sim.simulation.paths import clocks as paths_clocks
from kiosk_sim.simulation.paths import desk as paths_desk
from kiosk_sim.simulation.paths import owner as paths_owner
from node.core import Core
from node.service import unconfirmed
from node.service.desk.kinds import Kind
from node.service.desk.memory import Fresh, InDoubt, Told
from node.service.owner.dating import MEASURED_FOR_MS
from node.storage.home import cards as home_rows
from node.storage.owner import evidence as ev
from node.storage.owner import loans as owner_rows
from node.storage.store import Tx

DAY_MS = 86_400_000

_MIRRORED = "SELECT epoch, version FROM fine_mirror WHERE ledger = ? AND fine = ?"

FORGOTTEN = (
    *("acknowledged_notices", "answers", "kiosk_operations", "readers_of_loans", "loans", "decisions", "returns"),
    *("readers_of_places", "places", "readers_of_mirrored_fines", "items_of_fines"),
)
SELDOM_FORGOTTEN = ("readers_of_holds", "holds", "readers_of_mirrored_holds", "mirrored_holds", "cards_seen")

RARE_PATHS = (
    "repeat answered from memory",
    "asked again with a fresh date",
    "same words, refused for a minute",
    "same words, taken back again",
    "return elsewhere in doubt",
    "return elsewhere within a minute ended the loan",
    "repeat after a restart settled as no",
    "joined decision in progress",
    "same request, new operation",
    "owner's decision joined",
    "tombstone met",
    "cancellation before its question",
    "cancellation of a reservation",
    "cancellation of a committed loan",
    "cancellation of a renewal",
    "cancellation after something followed",
    "cancelled while the home decided",
    "reservation aborted without an answer",
    "reservation left over from a crash",
    "question left over from a crash",
    "place tombstone met",
    "place asked for again",
    "refusal of a place asked for again",
    "release before its question",
    "return delivered again",
    "return settled after days",
    "evidence closed a loan as it opened",
    "end of a loan moved back",
    "fine lowered by later evidence",
    "refund due",
    "old snapshot ignored",
    "payment repeated",
    "debt not borne out",
    "debt kept until its loan is known",
    "place that no terminal asked for",
    "years with nights",
    "off line told again after years",
    *(f"forgotten: {kind}" for kind in FORGOTTEN),
    *paths_owner.RARE_PATHS,
    *paths_desk.RARE_PATHS,
    *paths_clocks.RARE_PATHS,
)
RARER_PATHS = (
    *(f"forgotten: {kind}" for kind in SELDOM_FORGOTTEN),
    *paths_owner.RARER_PATHS,
    *paths_desk.RARER_PATHS,
    *paths_clocks.RARER_PATHS,
)
COVERAGE_FROM, RARER_FROM = 200, 2_000
"""A run of so many histories must have walked every rare path, and every rarer one."""


class PathCounter:
    """Counts over any number of histories."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter(dict.fromkeys((*RARE_PATHS, *RARER_PATHS), 0))
        self._opening = ""

    def never_walked(self, histories: int) -> list[str]:
        """What so many histories should have walked and did not."""
        rare = RARE_PATHS if histories >= COVERAGE_FROM else ()
        rarer = RARER_PATHS if histories >= RARER_FROM else ()
        return [path for path in (*rare, *rarer) if not self.counts[path]]

    def observe(self, library: SimLibrary, account: Account) -> None:
        """Look on while this core works; tells the account what each request was taken for."""
        core = library.core
        assert core is not None
        self._memory(core, library, account)
        self._owner(core, account)
        self._home(core, library)
        self._ledger(core)
        before(core.forgetting._log, "forgotten", lambda kind, rows: self._count(f"forgotten: {kind}", rows > 0))
        paths_owner.observe(core, self._count)
        paths_desk.observe(core, self._count)
        paths_clocks.observe(library, account, self._count)

    def _count(self, path: str, walked: bool = True) -> None:
        if walked:
            self.counts[path] += 1

    # --- the branch ------------------------------------------------------------------------------------------

    def _memory(self, core: Core, library: SimLibrary, account: Account) -> None:
        def begun(tx: Tx, ask: Any, *, followed: bool = False, result: Any) -> None:
            account.begun(library.code, ask, result, library.wall_ms())
            if isinstance(result, Fresh):
                self._count("same request, new operation", result.attempt > 1)
                self._count("same words, refused for a minute", result.too_soon)
                self._count("same words, taken back again", followed and ask.kind is Kind.RETURN)
                self._count("asked again with a fresh date", result.attempt == 1 and result.earlier_op != "")
            elif isinstance(result, Told):
                self._count("repeat answered from memory")
                self._count("payment repeated", ask.kind is Kind.PAYMENT)
            elif isinstance(result, InDoubt):
                driven = result.op in core.desk.lending.driving
                self._count("joined decision in progress" if driven else "repeat after a restart settled as no")

        after(core.desk.branch.memory, "begin", begun)
        after(core.desk.lending, "give_up", lambda *_a, result: self._count("question left over from a crash"))

    # --- the owner -------------------------------------------------------------------------------------------

    def _owner(self, core: Core, account: Account) -> None:
        owner = core.books.owner

        def aborted(_tx: Tx, _deciding: Any = (), *, result: int) -> None:
            self.counts["reservation left over from a crash"] += result

        checkouts, returns = owner.checkouts, owner.returns
        before(owner, "cancel", self._cancel)
        before(checkouts, "examine", self._examine)
        before(checkouts, "conclude", self._conclude)
        before(checkouts, "abort", self._abort)
        after(checkouts, "abort_left_over", aborted)
        before(owner.renewals, "decided", self._decided_renewal)
        before(returns, "take_back", lambda tx, notice, **_kw: self._take_back(tx, notice, core))
        before(returns, "close_with_evidence", lambda _tx, loan, _item: self._opens(loan.op))
        after(returns, "close_with_evidence", lambda *_loan, result: self._opens(""))
        before(returns, "_close", self._close)
        before(returns, "_doubt", lambda _tx, loan, found: self._doubt(core, account, loan, found))
        before(core.local.deciding, "join", lambda _asked: self._count("owner's decision joined"))

    def _cancel(self, tx: Tx, notice: Any) -> None:
        known = owner_rows.find_op(tx, notice.op)
        if known is None:
            self._count("cancellation before its question")
        elif known.state == "reserving":
            self._count("cancellation of a reservation")
        elif known.state == "done":
            loan = owner_rows.find_loan(tx, known.loan or known.op)
            followed = loan is None or loan.closed_at_ms is not None or (known.kind == "checkout" and loan.renewals > 0)
            kind = "cancellation of a renewal" if known.kind == "renewal" else "cancellation of a committed loan"
            self._count("cancellation after something followed" if followed else kind)

    def _examine(self, tx: Tx, question: Any) -> None:
        known = owner_rows.find_op(tx, question.op)
        self._count("tombstone met", known is not None and known.kind == "unknown")

    def _decided_renewal(self, tx: Tx, op: str) -> None:
        known = owner_rows.find_op(tx, op)
        self._count("tombstone met", known is not None and known.kind == "unknown")

    def _conclude(self, tx: Tx, question: Any, *_place: Any) -> None:
        known = owner_rows.find_op(tx, question.op)
        self._count("cancelled while the home decided", known is not None and known.state == "cancelled")

    def _abort(self, tx: Tx, op: str, _refused: Any) -> None:
        known = owner_rows.find_op(tx, op)
        self._count("reservation aborted without an answer", known is not None and known.state == "reserving")

    def _take_back(self, tx: Tx, notice: Any, core: Core) -> None:
        known = ev.find_evidence(tx, notice.op) is not None
        late_ms = core.books._wall_ms() - notice.returned_at_ms
        self._count("return delivered again", known)
        self._count("return settled after days", late_ms > DAY_MS and not known)

    def _opens(self, loan: str) -> None:
        self._opening = loan

    def _doubt(self, core: Core, account: Account, loan: Any, found: Any) -> None:
        """What the owner knew of the clocks when it did not know which loan a return had ended."""
        self._count("return elsewhere in doubt")
        if loan.closed_at_ms is None:
            late = core.books._wall_ms() - found.returned_at_ms > MEASURED_FOR_MS
            ahead_ms = None if late else core.links.ahead_ms(found.branch, loan.branch)
            account.doubted[found.op] = (loan.op, ahead_ms)

    def _close(self, tx: Tx, loan: Any, _item: Any, found: Any) -> None:
        soon = found.branch != loan.branch and found.returned_at_ms - loan.opened_at_ms < 60_000
        self._count("return elsewhere within a minute ended the loan", soon)
        self._count("end of a loan moved back", loan.closed_at_ms is not None)
        self._count("evidence closed a loan as it opened", loan.op == self._opening)

    # --- the home --------------------------------------------------------------------------------------------

    def _home(self, core: Core, library: SimLibrary) -> None:
        home = core.books.home
        before(home, "hold_place", self._hold_place)
        before(home, "release", self._release)
        before(home, "mirror_loan", self._mirror_loan)
        before(home, "mirror_fine", lambda _tx, notice: self._mirror_fine(library, notice))
        after(home._claims, "is_ours", lambda *_a, result: self._count("place that no terminal asked for", not result))
        before(home._debts, "look_again", self._look_again)

    def _look_again(self, tx: Tx, loan: str) -> None:
        self._count("debt kept until its loan is known", bool(unconfirmed.about(tx, f"loan:{loan}")))

    def _hold_place(self, tx: Tx, question: Any) -> None:
        known = home_rows.find_place(tx, question.op)
        if known is not None:
            self._count("place tombstone met", known.state == "freed" and known.reader is None)
            self._count("place asked for again", known.state == "held")
            self._count("refusal of a place asked for again", known.state == "refused")

    def _release(self, tx: Tx, notice: Any) -> None:
        self._count("release before its question", home_rows.find_place(tx, notice.op) is None)

    def _mirror_loan(self, tx: Tx, notice: Any) -> None:
        known = home_rows.find_place(tx, notice.op)
        old = known is not None and (known.epoch, known.version) > (notice.epoch, notice.version)
        self._count("old snapshot ignored", old)

    def _mirror_fine(self, library: SimLibrary, notice: Any) -> None:
        known = library.connection.execute(_MIRRORED, (notice.ledger, notice.fine)).fetchone()
        self._count("old snapshot ignored", known is not None and tuple(known) > (notice.epoch, notice.version))

    # --- the ledger ------------------------------------------------------------------------------------------

    def _ledger(self, core: Core) -> None:
        before(core.books.owner.returns, "_lower_fine", self._lower_fine)
        after(core.books.ledger, "book", lambda *_a, result: self._count("debt not borne out", not result))
        before(core.books.ledger, "_refund_due", lambda *_a: self._count("refund due"))

    def _lower_fine(self, tx: Tx, loan: Any, *_return: Any) -> None:
        self._count("fine lowered by later evidence", bool(ev.orders_of(tx, loan.op)))
