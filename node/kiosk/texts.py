"""Screen messages (AF): one sentence a reason, in Chinese and English, each saying what to do next."""

from __future__ import annotations

from datetime import date

from federation.contract import Reason, Refused
from node.kiosk.terminal import CHINESE
from sip2.amounts import amount

_REFUSALS: dict[Reason, tuple[str, str]] = {
    Reason.UNKNOWN_CARD: (
        "借阅卡号不存在，请核对卡号或到服务台",
        "This card number is not known. Please check it or ask at the desk.",
    ),
    Reason.UNKNOWN_ITEM: (
        "未找到该图书，请交工作人员",
        "This item is not known. Please hand it to the staff.",
    ),
    Reason.AMBIGUOUS_ITEM: (
        "该条码在多个图书馆存在，请交工作人员办理",
        "Several libraries use this barcode. Please hand the item to the staff.",
    ),
    Reason.UNKNOWN_CODE: (
        "号码前的馆藏机构代码不属于本市通借通还图书馆，请交工作人员",
        "The institution code before the number is of no library here. Please ask the staff.",
    ),
    Reason.CODE_CONTRADICTS: (
        "号码与其前面的馆藏机构代码不符，请交工作人员",
        "The number does not belong to the library that the code before it names. Please ask the staff.",
    ),
    Reason.CARD_SUSPENDED: (
        "该卡已停用，请到{library}服务台办理",
        "This card is suspended. Please ask at the desk of {library}.",
    ),
    Reason.CARD_LOST: (
        "该卡已挂失，如已找回请到{library}服务台办理",
        "This card was reported lost. If it was found, please ask at the desk of {library}.",
    ),
    Reason.CARD_EXPIRED: (
        "该卡已过期，请到{library}服务台续期",
        "This card has expired. Please have it extended at {library}.",
    ),
    Reason.CARD_CLOSED: (
        "该卡已注销，请到{library}服务台重新办理",
        "This card was closed. Please apply for a new one at {library}.",
    ),
    Reason.PIN_REQUIRED: ("请输入密码", "Please enter your PIN."),
    Reason.PIN_WRONG: ("密码错误，请重新输入", "The PIN is wrong. Please enter it again."),
    Reason.PIN_THROTTLED: (
        "密码尝试次数过多，请稍后再试或到服务台",
        "Too many attempts. Please try again later or ask at the desk.",
    ),
    Reason.QUOTA: (
        "已借满{number}册，请先还书再借",
        "You have {number} items on loan, the most allowed. Please return one first.",
    ),
    Reason.FOREIGN_QUOTA: (
        "外文书刊已借满{number}册，请先归还外文书刊",
        "You have {number} foreign-language items on loan, the most allowed. Please return one first.",
    ),
    Reason.NOT_LENDABLE: (
        "该书仅供馆内阅览，不外借",
        "This item is for use in the library only.",
    ),
    Reason.ON_LOAN: (
        "该书仍在其他读者名下，请交服务台处理",
        "This item is still on loan to another reader. Please hand it to the staff.",
    ),
    Reason.ON_LOAN_TO_READER: (
        "该书已由您借出，应还日期{due}",
        "You have this item on loan already; it is due on {due}.",
    ),
    Reason.BEING_LENT: (
        "该书正在办理借出，请稍后重试",
        "This item is being lent at this moment. Please try again shortly.",
    ),
    Reason.RESERVED: (
        "该书已被其他读者预约，请交服务台",
        "Another reader has reserved this item. Please hand it to the staff.",
    ),
    Reason.OUT_OF_GROUP: (
        "本馆与{library}未实行通借通还，请到{library}办理",
        "This library does not circulate with {library}. Please go to {library}.",
    ),
    Reason.OVERDUE_ITEM: (
        "您有图书逾期未还，请先归还",
        "You have an overdue item. Please return it first.",
    ),
    Reason.FEE_UNPAID: (
        "您在{library}有滞纳金{yuan}元未缴，请先到该馆缴纳",
        "A late fee of {yuan} yuan is owed at {library}. Please pay it there first.",
    ),
    Reason.RENEWAL_LIMIT: (
        "该书已续借{number}次，不能再续，应还日期{due}",
        "This loan was renewed {number} time(s), the most allowed; it is due on {due}.",
    ),
    Reason.RENEWAL_OVERDUE: (
        "该书已逾期，不能续借，请尽快归还",
        "This item is overdue and can't be renewed. Please return it soon.",
    ),
    Reason.RENEWAL_TOO_EARLY: (
        "续借的{number}天从办理当天算起，请在{from_on}或之后续借；现应还日期{due}",
        "Renew on or after {from_on}: the {number} days count from the day of renewal. It is due on {due}.",
    ),
    Reason.RENEWAL_PAST_CARD: (
        "您的借阅卡最迟{due}到期，续借不能再延后；请先到{library}延长借阅卡有效期",
        "Your card ends by {due}, when this item is due: a renewal gains no day. Extend the card at {library} first.",
    ),
    Reason.NOT_ON_LOAN: (
        "该书不在借出状态，请交服务台",
        "This item is not on loan. Please hand it to the staff.",
    ),
    Reason.NOT_BORROWER: (
        "该书不在您的名下，不能续借",
        "This item is not on loan to you and can't be renewed.",
    ),
    Reason.VIOLATION: (
        "该卡有违规记录，请到{library}服务台办理",
        "There is a violation on this card's register. Please ask at the desk of {library}.",
    ),
    Reason.HOME_UNREACHABLE: (
        "暂时无法连接您的开户馆{library}，未办理成功，请稍后再试或到服务台",
        "Your home library {library} can't be reached, so nothing was done. Please try again later.",
    ),
    Reason.OWNER_UNREACHABLE: (
        "暂时无法连接该书所属的{library}，未办理成功，请把图书留在机台，稍后再试",
        "The owner {library} can't be reached, so nothing was done. Please leave the item here and try again later.",
    ),
    Reason.CLOCKS_APART: (
        "系统时间不一致，暂不能办理，请到服务台",
        "The libraries' clocks differ. Please ask at the desk.",
    ),
    Reason.IN_DOUBT: (
        "未办理成功，请把图书留在机台，稍后重试",
        "This was not completed. Please leave the item here and try again.",
    ),
    Reason.CANCELLED: (
        "该操作已取消，请重新办理",
        "This was cancelled. Please start again.",
    ),
    Reason.FEE_ELSEWHERE: (
        "滞纳金{yuan}元发生在{library}，请到该馆缴纳",
        "The late fee of {yuan} yuan arose at {library}. Please pay it there.",
    ),
    Reason.NOTHING_OWED: ("您在本馆没有待缴费用", "Nothing is owed at this library."),
    Reason.OVERPAYMENT: (
        "缴费金额超过欠费{yuan}元，未入账",
        "That is more than the {yuan} yuan owed; nothing was booked.",
    ),
    Reason.BAD_AMOUNT: ("缴费金额不正确，未入账", "The amount is not valid; nothing was booked."),
    Reason.NOT_SUPPORTED: (
        "本机不支持此操作，请到服务台",
        "This terminal does not offer that. Please ask at the desk.",
    ),
    Reason.ASKED_TWICE: (
        "刚刚已办理过同样的操作，请一分钟后再试",
        "The same was asked a moment ago. Please try again in a minute.",
    ),
    Reason.BUSY: (
        "系统繁忙，未办理成功，请稍后重试或到服务台",
        "The system is busy and nothing was done. Please try again or ask at the desk.",
    ),
    Reason.NOTHING_TO_UNDO: (
        "没有可撤销的操作，请把图书交给工作人员核对",
        "There is nothing to undo. Please hand the item to the staff, who will check it.",
    ),
    Reason.ALREADY_RESERVED: (
        "您已预约该书，到馆后请凭证领取",
        "You have reserved this already. Please collect it with your card once it has arrived.",
    ),
    Reason.NO_SUCH_HOLD: (
        "您没有预约该书，请核对后重试",
        "You have no reservation of this item. Please check the number and try again.",
    ),
    Reason.HOLD_LIMIT: (
        "已预约{number}册，达到上限，请先领取或取消一册",
        "You have {number} reservations, the most allowed. Please collect or cancel one first.",
    ),
    Reason.FEE_NOT_ACKNOWLEDGED: (
        "预约服务费{yuan}元，同意请确认后重试",
        "This costs {yuan} yuan. Please confirm that you agree.",
    ),
    Reason.STAFF_ONLY: (
        "本机不能更改借阅卡状态，请到服务台办理",
        "This terminal may not change a card's status. Please ask at the desk.",
    ),
}

