"""The settings of a city as TOML text: one `federation.toml` for all, one `node.toml` a library.

The standard library reads TOML but does not write it; the few shapes needed here are written by hand. Values are
strings, integers, booleans, dates as text already in TOML form, and lists of strings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from kiosk_sim.city.city import Branch, City
from kiosk_sim.city.plan import GROUP_NAMES, HOST, Library
from kiosk_sim.city.terminals import AREAS, Terminal
from kiosk_sim.client import CHINESE

Value = str | int | date | list[str]


def federation_toml(
    city: City,
    port_of: Callable[[Library], int] = lambda library: library.federation_port,
    rule: Mapping[str, Value] | None = None,
) -> str:
    """The file that is the same at every library, but where `port_of` puts something between the nodes. The pupil's
    rule keeps the defaults of R2 to R8, but for what `rule` says."""
    groups = list(dict.fromkeys(branch.library.group for branch in city.branches))
    parts = [
        _lines({"gate_grace_s": 86_400}),
        *(_table("[[group]]", {"code": code, "name": GROUP_NAMES[code]}) for code in groups),
        *(_table("[[library]]", _library(branch.library, port_of)) for branch in city.branches),
        _table("[[rule]]", {"category": "pupil", "item_type": "*", "from": date(2023, 9, 1), **(rule or {})}),
        *(_table("[[area]]", {"code": code, "name": name, "when_unreachable": rule}) for code, name, rule in AREAS),
    ]
    return "\n".join(parts)


def node_toml(branch: Branch, hash_password: Callable[[str], str], language: str = CHINESE) -> str:
    """One library's own settings. Paths are relative to the file, so that the folder may be moved. `language`: of the
    terminals where a request has none."""
    library = branch.library
    parts = [
        _lines(
            {"library": library.code, "database": "sqlite:///node.db", "federation_file": "../federation.toml"},
        ),
        "[sip2]\n",
        _table("[[sip2.listener]]", {"host": HOST, "port": library.sip2_port}),
        *(_table("[[terminal]]", _terminal(terminal, hash_password, language)) for terminal in branch.terminals),
        _table("[federation]", _federation(library)),
        _table("[http]", {"listen": f"{HOST}:{library.http_port}"}),
    ]
    return "\n".join(parts)


def _library(library: Library, port_of: Callable[[Library], int]) -> Mapping[str, Value]:
    return {
        "code": library.code,
        "name": library.name,
        "name_en": library.name_en,
        "group": library.group,
        "isil": "",
        "card_prefixes": [library.card_prefix],
        "item_prefixes": [library.item_prefix],
        "federation": f"{HOST}:{port_of(library)}",
    }


def _terminal(terminal: Terminal, hash_password: Callable[[str], str], language: str) -> Mapping[str, Value]:
    return {
        "login": terminal.login,
        "password_hash": hash_password(terminal.password),
        "kind": terminal.kind,
        "location": terminal.location,
        "area": terminal.area,
        "language": language,
    }


def _federation(library: Library) -> Mapping[str, Value]:
    return {
        "listen": f"{HOST}:{library.federation_port}",
        "certificate": f"../certs/{library.code}.pem",
        "key": f"../certs/{library.code}.key",
        "ca": "../certs/ca.pem",
    }


def _table(header: str, values: Mapping[str, Value]) -> str:
    return f"{header}\n{_lines(values)}"


def _lines(values: Mapping[str, Value]) -> str:
    return "".join(f"{key} = {_literal(value)}\n" for key, value in values.items())


def _literal(value: Value) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        return f"[{', '.join(_strings(value))}]"
    # a JSON string is a TOML basic string as long as characters stay unescaped outside ASCII
    return json.dumps(value, ensure_ascii=False)


def _strings(values: Iterable[str]) -> Iterable[str]:
    return (json.dumps(value, ensure_ascii=False) for value in values)
