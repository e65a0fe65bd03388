"""Between real nodes: books compared from the command line, certificates renewed without a restart."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from federation.certificates import Pair, issue, make_authority, read_pair
from sip2 import messages as m
from tests.end_to_end.served_city import ServedCity, checkout, run, served_city, until

HOME, OWNER = "CQSPB", "CQBB"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedCity]:
    with served_city(tmp_path_factory.mktemp("between") / "city") as served:
        yield served


def lend(city: ServedCity, number: int) -> str:
    """A card of the home borrows an item of the owner, at the owner; the barcode."""
    item = city.item(OWNER, number)
    with city.at(OWNER) as kiosk:
        lent = kiosk.ask(checkout(city.reader(HOME, number)["card"], item), m.CheckoutResponse)
    assert lent.ok, lent.screen_message
    return item


def write(city: ServedCity, code: str, sql: str, *values: object) -> None:
    with closing(sqlite3.connect(city.root / code / "node.db", timeout=60)) as books, books:
        books.execute(sql, values)


# --- the comparison ------------------------------------------------------------------------------------------


def test_a_difference_between_two_libraries_is_listed_and_the_exit_status_tells(city: ServedCity) -> None:
    config = str(city.root / OWNER / "node.toml")
    item = lend(city, 3)
    agreed = run("federation", "compare", "--config", config)
    assert (agreed.returncode, agreed.stdout.strip()) == (0, "the books agree"), agreed.stderr
    write(city, OWNER, "UPDATE loan SET opened_at_ms = opened_at_ms - 3600000 WHERE barcode = ?", item)
    write(city, HOME, "UPDATE place SET state = 'freed' WHERE barcode = ?", item)
    differs = run("federation", "compare", "--config", config)
    assert differs.returncode == 1, differs.stderr
    assert f"{HOME}: loan_without_place" in differs.stdout
    told = json.loads(run("federation", "compare", "--config", config, "--json").stdout)
    assert told["silent"] == []
    assert [(each["peer"], each["kind"], each["repairable"]) for each in told["differences"]] == [
        (HOME, "loan_without_place", True)
    ]
    write(city, HOME, "UPDATE place SET state = 'held' WHERE barcode = ?", item)


def test_a_comparison_without_settings_or_books_says_so(city: ServedCity, tmp_path: Path) -> None:
    missing = run("federation", "compare", "--config", str(tmp_path / "node.toml"))
    assert missing.returncode == 1
    assert "Traceback" not in missing.stderr
    config = city.root / OWNER / "node.toml"
    other = config.with_name("other.toml")
    other.write_text(config.read_text("utf-8").replace("sqlite:///node.db", "sqlite:///none.db"), "utf-8")
    unborn = run("federation", "compare", "--config", str(other))
    assert unborn.returncode == 1
    assert "no such database" in unborn.stderr


# --- certificates --------------------------------------------------------------------------------------------


def renew(city: ServedCity, code: str, pair: Pair) -> None:
    """Put the pair in place of the library's own and tell its node."""
    certs = city.root / "certs"
    (certs / f"{code}.pem").write_bytes(pair.certificate)
    (certs / f"{code}.key").write_bytes(pair.key)
    os.kill(city.library(code)["pid"], signal.SIGHUP)


def said(city: ServedCity, code: str, event: str) -> int:
    return (city.root / code / "node.log").read_text("utf-8").count(f'"event":"{event}"')


BAD = {
    "expired": lambda authority, now: issue(authority, [OWNER.lower()], now - timedelta(days=9), days=2),
    "of another library": lambda authority, now: issue(authority, ["cqcq"], now),
    "of another authority": lambda _authority, now: issue(make_authority("another", now), [OWNER.lower()], now),
    "of two libraries": lambda authority, now: issue(authority, [OWNER.lower(), "cqcq"], now),
}


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_certificate_is_refused_by_its_own_node_which_goes_on_with_the_old_one(
    city: ServedCity, bad: str
) -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    own = read_pair(city.root / "certs", OWNER)
    before = said(city, OWNER, "certificate_refused")
    renew(city, OWNER, BAD[bad](read_pair(city.root / "certs", "ca"), now))
    until(lambda: said(city, OWNER, "certificate_refused") > before, "the certificate is refused")
    lend(city, 4 + list(BAD).index(bad))
    renew(city, OWNER, own)


def test_certificates_are_renewed_at_both_ends_without_a_restart(city: ServedCity) -> None:
    now = datetime.fromtimestamp(time.time(), UTC)
    authority = read_pair(city.root / "certs", "ca")
    for code in (OWNER, HOME):
        renew(city, code, issue(authority, [code.lower()], now))
    until(lambda: all(said(city, code, "certificates_renewed") for code in (OWNER, HOME)), "they are renewed")
    lend(city, 12)
    with city.at(HOME) as kiosk:
        lent = kiosk.ask(checkout(city.reader(OWNER, 12)["card"], city.item(HOME, 12)), m.CheckoutResponse)
        assert lent.ok, lent.screen_message
    assert [said(city, code, "ready") for code in (OWNER, HOME)] == [1, 1]
    again = said(city, OWNER, "settings_read")
    os.kill(city.library(OWNER)["pid"], signal.SIGHUP)
    until(lambda: said(city, OWNER, "settings_read") > again, "the settings are read once more")
    assert said(city, OWNER, "certificates_renewed") == said(city, HOME, "certificates_renewed") == 1
