"""Settings read again by a real node (SIGHUP): dialects, terminals, certificates, mistakes; no session is dropped."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from urllib.request import urlopen

import pytest

from sip2 import encode
from sip2 import messages as m
from tests.end_to_end.one_node import CODE, OneNode, one_node
from tests.end_to_end.served_city import connected, run, until
from tests.end_to_end.test_kiosks_other_clients import DOORS, self_signed

STATUS = encode(m.ScStatus(status_code="0", max_print_width=80), "1")
MORE = """
[[terminal]]
login = "NEAR"
address = ["127.0.0.9"]
kind = "sorter"
dialect = "sorter"
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneNode]:
    with one_node(tmp_path_factory.mktemp("branch") / "city", DOORS + MORE, self_signed) as found:
        yield found


def test_a_changed_dialect_is_followed_by_an_open_session(node: OneNode) -> None:
    login = node.terminal(0).login
    with node.at(0) as kiosk:
        assert _raw(kiosk, STATUS).endswith(b"\r")
        node.read_settings_again(f'login = "{login}"\n', f'login = "{login}"\nswitches.terminator = "CRLF"\n')
        assert _raw(kiosk, STATUS.replace(b"AY1AZFCA5", b"AY2AZFCA4")).endswith(b"\r\n")
    shown = run("terminals", "show", login, "--config", str(node.config))
    assert '* terminator              "CRLF"' in shown.stdout


def _raw(kiosk: object, request: bytes) -> bytes:
    wire: socket.socket = kiosk._socket  # type: ignore[attr-defined]
    wire.sendall(request)
    return wire.recv(4096)


def test_settings_that_are_wrong_change_nothing_and_are_logged(node: OneNode) -> None:
    with node.at(1) as kiosk:
        node.read_settings_again('kind = "staff"', 'kind = "stuff"', logged="settings_refused")
        kiosk.ask(m.ScStatus(status_code="0", max_print_width=80), m.AcsStatus)
        node.read_settings_again('kind = "stuff"', 'kind = "staff"')


def test_a_renewed_certificate_is_shown_without_a_restart(node: OneNode) -> None:
    before = _certificate(node)
    self_signed(node.config.parent)
    assert _certificate(node) == before
    node.read_settings_again("", "")
    assert _certificate(node) != before


def _certificate(node: OneNode) -> bytes | None:
    context = ssl._create_unverified_context()
    with (
        socket.create_connection(("127.0.0.1", node.tls_port), timeout=60) as wire,
        closing(context.wrap_socket(wire)) as line,
    ):
        return line.getpeercert(binary_form=True)


def test_a_terminal_is_known_by_its_address_and_spoken_to_in_its_dialect(node: OneNode) -> None:
    with socket.create_connection(node.place, timeout=60, source_address=("127.0.0.9", 0)) as wire:
        question = m.Checkin(
            no_block=False,
            transaction_date=None,
            return_date=None,
            current_location="",
            institution_id="",
            item_identifier=node.barcode(3),
            terminal_password="",
        )
        wire.sendall(encode(question, "1"))
        answer = wire.recv(4096)
    assert answer.startswith(b"101")
    assert b"|CV00|" in answer
    assert b"|CTCQSPB|" in answer


def test_before_a_login_a_stranger_gets_a_98_and_refusals(node: OneNode) -> None:
    with connected(node.place) as stranger:
        assert stranger.ask(m.ScStatus(status_code="0", max_print_width=80), m.AcsStatus).online_status
        refused = stranger.ask(
            m.ItemInformation(transaction_date=None, institution_id="", item_identifier=node.barcode(0)),
            m.ItemInformationResponse,
        )
        assert refused.title_identifier == ""


def test_the_addresses_of_a_listener_are_followed_by_whoever_connects_next(node: OneNode) -> None:
    port = f"port = {node.place[1]}\n"
    with node.at(2) as inside:
        node.read_settings_again(port, f'{port}allow = ["127.0.0.2"]\n')
        with socket.create_connection(node.place, timeout=60) as refused:
            assert refused.recv(1) == b""
        with socket.create_connection(node.place, timeout=60, source_address=("127.0.0.2", 0)) as allowed:
            allowed.sendall(STATUS)
            assert allowed.recv(4096).startswith(b"98")
        inside.ask(m.ScStatus(status_code="0", max_print_width=80), m.AcsStatus)
        node.read_settings_again('allow = ["127.0.0.2"]\n', "")
    assert "restart_needed" not in node.log.read_text("utf-8")


def test_what_needs_a_restart_is_named_in_the_log(node: OneNode) -> None:
    node.read_settings_again("[sip2]\n", "[sip2]\nanswer_within_s = 5.0\n", logged="restart_needed")
    assert "sip2.answer_within_s" in node.log.read_text("utf-8")


def test_a_library_that_joins_is_known_after_sighup_without_a_restart(node: OneNode) -> None:
    (file,) = node.city.root.rglob("federation.toml")
    own = file.read_text("utf-8")
    (row,) = [part for part in own.split("\n\n") if "[[library]]" in part and f'"{CODE}"' in part]
    joining = row[row.index("[[library]]") :].replace(CODE, "CQNEW")
    address = f'"127.0.0.1:{node.tls_port + 50}"'
    joining = re.sub(r"^federation = .*$", f"federation = {address}", joining, flags=re.MULTILINE)
    joining = re.sub(r"^(card|item)_prefixes = .*$", r'\1_prefixes = ["NEW-\1-"]', joining, flags=re.MULTILINE)
    file.write_text(f"{own}\n\n{joining}\n", "utf-8")
    node.read_settings_again("[sip2]\n", "[sip2]\n", logged="library_joined")
    with urlopen(f"http://127.0.0.1:{node.branch.library.http_port}/metrics", timeout=60) as answer:
        scraped = answer.read().decode()
    assert 'tongjie_federation_calls_total{method="checkout",outcome="ok",peer="CQNEW"} 0.0' in scraped
    assert "federation.toml" not in node.log.read_text("utf-8")
    until(lambda: '"event":"peer_down"' in node.log.read_text("utf-8"), "it is probed, and does not answer")
    assert '"reason":"not_reachable"' in node.log.read_text("utf-8")
    grace = re.sub(r"^gate_grace_s = .*\n", "", own, flags=re.MULTILINE)
    file.write_text(f"gate_grace_s = 7\n{grace}", "utf-8")
    node.read_settings_again("[sip2]\n", "[sip2]\n", logged="library_left")
    until(lambda: "federation.toml gate_grace_s" in node.log.read_text("utf-8"), "the node names what waits")