_SENTENCES: dict[str, tuple[str, str]] = {
    "lent": ("借阅成功，应还日期{due}", "Checked out; due on {due}."),
    "renewed": ("续借成功，应还日期{due}", "Renewed; due on {due}."),
    "returned": ("还书成功", "Returned, thank you."),
    "return_accepted": (
        "还书已受理。如有逾期费用，稍后计入并通知",
        "The return is accepted. A late fee, if any, will be booked later.",
    ),
    "return_for_staff": (
        "图书已收下，由工作人员处理",
        "The item is taken in; the staff will look after it.",
    ),
    "not_on_loan": ("该书未在借，已收下", "This item was not on loan; it is taken in."),
    "arrived": ("图书已到馆", "The item has arrived."),
    "to_hold_shelf": ("有读者预约，请放到预约架", "Reserved: please put it on the hold shelf."),
    "to_pickup": (
        "有读者预约，请放入调拨箱，送往{library}",
        "Reserved: please put it into the box for {library}.",
    ),
    "checkout_undone": ("借阅已撤销，请把图书留在机台", "The loan is undone. Please leave the item here."),
    "return_undone": (
        "还书未完成，图书仍在您名下，请重试或交工作人员",
        "The return was not completed; the item is still yours. Please try again or ask the staff.",
    ),
    "hold_placed": (
        "预约成功，排在第{number}位，到馆后请到{library}领取",
        "Reserved; you are number {number}. Please collect it at {library} when it has arrived.",
    ),
    "hold_changed": (
        "预约已修改，到馆后请到{library}领取",
        "The reservation is changed. Please collect the item at {library} when it has arrived.",
    ),
    "hold_deleted": ("预约已取消", "The reservation is cancelled."),
    "all_renewed": ("续借成功{number}册，未续借{left}册", "Renewed: {number}. Not renewed: {left}."),
    "card_blocked": (
        "该卡已停用，请到服务台办理",
        "This card is blocked now. Please ask at the desk.",
    ),
    "card_enabled": ("该卡已恢复使用", "This card may be used again."),
    "to_owner": ("请放入调拨箱，送还{library}", "Please put it into the box for {library}."),
    "fine_here": (
        "逾期{days}天，滞纳金{yuan}元，请在本馆缴纳",
        "{days} day(s) late: {yuan} yuan, payable at this library.",
    ),
    "fine_elsewhere": (
        "逾期{days}天，滞纳金{yuan}元，请到{library}缴纳",
        "{days} day(s) late: {yuan} yuan, payable at {library}.",
    ),
    "paid": ("缴费成功：{yuan}元", "Paid: {yuan} yuan."),
    "paid_left": ("缴费成功：{yuan}元，尚欠{left}元", "Paid: {yuan} yuan; {left} yuan still owed."),
    "owed": ("您在{library}有滞纳金{yuan}元，请到该馆缴纳", "{yuan} yuan of late fees are owed at {library}."),
    "enter": ("欢迎光临", "Welcome."),
    "overdue": ("您有{number}册图书逾期，请尽快归还", "{number} item(s) are overdue. Please return them soon."),
    "goodbye": ("感谢使用，请取走借阅卡", "Thank you. Please take your card."),
    "welcome": ("欢迎使用自助借还服务", "Welcome to self-service."),
    "foreign_currency": ("仅收人民币，未入账", "Only yuan is taken here; nothing was booked."),
    "unknown_fee": (
        "本馆没有这笔费用，或已缴清，请核对后重试",
        "That fee is not known here, or it is paid already. Please check its number.",
    ),
    "card_missing": (
        "缺少借阅卡号（AA），请刷卡后重试",
        "The card number (AA) is missing. Please scan the card and try again.",
    ),
    "item_missing": (
        "缺少图书条码（AB），请扫描图书后重试",
        "The item's barcode (AB) is missing. Please scan the item and try again.",
    ),
    "work_missing": (
        "缺少图书条码（AB）或题名（AJ），请选定图书后重试",
        "The item's barcode (AB) or its title (AJ) is missing. Please name the item and try again.",
    ),
    "amount_missing": (
        "缺少缴费金额（BV），未入账",
        "The amount (BV) is missing; nothing was booked.",
    ),
    "login_required": ("本机尚未登录，请联系工作人员", "This terminal is not logged in. Please call the staff."),
    "old_version": ("本系统支持SIP 1.00和2.00，请升级自助机", "Only SIP 1.00 and 2.00 are supported."),
}


def _chosen(pair: tuple[str, str], language: str) -> str:
    return pair[0] if language == CHINESE else pair[1]


def sentence(name: str, language: str, **facts: object) -> str:
    """One of the fixed sentences; `language` is a SIP2 code, 019 is Chinese, all others read English."""
    return _chosen(_SENTENCES[name], language).format(**facts)


def refusal(refused: Refused, language: str, library_name: str) -> str:
    """The sentence of a refusal. `library_name` is the name of `refused.library`, or of the card's home."""
    return _chosen(_REFUSALS[refused.reason], language).format(
        library=library_name,
        number=refused.number,
        yuan=amount(refused.number),
        due="" if refused.due_on is None else refused.due_on.isoformat(),
        from_on="" if refused.from_on is None else refused.from_on.isoformat(),
    )


def due(on: date) -> str:
    return on.isoformat()
