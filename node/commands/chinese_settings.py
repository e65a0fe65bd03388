"""What is wrong with settings, in Chinese. The key is the English sentence, as in `node.commands.chinese`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["OF_SETTINGS"]

_ANY_KEY: Final = {
    "unknown key{}": "没有这个键{}",
    "unknown switch{}": "没有这个开关{}",
    "missing; add it ({})": "没有写，请补上（含义见 docs/settings.md）",
    "none given; add one": "一个也没有，请至少写一个",
    "the path is empty; name a file": "路径是空的，请写文件名",
    "{} is not possible; use one of {}": "{} 不行，请用其中之一：{}",
    "{} is not possible; use {}": "{} 不行，请用 {}",
    "a whole number": "整数",
    "true, false": "true、false",
    "a list of {}": "{} 的列表",
    "{} is not host:port; write it as in 127.0.0.1:6052": "{} 不是“主机:端口”，请照 127.0.0.1:6052 的样子写",
    "{} is not host:port; write an IPv6 address as in [::1]:6052": (
        "{} 不是“主机:端口”，IPv6 地址请照 [::1]:6052 的样子写"
    ),
    "{}, not {}": "{}，现在是 {}",
    "should be a valid integer": "要写整数",
    "should be a valid number": "要写数字",
    "should be a valid string": "要写带引号的文字",
    "should be a valid boolean": "要写 true 或 false",
    "should be a valid date": "要写日期，如 2026-09-01",
    "should be a valid tuple": '要写列表，如 ["…"]',
    "should be a valid dictionary": "要写成一张表",
    "should be a valid dictionary or instance of {}": "要写成一张表",
    "should be greater than or equal to {}": "不能小于 {}",
    "should be less than or equal to {}": "不能大于 {}",
    "should have at least {} character": "至少要有 {} 个字符",
    "should have at least {} characters": "至少要有 {} 个字符",
    "should have at most {} character": "最多 {} 个字符",
    "should have at most {} characters": "最多 {} 个字符",
    "should match pattern {}": "要符合格式 {}",
}

_TOML: Final = {
    "{}: no permission to read it; let the user that runs the node read it": (
        "{}：没有读取权限。请让运行节点的用户能读"
    ),
    "{}:1: written in UTF-16; save the file in UTF-8": "{}:1：文件是 UTF-16 编码，请存成 UTF-8",
    "{}: not UTF-8; save the file in UTF-8": "{}：文件不是 UTF-8 编码，请存成 UTF-8",
    "{}: not TOML: {}": "{}：不合 TOML 的写法：{}",
    "holds {}; delete it": "含有{}，请删去",
    "its name holds {}; delete it": "键名含有{}，请删去",
    "the invisible character U+{} ({})": "看不见的字符 U+{}（{}）",
    "{} (U+{}, {}) stands where {} belongs; type it anew": "{}（U+{}，{}）应当是 {}，请用英文输入法重新输入",
    "Invalid value": "值写得不对（文字要加英文引号）",
    "Invalid statement": "这一行写得不对",
    "Expected '=' after a key in a key/value pair": "键的后面要有 =",
    "Expected newline or end of document after a statement": "一行只能写一项",
    "Expected ']' at the end of a table declaration": "表头的最后要有 ]",
    "Expected ']]' at the end of an array declaration": "表头的最后要有 ]]",
    "Unclosed array": "方括号没有配对",
    "Unclosed inline table": "花括号没有配对",
    "Invalid initial character for a key part": "键名写得不对（键名用英文）",
    "Invalid date or datetime": "日期写得不对，如 2026-09-01",
    "Cannot declare {} twice": "{} 写了两次",
    "Found invalid character {}": "含有不能用的字符 {}",
    "Illegal character {}": "含有不能用的字符 {}",
    "Unterminated string": "引号没有配对",
    "Cannot overwrite a value": "这个键写了两次",
    "Illegal character '\\n'": "引号没有配对",
    "Unescaped '\\' in a string": "文字里的 \\ 要写成 \\\\",
}

_WEB: Final = {
    'the staff\'s pages have a port of their own; write ["staff"], or ["school", "reader"]': (
        '工作人员的网页要单独用一个端口，请写 ["staff"]，或者 ["school", "reader"]'
    ),
    "missing; others than this machine are served over TLS only, or through the proxy of proxy_from": (
        "没有写。本机以外只能用 TLS，或者经 proxy_from 里的代理"
    ),
    "less than idle_timeout_s; a session may be idle that long": "比 idle_timeout_s 还小；登录后可以空闲那么久",
}

_NODE: Final = {
    "only SQLite is supported for now; write sqlite:///node.db": "目前只支持 SQLite，请写 sqlite:///node.db",
    "the books of a library need a file; write sqlite:///node.db": "账本要有文件，请写 sqlite:///node.db",
    "no options after the path, please; write sqlite:///node.db": "路径后面不要写选项，请写 sqlite:///node.db",
    "not an argon2 hash; make one with `tongjie terminals hash`": (
        "不是 argon2 散列值，请用 tongjie terminals hash 生成"
    ),
    "{} is no address or network; write 10.1.2.3 or 10.0.0.0/8": "{} 不是地址或网段，请写 10.1.2.3 或 10.0.0.0/8",
    "37 is a payment; set may_take_payment in its place": "37 是缴费，请改用 may_take_payment",
    "{} may be asked by every terminal; leave it out": "{} 每台终端都能用，请删去",
    "{} is no request of SIP2{}": "{} 不是 SIP2 的请求{}",
    "{} is no known encoding; use utf-8 or gb18030, or leave it out": (
        "没有 {} 这种编码，请写 utf-8 或 gb18030，或者不写"
    ),
    "{} is not listed in {}{}": "{} 不在 {} 里{}",
    "{} is the login of another terminal; give each its own": "{} 已是另一台终端的账号，每台要有自己的",
    "no area {} in {}{}": "{1} 里没有区域 {0}{2}",
    "missing; add it, or an address or certificate by which the terminal is known": (
        "没有写。请补上，或者写终端的地址或证书"
    ),
    "a gate needs the code of its [[area]]": "门禁要写它的区域代码（[[area]]）",
    "{} is no dialect{}": "没有方言 {}{}",
    "missing; TLS needs it": "没有写，用 TLS 必须写",
    "has no use without tls = true": "没有 tls = true 就用不上",
    "port {} is used twice in this file; choose another": "端口 {} 在这个文件里用了两次，请换一个",
    "less than clock_alarm_s; alarm before you stop": "比 clock_alarm_s 还小；要先告警，再停借",
    "less than outbox_first_retry_s; the pause only grows": "比 outbox_first_retry_s 还小；间隔只会变长",
    "a return must be answered within {} s (answer_within_s); wait less": (
        "还书要在 {} 秒内答复（answer_within_s），请写小一些"
    ),
}

_CITY: Final = {
    "area {} is listed twice; give each its own code": "区域 {} 写了两次，每个要有自己的代码",
    "this category, item type and date have a rule already; change the date or remove one": (
        "这一类读者、文献类型和日期已经有规则了，请改日期，或者删去一条"
    ),
    'belongs to the card; put it into the row of item_type "*"': '这一项跟着卡走，请写到 item_type = "*" 的那一条里',
    "port 0 can't be reached; give the node's port": "端口不能是 0，请写节点的端口",
    "{} is the address of {} already; each node has its own": "{} 已经是 {} 的地址，每个节点要有自己的",
    "{} {} is listed twice": "{} {} 写了两次",
    "library {} is in group {}, which is not listed": "图书馆 {} 所在的范围 {} 没有列出",
    "group {} has a date but includes no other group": "范围 {} 写了日期，却没有包含别的范围",
    "group {} includes {}, which is not listed": "范围 {} 包含的 {} 没有列出",
    "group {} includes {}, which includes others: list those instead": (
        "范围 {} 包含的 {} 又包含别的范围，请直接列出那些范围"
    ),
    "library {}: empty card prefix": "图书馆 {}：卡号号段是空的",
    "isil {} is listed twice, at {} and at {}": "机构代码 {} 写了两次：{} 和 {}",
    "card prefix {} is listed twice, at {} and at {}": "卡号号段 {} 写了两次：{} 和 {}",
    "library {}: empty item prefix": "图书馆 {}：条码号段是空的",
    "library {}: item prefix {} is listed twice": "图书馆 {}：条码号段 {} 写了两次",
    "library {}: {}-{} is no range of barcodes (same length, the lower first)": (
        "图书馆 {}：{}-{} 不是条码范围（位数要相同，小的在前）"
    ),
}

OF_SETTINGS: Final[Mapping[str, str]] = {**_ANY_KEY, **_TOML, **_NODE, **_WEB, **_CITY}
