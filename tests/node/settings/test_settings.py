"""Settings: what a correct pair of files gives, and what every mistake says."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from node.domain.rules import DEFAULT_RULE, LendingRule
from node.settings import doc as settings_doc
from node.settings.city import RuleRow, load_city_settings
from node.settings.library import NodeSettings, SettingsError, load_node_settings
from node.settings.model import Endpoint

HASH = "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$bXkgaGFzaCBteSBoYXNoIQ"

FEDERATION = """\
gate_grace_s = 3600

[[group]]
code = "central"
name = "中心城区"

[[library]]
code = "CQSPB"
name = "沙坪坝区图书馆"
group = "central"
card_prefixes = ["235001"]
item_prefixes = ["CQSPB"]
federation = "127.0.0.1:6052"

[[library]]
code = "CQBB"
name = "北碚图书馆"
group = "central"
card_prefixes = ["235002"]
federation = "127.0.0.1:6062"

[[rule]]
category = "pupil"
item_type = "*"
from = 2023-09-01
max_loans = 9

[[area]]
code = "children"
name = "少儿借阅区"
when_unreachable = "open"
"""

NODE = f"""\
library = "CQSPB"
database = "sqlite:///node.db"
federation_file = "../federation.toml"

[sip2]
idle_timeout_s = 60
[[sip2.listener]]
host = "127.0.0.1"
port = 6051

[[terminal]]
login = "CQSPB-SC1"
password_hash = "{HASH}"
kind = "selfcheck"

[[terminal]]
login = "CQSPB-G1"
password_hash = "{HASH}"
kind = "gate"
area = "children"

[federation]
listen = "127.0.0.1:6052"
certificate = "certs/CQSPB.pem"
key = "certs/CQSPB.key"
ca = "/etc/tongjie/ca.pem"

