"""The help of all commands in Chinese, and what click itself says. The key is the English text.

`HELP` is looked up by whole paragraphs, their line breaks as spaces. `OF_CLICK` has `{}` for what is filled in, as the
sentences of `chinese.py` have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["HELP", "OF_CLICK"]

_ALL: Final = {
    "通借通还: borrow at any library of the city, give back at any other.": (
        "通借通还：在全市任何一家馆借书，到任何一家馆还书。"
    ),
    "Usage: ": "用法：",
    "Options": "选项",
    "Commands": "命令",
    "[OPTIONS]": "[选项]",
    "COMMAND [ARGS]...": "命令 [参数]...",
    "required": "必填",
    "Show this message and exit.": "显示这份帮助。",
    "Show the version and exit.": "显示版本号。",
    "中文 or English [as LANG].": "中文或英文 [按 LANG]。",
    "The library's node.toml.": "本馆的 node.toml。",
    "The node.toml.": "本馆的 node.toml。",
    "For programs.": "输出 JSON，供程序读取。",
    "May run beside the node.": "节点运行时也可以执行。",
    "Start although the clock is behind the newest row of the database.": "时钟比数据库里最新的记录早，也照常启动。",
}

_SUMMARIES: Final = {
    "Readers' cards of this library: import, lists of schools.": "本馆的借阅卡：导入，检查学校名单。",
    "Validate settings, certificates, database, clock and peers.": "检查设置、证书、数据库、时钟和其他图书馆。",
    "A whole city on this machine, and a reader's story in it.": "在这台机器上演示全市图书馆，讲一位读者的故事。",
    "What libraries hold for readers of this one: list, free.": "各馆为本馆读者占用的名额：列出、释放。",
    "What staff and schools have done: list, verify.": "工作人员和学校做过的事：列出、核对。",
    "Who may sign in on the pages of the staff: list, add, reset.": ("可以登录网页的工作人员：列出、新增、重置。"),
    "What staff must look at: list, show, close.": "需要人工处理的事项：列出、查看、关闭。",
    "The libraries of the federation and their certificates.": "各图书馆的证书，各馆账本的核对。",
    "Items of this library: import.": "本馆的馆藏：导入。",
    "The kiosk simulator: interactive, scripted or under load.": "模拟自助机：逐行操作、执行脚本或压力测试。",
    "Run the node of one library, in the foreground.": "在前台运行一家图书馆的节点。",
    "The city under faults, replayable from a seed.": "在各种故障下模拟全市，按种子重现。",
    "Self-checks, bins, sorters and gates of this library.": "本馆的自助机、还书箱、分拣机和门禁。",
}

_IMPORTS: Final = {
    "Add the cards of FILE, ready ones of an older system, all in one transaction.": (
        "把旧系统已有的借阅卡从 FILE 导入，要么全部写入，要么都不写。"
    ),
    "The name of `import-legacy` before there were lists of schools.": "import-legacy 以前的名字。",
    "FILE is CSV; its first line names the columns, in any order: card, pin (may be empty), name, category, expires_on "
    "(the last day, as 2027-08-31; may be empty). The limits of a card are those of its category today.": (
        "FILE 是 CSV 文件，第一行写列名，次序不限：card 卡号，pin 密码（可空），name 姓名，category 读者类别，"
        "expires_on 有效期的最后一天（如 2027-08-31，可空）。借阅限额按该类别今天的规则。"
    ),
    "A row that can't be taken is refused and reported, with its line and what to do; the report holds no name, no PIN "
    "and no whole card number. A card that is there already is refused. Exit status: 0 if every row was taken, 1 if "
    "some were refused, 2 if nothing could be imported. May run beside the node.": (
        "收不了的行会列出来，写明行号和怎么改；清单里没有姓名、密码和完整卡号。已有的卡号不收。"
        "退出码：全部收下是 0，有没收的是 1，一行也没导入是 2。节点运行时也可以执行。"
    ),
    "Add the items of FILE, and bring those whose barcode is there up to date, all in one transaction.": (
        "导入 FILE 里的馆藏；条码已有的按文件更新。要么全部写入，要么都不写。"
    ),
    "FILE is CSV; its first line names the columns, in any order: barcode, title, author, isbn, call_number, item_type "
    "(book, picture_book, periodical, audiovisual, reference, rare), location, foreign (1 or 0), price_fen.": (
        "FILE 是 CSV 文件，第一行写列名，次序不限：barcode 条码，title 题名，author 责任者，isbn，call_number 索书号，"
        "item_type 类型（book 图书，picture_book 绘本，periodical 期刊，audiovisual 视听资料，reference 工具书，"
        "rare 珍本），location 馆藏地，foreign 外文（1 或 0），price_fen 价格（分）。"
    ),
    "A row that can't be taken is refused and reported, with its line and what to do. An item whose ISBN is none is "
    "taken without it, and reported too. Exit status: 0 if every row was taken, 1 if some were refused, 2 if nothing "
    "could be imported. May run beside the node.": (
        "收不了的行会列出来，写明行号和怎么改。ISBN 不对的馆藏照收，这一格留空，也会列出来。"
        "退出码：全部收下是 0，有没收的是 1，一行也没导入是 2。节点运行时也可以执行。"
    ),
    "The report of refused rows [of items.csv: items.refused.csv].": (
        "没收的行写进这个文件 [items.csv 的是 items.refused.csv]。"
    ),
    "Import nothing if any row is refused.": "只要有一行收不了，就什么都不导入。",
}

_LISTS: Final = {
    "Write the template for a school's list to OUT (.xlsx). It is in Chinese.": (
        "把学校名单的模板写进 OUT（.xlsx）。模板是中文的。"
    ),
    "Read a school's LIST and say what is wrong in each row. Nothing is stored.": (
        "读取学校名单 LIST，逐行指出哪里不对。不保存任何内容。"
    ),
    "LIST is XLSX, XLS or CSV (UTF-8, UTF-16, GB18030). Columns are found by their names; `cards template` makes a "
    "list to fill in. A row without the guardian's consent is not read.": (
        "LIST 可以是 XLSX、XLS 或 CSV（UTF-8、UTF-16、GB18030）。按列名找各列；空白名单用 cards template 生成。"
        "监护人没有同意的行不读取。"
    ),
    "Exit status: 0 if every row can be taken, 1 if some can't, 2 if the list can't be read.": (
        "退出码：全部可以收是 0，有收不了的是 1，名单读不出来是 2。"
    ),
    "Write the list with a column that says what is wrong in each row (.xlsx).": (
        "把名单另存一份（.xlsx），多一列逐行写明哪里不对。"
    ),
    "The sheet to read, where several are lists.": "有几张工作表都是名单时，读哪一张。",
    "One JSON object: what became of the list and of its rows.": "输出一个 JSON 对象：名单和各行的结果。",
}

_CHECKS: Final = {
    "Check settings, certificates, database, ports, the other libraries and the clock.": (
        "检查设置、证书、数据库、端口、其他图书馆和时钟。"
    ),
    "Exit status: 0 if the node can start, 1 if an error stands in the way. A library that can't be reached is a "
    "warning.": "退出码：节点可以启动是 0，有错误挡着是 1。有图书馆连不上只算“注意”。",
    'One object: {"ok": ..., "checks": [{name, state, text}]}.': (
        '输出一个 JSON 对象：{"ok": ..., "checks": [{name, state, text}]}。'
    ),
    "What staff must look at in this library: list it, show one, close it.": (
        "本馆需要人工处理的事项：列出、查看一条、关闭。"
    ),
    "The open exceptions, oldest first: what happened, and what to do.": (
        "列出待处理的事项，最早的在前：出了什么事，怎么办。"
    ),
    "Only of that kind, such as refund_due.": "只列这一类，例如 refund_due。",
    "The closed ones as well.": "连已关闭的一起列出。",
    "All about the exception ID, open or closed.": "显示编号为 ID 的事项的全部内容，已关闭的也可以。",
    "Close the exception ID: it has been looked at. The row stays, with who closed it and why.": (
        "关闭编号为 ID 的事项：已经处理过了。记录保留，写明谁关闭、为什么。"
    ),
    "Exit status 1 if there is no such exception, or it is closed already.": "没有这一条，或者早已关闭，退出码是 1。",
    "Who of the staff closes it: a name or a staff number.": "哪位工作人员关闭的：姓名或工号。",
    "What was done. No reader's name, card or telephone.": "做了什么。不要写读者的姓名、卡号或电话。",
}

_PLACES: Final = {
    "Which library holds which places of this library's readers: list them, free one.": (
        "哪个馆占用了本馆读者的哪些名额：列出，释放其中一个。"
    ),
    "What a card has, or what a library holds; without either, how many places each library holds.": (
        "一张卡有什么，或者一个馆占用了什么；两者都不写，列出每个馆占用几个名额。"
    ),
    "The places and holds of this card.": "这张卡的名额和预约。",
    "The places that this library holds.": "这个馆占用的名额。",
    "Free the place ID, or end the hold ID, of a reader who does not have it. The owner is told.": (
        "读者手里没有这本书时，释放编号为 ID 的名额，或者结束编号为 ID 的预约。会通知藏书的馆。"
    ),
    "Exit status 1 if no place is held and no hold is in force under that ID.": (
        "没有这个编号的在用名额或预约，退出码是 1。"
    ),
    "Who of the staff frees it: a name or a staff number.": "哪位工作人员释放的：姓名或工号。",
    "Why. No reader's name, card or telephone.": "原因。不要写读者的姓名、卡号或电话。",
}

_FEDERATION: Final = {
    "Compare the open loans and unpaid fines of this library with what the readers' homes say. Nothing is written.": (
        "把本馆未还的借阅、未缴清的费用，与读者办卡馆的记录核对。只查不改。"
    ),
    "Exit status: 0 if the books agree, 1 if they differ, 2 if a library could not be asked.": (
        "退出码：一致是 0，有出入是 1，有图书馆问不到是 2。"
    ),
    'One object: {"differences": [...], "silent": [...]}.': (
        '输出一个 JSON 对象：{"differences": [...], "silent": [...]}。'
    ),
    "Make an authority (ca.pem, ca.key) and a certificate for each library CODE (CODE.pem, CODE.key).": (
        "建立证书颁发者（ca.pem、ca.key），并为每个图书馆代码 CODE 签发证书（CODE.pem、CODE.key）。"
    ),
    "Existing files stay as they are. Do not put ca.key on the nodes.": "已有的文件不动。不要把 ca.key 放到节点上。",
    "Where to.": "放到哪个文件夹。",
    "Valid for.": "有效天数。",
    "Make a new key and certificate for each library CODE, in place of those in the folder.": (
        "为每个图书馆代码 CODE 换发新的私钥和证书，替换文件夹里原有的。"
    ),
    "The pair before stays beside the new one (CODE.pem.old, CODE.key.old). Run it where ca.key is kept, copy CODE.pem "
    "and CODE.key to the library, and send SIGHUP to its node: no call is lost. A certificate of another authority or "
    "another library is not replaced.": (
        "原来的一对留在旁边（CODE.pem.old、CODE.key.old）。请在保管 ca.key 的机器上运行，"
        "再把 CODE.pem 和 CODE.key 拷到该馆，向它的节点发 SIGHUP，馆际请求不会中断。"
        "别的颁发者或别的馆的证书不会被替换。"
    ),
    "Where it is.": "证书所在的文件夹。",
}

_TERMINALS: Final = {
    "One line a terminal: login, kind, dialect, place, and how it is known.": (
        "每台终端一行：账号、类型、方言、位置、凭什么认出它。"
    ),
    "The settings of the terminal LOGIN, and every switch of its dialect; a star marks what is not the default.": (
        "显示终端 LOGIN 的设置和方言的全部开关；不是默认值的前面有星号。"
    ),
    "Ask for a password and print its argon2 hash, for `password_hash` in node.toml.": (
        "输入密码，输出它的 argon2 散列值，填到 node.toml 的 password_hash。"
    ),
    "Standard input may be a file with the password. There is no option for it: other users of the machine can read "
    "command lines, and the shell keeps them.": (
        "也可以从标准输入读一个只有密码的文件。没有直接写密码的选项：命令行上的内容，同一台机器的其他用户看得见，"
        "shell 也会记下来。"
    ),
}

_OFFICE: Final = {
    "Who of the staff may sign in on the pages of this library.": "哪些工作人员可以登录本馆的网页。",
    "Who does this: a name or a staff number.": "由谁操作：姓名或工号。",
    "Why. Nothing about a reader.": "原因。不要写读者的任何信息。",
    "Of desk,cards,finance,admin.": "desk 柜台，cards 办证，finance 财务，admin 管理；可写几个，用逗号隔开。",
    "Every account of staff: login, name, roles, and how it stands.": "列出工作人员的账号：登录名、姓名、角色、状态。",
    "The name that colleagues see.": "同事看到的姓名。",
    "A new account. Its first password is printed once, and changed when it is first used.": (
        "新增一个账号。初始密码只显示一次，第一次登录时必须更改。"
    ),
    "Other roles for LOGIN, in place of those that it has. They hold from its next click on.": (
        "更改 LOGIN 的角色，代替原有的。从下一次点击起生效。"
    ),
    "LOGIN can't sign in any more, and is signed out at once.": "停用 LOGIN：立即退出，不能再登录。",
    "A new first password for LOGIN, printed once; its second factor is set up anew. A disabled account may sign in "
    "again.": "为 LOGIN 生成新的初始密码，只显示一次；动态码要重新设置。停用的账号由此恢复。",
    "For a lost password, a lost telephone, or a password that somebody else may know.": (
        "用于忘记密码、丢失手机，或者密码可能被别人知道。"
    ),
    "Erase name and login of a disabled account. What it did stays in the audit log, under a reference.": (
        "抹去已停用账号的姓名和登录名。做过的事仍留在审计日志里，只剩代号。"
    ),
    "What staff and schools have done, and whether that log is whole.": "工作人员和学校做过的事，以及日志是否完整。",
    "What an earlier verify printed: the log must still lead there.": "以前 verify 输出的那一行，日志必须仍与它相符。",
    "Whether every link of the log is as it was written. Prints the end of the log, to be noted elsewhere.": (
        "检查日志每一条是否原样。输出日志的末端，请另外记下。"
    ),
    "Exit status 1 if a link was changed, added or removed.": "有改动、添加或删除，退出码是 1。",
    "The newest links of the log: when, who, what, about what, why.": "日志最新的几条：时间、何人、何事、对象、原因。",
    "So many.": "条数。",
    "Those before this number; 0 for the newest.": "列出这一条之前的；0 表示从最新的开始。",
    "Erase the reason of link N, where somebody wrote what does not belong there. The log stays whole.": (
        "抹去第 N 条的原因（有人写了不该写的内容时用）。日志仍然完整。"
    ),
}

_SIMULATORS: Final = {
    "Lay the city out here (new, or empty).": "放到这个文件夹（新的，或者空的）。",
    "CODE,... or all.": "图书馆代码，用逗号隔开；all 是全部。",
    "Tell the story and end, or stay up with fresh books.": "讲完故事就结束；或者用新账本一直运行。",
    "One JSON object per step.": "每一步输出一个 JSON 对象。",
    "Lines:": "每行可以写：",
    "The SIP2 port of a node.": "节点的 SIP2 端口。",
    "The terminal's account.": "终端的账号。",
    "A file with its password; without it the password is asked for.": "存着终端密码的文件；不写就在运行时输入。",
    "The world.json of a demo, which has the password.": "演示城市的 world.json，密码从里面取。",
    "Library code (AO); by default what stands before the dash of the login.": (
        "图书馆代码（AO）；不写就取账号里横线前面的部分。"
    ),
    "Run these lines; - reads standard input.": "执行这个文件里的各行；- 表示标准输入。",
    "Send this many status messages (99) and measure.": "发送这么多条状态消息（99）并计时。",
    "With --load.": "与 --load 一起用。",
    "A city of nodes under faults drawn from a seed; prints a failing seed and how to replay it.": (
        "在按种子抽取的故障下模拟全市节点；发现问题时给出种子和重现方法。"
    ),
    "A..B, both included.": "从 A 到 B，写成 A..B，两头都算。",
    "Actions a history.": "每段历史的动作数。",
    "How many; drawn from the seed by default.": "多少家馆；不写就按种子抽取。",
    "Plant a fault, to see it found.": "故意放入一个错误，看能不能发现。",
    "List these faults.": "列出可以放入的错误。",
    "Processes side by side.": "同时运行的进程数。",
    "End with one JSON line.": "最后输出一行 JSON。",
    "Print the whole of every history.": "输出每段历史的全部内容。",
    "Print each history's digest: its SIP2 bytes, its final books.": "输出每段历史的摘要：SIP2 字节和最后的账本。",
    "Go on after a history that failed.": "有一段历史出错也继续。",
}

HELP: Final[Mapping[str, str]] = {
    **_ALL,
    **_SUMMARIES,
    **_IMPORTS,
    **_LISTS,
    **_CHECKS,
    **_PLACES,
    **_FEDERATION,
    **_TERMINALS,
    **_OFFICE,
    **_SIMULATORS,
}

OF_CLICK: Final[Mapping[str, str]] = {
    "Error: {}": "错误：{}",
    "Try '{} --help' for help.": "帮助：{} --help",
    "default: {}": "默认 {}",
    "Missing command.": "没有写子命令。",
    "Missing argument {}.": "缺少参数 {}。",
    "Missing argument {}. Choose from:": "缺少参数 {}。可以是：",
    "Missing option {}.": "缺少选项 {}。",
    "Missing option {}. Choose from:": "缺少选项 {}。可以是：",
    "No such option {}.": "没有选项 {}。",
    "No such command {}.": "没有命令 {}。",
    "{} Did you mean {}?": "{}是不是 {}？",
    "{} (Did you mean one of: {}?)": "{}是不是其中之一：{}？",
    "Invalid value for {}: {}": "{} 的值不对：{}",
    "Invalid value: {}": "值不对：{}",
    "Got unexpected extra argument ({})": "多出一个参数（{}）",
    "Got unexpected extra arguments ({})": "多出几个参数（{}）",
    "Option {} requires an argument.": "选项 {} 后面要写值。",
    "Option {} does not take a value.": "选项 {} 后面不能写值。",
    "{} is not one of {}.": "{} 不在可选的 {} 里。",
    "{} is not a valid integer.": "{} 不是整数。",
    "{} is not a valid integer range.": "{} 不是整数。",
    "{} is not in the range {}.": "{} 不在范围 {} 里。",
    "File {} does not exist.": "文件 {} 不存在。",
    "File {} is a directory.": "{} 是文件夹，这里要文件。",
    "Directory {} is a file.": "{} 是文件，这里要文件夹。",
    "Path {} does not exist.": "{} 不存在。",
}
