"""Other people's SIP2 against a real node: the client `sip2` (plain and TLS), and `pysip2` as judge of our answers."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pysip2.codec import decode_message

from sip2 import encode
from sip2 import messages as m
from tests.end_to_end.one_node import OneNode, one_node
from tests.end_to_end.served_city import PlainClient, connected, now

DOORS = """
[[sip2.listener]]
host = "127.0.0.1"
port = {tls_port}
tls = true
certificate = "kiosks.pem"
key = "kiosks.key"
"""


def self_signed(folder: Path, name: str = "localhost") -> None:
    """As a branch makes one for its kiosks: kiosks.pem and kiosks.key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    at = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "kiosks.pem").write_bytes(certificate.public_bytes(pem))
    plain = serialization.NoEncryption()
    (folder / "kiosks.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneNode]:
    with one_node(tmp_path_factory.mktemp("branch") / "city", DOORS, self_signed) as found:
        yield found


# --- the client sip2 1.1 -------------------------------------------------------------------------------------


def client(port: int, folder: Path, *, tls: bool) -> Any:
    from Sip2.sip2 import Sip2

    made = Sip2()
    made.hostName, made.hostPort, made.tlsEnable = "localhost", port, tls
    made.logfile_path, made.loglevel = f"{folder}/", "CRITICAL"
    made.institutionId, made.scLocation = "CQSPB", "hall"
    made.connect()
    return made


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_the_client_sip2_borrows_looks_and_returns(node: OneNode, tmp_path: Path, tls: bool) -> None:
    number = int(tls)
    sip = client(node.tls_port if tls else node.place[1], tmp_path, tls=tls)
    terminal, reader, barcode = node.terminal(number), node.reader(number), node.barcode(number)

    def ask(name: str, *arguments: Any) -> dict[str, Any]:
        request = getattr(sip, f"sip_{name}_request")(*arguments)
        parsed = getattr(sip, f"sip_{name}_response")(sip.get_response(request))
        return dict(parsed["fixed"])

    assert ask("login", terminal.login, terminal.password)["Ok"] == "1"
    assert ask("sc_status")["OnlineStatus"] == "Y"
    sip.patron, sip.patronpwd = reader.card, reader.pin
    assert ask("patron_status")["PatronStatus"].strip() == ""
    assert ask("checkout", barcode)["Ok"] == "1"
    assert ask("patron_information", "charged")["ChargedItemsCount"] == "0001"
    assert ask("item_information", barcode)["CirculationStatus"] == "04"
    assert ask("checkin", barcode)["Ok"] == "1"
    assert ask("checkin", "CQSPB0199999999")["Ok"] == "0"
    assert ask("fee_paid", 4, 0, "1.00")["PaymentAccepted"] == "N"
    assert ask("end_patron_session")["EndSession"] == "Y"
    sip.disconnect()


def test_a_client_hello_on_the_plain_port_is_answered_by_the_end_of_the_line_at_once(node: OneNode) -> None:
    began = time.monotonic()
    with socket.create_connection(node.place, timeout=60) as wire, pytest.raises((ssl.SSLError, ConnectionError)):
        ssl._create_unverified_context().wrap_socket(wire, server_hostname="localhost")
    assert time.monotonic() - began < 1


def test_plain_text_and_aborted_handshakes_on_the_tls_port_harm_nobody(node: OneNode) -> None:
    for rubbish in (encode(m.ScStatus(status_code="0", max_print_width=80), "1"), b"\x16\x03\x01\x02\x00\x01", b""):
        with socket.create_connection(("127.0.0.1", node.tls_port), timeout=60) as wire:
            wire.sendall(rubbish)
    with socket.create_connection(("127.0.0.1", node.tls_port), timeout=60) as wire:
        context = ssl.create_default_context()  # does not know our authority, and breaks the handshake off
        with pytest.raises(ssl.SSLError):
            context.wrap_socket(wire, server_hostname="localhost")
    with closing(_tls(node)) as known:
        known.sendall(encode(m.ScStatus(status_code="0", max_print_width=80), "1"))
        assert known.recv(4096).startswith(b"98")


def _tls(node: OneNode) -> ssl.SSLSocket:
    wire = socket.create_connection(("localhost", node.tls_port), timeout=60)
    context = ssl.create_default_context(cafile=str(node.config.parent / "kiosks.pem"))
    return context.wrap_socket(wire, server_hostname="localhost")


# --- pysip2 as judge -----------------------------------------------------------------------------------------


def requests(node: OneNode) -> dict[str, list[m.Request]]:
    """Every request, as one that succeeds and one that does not, in an order in which that is so."""
    reader, item, other = node.reader(5), node.barcode(5), node.barcode(6)
    known = {"transaction_date": now(), "institution_id": "CQSPB", "patron_identifier": reader.card}
    nobody = {**known, "patron_identifier": "nobody"}
    an_item = {"transaction_date": now(), "institution_id": "CQSPB", "item_identifier": item}
    lend: dict[str, Any] = {"no_block": False, "nb_due_date": None, "item_identifier": item}
    bring: dict[str, Any] = {"no_block": False, "return_date": now(), "current_location": "", "terminal_password": ""}
    ac: dict[str, Any] = {"terminal_password": ""}
    status: dict[str, Any] = {"language": "019", "patron_password": "", **ac}
    paid: dict[str, Any] = {"fee_type": "04", "payment_type": "00", "currency_type": "CNY", "fee_amount": "0.20"}
    return {
        "98": [m.ScStatus(status_code="0", max_print_width=80)],
        "24": [m.PatronStatus(**known, **status), m.PatronStatus(**nobody, **status)],
        "12": [
            m.Checkout(sc_renewal_policy=False, **known, **lend, **ac),
            m.Checkout(sc_renewal_policy=False, **nobody, **{**lend, "item_identifier": other}, **ac),
            m.Checkout(sc_renewal_policy=False, **known, **{**lend, "item_identifier": "nothing"}, **ac),
        ],
        "64": [m.PatronInformation(**each, language="019", summary="  Y       ") for each in (known, nobody)],
        "18": [m.ItemInformation(**an_item), m.ItemInformation(**{**an_item, "item_identifier": "nothing"})],
        "30": [
            m.Renew(third_party_allowed=False, **known, **lend),
            m.Renew(third_party_allowed=False, **nobody, **lend),
        ],
        "66": [m.RenewAll(**known), m.RenewAll(**nobody)],
        "16": [m.Hold(hold_mode=mode, **known, item_identifier=other) for mode in ("+", "-", "*")],
        "20": [m.ItemStatusUpdate(**an_item, item_properties="tag"), m.ItemStatusUpdate(**an_item, item_properties="")],
        "10": [m.Checkin(**an_item, **bring), m.Checkin(**{**an_item, "item_identifier": "nothing"}, **bring)],
        "38": [m.FeePaid(**each, **paid) for each in (known, nobody)],
        "26": [m.PatronEnable(**each) for each in (known, nobody)],
        "36": [m.EndPatronSession(**each) for each in (known, nobody)],
        "94": [m.Login(login_user_id="nobody", login_password="wrong")],
    }


def test_every_answer_is_well_formed_in_the_eyes_of_pysip2(node: OneNode) -> None:
    with node.at(2) as kiosk:
        for response, asked in requests(node).items():
            for number, request in enumerate(asked):
                frame = said(kiosk, encode(request, str(number)))
                judged = decode_message(frame, encoding="utf-8")
                assert frame.decode()[:2] == response, (request, frame)
                assert judged.sequence_number == number
                assert judged.checksum is not None


def test_refusals_before_a_login_and_answers_to_poor_requests_are_well_formed_too(node: OneNode) -> None:
    commands = ("01", "09", "11", "15", "17", "19", "23", "25", "29", "35", "37", "63", "65")
    with connected(node.place) as stranger, node.at(3) as kiosk:
        for line in (stranger, kiosk):
            for command in commands:
                frame = said(line, f"{command}\r".encode())
                judged = decode_message(frame, encoding="utf-8")
                assert judged.checksum is None
                assert b"|AF" in frame


def said(kiosk: PlainClient, request: bytes) -> bytes:
    kiosk.send(request)
    return kiosk.frame() + b"\r"
