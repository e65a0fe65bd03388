"""The first half of the story: borrowing, returning elsewhere, the limits, renewing, the late fee, the gate."""

from __future__ import annotations

from kiosk_sim.city.account import Notebook, Words
from kiosk_sim.city.scene import CHARGED, Scene, Step, said, short

_FEE_FEN = 100  # five days late, 0.20 yuan a day (R7)
_FEE = "1.00"


async def everyone_is_there(scene: Scene, book: Notebook) -> None:
    for library in scene.world.libraries:
        answer = await (await scene.at(library.code)).status()
        book.check(
            Words(f"{library.name}：登录并问状态", f"{library.code}: log in and ask for the status"),
            Words("联机，可借可还", "on line, lends and takes back"),
            f"98: online={answer.online_status:d} checkout={answer.checkout_ok:d} checkin={answer.checkin_ok:d}",
            answer.online_status and answer.checkout_ok and answer.checkin_ok,
        )


async def borrow_at_another_library(scene: Scene, book: Notebook) -> None:
    cast, due = scene.cast, scene.day(30)
    answer = await scene.borrow("CQBB", cast.reader, cast.first_book)
    book.check(
        Words(
            f"沙坪坝的读者在北碚借《{cast.first_book.title}》",
            f"a reader of CQSPB borrows {cast.first_book.barcode} at CQBB",
        ),
        Words(f"借出，{due} 到期", f"lent, due {due}"),
        short(answer),
        answer.ok and (answer.due_date or "").startswith(due),
    )


async def both_books_know_the_loan(scene: Scene, book: Notebook) -> None:
    cast = scene.cast
    account = await scene.account("CQSPB", cast.reader, "charged")
    book.check(
        Words("在沙坪坝查读者", "the reader's account at CQSPB"),
        Words("在借 1 册，正是这一册", "one item on loan, this one"),
        short(account),
        account.charged_items_count == 1 and any(cast.first_book.barcode in line for line in account.charged_items),
    )
    item = await scene.look_up("CQBB", cast.first_book)
    book.check(
        Words("在北碚查这册书", "the item at CQBB"),
        Words("状态 04（已借出）", "status 04 (charged)"),
        short(item),
        item.circulation_status == CHARGED,
    )


async def return_on_time_elsewhere(scene: Scene, book: Notebook) -> None:
    cast = scene.cast
    answer = await scene.give_back("CQCQ", cast.first_book)
    book.check(
        Words("在重庆图书馆归还北碚的书，未逾期", "the item of CQBB is returned at CQCQ, on time"),
        Words("收下", "taken"),
        short(answer),
        answer.ok,
    )
    account = await scene.until(lambda: scene.account("CQSPB", cast.reader), lambda a: a.charged_items_count == 0)
    book.check(
        Words("在沙坪坝查读者", "the reader's account at CQSPB"),
        Words("在借 0 册，无滞纳金", "nothing on loan, nothing owed"),
        short(account),
        account.charged_items_count == 0 and account.fine_items_count == 0,
    )


async def three_foreign_items(scene: Scene, book: Notebook) -> None:
    for item in scene.cast.foreign:
        answer = await scene.borrow(item.owner, scene.cast.reader, item)
        name = scene.library_words(item.owner)
        book.check(
            Words(f"在{name.zh}借外文书《{item.title}》", f"the foreign item {item.title} at {name.en}"),
            Words("借出", "lent"),
            short(answer),
            answer.ok,
        )


async def a_fourth_foreign_item_is_refused(scene: Scene, book: Notebook) -> None:
    item = scene.cast.fourth_foreign
    answer = await scene.borrow("CQCQ", scene.cast.reader, item)
    book.check(
        Words(f"在重庆图书馆借第四册外文书《{item.title}》", f"a fourth foreign item, {item.title}, at CQCQ"),
        Words("拒绝，屏幕说明原因", "refused, with a reason on the screen"),
        short(answer),
        not answer.ok and bool(said(answer)),
    )


async def up_to_eight(scene: Scene, book: Notebook) -> None:
    for item in scene.cast.five_books:
        answer = await scene.borrow("CQSPB", scene.cast.reader, item)
        book.check(
            Words(f"在沙坪坝借《{item.title}》", f"{item.barcode} at CQSPB"),
            Words("借出", "lent"),
            short(answer),
            answer.ok,
        )
    await _holds_eight(scene, book)


async def a_ninth_is_refused_elsewhere(scene: Scene, book: Notebook) -> None:
    answer = await scene.borrow("CQBB", scene.cast.reader, scene.cast.ninth)
    book.check(
        Words(f"在北碚借第九册《{scene.cast.ninth.title}》", f"a ninth item, {scene.cast.ninth.barcode}, at CQBB"),
        Words("拒绝，屏幕说明原因", "refused, with a reason on the screen"),
        short(answer),
        not answer.ok and bool(said(answer)),
    )
    await _holds_eight(scene, book)


async def _holds_eight(scene: Scene, book: Notebook) -> None:
    account = await scene.account("CQSPB", scene.cast.reader)
    book.check(
        Words("在沙坪坝查读者", "the reader's account at CQSPB"),
        Words("在借 8 册", "eight on loan"),
        short(account),
        account.charged_items_count == 8,
    )


async def renew_once(scene: Scene, book: Notebook) -> None:
    item, due = scene.cast.five_books[0], scene.day(30)
    answer = await scene.renew("CQSPB", scene.cast.reader, item)
    book.check(
        Words(f"续借《{item.title}》", f"renew {item.barcode}"),
        Words(f"续借成功，{due} 到期", f"renewed, due {due}"),
        short(answer),
        answer.ok and (answer.due_date or "").startswith(due),
    )


