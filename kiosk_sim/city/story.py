"""The story: one reader and three others, over seven weeks, in steps that each do, check and report.

A step that goes wrong does not end the story: what follows is still told, and the story as a whole has failed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from kiosk_sim.city import steps_lending as lending
from kiosk_sim.city import steps_outage as outage
from kiosk_sim.city.account import Lang, Notebook, StepResult, Words
from kiosk_sim.city.processes import NodeFailed
from kiosk_sim.city.scene import Scene, Step
from kiosk_sim.client import LineClosed, NoAnswer, UnexpectedAnswer

CODES = ("CQCQ", "CQSPB", "CQBB", "CQWZ")
"""The libraries without which it cannot be told."""

STORY: tuple[Step, ...] = (
    Step(Words("各馆就绪", "Every library is there"), lending.everyone_is_there),
    Step(Words("在他馆借书", "Borrowing at another library"), lending.borrow_at_another_library),
    Step(Words("两馆的账都记着", "Both libraries know of the loan"), lending.both_books_know_the_loan),
    lending.later(10),
    Step(Words("在第三馆按时归还", "Returned on time at a third"), lending.return_on_time_elsewhere),
    Step(Words("借三册外文书", "Three foreign items"), lending.three_foreign_items),
    Step(Words("第四册外文书被拒", "A fourth foreign item is refused"), lending.a_fourth_foreign_item_is_refused),
    Step(Words("借满八册", "Up to eight items"), lending.up_to_eight),
    Step(Words("第九册在他馆被拒", "A ninth is refused at another library"), lending.a_ninth_is_refused_elsewhere),
    lending.later(10),
    Step(Words("续借一次", "One renewal"), lending.renew_once),
    Step(Words("第二次续借被拒", "A second renewal is refused"), lending.a_second_renewal_is_refused),
    Step(Words("另一馆的读者", "A reader of another library"), outage.its_reader_borrows_before_the_outage),
    lending.later(25),
    Step(Words("逾期归还", "A late return"), lending.a_late_return),
    Step(Words("告知欠在何处", "Told where the fine is owed"), lending.told_where_the_fine_is_owed),
    Step(Words("在他馆交费被拒", "Paying elsewhere is refused"), lending.paying_elsewhere_is_refused),
    Step(Words("在发生馆交费", "Paying where it arose"), lending.paying_where_it_arose),
    Step(Words("少儿借阅区的门", "The gate of the children's area"), lending.the_gate_opens_in_spite_of_overdue_items),
    Step(Words("中心城区以外的读者", "A reader from outside the group"), lending.outside_the_group),
    Step(Words("重庆图书馆断线", "CQCQ is stopped"), outage.it_stops),
    Step(Words("断线馆的读者", "Its readers"), outage.its_readers_elsewhere),
    Step(Words("断线馆的书：归还", "Its items: returned"), outage.its_item_is_taken_back_elsewhere),
    Step(Words("断线馆的书：借出", "Its items: borrowed"), outage.its_item_is_not_lent_elsewhere),
    Step(Words("其他各馆照常", "Everyone else"), outage.everyone_else_goes_on),
    Step(Words("门禁照常", "The gate"), outage.the_gate_still_opens),
    Step(Words("重庆图书馆恢复", "CQCQ comes back"), outage.it_comes_back),
    Step(Words("归还已送达", "The return has arrived"), outage.the_return_has_arrived),
    Step(Words("账目相符", "The books agree"), outage.the_books_agree),
)


async def tell(scene: Scene, lang: Lang, steps: Sequence[Step] = STORY) -> AsyncIterator[StepResult]:
    """Run the steps in order, one result each; accidents on the wire become failed steps."""
    for number, step in enumerate(steps, start=1):
        book = Notebook(lang)
        try:
            await step.act(scene, book)
        except (LineClosed, NoAnswer, UnexpectedAnswer, NodeFailed) as accident:
            book.check(
                Words("（步骤中断）", "(the step broke off)"),
                Words("得到回答", "an answer"),
                f"{type(accident).__name__}: {accident}",
                False,
            )
        yield book.result(number, step.name)
