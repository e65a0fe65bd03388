"""What the commands say, in Chinese: checks, imports, certificates, database. The key is the English sentence.

Written for the people who run a library's node. `{}` stands for what is filled in, `{0}` and `{1}` where the order
differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["CHINESE"]

_CHECKS: Final = {
    "ok": "正常",
    "warning": "注意",
    "error": "错误",
    "settings": "设置",
    "certificates": "证书",
    "certificate sip2 {}": "终端证书 {}",
    "certificate web {}": "登录网页证书 {}",
    "database": "数据库",
    "newest row": "最新记录",
    "the clock is not behind the books": "时钟不早于账上的记录",
    "the clock is {} s behind the newest row of the database, so the node would wait with its ports closed: set the "
    "clock; if it is right, start with --clock-is-right": (
        "时钟比数据库里最新的记录早 {} 秒，节点启动后会关着端口等待。请校时；确认时钟无误，请用 --clock-is-right 启动"
    ),
    "database pages": "数据页",
    "{} is in use by another node ({}); stop that one first, or correct `database` in node.toml": (
        "{} 正被另一个节点使用（{}）。请先停掉那一个，或改正 node.toml 里的 `database`"
    ),
    "items": "馆藏",
    "the prefixes of {} cover all {} barcodes": "{} 的号段包含全部 {} 个条码",
    "{} (a return that failed)": "{}（撤销没有成功的还书）",
    "{} barcodes are covered by no prefix of this library alone, such as {}; every return of such an item waits for "
    "all libraries: list their prefixes or ranges in `item_prefixes` of federation.toml": (
        "有 {} 个条码不在本馆独有的号段里，例如 {}。这样的图书每次还回都要等所有图书馆答复。"
        "请把它们的前缀或号段写进 federation.toml 的 item_prefixes"
    ),
    "{} barcodes have a prefix of another library, such as {}; those items can't be lent: correct them, or "
    "`item_prefixes` in federation.toml": (
        "有 {} 个条码在其他图书馆的号段里，例如 {}，这些图书借不出去。"
        "请改正条码，或者改 federation.toml 里的 item_prefixes"
    ),
    "port sip2 {}": "终端端口 {}",
    "port federation {}": "馆际端口 {}",
    "port http {}": "网页端口 {}",
    "port web {}": "登录网页端口 {}",
    "peers": "其他图书馆",
    "peer {}": "图书馆 {}",
    "clock": "时钟",
    "{} names {}": "{} 是 {} 的证书",
    "{}: {}; have a new one made": "{}：{}。请换发证书",
    "{} and its key can be used": "{} 和它的私钥可以使用",
    "{}; correct the listener in node.toml, or the file": "{}。请改正 node.toml 里的这个端口，或者换文件",
    "{} will be made at the first start": "{} 还没有，第一次启动时自动建立",
    "{} is of version {} and can be written": "{} 版本 {}，可以写入",
    "all pages of {} hold together": "{} 的数据页完好",
    "{} is large and was looked at in part; no damage was found": "{} 较大，只查了一部分，没有发现损坏",
    "{} is damaged ({}): stop the node, put the file aside, and restore a backup": (
        "{} 已损坏（{}）：请停下节点，把文件另存一份，再从备份恢复"
    ),
    "{} is of version {}; the next start brings it to {}: make a backup before": (
        "{} 是版本 {}，下次启动会升级到 {}。请先备份"
    ),
    "{} is that of {}, not of {}; correct `database` in node.toml": (
        "{} 是 {} 的账本，不是 {} 的。请改正 node.toml 里的 database"
    ),
    "{} is free": "{} 空闲",
    "{} is in use by this library's node, which is running": "{} 正由本馆的节点使用，节点在运行",
    "{} is in use, as it seems by this library's node, which is running but does not tell its ports": (
        "{} 已被占用，多半就是本馆的节点：它在运行，但没有报出自己的端口"
    ),
    "{} is in use by another program; stop it, or choose another port": (
        "{} 被别的程序占用。请停掉那个程序，或者换一个端口"
    ),
    "{} is no address of this machine; correct the host": "{} 不是这台机器的地址。请改正主机名",
    "{} needs more rights (ports below 1024); choose another port": "{} 要更高的权限（1024 以下的端口）。请换一个端口",
    "{} is not possible ({})": "{} 用不了（{}）",
    "files": "文件数",
    "{} files may be open, all connections together need {}": "最多能打开 {} 个文件，全部连接需要 {} 个",
    "{} files may be open, all connections together need {}; terminals get {} connections, other libraries {}, the "
    "page {}: raise the limit (LimitNOFILE, ulimits)": (
        "最多能打开 {} 个文件，全部连接需要 {} 个；终端只有 {} 个连接，其他图书馆 {} 个，状态页 {} 个。"
        "请调大上限（LimitNOFILE、ulimits）"
    ),
    "the running node may open enough files for all connections": "正在运行的节点能打开的文件数够用",
    "the running node may open too few files ({}): raise the limit (LimitNOFILE, ulimits) and restart it": (
        "正在运行的节点能打开的文件数太少（{}）。请调大上限（LimitNOFILE、ulimits），再重启节点"
    ),
    "connections {}": "连接数 {}",
    "{} of {} connections are open; look who connects, or raise max_connections": (
        "{1} 个连接已用了 {0} 个。请查是谁连的，或者调大 max_connections"
    ),
    "not asked: without certificates nobody would answer": "没有询问：没有证书，对方不会答复",
}

_PEERS: Final = {
    "{} answers, and its certificate holds": "{} 有答复，证书有效",
    "{} answers what can't be understood ({}); compare the versions of tongjie": (
        "{} 的答复看不懂（{}）。请核对两边的 tongjie 版本"
    ),
    "{} broke the TLS connection off; does it know our authority?": "{} 中断了加密连接。对方认得我们的证书颁发者吗？",
    "{} can't be reached ({}); is its node running?": "{} 连不上（{}）。那边的节点在运行吗？",
    "{} closed the connection; does it know our authority?": "{} 关闭了连接。对方认得我们的证书颁发者吗？",
    "{} does not answer within {} s; is the line up, is a firewall between?": (
        "{} 在 {} 秒内没有答复。线路通吗？中间有防火墙吗？"
    ),
    "{} does not take us for a member ({}); compare the federation files": (
        "{} 不认为我们是成员馆（{}）。请核对两边的 federation.toml"
    ),
    "{} has a certificate that does not hold ({}); compare it with {}": "{} 的证书无效（{}）。请与 {} 核对",
    "{} has a host name that nobody knows ({}); correct `federation` in federation.toml": (
        "{} 的主机名查不到（{}）。请改正 federation.toml 里的 federation"
    ),
    "{} refuses the TLS connection ({}); compare the certificates of both": "{} 拒绝加密连接（{}）。请核对两边的证书",
    "{} takes connections but does not answer ({})": "{} 能连上，但没有答复（{}）",
    "{} was not asked: our certificates can't be used ({})": "{} 没有询问：我们自己的证书用不了（{}）",
    "no other library answered, the clock was not compared": "没有图书馆答复，时钟没有核对",
    "agrees with {}": "与 {} 一致",
    "the clock of {} is {} s ahead": "{} 的时钟快 {} 秒",
    "the clock of {} is {} s behind": "{} 的时钟慢 {} 秒",
    "{}; set both by NTP": "{}。请两边都用 NTP 校时",
    "{}; nothing is lent between the two; set both by NTP": "{}，两馆之间停止借还。请两边都用 NTP 校时",
    "Connection refused": "连接被拒绝",
    "No route to host": "没有路由",
    "Network is unreachable": "网络不通",
    "Permission denied": "没有权限",
    "No space left on device": "磁盘已满",
}

_CERTIFICATES: Final = {
    "{}: no such file; make it with `tongjie federation init`, or correct the path": (
        "{}：没有这个文件。请用 tongjie federation init 生成，或者改正路径"
    ),
    "{}: no permission to read it; let the user that runs the node own the file, with mode 0600": (
        "{}：没有读取权限。请把文件交给运行节点的用户，权限设为 0600"
    ),
    "{}: is a folder; name the file": "{}：这是文件夹，请写文件名",
    "{}: can't be read ({}); check the path and the disk": "{}：读不出来（{}）。请检查路径和磁盘",
    "{}: of {}.pem and {}.key only one is there; move it away first": ("{}：{}.pem 和 {}.key 只有一个在。请先把它移走"),
    "the certificate is no PEM certificate": "这不是 PEM 格式的证书",
    "the certificate has no DNS name": "证书里没有 DNS 名",
    "the certificate must have exactly one name, a DNS name": "证书里必须只有一个名字，而且是 DNS 名",
    "the certificate's DNS name is no library code in lower case": "证书里的 DNS 名不是小写的图书馆代码",
    "the certificate is that of {}, not of {}": "这是 {} 的证书，不是 {} 的",
    "the certificate is not valid before {} UTC": "证书从 {}（UTC）起才有效",
    "the certificate expired on {} UTC": "证书已于 {}（UTC）过期",
    "the certificate expires soon, on {}": "证书快要过期：{}",
    "the certificate does not hold under its authority: {}": "证书不是这个颁发者签发的：{}",
    "the key is not that of the certificate": "私钥与证书不配对",
    "the key is no PEM private key, or is encrypted": "这不是 PEM 格式的私钥，或者私钥加了密码",
    "the key is no elliptic curve key": "私钥不是椭圆曲线密钥",
    "{}: {}.key is not here; run this where the authority's key is kept": (
        "{}：这里没有 {}.key。请在保管颁发者私钥的机器上运行"
    ),
    "{} is that of {}, not of {}; nothing was replaced": "{} 是 {} 的，不是 {} 的。没有替换任何文件",
    "{} is of another authority than {}.pem; nothing was replaced. Use the folder of its own authority, "
    "or move the pair away and run `tongjie federation init`": (
        "{} 不是 {}.pem 签发的。没有替换任何文件。请到它自己的颁发者文件夹里换发，"
        "或者移走这一对文件，再运行 tongjie federation init"
    ),
    "{}: a new pair would not do; nothing was replaced: {}": "{}：新证书用不了，没有替换任何文件：{}",
    "{} is no library code: capital letters and digits": "{} 不是图书馆代码：要大写字母和数字",
    "{} does not hold a certificate (PEM) that can be used": "{} 里没有可用的证书（PEM）",
    "{} does not hold a private key (PEM, without a passphrase) that can be used": (
        "{} 里没有可用的私钥（PEM，不加密码）"
    ),
    "{} is not the key of {}": "{} 不是 {} 的私钥",
    "{}: can't be read: {}": "{}：读不出来：{}",
}

_DATABASE: Final = {
    "{}: there is no folder {}; make it, or correct `database` in node.toml": (
        "{}：没有文件夹 {}。请建好，或者改正 node.toml 里的 database"
    ),
    "{} is not a file; correct `database` in node.toml": "{} 不是文件。请改正 node.toml 里的 database",
    "{} can't be written by this user; give the file to the user that runs the node": (
        "{} 当前用户不能写。请把文件交给运行节点的用户"
    ),
    "{}: the folder {} can't be written by this user; it needs to be": "{}：当前用户不能写文件夹 {}，必须能写",
    "{} holds tables of another program; correct `database` in node.toml": (
        "{} 里是别的程序的数据。请改正 node.toml 里的 database"
    ),
    "{} is of version {}, this program knows no newer than {}: install the version of tongjie that wrote it, "
    "or restore the backup made before it": (
        "{} 是版本 {}，本程序只认到 {}。请安装写入它的那个版本的 tongjie，或者恢复升级前的备份"
    ),
    "{} is empty, this program works with version {}: start this program's node once, "
    "it brings the database up to date": ("{} 是空的，本程序要版本 {}。请先启动一次本程序的节点，它会建好数据库"),
    "{} is of version {}, this program works with version {}: start this program's node once, "
    "it brings the database up to date": "{} 是版本 {}，本程序要版本 {}。请先启动一次本程序的节点，它会升级数据库",
    "{} is not an SQLite database; correct `database` in node.toml, or move the file away": (
        "{} 不是 SQLite 数据库。请改正 node.toml 里的 database，或者移走这个文件"
    ),
    "{} is locked by another process ({}); stop what is writing to it and try again": (
        "{} 被别的进程锁住（{}）。请停掉正在写它的程序，再试一次"
    ),
    "{} is damaged ({}); restore it from a backup": "{} 已损坏（{}）。请从备份恢复",
    "{} can't be written ({}); give the file to the user that runs the node": (
        "{} 写不进去（{}）。请把文件交给运行节点的用户"
    ),
    "{}: no space is left on the disk ({}); make room and try again": "{}：磁盘已满（{}）。请腾出空间，再试一次",
    "{} can't be opened ({}); check the file and the disk": "{} 打不开（{}）。请检查文件和磁盘",
    "{}: no such database; has the node been started yet?": "{}：没有这个数据库。节点启动过吗？",
    "{} is no database of {}; correct `database` in node.toml": "{} 不是 {} 的账本。请改正 node.toml 里的 database",
    "{} is no database of {}": "{} 不是 {} 的账本",
    "{}; nothing was changed": "{}。没有改动任何内容",
    "{}; nothing was imported": "{}。没有导入任何内容",
    "{}: a row of the import is there already, or comes twice ({}); nothing was imported": (
        "{}：导入的某一行已经有了，或者出现两次（{}）。没有导入任何内容"
    ),
}

_LISTS: Final = {
    "{} written": "{} 已写好",
    "{}: must end in .xlsx; name another file": "{}：文件名要以 .xlsx 结尾。请换一个名字",
    "{}: is there already; name another file": "{}：已经有这个文件。请换一个名字",
    "{}: can't be written ({}); name another file": "{}：写不进去（{}）。请换一个名字",
    "{} rows: {} can be taken, {} can't": "共 {} 行：{} 行可以收，{} 行收不了",
    "{} rows can be taken but should be looked at": "可以收的行里，有 {} 行请核对",
    "hidden sheet {} was not read": "隐藏的工作表 {} 没有读取",
    "`tongjie cards import` is called `tongjie cards import-legacy` now; use that name": (
        "tongjie cards import 现在叫 tongjie cards import-legacy，请用新名字"
    ),
}

_FILES: Final = {
    "{}: no such file; check the path": "{}：没有这个文件。请检查路径",
    "{}: no permission to read it; let this user read it": "{}：没有读取权限。请让当前用户能读",
    "{}: can't be read ({}); name a file": "{}：读不出来（{}）。请写文件名",
    "{}: the first line must name the columns {}; {}": "{}：第一行必须是列名 {}；{}",
    "missing: {}": "缺少 {}",
    "column {} is none of these; remove it": "第 {} 列不在其中，请删去",
    "one of them stands there twice": "有一个列名出现了两次",
    "is empty; fill it in": "没有填，请补上",
    "has {} characters; shorten it to {}": "有 {} 个字，请缩短到 {} 个",
    "holds a control character or a line break; remove it": "含有控制字符或换行，请删去",
    "must be of letters A-Z, digits and $ % * + . / _ - alone": "只能有字母 A-Z、数字和 $ % * + . / _ -",
    "a spreadsheet has shortened this number; format the column as text and type it again": (
        "这个号码被电子表格缩短了。请把整列设成文本格式，重新输入"
    ),
    "a formula of the spreadsheet failed here ({}); write the value itself": (
        "电子表格的公式在这里出错（{}），请直接写值"
    ),
    "what stands here": "此处内容",
    "{} is not possible{}": "{} 不行{}",
    "; did you mean {}?": "，是不是 {}？",
    "; use one of {}": "，请用其中之一：{}",
    "{} is neither yes nor no; write 1 or 0": "{} 不是“是”或“否”，请写 1 或 0",
    "{} is not possible; write a whole number of {}, 0 to {}": "{0} 不行，请写 0 到 {2} 的整数（单位 {1}）",
    "fen": "分",
    "{} is no date; write it as 2027-08-31, or leave it empty": "{} 不是日期，请写成 2027-08-31，或者留空",
    "cell {} stands under no column; text with a comma needs quotes": "第 {} 格没有列名；内容里有逗号的要加引号",
    "a quote is opened and not closed on this line; close it, and keep line breaks out of cells": (
        "这一行有引号没有配对，请补上；格子里不要换行"
    ),
    "can't be read ({}); check the quotes of this line": "读不出来（{}），请检查这一行的引号",
    "is not written in {}; save the file as UTF-8, or try --encoding {}": (
        "不是 {} 编码。请把文件存成 UTF-8，或者加上 --encoding {}"
    ),
    "stands in line {} already; remove one of the two": "与第 {} 行重复，请删去一行",
    "its prefix is one of {}; correct it, or `item_prefixes` in federation.toml": (
        "这是 {} 的号段。请改正条码，或者改 federation.toml 里的 item_prefixes"
    ),
    "its institution code is not that of this library; correct it, or `isil`": (
        "条码前的馆藏机构代码不是本馆的。请改正条码，或者改 federation.toml 里的 isil"
    ),
    "is no ISBN ({}); the item is taken without it": "不是 ISBN（{}），馆藏照收，这一格留空",
    "The number's checksum or check digit is invalid": "校验码不对",
    "The number has an invalid length": "位数不对",
    "The number has an invalid format": "格式不对",
    "is there already; remove the row": "已经有了，请删去这一行",
    "has no prefix of {}; correct it, or `card_prefixes` in federation.toml": (
        "不在 {} 的号段里。请改正卡号，或者改 federation.toml 里的 card_prefixes"
    ),
    "must be of 4 to 32 letters, digits or signs, without | and space; or leave it empty": (
        "要 4 到 32 个字母、数字或符号，不能有 | 和空格；也可以留空"
    ),
    "{} items added, {} changed, {} unchanged": "新增馆藏 {} 册（件），更新 {}，未变 {}",
    "{} cards added": "新增借阅卡 {} 张",
    "{} rows read": "已读 {} 行",
    "... and {} more": "……还有 {} 条",
    "{} of {} rows refused, listed in {}": "{1} 行中有 {0} 行没有收，清单见 {2}",
    "{} of {} rows taken without something, listed in {}": "{1} 行中有 {0} 行照收但缺了内容，清单见 {2}",
    "{}; nothing was imported, as --all-or-nothing asks": "{}；按 --all-or-nothing 的要求，没有导入任何内容",
    "{} can't be its own report; name another file with --refused": "{} 不能同时是清单，请用 --refused 另写一个文件名",
    "{}: {}": "{}: {}",
}

_TERMINALS: Final = {
    "the two passwords differ; nothing was made": "两次输入的密码不同，没有生成",
    "standard input holds no password; nothing was made": "标准输入里没有密码，没有生成",
    "standard input holds more than a password; nothing was made": "标准输入里不只有密码，没有生成",
    "standard input holds no password; use --password-file": "标准输入里没有密码，请用 --password-file",
    "{}: no such login in this file": "{}：这个文件里没有这个账号",
}

_FEDERATION: Final = {
    "{}: made": "{}：已生成",
    "{}: was there already": "{}：原来就有，没有改动",
    "{}: renewed until {}; before: {}.pem.old, {}.key.old": (
        "{}：已换发，有效期到 {}；原来的一对：{}.pem.old、{}.key.old"
    ),
    "now send SIGHUP to the node, with the new pair in its place: systemctl kill -s HUP tongjie": (
        "请把新的一对放到节点上，再向它发 SIGHUP：systemctl kill -s HUP tongjie"
    ),
    "{}: not asked ({})": "{}：没有问到（{}）",
    "{}; the node will repair it": "{}；节点会自己改正",
    "{}; for staff": "{}；要人工核对",
    "{}: place_without_loan {}": "{}：办卡馆记着在借，本馆没有这笔借阅 {}",
    "{}: loan_without_place {}": "{}：本馆有这笔借阅，办卡馆没有记 {}",
    "{}: place_differs {}": "{}：应还日期或续借次数不同 {}",
    "{}: place_of_another_reader {}": "{}：两馆记的不是同一位读者 {}",
    "{}: place_unknown_here {}": "{}：办卡馆记着在借，本馆从来没有过 {}",
    "{}: place_ahead {}": "{}：办卡馆的记录比本馆新 {}",
    "{}: fine_not_mirrored {}": "{}：本馆有这笔费用，办卡馆没有记 {}",
    "{}: fine_mirror_differs {}": "{}：费用的金额或已缴数不同 {}",
    "{}: fine_not_taken {}": "{}：办卡馆没有收下这笔费用 {}",
    "{}: fine_unknown_here {}": "{}：办卡馆记着的费用，本馆没有 {}",
    "{}: fine_mirror_ahead {}": "{}：办卡馆的费用记录比本馆新 {}",
    "{} (due {} here, {} there)": "{}（应还日期：本馆 {}，对方 {}）",
    "{} ({} fen owed here)": "{}（本馆记着欠 {} 分）",
    "{} ({} fen there)": "{}（对方记着 {} 分）",
    "{} ({} of {} fen paid here, {} there)": "{0}（应缴 {2} 分：本馆记着已缴 {1}，对方 {3}）",
    "the books agree": "账本一致",
    "{} differences": "有 {} 处出入",
}

_COMMANDS: Final = {
    "no kind {}{}": "没有 {} 这一类{}",
    "no terminal {}{}": "没有终端 {}{}",
    "% with two hex digits is read as percent-encoding in a login; choose another one": (
        "密码里 % 后面跟两个十六进制数字，登录时会被当成编码。请换一个密码"
    ),
    "--now: {} is not an ISO 8601 instant, nor +SECONDS": "--now：{} 不是 ISO 8601 时间，也不是 +秒数",
    "the node could not start; the lines above say where": "节点没有启动成功，上面几行说明出在哪里",
}

_OFFICE: Final = {
    "the login {} is taken; choose another one": "登录名 {} 已有人使用，请换一个",
    "nobody has the login {}; see tongjie staff list": "没有登录名 {}，请用 tongjie staff list 查看",
    "the account {} is disabled already": "账号 {} 已经停用",
    "the account {} is in use; disable it first": "账号 {} 还在使用，请先停用",
    "there are too many accounts to add {}": "账号太多，不能再添加 {}",
    "no role {}{}": "没有角色 {}{}",
    "a login has 1 to 64 characters, without spaces": "登录名要 1 到 64 个字符，不能有空格",
    "{} now has the roles {}": "{} 现在的角色：{}",
    "{} is disabled": "{} 已停用",
    "the account is forgotten": "姓名和登录名已抹去",
    "{}: first password {}": "{}：初始密码 {}",
    "It is shown once, and good for 14 days. Hand it over in person.": "只显示这一次，14 天内有效。请当面交给本人。",
    "link {} is not as it was written": "第 {} 条被改动过",
    "link {} is missing": "缺少第 {} 条",
    "the reason of link {} is not as it was written": "第 {} 条的原因被改动过",
    "links were removed behind link {}": "第 {} 条之后的记录被删去",
    "link {} is not the one that was noted: the log was rewritten": "第 {} 条与当时记下的不同：日志被整个改写过",
    "the log is whole: {} links": "日志完整，共 {} 条",
    "write it as verify printed it, number:hash": "请照 verify 输出的样子写：条数:散列值",
    "the log has no link {}": "日志里没有第 {} 条",
    "the reason of link {} is blank": "第 {} 条的原因已抹去",
    "signed_in": "登录",
    "password_changed": "更改密码",
    "factor_enrolled": "设置动态码",
    "account_added": "新增账号",
    "account_roles": "更改角色",
    "account_reset": "重置账号",
    "account_disabled": "停用账号",
    "account_forgotten": "抹去姓名",
    "exception_closed": "关闭异常",
    "reason_blanked": "抹去原因",
}

CHINESE: Final[Mapping[str, str]] = {
    **_CHECKS,
    **_PEERS,
    **_CERTIFICATES,
    **_DATABASE,
    **_LISTS,
    **_FILES,
    **_TERMINALS,
    **_FEDERATION,
    **_COMMANDS,
    **_OFFICE,
}