async def a_second_renewal_is_refused(scene: Scene, book: Notebook) -> None:
    item = scene.cast.five_books[0]
    await scene.a_moment_later()
    answer = await scene.renew("CQSPB", scene.cast.reader, item)
    book.check(
        Words(f"再次续借《{item.title}》", f"renew {item.barcode} again"),
        Words("拒绝，屏幕说明原因", "refused, with a reason on the screen"),
        short(answer),
        not answer.ok and bool(said(answer)),
    )


async def a_late_return(scene: Scene, book: Notebook) -> None:
    item = scene.cast.five_books[1]
    answer = await scene.give_back("CQBB", item)
    book.check(
        Words(
            f"在北碚归还沙坪坝的《{item.title}》，逾期五天", f"{item.barcode} of CQSPB returned at CQBB, five days late"
        ),
        Words(f"收下，并说明滞纳金 {_FEE} 元", f"taken, and told the late fee of {_FEE} yuan"),
        short(answer),
        answer.ok and _FEE in said(answer),
    )


async def told_where_the_fine_is_owed(scene: Scene, book: Notebook) -> None:
    account = await scene.until(
        lambda: scene.account("CQSPB", scene.cast.reader, "fine"), lambda a: bool(a.fine_items_count)
    )
    told = " / ".join((*account.fine_items, *account.screen_message))
    book.check(
        Words("在沙坪坝查滞纳金", "the reader's fines, asked at CQSPB"),
        Words(f"一笔，{_FEE} 元，欠{scene.name('CQBB')}", f"one, {_FEE} yuan, owed to CQBB"),
        f"{short(account)} AV={' / '.join(account.fine_items)}",
        account.fine_items_count == 1 and _fen(account.fee_amount) == _FEE_FEN and _names(scene, "CQBB", told),
    )


async def paying_elsewhere_is_refused(scene: Scene, book: Notebook) -> None:
    answer = await scene.pay("CQSPB", scene.cast.reader, _FEE_FEN, "CQSPB-1")
    book.check(
        Words(f"在沙坪坝交 {_FEE} 元", f"pay {_FEE} yuan at CQSPB"),
        Words(f"拒绝，屏幕指明{scene.name('CQBB')}", "refused, the screen names CQBB"),
        short(answer),
        not answer.payment_accepted and _names(scene, "CQBB", said(answer)),
    )


async def paying_where_it_arose(scene: Scene, book: Notebook) -> None:
    answer = await scene.pay("CQBB", scene.cast.reader, _FEE_FEN, "CQBB-1")
    book.check(
        Words(f"在北碚交 {_FEE} 元", f"pay {_FEE} yuan at CQBB"),
        Words("收讫", "accepted"),
        short(answer),
        answer.payment_accepted,
    )
    account = await scene.until(lambda: scene.account("CQSPB", scene.cast.reader), lambda a: a.fine_items_count == 0)
    book.check(
        Words("在沙坪坝查滞纳金", "the reader's fines, asked at CQSPB"),
        Words("没有了", "none any more"),
        short(account),
        account.fine_items_count == 0 and _fen(account.fee_amount) == 0,
    )


async def the_gate_opens_in_spite_of_overdue_items(scene: Scene, book: Notebook) -> None:
    account = await scene.account("CQSPB", scene.cast.reader)
    gate = await scene.at("CQSPB", "gate", "children")
    answer = await gate.patron_status(scene.cast.reader.card)
    book.check(
        Words(
            f"有 {account.overdue_items_count} 册逾期的读者进少儿借阅区",
            f"the reader, with {account.overdue_items_count} items overdue, at the gate of the children's area",
        ),
        Words("放行（R12）", "may enter (R12)"),
        f"24: [{answer.patron_status}] “{said(answer)}”",
        answer.patron_status[0] == " " and bool(account.overdue_items_count),
    )


async def outside_the_group(scene: Scene, book: Notebook) -> None:
    cast = scene.cast
    refused = await scene.borrow("CQSPB", cast.outsider, cast.wanted)
    book.check(
        Words("万州的读者在沙坪坝借书", "a reader of CQWZ borrows at CQSPB"),
        Words("拒绝，屏幕说明原因", "refused, with a reason on the screen"),
        short(refused),
        not refused.ok and bool(said(refused)),
    )
    lent = await scene.borrow("CQWZ", cast.outsider, cast.outsiders_book)
    book.check(
        Words("同一读者在万州借书", "the same reader at CQWZ"),
        Words("借出", "lent"),
        short(lent),
        lent.ok,
    )


def later(days: int) -> Step:
    """A step that restarts the city `days` later."""

    async def travel(scene: Scene, book: Notebook) -> None:
        await scene.controls.travel(days)
        today = scene.controls.today().isoformat()
        book.check(
            Words(f"各馆以 {days} 天后的时钟重新启动", f"every node is restarted, its clock {days} days later"),
            Words("全部就绪", "all ready"),
            today,
            True,
        )

    return Step(Words(f"{days} 天以后", f"{days} days later"), travel)


def _fen(amount: str | None) -> int | None:
    """An amount in yuan as fen; None if it was not told."""
    if not amount:
        return None
    whole, _, cents = amount.partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0")[:2])


def _names(scene: Scene, code: str, text: str) -> bool:
    return any(name in text for name in (*scene.library_words(code), code))