[http]
listen = "[::1]:6053"
"""


def load(folder: Path, node: str = NODE, federation: str = FEDERATION) -> NodeSettings:
    (folder / "CQSPB").mkdir(exist_ok=True)
    (folder / "CQSPB/node.toml").write_text(node, encoding="utf-8")
    (folder / "federation.toml").write_text(federation, encoding="utf-8")
    return load_node_settings(folder / "CQSPB/node.toml")


def complaint(folder: Path, node: str = NODE, federation: str = FEDERATION) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, node, federation)
    return str(caught.value)


def line_of(text: str, needle: str, nth: int = 1) -> int:
    found = [number for number, line in enumerate(text.splitlines(), 1) if needle in line]
    return found[nth - 1]


# --- what is right -------------------------------------------------------------------------------------------


def test_a_correct_pair_of_files_is_one_typed_value(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.library_name == "沙坪坝区图书馆"
    assert settings.sip2.idle_timeout_s == 60
    assert settings.sip2.answer_within_s == 4.0
    assert settings.federation.listen == Endpoint("127.0.0.1", 6052)
    assert str(settings.http.listen) == "[::1]:6053"
    assert [terminal.kind for terminal in settings.terminals] == ["selfcheck", "gate"]
    assert settings.city.gate_grace_s == 3600
    assert settings.city.areas["children"].when_unreachable == "open"
    assert settings.city.directory.home_of("2350020012345") == "CQBB"
    assert settings.city.rule_book.rule_for("pupil", "book", date(2024, 1, 1)).max_loans == 9
    assert settings.city.rule_book.rule_for("pupil", "book", date(2020, 1, 1)) == DEFAULT_RULE


def test_relative_paths_start_at_the_file_that_names_them(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert settings.database == f"sqlite:///{tmp_path}/CQSPB/node.db"
    assert settings.federation_file == tmp_path / "federation.toml"
    assert settings.federation.key == tmp_path / "CQSPB/certs/CQSPB.key"
    assert settings.federation.ca == Path("/etc/tongjie/ca.pem")


def test_the_name_of_the_node_file_goes_before_that_of_the_federation(tmp_path: Path) -> None:
    assert load(tmp_path, f'name = "沙区馆"\n{NODE}').library_name == "沙区馆"


def test_settings_are_frozen(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(tmp_path).library = "CQBB"


def test_a_password_hash_is_in_no_repr(tmp_path: Path) -> None:
    settings = load(tmp_path)
    assert "argon2" not in repr(settings)
    assert settings.terminals[0].password_hash == HASH


def test_a_rule_row_declares_exactly_the_keys_and_defaults_of_the_lending_rule() -> None:
    assert set(RuleRow.model_fields) == {declared.name for declared in fields(LendingRule)}
    assert RuleRow.model_validate({}).rule() == DEFAULT_RULE


# --- what is wrong, and where --------------------------------------------------------------------------------

NODE_MISTAKES = [
    # what is replaced, by what, which line is named (what stands in it; the how manieth), what is said
    ("idle_timeout_s", "idel_timeout_s", "idel", "sip2.idel_timeout_s: unknown key; did you mean idle_timeout_s?"),
    ("= 60\n", '= "60"\n', "idle", "sip2.idle_timeout_s: should be a valid integer, not '60'"),
    ("= 60\n", "= 3\n", "idle", "sip2.idle_timeout_s: should be greater than or equal to 10, not 3"),
    ("port = 6051", "port = 70000", "70000", "sip2.listener #1 port: should be less than or equal to 65535, not 70000"),
    ("port = 6051", "port = 6051\ntls = true", "[[sip2.listener]]", "sip2.listener #1 certificate: missing; TLS needs"),
    ("port = 6051", 'port = 6051\nkey = "k.pem"', "k.pem", "sip2.listener #1 key: has no use without tls = true"),
    ("port = 6051", 'port = 6051\nallow = ["10/8"]', "10/8", "sip2.listener #1 allow: '10/8' is no address or network"),
    (
        "port = 6051",
        'port = 6051\ndialect = "gkb"',
        "gkb",
        "sip2.listener #1 dialect: 'gkb' is no dialect; did you mean",
    ),
    (
        'login = "CQSPB-G1"',
        'dialect = "sorted"\nlogin = "x"',
        "sorted",
        "terminal #2 dialect: 'sorted' is no dialect; did",
    ),
    (
        'login = "CQSPB-G1"',
        'login = "x"\nswitches.cv_allways = true',
        "cv_allways",
        "terminal #2 switches.cv_allways: unknown switch; did you mean cv_always?",
    ),
    (
        'login = "CQSPB-G1"',
        'login = "x"\nswitches.terminator = "LF"',
        "LF",
        'terminal #2 switches.terminator: "LF" is not possible; use "CR", "CRLF"',
    ),
    (
        'login = "CQSPB-G1"',
        'login = "x"\nswitches.currency = "元"',
        "switches.currency",
        "terminal #2 switches.currency: currency '元' is not three capital letters",
    ),
    ('kind = "gate"', 'kind = "door"', "door", "terminal #2 kind: 'door' is not possible; use one of 'selfcheck'"),
    ('kind = "gate"', 'kinds = "gate"', "kinds", "terminal #2 kinds: unknown key; did you mean kind?"),
    ('"children"', '"childen"', "childen", "terminal #2 area: no area 'childen' in"),
    ('"children"', '"childen"', "childen", "did you mean children?"),
    ('"children"', '""', 'area = ""', "terminal #2 area: a gate needs the code of its [[area]]"),
    ('"CQSPB-G1"', '"CQSPB-SC1"', ("CQSPB-SC1", 2), "terminal #2 login: CQSPB-SC1 is the login of another terminal"),
    ('"CQSPB"', '"CQSBP"', "library", "library: 'CQSBP' is not listed in"),
    ('"CQSPB"', '"CQSBP"', "library", "did you mean CQSPB?"),
    ("sqlite:///node.db", "postgresql://db", "database", "database: only SQLite is supported for now"),
    ("sqlite:///node.db", "sqlite:///:memory:", "database", "database: the books of a library need a file"),
    ("../federation.toml", "../fed.toml", "fed.toml", "federation_file: "),
    ("../federation.toml", "../fed.toml", "fed.toml", "fed.toml: no such file; check the path"),
    ('"127.0.0.1:6052"', '"6052"', ("listen", 2), "federation.listen: '6052' is not host:port"),
    ('"127.0.0.1:6052"', '"127.0.0.1:6051"', ("6051", 2), "federation.listen: port 6051 is used twice in this file"),
    ('"[::1]:6053"', '"::1:6053"', "::1", "http.listen: '::1:6053' is not host:port; write an IPv6 address"),
    ('ca = "/', 'clock_alarm_s = 9\nclock_stop_s = 8\nca = "/', "stop", "federation.clock_stop_s: less than clock_al"),
    ('ca = "/', 'return_wait_s = 9\nca = "/', "return_wait", "federation.return_wait_s: a return must be answered"),
    ('ca = "/', 'outbox_max_retry_s = 1\nca = "/', "outbox", "federation.outbox_max_retry_s: less than outbox_first"),
    ('login = "CQSPB-G1"', 'encoding = "gbk2"\nlogin = "x"', "gbk2", "terminal #2 encoding: 'gbk2' is no known enc"),
    ('"certs/CQSPB.pem"', '""', "certificate", "federation.certificate: the path is empty; name a file"),
    ('"certs/CQSPB.pem"', "7", "certificate", "federation.certificate: "),
]


@pytest.mark.parametrize(("old", "new", "named_line", "says"), NODE_MISTAKES)
def test_a_mistake_in_the_node_file_names_file_line_and_key(
    tmp_path: Path, old: str, new: str, named_line: str | tuple[str, int], says: str
) -> None:
    assert old in NODE
    node = NODE.replace(old, new, 1)
    line = line_of(node, *named_line) if isinstance(named_line, tuple) else line_of(node, named_line)
    message = complaint(tmp_path, node)
    assert says in message
    assert message.startswith(f"{tmp_path}/CQSPB/node.toml:{line}: "), (message, line)


CITY_MISTAKES = [
    ('"235002"', '"235001"', '"235001"', 2, "library #2 card_prefixes: card prefix 235001 is listed twice"),
    ('"CQBB"', '"cqbb"', "cqbb", 1, "library #2 code: should match pattern"),
    ('group = "central"', 'group = "centre"', "centre", 1, "library #1 group: library CQSPB is in group centre"),
    (":6062", ":6052", ":6052", 2, "library #2 federation: 127.0.0.1:6052 is the address of CQSPB already"),
    (":6062", ":0", ":0", 1, "library #2 federation: port 0 can't be reached"),
    ('"CQBB"\n', '"CQBB"\nitem_prefix = []\n', "item_prefix = ", 1, "item_prefix: unknown key; did you mean item_pre"),
    ("max_loans = 9", "max_loans = 9.5", "9.5", 1, "rule #1 max_loans: should be a valid integer, not 9.5"),
    ("= 2023-09-01", '= "2023-09-01"', "from", 1, "rule #1 from: should be a valid date, not '2023-09-01'"),
    ("max_loans = 9", 'fee_arises_at = "here"', "here", 1, "rule #1 fee_arises_at: 'here' is not possible; use one of"),
    ('"open"', '"ajar"', "ajar", 1, "area #1 when_unreachable: 'ajar' is not possible; use one of 'open', 'shut'"),
    ("max_loans = 9", 'renewal_refused_for = ["late"]', "late", 1, "rule #1 renewal_refused_for #1: 'late' is not pos"),
]


@pytest.mark.parametrize(("old", "new", "named_line", "nth", "says"), CITY_MISTAKES)
def test_a_mistake_in_the_federation_file_names_file_line_and_key(
    tmp_path: Path, old: str, new: str, named_line: str, nth: int, says: str
) -> None:
    assert old in FEDERATION
    federation = FEDERATION.replace(old, new, 1)
    message = complaint(tmp_path, federation=federation)
    assert says in message
    assert message.startswith(f"{tmp_path}/federation.toml:{line_of(federation, named_line, nth)}: "), message


def test_a_second_rule_for_the_same_day_is_named_by_its_own_line(tmp_path: Path) -> None:
    federation = f"{FEDERATION}\n[[rule]]\nfrom = 2023-09-01\n\n[[area]]\n" + 'code = "children"\nname = "x"\n'
    message = complaint(tmp_path, federation=f'{federation}when_unreachable = "shut"\n')
    assert f"federation.toml:{line_of(federation, '2023-09-01', 2)}: rule #2 from: this category" in message
    assert f"federation.toml:{line_of(federation, 'children', 2)}: area #2 code: area children is listed" in message


def test_a_limit_of_the_card_in_a_row_for_one_type_of_item_is_refused(tmp_path: Path) -> None:
    message = complaint(tmp_path, federation=FEDERATION.replace('item_type = "*"', 'item_type = "book"'))
    assert f"federation.toml:{line_of(FEDERATION, 'max_loans')}: rule #1 max_loans: belongs to the card" in message


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "true", "4e9"])
def test_odd_numbers_are_out_of_bounds(tmp_path: Path, number: str) -> None:
    assert "sip2.answer_within_s: should be" in complaint(
        tmp_path, NODE.replace("idle_timeout_s = 60", f"answer_within_s = {number}")
    )


def test_a_mistyped_table_is_one_mistake_at_its_header(tmp_path: Path) -> None:
    message = complaint(tmp_path, NODE.replace("[http]", "[htpp]"))
    path = tmp_path / "CQSPB/node.toml"
    assert message == f"{path}:{line_of(NODE, '[http]')}: htpp: unknown key; did you mean http?"


@pytest.mark.parametrize("port", ["0", "6051"])
def test_a_port_may_be_left_to_the_system_more_than_once(tmp_path: Path, port: str) -> None:
    node = NODE.replace("port = 6051", f"port = {port}").replace("127.0.0.1:6052", "127.0.0.1:0")
    assert load(tmp_path, node.replace("[::1]:6053", "0.0.0.0:0")).http.listen.port == 0


def test_all_mistakes_are_told_at_once_in_order_of_lines(tmp_path: Path) -> None:
    message = complaint(tmp_path, NODE.replace("= 60\n", "= 1\n").replace("port = 6051", "port = true"))
    lines = [int(found[1]) for found in re.finditer(r"node\.toml:(\d+):", message)]
    assert len(lines) == 2
    assert lines == sorted(lines)


def test_a_missing_key_is_named_with_what_it_means_at_the_line_of_its_table(tmp_path: Path) -> None:
    node = NODE.replace('login = "CQSPB-G1"\n', "")
    message = complaint(tmp_path, node)
    assert "terminal #2 login: missing; add it (Login user id (CN) of the terminal.)" in message
    assert f"node.toml:{line_of(node, '[[terminal]]', 2)}: " in message


def test_a_mistyped_required_key_is_one_mistake_not_two(tmp_path: Path) -> None:
    message = complaint(tmp_path, NODE.replace('login = "CQSPB-G1"', 'logn = "CQSPB-G1"'))
    assert message.endswith("terminal #2 logn: unknown key; did you mean login?")
    assert "missing" not in message


def test_a_password_in_place_of_its_hash_is_refused_and_never_shown(tmp_path: Path) -> None:
    message = complaint(tmp_path, NODE.replace(HASH, "open-sesame"))
    assert "terminal #1 password_hash: not an argon2 hash" in message
    assert "sesame" not in message
    assert "4711" not in complaint(tmp_path, NODE.replace(f'"{HASH}"', "4711"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nowhere\.toml: no such file; check the path"):
        load_node_settings(tmp_path / "nowhere.toml")


def test_a_text_that_is_not_toml_is_named_with_its_line(tmp_path: Path) -> None:
    message = complaint(tmp_path, NODE.replace("port = 6051", "port 6051"))
    assert f"node.toml:{line_of(NODE, '6051')}: not TOML: Expected '='" in message
    assert "federation.toml:2: not TOML: " in complaint(tmp_path, federation="\ncode = '''")


def test_a_file_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "federation.toml"
    path.write_bytes(FEDERATION.encode("gb18030"))
    with pytest.raises(SettingsError, match=r"federation\.toml:5: not UTF-8"):
        load_city_settings(path)


# --- the manual ----------------------------------------------------------------------------------------------


def test_the_settings_manual_is_what_the_declarations_say() -> None:
    assert settings_doc.main(["--check"]) == 0
    assert Path(__file__).resolve().parents[3] / "docs" / "settings.md" == settings_doc.PAGE


def test_every_key_has_a_description_and_every_number_has_bounds() -> None:
    rows = [row for row in settings_doc.page().splitlines() if row.startswith("| `")]
    assert len(rows) > 60
    for row in rows:
        _key, kind, _default, _unit, bounds, meaning = (cell.strip() for cell in row.strip("|").split(" |")[:6])
        assert meaning
        assert bounds or "number" not in kind, row
