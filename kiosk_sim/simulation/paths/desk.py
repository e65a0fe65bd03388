"""Rare paths at the branch beside lending and returning: everything renewed, cards denied, what a restart finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from federation.contract import Reason, Refused
from kiosk_sim.simulation.looking_on import after, before
from node.core import Core
from node.service.desk.kinds import Kind
from node.service.desk.memory import Ask, Fresh
from node.service.desk.results import AllRenewed
from node.storage.store import Tx

RARE_PATHS = (
    "everything renewed",
    "everything renewed, some not",
    "card denied here on a terminal's word",
    "checkout overtaken by a return",
    "refused, the clocks are apart",
)

RARER_PATHS = ("everything renewed, left over from a crash", "correction left over from a crash")
Count = Callable[[str, bool], None]


def observe(core: Core, count: Count) -> None:
    """Count what the desk of this core does."""

    def told(_tx: Tx, ask: Ask, _fresh: Fresh, answer: Any) -> None:
        suspended = isinstance(answer, Refused) and answer.reason is Reason.CARD_SUSPENDED
        away = suspended and answer.library not in ("", core.plan.library)
        count("card denied here on a terminal's word", away and ask.kind is Kind.CHECKOUT)

    def tell(_tx: Tx, _op: str, answer: Any) -> None:
        apart = isinstance(answer, Refused) and answer.reason is Reason.CLOCKS_APART
        count("refused, the clocks are apart", apart)
        if isinstance(answer, AllRenewed) and answer.renewed:
            count("everything renewed, some not" if answer.refused else "everything renewed", True)

    def begun(_tx: Tx, ask: Ask, *, followed: bool = False, result: Any) -> None:
        overtaken = isinstance(result, Fresh) and result.overtaken
        count("checkout overtaken by a return", overtaken and ask.kind is Kind.CHECKOUT)

    before(core.desk.branch.memory, "told_at_once", told)
    before(core.desk.branch.memory, "tell", tell)
    after(core.desk.branch.memory, "begin", begun)
    before(core.desk.renewing_all, "settle", lambda *_a: count("everything renewed, left over from a crash", True))
    before(core.desk.journal, "settle", lambda *_a: count("correction left over from a crash", True))
