"""Cards that terminals block and enable: what was told there holds there, and at the home."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk_sim.simulation.account import Intention
from kiosk_sim.simulation.checks.facts import Facts
from kiosk_sim.simulation.world import Reader

ENABLED_LATE_S = 60.0
"""A 25 is asked and asked again for a few seconds; the network may hold it back for some more."""


def blocks_are_as_told(facts: Facts) -> Iterator[str]:
    """The home knows each block that a terminal was told of."""
    known = {(row.library, row.op) for row in facts.books.all("card_op")}
    for done in facts.wanted("01", ok=True):
        assert done.reader is not None
        if (done.reader.home, done.heard_op) not in known:
            yield f"intention {done.number}: {done.reader.home} does not know the block {done.heard_op}"


def what_is_blocked_here_is_denied_here(facts: Facts) -> Iterator[str]:
    """From the moment of the answer nothing is lent to the card at that branch, whether or not its home knows."""
    lent = list(facts.wanted("11", ok=True))
    for blocked in facts.wanted("01", ok=True):
        for done in lent:
            same = (done.reader, done.device.branch) == (blocked.reader, blocked.device.branch)
            if same and not done.no_block and _asked_after(facts, done, blocked) and not _enabled(facts, blocked, done):
                yield f"intention {done.number} was told lent after the card was blocked there ({blocked.number})"


def _asked_after(facts: Facts, done: Intention, blocked: Intention) -> bool:
    return blocked.ended_s is not None and facts.began_s(done.heard_op) > blocked.ended_s


def _enabled(facts: Facts, blocked: Intention, done: Intention) -> bool:
    """Somebody may have made the card valid again in between."""
    assert blocked.reader is not None
    until_s = done.ended_s if done.ended_s is not None else done.began_s
    by_staff = (at_s for reader, at_s in facts.account.reactivated if _is(reader, blocked.reader))
    if any(blocked.began_s <= at_s <= until_s for at_s in by_staff):
        return True
    return any(
        each.began_s <= until_s and (each.ended_s or until_s) + ENABLED_LATE_S >= blocked.began_s
        for each in facts.account.intentions
        if each.kind == "25" and each.reader is not None and _is(each.reader, blocked.reader)
    )


def _is(one: Reader, other: Reader) -> bool:
    return one.card == other.card
