"""The second half of the story: one library out of reach, what everyone is told, and how the books agree again."""

from __future__ import annotations

from kiosk_sim.city.account import Notebook, Words
from kiosk_sim.city.scene import CHARGED, Scene, said, short
from sip2 import messages as m

DOWN = "CQCQ"


async def its_reader_borrows_before_the_outage(scene: Scene, book: Notebook) -> None:
    cast = scene.cast
    answer = await scene.borrow(DOWN, cast.cut_off, cast.stranded)
    book.check(
        Words(
            f"重庆图书馆的读者在本馆借《{cast.stranded.title}》",
            f"a reader of CQCQ borrows {cast.stranded.barcode} at home",
        ),
        Words("借出", "lent"),
        short(answer),
        answer.ok,
    )


async def it_stops(scene: Scene, book: Notebook) -> None:
    scene.floor.leave(DOWN)
    await scene.controls.stop(DOWN)
    book.check(
        Words("停掉重庆图书馆的节点", "the node of CQCQ is stopped"),
        Words("进程结束", "its process ends"),
        DOWN,
        True,
    )


async def its_readers_elsewhere(scene: Scene, book: Notebook) -> None:
    cast = scene.cast
    refused = await scene.borrow("CQSPB", cast.cut_off, cast.wanted)
    book.check(
        Words("重庆图书馆的读者在沙坪坝借书", "a reader of CQCQ borrows at CQSPB"),
        Words(
            f"拒绝，屏幕指明联系不上{scene.name(DOWN)}", "refused, the screen names the library that can't be reached"
        ),
        short(refused),
        not refused.ok and _names(scene, said(refused)),
    )
    account = await scene.account("CQSPB", cast.cut_off)
    book.check(
        Words("在沙坪坝查该读者", "that reader's account, asked at CQSPB"),
        Words("明说查不到，绝不报假的零", "a clear refusal, never false zeros"),
        short(account),
        _is_a_clear_refusal(account),
    )


async def its_item_is_taken_back_elsewhere(scene: Scene, book: Notebook) -> None:
    item = scene.cast.stranded
    answer = await scene.give_back("CQSPB", item)
    book.check(
        Words(f"在沙坪坝归还重庆图书馆的《{item.title}》", f"{item.barcode} of CQCQ is returned at CQSPB"),
        Words("收下", "taken"),
        short(answer),
        answer.ok,
    )


async def its_item_is_not_lent_elsewhere(scene: Scene, book: Notebook) -> None:
    cast = scene.cast
    answer = await scene.borrow("CQSPB", cast.neighbour, cast.stranded)
    book.check(
        Words("沙坪坝的读者想借这一册", "a reader of CQSPB wants that item"),
        Words("拒绝，屏幕说明原因", "refused, with a reason on the screen"),
        short(answer),
        not answer.ok and bool(said(answer)),
    )


async def everyone_else_goes_on(scene: Scene, book: Notebook) -> None:
    cast = scene.cast
    lent = await scene.borrow("CQBB", cast.neighbour, cast.neighbours_book)
    book.check(
        Words("沙坪坝的读者在北碚借沙坪坝的书", "a reader of CQSPB borrows an item of CQSPB at CQBB"),
        Words("照常借出", "lent as usual"),
        short(lent),
        lent.ok,
    )
    taken = await scene.give_back("CQBB", cast.foreign[2])
    book.check(
        Words("在北碚归还沙坪坝的外文书", "a foreign item of CQSPB returned at CQBB"),
        Words("照常收下", "taken as usual"),
        short(taken),
        taken.ok,
    )


async def the_gate_still_opens(scene: Scene, book: Notebook) -> None:
    gate = await scene.at("CQSPB", "gate", "children")
    answer = await gate.patron_status(scene.cast.cut_off.card)
    book.check(
        Words("重庆图书馆的读者过沙坪坝少儿借阅区的门", "a reader of CQCQ at the children's gate of CQSPB"),
        Words("放行（联系不上时此区开放）", "may enter (this area's rule when a home can't be reached)"),
        f"24: [{answer.patron_status}] “{said(answer)}”",
        answer.patron_status[0] == " ",
    )


async def it_comes_back(scene: Scene, book: Notebook) -> None:
    await scene.controls.start(DOWN)
    status = await (await scene.at(DOWN)).status()
    book.check(
        Words("重新启动重庆图书馆的节点", "the node of CQCQ is started again"),
        Words("联机", "on line"),
        f"98: online={status.online_status:d} checkout={status.checkout_ok:d}",
        status.online_status and status.checkout_ok,
    )


async def the_return_has_arrived(scene: Scene, book: Notebook) -> None:
    cast = scene.cast
    account = await scene.until(lambda: scene.account(DOWN, cast.cut_off), lambda a: a.charged_items_count == 0)
    book.check(
        Words("在重庆图书馆查该读者", "that reader's account at CQCQ"),
        Words("在借 0 册，无滞纳金", "nothing on loan, nothing owed"),
        short(account),
        account.charged_items_count == 0 and account.fine_items_count == 0,
    )
    lent = await scene.borrow("CQSPB", cast.cut_off, cast.wanted)
    book.check(
        Words("他在沙坪坝再借一次", "the same reader tries again at CQSPB"),
        Words("借出", "lent"),
        short(lent),
        lent.ok,
    )


async def the_books_agree(scene: Scene, book: Notebook) -> None:
    """What each home lists as on loan is what the owners say is on loan, to the day; nothing else is."""
    cast = scene.cast
    for reader in (cast.reader, cast.neighbour, cast.cut_off, cast.outsider):
        account = await scene.account(reader.home, reader, "charged")
        listed = await _statuses_of_listed(scene, account)
        agree = len(listed) == account.charged_items_count and all(status == CHARGED for status in listed.values())
        book.check(
            Words(
                f"{scene.name(reader.home)}读者（证号尾 {reader.card[-4:]}）在借的书，逐册问物主馆",
                f"the loans of reader ...{reader.card[-4:]} of {reader.home}, asked of their owners",
            ),
            Words("册数相符，各馆都说已借出", "the numbers agree, every owner says lent"),
            f"64: charged={account.charged_items_count}; 18: {' '.join(listed.values()) or '-'}",
            agree,
        )
    for item in (cast.first_book, cast.stranded, cast.five_books[1], cast.foreign[2]):
        answer = await scene.look_up(item.owner, item)
        book.check(
            Words(f"归还了的 {item.barcode}《{item.title}》", f"{item.barcode}, which was returned"),
            Words("物主馆不再记为借出", "its owner no longer says lent"),
            short(answer),
            answer.circulation_status != CHARGED,
        )


async def _statuses_of_listed(scene: Scene, account: m.PatronInformationResponse) -> dict[str, str]:
    owners = {item.barcode: item for item in scene.world.items}
    found: dict[str, str] = {}
    for line in account.charged_items:
        barcode = next((word for word in line.split() if word in owners), "")
        if barcode:
            found[barcode] = (await scene.look_up(owners[barcode].owner, owners[barcode])).circulation_status
    return found


def _is_a_clear_refusal(account: m.PatronInformationResponse) -> bool:
    """The reader still has an item on loan; whoever can't know must say so, and count nothing."""
    return bool(said(account)) and (account.charged_items_count is None or account.valid_patron is False)


def _names(scene: Scene, text: str) -> bool:
    return any(name in text for name in (*scene.library_words(DOWN), DOWN))
