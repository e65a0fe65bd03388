"""What staff read about an exception: what happened, and what to do, in Chinese and in English.

No sentence names a reader. What a sentence leaves open (which library, how much) stands in the row: its item, its
terminal and its detail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from node.domain.staff import StaffKind

Language = Literal["zh", "en"]


@dataclass(frozen=True, slots=True)
class Sentence:
    """In one language."""

    happened: str
    to_do: str


@dataclass(frozen=True, slots=True)
class Sentences:
    """Of one kind, in both languages."""

    zh: Sentence
    en: Sentence


def _both(happened_zh: str, to_do_zh: str, happened_en: str, to_do_en: str) -> Sentences:
    return Sentences(Sentence(happened_zh, to_do_zh), Sentence(happened_en, to_do_en))


_OFF_LINE: Final[Mapping[StaffKind, Sentences]] = {
    StaffKind.NO_BLOCK_UNKNOWN_CARD: _both(
        "自助机脱机时借出了图书，但刷的卡号在开户馆查不到。",
        "图书已被带走，账上没有借阅人。请查看自助机的脱机记录核对卡号；找到读者后补办借书，找不到就按丢失图书处理。",
        "An item was lent off line to a card number that its home library does not know.",
        "The item is gone and on nobody's account. Check the number in the kiosk's own record. If you find the reader, "
        "lend the item to them; else treat it as lost.",
    ),
    StaffKind.NO_BLOCK_UNKNOWN_ITEM: _both(
        "自助机脱机时借出或续借了一册图书，但它的条码查不到。",
        "请核对条码：是不是漏编目、贴错条码或扫描有误？查清后补录图书，再补办这次借书或续借。",
        "An item was lent or renewed off line, and nobody knows its barcode.",
        "Check the barcode: was the item never catalogued, labelled wrongly or misread? Then add it, and do the loan "
        "or the renewal again.",
    ),
    StaffKind.NO_BLOCK_AMBIGUOUS_ITEM: _both(
        "自助机脱机时借出或续借了一册图书，而它的条码在几个图书馆都有，分不清是哪一馆的。",
        "账上没有记这笔借阅。请找到图书看馆藏章，在工作台上带上该馆机构代码补办（代码加点加条码）；并请管理员为条码登记前缀。",
        "An item was lent or renewed off line, and several libraries use its barcode.",
        "No loan was recorded. See by its stamp whose item it is, and do the loan or the renewal again at the desk, as "
        "institution code, dot, barcode. Ask the operator to list the prefix of these barcodes.",
    ),
    StaffKind.NO_BLOCK_WRONG_CODE: _both(
        "自助机脱机时借出或续借了一册图书，条码前的机构代码无人使用，或与条码不是同一个图书馆。",
        "账上没有记这笔借阅。请看图书的馆藏章，改正标签后补办这次借书或续借。",
        "An item was lent or renewed off line. The institution code before its barcode is of no library or another.",
        "No loan was recorded. Look at the item's stamp, correct its tag, and do the loan or the renewal again.",
    ),
    StaffKind.NO_BLOCK_CARD_SUSPENDED: _both(
        "读者在自助机脱机时借了书，而这张卡已停用。",
        "借书有效，不必追回。请在读者下次到馆时了解停用原因，由开户馆决定是否恢复。",
        "An item was lent off line to a card that is suspended.",
        "The loan stands. Find out why the card is suspended when the reader comes next; its home library decides.",
    ),
    StaffKind.NO_BLOCK_CARD_LOST: _both(
        "自助机脱机时，有人用一张已挂失的卡借了书。",
        "可能有人冒用。请尽快联系开户馆，向持卡人核实是否本人所借；不是本人借的，由开户馆处理这笔借阅。",
        "An item was lent off line to a card that is reported lost.",
        "Somebody else may have used it. Call the card's home library at once: did the reader borrow the item? "
        "If not, the home library deals with the loan.",
    ),
    StaffKind.NO_BLOCK_CARD_EXPIRED: _both(
        "读者在自助机脱机时借了书，而这张卡当时已过有效期。",
        "借书有效。请提醒读者到开户馆办理续期，否则还书后不能再借。",
        "An item was lent off line to a card that had expired.",
        "The loan stands. Ask the reader to have the card extended at its home library; it lends nothing until then.",
    ),
    StaffKind.NO_BLOCK_CARD_CLOSED: _both(
        "自助机脱机时，有人用一张已注销的卡借了书。",
        "请联系开户馆查明持卡人并催还；这张卡不应再使用，见到时请收回。",
        "An item was lent off line to a card that is closed.",
        "Ask its home library who has the card, and have the item returned. Take the card in when you see it.",
    ),
    StaffKind.NO_BLOCK_VIOLATION: _both(
        "读者有违规记录、按规定不能外借，却在自助机脱机时借了书。",
        "借书有效。请按期催还，并请读者到开户馆处理违规记录。",
        "An item was lent off line to a reader who may not borrow because of a violation.",
        "The loan stands. See that it comes back in time, and send the reader to the home library about the violation.",
    ),
    StaffKind.NO_BLOCK_OVERDUE_ITEM: _both(
        "读者有图书逾期未还、按规定不能再借，却在自助机脱机时又借了书。",
        "借书有效。请联系读者尽快归还逾期图书。",
        "An item was lent off line to a reader who may not borrow because of an overdue item.",
        "The loan stands. Ask the reader to return what is overdue.",
    ),
    StaffKind.NO_BLOCK_FEE_UNPAID: _both(
        "读者有滞纳金未缴、按规定不能外借，却在自助机脱机时借了书。",
        "借书有效。请提醒读者到欠费发生的图书馆缴清滞纳金。",
        "An item was lent off line to a reader who may not borrow because of an unpaid fee.",
        "The loan stands. Ask the reader to pay the fee at the library where it arose.",
    ),
    StaffKind.NO_BLOCK_QUOTA: _both(
        "读者已借满册数，又在自助机脱机时多借了书。",
        "借书有效，超出的册数单独记在卡上，还书后自动消除。一般不必处理；同一读者反复出现时，请当面提醒。",
        "An item was lent off line to a reader who had as many items as the card allows.",
        "The loan stands, counted apart from the quota until it is returned. Usually nothing is to do; speak to the "
        "reader if it happens again and again.",
    ),
    StaffKind.NO_BLOCK_FOREIGN_QUOTA: _both(
        "读者已借满外文书刊，又在自助机脱机时多借了外文书刊。",
        "借书有效，超出的册数单独记在卡上，还书后自动消除。一般不必处理；同一读者反复出现时，请当面提醒。",
        "A foreign-language item was lent off line to a reader who had as many of them as the card allows.",
        "The loan stands, counted apart from the quota until it is returned. Usually nothing is to do; speak to the "
        "reader if it happens again and again.",
    ),
    StaffKind.NO_BLOCK_NOT_LENDABLE: _both(
        "自助机脱机时借出了一册只供馆内阅览的图书。",
        "请联系读者尽快送还，并检查这册图书的标识和上架位置，为什么会被拿到自助机上。",
        "An item that is for use in the library only was lent off line.",
        "Ask the reader to bring it back soon. Check its label and its shelf: why could it be taken to a kiosk?",
    ),
    StaffKind.NO_BLOCK_RESERVED: _both(
        "一册已有其他读者预约的图书，在自助机脱机时被借走或续借了。",
        "请告知预约读者需要再等，或另找一册复本；图书还回后放到预约架。",
        "An item that another reader has reserved was lent or renewed off line.",
        "Tell the waiting reader that it takes longer, or find another copy. Put the item on the hold shelf when it "
        "comes back.",
    ),
    StaffKind.NO_BLOCK_OUT_OF_GROUP: _both(
        "自助机脱机时办了一笔借书或续借，但读者的开户馆与图书所属馆没有实行通借通还。",
        "借阅有效。请提醒读者把书还到可以还的图书馆，并检查自助机脱机时允许使用的卡和图书。",
        "An item was lent or renewed off line although the libraries of card and item do not circulate together.",
        "The loan stands. Tell the reader where the item can be returned, and check which cards and items the kiosk "
        "accepts off line.",
    ),
    StaffKind.NO_BLOCK_DUE_DATE: _both(
        "自助机脱机借书时告诉读者的应还日期，比规定的借期长。",
        "以告诉读者的日期为准。请核对自助机脱机时的借期设置。",
        "The due date that a kiosk told a reader off line is later than the rules allow.",
        "The date that the reader was told holds. Check the loan period in the kiosk's settings.",
    ),
    StaffKind.NO_BLOCK_RENEWAL_LIMIT: _both(
        "自助机脱机时给读者续借了，而这笔借阅的续借次数已经用完。",
        "以告诉读者的应还日期为准。请核对自助机脱机时是否应当允许续借。",
        "A loan was renewed off line more often than the rules allow.",
        "The date that the reader was told holds. Check whether the kiosk should renew off line.",
    ),
    StaffKind.NO_BLOCK_RENEWAL_OVERDUE: _both(
        "自助机脱机时给读者续借了，而这册图书当时已经逾期。",
        "以告诉读者的应还日期为准。请核对自助机脱机时是否应当允许续借。",
        "A loan that was overdue was renewed off line.",
        "The date that the reader was told holds. Check whether the kiosk should renew off line.",
    ),
    StaffKind.NO_BLOCK_RENEWAL_TOO_EARLY: _both(
        "自助机脱机时给读者续借了，而这次续借没有多出一天，或者早于规定的日子。",
        "应还日期不会提前。续借次数已经记上，必要时请向读者说明。请核对自助机脱机时是否应当允许续借。",
        "A loan was renewed off line before the rules allow, or so early that the reader gains no day.",
        "The due date is no earlier than before. The renewal counts; tell the reader if need be. Check whether the "
        "kiosk should renew off line.",
    ),
    StaffKind.NO_BLOCK_RENEWAL_PAST_CARD: _both(
        "自助机脱机时给读者续借了，新的应还日期晚于借阅卡的有效期。",
        "以告诉读者的应还日期为准。读者下次到馆时请为其延长借阅卡有效期。请核对自助机脱机时是否应当允许续借。",
        "A loan was renewed off line to a date after the last day of the card.",
        "The date that the reader was told holds. Extend the card when the reader comes in. Check whether the kiosk "
        "should renew off line.",
    ),
    StaffKind.NO_BLOCK_ON_LOAN: _both(
        "自助机脱机时借出了一册账上仍在其他读者名下的图书。",
        "系统认为原读者已经还书，不向其收费。请向办理馆核实图书现在谁手里；如果原来那笔借阅有滞纳金，请核对是否应当取消。",
        "An item was lent off line while it was on loan to somebody else.",
        "The earlier reader is taken to have it no more and owes nothing. Find out with the branch who has the item; a "
        "fee for its return later may have to be cancelled.",
    ),
    StaffKind.NO_BLOCK_NOT_ON_LOAN: _both(
        "自助机脱机时续借了一册图书，但账上它并不在这位读者名下。",
        "续借没有记账。请核对图书在谁手里，需要时为读者补办借书。",
        "An item was renewed off line, and the books do not show it on loan to that reader.",
        "The renewal was not booked. Find out who has the item, and lend it to the reader if need be.",
    ),
    StaffKind.NO_BLOCK_DATE: _both(
        "自助机补传的脱机业务日期不对：在未来、早于7天前，或应还日期不合理。",
        "不合理的日期已按可能的时间记账。请校准自助机的时钟，并核对应还日期和可能产生的滞纳金。",
        "The date of something done off line can't be right: in the future, more than 7 days ago, or a due date that "
        "can't be.",
        "A date that can't be was replaced by one that can. Set the kiosk's clock, and check the due date and any fee.",
    ),
    StaffKind.NO_BLOCK_ORDER: _both(
        "一册图书在几分钟内先后有脱机借出和还回两条记录，各机时钟不准，分不清先后。",
        "请到架上和还书箱里找这册图书：在馆里就再办一次还书；不在，就是借出了，不必处理。",
        "An item was lent off line and taken back within minutes, and the clocks can't tell which came first.",
        "Look for the item on the shelf and in the bins. If it is there, check it in once more. If not, it is lent, "
        "and nothing is to do.",
    ),
    StaffKind.NO_BLOCK_NOT_OFFERED: _both(
        "一台没有开通脱机办理的终端送来一笔脱机借还记录，记录已按它说的入账。",
        "请到那台终端查看它自己的脱机记录，核对这一笔是否属实。确需脱机办理的，请管理员为它开通（offline_ok）；"
        "不属实的，可能有人冒用这台终端，请立即告诉管理员。",
        "A terminal that was never told that it may go off line sent an off-line transaction. It was taken as it says.",
        "Compare it with the terminal's own record. If that terminal is to work off line, ask the operator to say so "
        "(offline_ok). If it did not happen, somebody may use that terminal's login: tell the operator at once.",
    ),
    StaffKind.NO_BLOCK_WITHOUT_PIN: _both(
        "一笔脱机借书或续借没有带读者密码，或者密码不对、当时无法核对；记录已按它说的入账。",
        "请向读者核实是否本人所借。不是本人的，请开户馆处理这笔借阅，并检查那台终端脱机时是否要求输入密码。",
        "An off-line loan or renewal came without the reader's PIN, or with one that is wrong or could not be checked. "
        "It was taken as it says.",
        "Ask the reader whether it was them. If not, the card's home library deals with the loan; and see that the "
        "terminal asks for the PIN when it is off line.",
    ),
}

_RETURNS: Final[Mapping[StaffKind, Sentences]] = {
    StaffKind.RETURN_UNKNOWN_ITEM: _both(
        "还书箱收下了一册图书，但查不出是哪个馆的。",
        "请取出图书，看馆藏章和条码确定是哪个馆的，在服务台再办一次还书；不属于通借通还的图书，请退还读者或原单位。",
        "A bin took in an item whose owner is not known.",
        "Take it out, see by stamp and barcode whose it is, and check it in at the desk. If it belongs to none of the "
        "libraries, give it back.",
    ),
    StaffKind.RETURN_AMBIGUOUS_ITEM: _both(
        "收下了一册图书，它的条码在几个图书馆都有，从借阅记录也分不清是哪一册。没有结束任何借阅。",
        "请取出图书看馆藏章，在工作台上按“机构代码.条码”再办一次还书；并请管理员在 federation.toml 中为条码登记前缀。",
        "An item was taken in, several libraries use its barcode, and the loans do not tell which one it is. No loan "
        "was ended.",
        "Take it out, see by its stamp whose it is, and check it in at the desk as institution code, dot, barcode. Ask "
        "the operator to list the prefix of these barcodes in federation.toml.",
    ),
    StaffKind.RETURN_WRONG_CODE: _both(
        "收下了一册图书，条码前的机构代码无人使用，或与条码不是同一个图书馆。没有结束任何借阅。",
        "请取出图书看馆藏章确定是哪个馆的，在工作台上不带机构代码再办一次还书，并把标签改正。",
        "An item was taken in. The institution code before its barcode is of no library here, or of another one than "
        "the barcode. No loan was ended.",
        "Take it out, see by its stamp whose it is, check it in at the desk without the code, and correct its tag.",
    ),
    StaffKind.RETURN_OWNER_SILENT: _both(
        "收下了一册图书，它可能属于明细中的图书馆，而当时联系不上该馆。还书已记下，等该馆恢复后自动销账。",
        "不要再次上架出借。请取出图书看馆藏章确定是哪个馆的；急需销账时，在工作台上按“机构代码.条码”再办一次还书。",
        "An item was taken in that may be of a library in the detail, and that library could not be asked. The return "
        "is kept, and settled when the library answers.",
        "Do not put it on the shelf yet. See by its stamp whose it is. If it is urgent, check it in at the desk as "
        "institution code, dot, barcode.",
    ),
    StaffKind.RETURN_OUT_OF_GROUP: _both(
        "还书箱收下了一册图书，但本馆与它的所属馆没有实行通借通还。",
        "还书已通知所属馆。请把图书单独放好，联系所属馆商定怎样送还。",
        "A bin took in an item of a library that does not circulate with this one.",
        "Its owner is told of the return. Keep the item apart, and agree with that library how it gets home.",
    ),
    StaffKind.RETURN_IN_FUTURE: _both(
        "收到一条还书记录，还书时间比现在晚10分钟以上，说明有一台机器或一个馆的时钟快了。",
        "还书已按当前时间记账。请校准时钟；如有滞纳金，请核对天数。",
        "A return was reported for a moment more than ten minutes ahead: a clock is fast.",
        "It was taken as of now. Set the clock right. If there is a fee, check its days.",
    ),
    StaffKind.RETURN_TOO_SOON: _both(
        "一册图书刚借出不到一分钟，另一个馆就报告它还回了，账上仍为借出。",
        "请查看图书是否在那个馆里：在，就请那里再办一次还书；不在，说明读者确实借走了，不必处理。",
        "An item came back at another library within a minute of being lent, and is still on loan.",
        "Ask whether it lies in that library. If so, have it checked in there once more. If not, the reader has it, "
        "and nothing is to do.",
    ),
    StaffKind.RETURN_BEFORE_LOAN: _both(
        "一册图书有还书记录，可是按时间看，还书比账上这笔借阅还早；其中一个时间出自不准的时钟。借阅没有结束。",
        "请查看图书是否在馆：在，就再办一次还书，借阅随即结束；不在，就不必处理。",
        "An item came back before the loan that runs, by their dates. One of the dates is that of a wrong clock. The "
        "loan still runs.",
        "Look whether the item is in a library. If so, check it in once more there, and the loan ends. If not, nothing "
        "is to do.",
    ),
    StaffKind.LOAN_IN_FUTURE: _both(
        "一册图书还回时，账上的借出时间晚于还书时间：借出或还书时有时钟不准。",
        "借阅已经结束。请管理员核对两馆服务器的时钟；这册图书如果确实逾期，请核对滞纳金。",
        "An item came back, and its loan lay in the future: a clock was wrong when it was lent, or is wrong now.",
        "The loan has ended. Check the clocks of the servers of both libraries. If the item was late, look at the fee.",
    ),
    StaffKind.RETURNED_HOLD_HERE: _both(
        "一册刚还回的图书有读者预约，就在本馆领取；还书时线路不通，当时没有提示。",
        "请从还书架上找出这册图书，放到预约架。",
        "An item that was returned here is reserved for pickup here; the line was down, so nobody was told then.",
        "Find the item among the returns, and put it on the hold shelf.",
    ),
    StaffKind.RETURNED_HOLD_ELSEWHERE: _both(
        "一册刚还回的图书有读者在其他馆预约领取；还书时线路不通，当时没有提示。",
        "请从还书架上找出这册图书再扫描一次，按提示放入送往领取馆的调拨箱。",
        "An item that was returned here is reserved for pickup elsewhere; the line was down, so nobody was told then.",
        "Find the item among the returns, scan it once more, and put it into the box for the library that it names.",
    ),
    StaffKind.RETURN_UNDONE_LATE: _both(
        "一笔还书在一天多以后被自助机撤销，借阅继续，原有滞纳金也取消了。",
        "请查看图书是否在馆：在馆就再办一次还书；不在馆，请向读者核实是否仍在手中。",
        "A return was taken back by a kiosk more than a day later: the loan goes on, and its fee is void.",
        "Look whether the item is in the library. If so, check it in once more. If not, ask the reader whether it is "
        "still with them.",
    ),
    StaffKind.CANCELLED_LATE: _both(
        "一笔借书在一天多以后被自助机撤销，借阅和滞纳金都取消了。",
        "请查看图书是否在馆：在馆就不必处理；不在馆，说明读者拿走了，请联系读者补办借书。",
        "A checkout was cancelled by a kiosk more than a day later: the loan is gone, and its fee with it.",
        "Look whether the item is in the library. If so, nothing is to do. If not, the reader has it: lend it to them "
        "again.",
    ),
}

_CLOCK: Final[Mapping[StaffKind, Sentences]] = {
    StaffKind.CLOCK_WAS_AHEAD: _both(
        "本馆服务器的时钟曾经快过，账上有些记录的时间在将来；这些借阅已作标记，照常可以归还。明细中是笔数和最晚的时间。",
        "请管理员查明时钟为什么快了。那段时间借出的图书应还日期可能偏晚，读者有疑问时按屏幕上的日期为准。",
        "The clock of this library's server was ahead, so some rows of the books lie in the future. Their loans are "
        "marked and can be returned as always. The detail has how many, and the latest date.",
        "Find out why the clock was ahead. What was lent then may be due too late: the date that the reader was told "
        "holds.",
    ),
}

_RESERVATIONS: Final[Mapping[StaffKind, Sentences]] = {
    StaffKind.HOLD_EXPIRED: _both(
        "预约的图书过期没有人来领。",
        "请从预约架上取下，再扫描一次还书，按提示上架、送往其他馆或留给下一位读者。",
        "A reserved item was not collected in time.",
        "Take it off the hold shelf and check it in once more: the screen says whether it goes to the shelf, to "
        "another library or to the next reader.",
    ),
    StaffKind.HOLD_DELETED: _both(
        "读者取消了预约，为他留的图书不用再留。",
        "请从预约架或调拨箱中取出，再扫描一次还书，按提示上架、送往其他馆或留给下一位读者。",
        "A reservation was cancelled; the item kept for it is free.",
        "Take it off the hold shelf or out of the box, and check it in once more: the screen says where it goes.",
    ),
    StaffKind.HOLD_OTHER_COPY: _both(
        "读者预约了这个书名，已经借走另一册，为他留的这一册不用再留。",
        "请从预约架或调拨箱中取出，再扫描一次还书，按提示上架、送往其他馆或留给下一位读者。",
        "The reader who waited for this title took another copy; the one that was kept is free.",
        "Take it off the hold shelf or out of the box, and check it in once more: the screen says where it goes.",
    ),
    StaffKind.HOLD_REDIRECTED: _both(
        "读者改了预约图书的领取馆。",
        "请从预约架或调拨箱中取出这册图书，再扫描一次还书，按提示改送新的领取馆。",
        "The reader wants to collect a reserved item at another library.",
        "Take it off the hold shelf or out of the box, and check it in once more: the screen names the new library.",
    ),
}

_CARDS: Final[Mapping[StaffKind, Sentences]] = {
    StaffKind.CARD_RETAINED: _both(
        "自助机吞了一张借阅卡，卡已停用；明细中是卡号末四位。",
        "请打开自助机取出卡，妥善保管。读者来取时核对身份再交还并恢复使用；外馆的卡请联系开户馆。",
        "A kiosk kept a card, and the card is blocked; the detail has its last four digits.",
        "Take the card out and keep it safe. Give it back once you know who the reader is, and enable it; for a card "
        "of another library, call that library.",
    ),
    StaffKind.MANY_BLOCKS: _both(
        "明细中的图书馆在一小时内停用了本馆20张以上的借阅卡，这不正常。",
        "请立即打电话问清原因。这些卡在恢复之前不能借书；误停的，请在服务台逐张恢复。",
        "The library in the detail blocked twenty or more of this library's cards within an hour.",
        "Call it at once and ask why. The cards lend nothing until they are enabled; enable at the desk those that "
        "were blocked by mistake.",
    ),
}

_MONEY: Final[Mapping[StaffKind, Sentences]] = {
    StaffKind.REFUND_DUE: _both(
        "读者缴费后，滞纳金又调低或取消了，多缴的钱应退还；明细中是应退金额（单位：分）。",
        "请联系读者退款并留下签收，然后关闭本条，在备注中写明退款单号。",
        "A fee was lowered after it had been paid; the detail has the amount to be given back, in fen.",
        "Pay it back against a receipt, then close this with the number of the receipt.",
    ),
    StaffKind.PAYMENT_AGAIN: _both(
        "同一张卡一分钟内在同一台机器上缴了两次相同的金额，机器没有流水号，分不清是缴了两次还是重复上报；明细中是金额（单位：分）。",
        "请核对这台机器的现金或支付流水：确实收了两次，不必处理；只收了一次，请更正多记的一笔。",
        "A terminal without payment numbers took the same amount from the same card twice within a minute: one payment "
        "told twice, or two; the detail has the amount in fen.",
        "Compare with the terminal's till or statement. If two were taken, nothing is to do. If one was, correct the "
        "other entry.",
    ),
}

_BOOKS: Final[Mapping[StaffKind, Sentences]] = {
    StaffKind.PLACE_OF_UNKNOWN_READER: _both(
        "图书所属馆说有一册书借在本馆读者名下，但本馆查不到这位读者。",
        "本馆数据库可能是从旧备份恢复的。请与所属馆核对这笔借阅，找到读者后补办；查不到就请所属馆处理。",
        "An owner says that an item is on loan to a reader of this library, and there is no such reader here.",
        "This library's database may have been restored from an old copy. Settle the loan with the owner.",
    ),
    StaffKind.PLACE_OF_ANOTHER_READER: _both(
        "夜间对账：同一笔借阅，本馆和开户馆记在不同的读者名下。",
        "两馆中可能有一馆从旧备份恢复过。请与明细中的图书馆一起核对是谁借的，再更正。",
        "Comparison of the books: this library and the home have one loan under different readers.",
        "One of the two may have been restored from an old copy. Find out with the library in the detail who has the "
        "item.",
    ),
    StaffKind.PLACE_UNKNOWN_HERE: _both(
        "夜间对账：开户馆记着读者借了本馆的一册图书，本馆账上没有这笔借阅。",
        "本馆数据库可能是从旧备份恢复的。请与明细中的图书馆核对；图书在读者手里就补办借书，否则请对方销去这笔记录。",
        "Comparison of the books: the home counts a loan of this library's item that is not in the books here.",
        "This database may have been restored from an old copy. Settle it with the library in the detail: if the "
        "reader has the item, lend it again; else have it removed there.",
    ),
    StaffKind.PLACE_AHEAD: _both(
        "夜间对账：同一笔借阅，开户馆的记录比本馆还新，应还日期或续借次数不同。",
        "本馆数据库可能是从旧备份恢复的。请与明细中的图书馆核对应还日期，以告诉读者的为准。",
        "Comparison of the books: the home knows a loan in a newer version than this library, its owner.",
        "This database may have been restored from an old copy. Agree on the due date with the library in the detail; "
        "what the reader was told holds.",
    ),
    StaffKind.FINE_NOT_TAKEN: _both(
        "夜间对账：本馆有一笔滞纳金未缴清，已再次通知开户馆，对方仍未列为欠费。",
        "可能有一馆从旧备份恢复过。请与明细中的图书馆核对这笔费用是否已缴；核清之前不要向读者催缴。",
        "Comparison of the books: a fee is owed here; the home was told again and still does not list it.",
        "One of the two may have been restored from an old copy. Find out with the library in the detail whether it "
        "was paid; do not ask the reader for it before.",
    ),
    StaffKind.FINE_UNKNOWN_HERE: _both(
        "夜间对账：开户馆记着读者在本馆有一笔滞纳金，本馆账上没有。",
        "本馆数据库可能是从旧备份恢复的。请查收费单据：确有其事就与明细中的图书馆商定怎样入账，没有就请对方销去。",
        "Comparison of the books: the home lists a fee owed to this library that is not in the books here.",
        "This database may have been restored from an old copy. Look at the receipts, and settle it with the library "
        "in the detail.",
    ),
    StaffKind.FINE_MIRROR_AHEAD: _both(
        "夜间对账：同一笔滞纳金，开户馆的记录比本馆还新，应缴或已缴金额不同。",
        "本馆数据库可能是从旧备份恢复的。请按收费单据核对金额，并与明细中的图书馆更正一致。",
        "Comparison of the books: the home knows a fee in a newer version than this library, where it arose.",
        "This database may have been restored from an old copy. Check the amounts against the receipts, and agree with "
        "the library in the detail.",
    ),
}

_ONLY_SAID: Final[Mapping[StaffKind, Sentences]] = {
    StaffKind.PLACE_ONLY_TOLD: _both(
        "明细中的图书馆说本馆一位读者借着它的图书，而本馆此前没有这笔借阅的任何记录，现已按它所说计入。",
        "请向读者和该馆核实。确有其事不必处理；没有借过，请用 tongjie places 查看并释放这个名额。",
        "The library in the detail says that a reader of this library has its item on loan. Nothing here knew of that "
        "loan; it counts from now on.",
        "Ask the reader and that library. If it is so, nothing is to do. If not, free the place with `tongjie places`.",
    ),
    StaffKind.PLACE_UNCONFIRMED: _both(
        "明细中的图书馆说，本馆一位读者在本馆自助机脱机时借了它的图书，但本馆没有这笔操作的记录。没有计入读者名下。",
        "请向该馆核实。确有其事，请在服务台补办借书；不属实不必处理。",
        "The library in the detail says that its item was lent off line at a kiosk here, and no kiosk here has told "
        "of that. It does not count.",
        "Ask that library. If the reader does have the item, lend it again at the desk. If not, nothing is to do.",
    ),
    StaffKind.PLACE_FREED: _both(
        "开户馆的工作人员释放了一个名额：他们查明读者没有借这册图书，或没有这个预约。明细中是开户馆。",
        "图书所属馆请查看自己账上的这笔借阅或预约：图书在馆就办还书，预约就取消；确实借出了，请联系开户馆说明。",
        "Staff of a reader's home, the library in the detail, freed a place: the reader does not have the item, or did "
        "not reserve it.",
        "The owner looks at its loan or reservation: check the item in if it is here, end the reservation. If the "
        "reader does have the item, tell the home library.",
    ),
    StaffKind.PLACE_CLAIMED_AGAIN: _both(
        "本馆工作人员释放过的一个名额，明细中的图书馆又声称它仍然有效。没有重新计入。",
        "请打电话问清原因。读者确实借着这册图书时，请让他还回后重新借出。",
        "The library in the detail says again that a loan or a reservation holds whose place staff here have freed. "
        "It does not count.",
        "Call that library. If the reader does have the item, have it returned and lent again.",
    ),
    StaffKind.MANY_PLACES: _both(
        "明细中的图书馆为本馆同一位读者记了异常多的借阅、预约或申请，超出的部分没有计入。",
        "请用 tongjie places 查看这位读者的名额分别由哪个馆占用，并打电话向该馆问清原因。",
        "The library in the detail asked for far more loans or reservations of one reader than anybody has. What was "
        "too much does not count.",
        "See with `tongjie places` which library holds what for that reader, and call that library.",
    ),
    StaffKind.FINE_UNCONFIRMED: _both(
        "明细中的图书馆说本馆或本馆的读者有一笔欠费，但本馆账上没有与它相符的借书或还书，或者金额超出规定。没有入账，读者看不到。",
        "请向该馆核实。属实时请在服务台按收费单据处理；不属实不必处理，并提醒该馆检查系统。",
        "The library in the detail says that a fee is owed. No loan or return in the books here bears it out, or it is "
        "more than the rules allow. It is not booked, and the reader does not see it.",
        "Ask that library. If the fee is right, deal with it at the desk against a receipt. If not, nothing is to do "
        "here; tell that library to look at its system.",
    ),
    StaffKind.MANY_UNCONFIRMED: _both(
        "明细中的图书馆报来的欠费里，本馆账上无法证实的太多，后来的不再逐条列出，也没有入账。",
        "请立即打电话问清原因，它的系统可能出错或被人冒用。",
        "The library in the detail said of so many fees that are not borne out here that no more of them are listed. "
        "None is booked.",
        "Call it at once. Its system may be faulty, or used by somebody else.",
    ),
}

SENTENCES: Final[Mapping[StaffKind, Sentences]] = {
    **_OFF_LINE,
    **_RETURNS,
    **_CLOCK,
    **_RESERVATIONS,
    **_CARDS,
    **_MONEY,
    **_BOOKS,
    **_ONLY_SAID,
}

_UNKNOWN_KIND: Final = _both(
    "其他馆报告了一个问题，本馆的软件版本还不认识这一类。",
    "请按类别名称、图书条码和明细向报告的图书馆询问。软件升级后会显示具体说明。",
    "Another library reported something of a kind that this version of the software does not know.",
    "Ask that library, by kind, item and detail. A newer version of the software will say more.",
)


def sentence_of(kind: str, language: Language) -> Sentence:
    """Of any kind that stands in a row: one that is not known here gets a general sentence."""
    known = kind in StaffKind.__members__.values()
    both = SENTENCES[StaffKind(kind)] if known else _UNKNOWN_KIND
    return both.zh if language == "zh" else both.en
