"""The golden messages in both directions, the deviant ones as they say, and what section 6 tells beyond them."""

from __future__ import annotations

from typing import Any

import pytest

from sip2 import DEFAULT, LAYOUTS, NAMED, Dialect, Framer, Ignored, Received, Resend, SipDate, decode, encode, patient
from sip2 import messages as m
from sip2.compiling import reader
from tests.sip2.support import DEVIANT, GOLDEN, in_wire_terms, means, received


def ids(row: dict[str, Any]) -> str:
    return str(row["name"])


def check_says(decoded: Received, fields: dict[str, Any]) -> None:
    fixed, tagged = in_wire_terms(decoded.message)
    assert decoded.message.command == fields["command"]
    assert fixed.keys() == fields["fixed"].keys()
    assert all(means(fixed[name], raw) for name, raw in fields["fixed"].items())
    assert tagged.keys() == fields["variable"].keys()
    for tag, raws in fields["variable"].items():
        assert len(tagged[tag]) == len(raws)
        assert all(means(value, raw) for value, raw in zip(tagged[tag], raws, strict=True))
    assert (decoded.sequence, decoded.checksum) == (fields["sequence"], fields["checksum"])


def test_all_hundred_and_twenty_golden_messages_are_there() -> None:
    assert len(GOLDEN) == 120
    assert {row["fields"]["command"] for row in GOLDEN} == LAYOUTS.keys()


@pytest.mark.parametrize("row", GOLDEN, ids=ids)
def test_a_golden_message_is_read_as_it_says_and_without_complaint(row: dict[str, Any]) -> None:
    decoded = received(row["message"].encode())
    check_says(decoded, row["fields"])
    assert decoded.error_detection == (row["fields"]["checksum"] is not None)
    assert set(decoded.warnings) <= {"nb_due_date blank"}
    assert decoded.unknown == ()


@pytest.mark.parametrize("row", GOLDEN, ids=ids)
def test_a_golden_message_is_written_byte_for_byte(row: dict[str, Any]) -> None:
    """The rows of 16 have AO first. The order of the reference, BW BR BS AO, is read as well; it is not written."""
    wire = row["message"].encode()
    decoded = received(wire)
    assert encode(decoded.message, decoded.sequence, DEFAULT, decoded.error_detection) == wire + b"\r"


@pytest.mark.parametrize("row", GOLDEN, ids=ids)
def test_the_patient_reader_reads_a_golden_message_as_the_compiled_one_does(row: dict[str, Any]) -> None:
    text = row["message"].rpartition("AY")[0] or row["message"].partition("AZ")[0]
    decoded = received(text.encode())
    message, warnings, unknown = patient.read(LAYOUTS[text[:2]], text, "|")
    assert (message, warnings, unknown) == (decoded.message, decoded.warnings, decoded.unknown)


@pytest.mark.parametrize("row", GOLDEN, ids=ids)
def test_a_golden_message_is_tidy_so_the_compiled_reader_takes_it(row: dict[str, Any]) -> None:
    text = row["message"].rpartition("AY")[0] or row["message"].partition("AZ")[0]
    assert reader(text[:2], "|")(text) is not None


@pytest.mark.parametrize("row", GOLDEN, ids=ids)
def test_a_golden_message_survives_chinese_encodings(row: dict[str, Any]) -> None:
    dialect = Dialect(encoding="gb18030")
    message = received(row["message"].encode()).message
    assert received(encode(message, "3", dialect), dialect).message == message


@pytest.mark.parametrize("row", DEVIANT, ids=ids)
def test_a_deviant_message_is_read_as_tolerantly_as_it_says(row: dict[str, Any]) -> None:
    dialect = Dialect(encoding=row["encoding"])
    decoded = [
        decode(frame, dialect) for frame in Framer().feed(bytes.fromhex(row["wire_hex"])) if isinstance(frame, bytes)
    ]
    for one, expected in zip(decoded, row["expect"], strict=True):
        match expected["action"]:
            case "process":
                assert isinstance(one, Received)
                check_says(one, expected)
                assert list(one.warnings) == expected["warnings"]
            case "send 96":
                assert one == Resend(expected["why"])
            case "ignore":
                assert one == Ignored(expected["why"])


# name, message, dialect, what is read, warnings
MORE_DEVIANTS: list[tuple[str, bytes, dict[str, Any], tuple[str, ...]]] = [
    (
        "a delimiter after the fixed part",
        b"9900402.00|AY2AZFC27",
        {"status_code": "0", "max_print_width": 40, "protocol_version": "2.00"},
        ("empty fragment skipped",),
    ),
    (
        "a print width of two digits",
        b"990802.00",
        {"max_print_width": 80, "protocol_version": "2.00"},
        ("short or blank-padded print width",),
    ),
    (
        "version 2.0E",
        b"9900802.0E",
        {"max_print_width": 80, "protocol_version": "2.0E"},
        ("protocol_version not as specified",),
    ),
    (
        "a delimiter before the first tag",
        b"15+20250315    105001|AOCQSPB|AA1|ABX|",
        {"hold_mode": "+", "institution_id": "CQSPB", "item_identifier": "X"},
        ("empty fragment skipped",),
    ),
    (
        "empty fragments",
        b"1720250315    090000AOCQSPB||ABX|||",
        {"institution_id": "CQSPB", "item_identifier": "X"},
        ("empty fragment skipped",),
    ),
    (
        "no passwords in 23",
        b"2301920250315    091001AOCQSPB|AA1|",
        {"terminal_password": None, "patron_password": None},
        ("required AC missing", "required AD missing"),
    ),
    (
        "lower-case flags",
        b"11yn20250315    09200120250315    092001AOCQSPB|AA1|ABX|AC|BOy|",
        {"sc_renewal_policy": True, "no_block": False, "fee_acknowledged": True},
        ("sc_renewal_policy lower case", "no_block lower case", "BO lower case"),
    ),
    (
        "several Y in the summary",
        b"6301920250315    100001YY        AOCQSPB|AA1|",
        {"summary": "YY        "},
        ("several Y in summary",),
    ),
    (
        "N in the summary",
        b"6301920250315    100001NNYNNNNNNNAOCQSPB|AA1|",
        {"summary": "  Y       "},
        ("summary not only Y and blank",),
    ),
    (
        "zero-padded paging",
        b"6301920250315    100001  Y       AOCQSPB|AA1|BP00001|BQ00005|",
        {"start_item": 1, "end_item": 5},
        (),
    ),
    (
        "empty paging",
        b"6301920250315    100001  Y       AOCQSPB|AA1|BP|BQ|",
        {"start_item": None, "end_item": None},
        ("BP empty", "BQ empty"),
    ),
    (
        "a number beyond all bounds",
        b"6301920250315    100001  Y       AOCQSPB|AA1|BP" + b"9" * 5000 + b"|",
        {"start_item": None},
        ("BP unreadable, taken as absent",),
    ),
    (
        "a decimal comma",
        b"3720250315    1020010400CNYBV0,60|AOCQSPB|AA1|",
        {"fee_amount": "0.60", "currency_type": "CNY"},
        ("BV decimal comma",),
    ),
    (
        "a blank return date",
        b"09N20250315    093001                  AP|AOCQSPB|ABX|AC|",
        {"return_date": None},
        ("return_date blank",),
    ),
    (
        "no due date at all",
        b"11YN20250315    092001AOCQSPB|AA1|ABX|AC|",
        {"transaction_date": "20250315    092001", "nb_due_date": None, "institution_id": "CQSPB"},
        ("nb due date missing",),
    ),
    (
        "a language in front of the date of 17",
        b"1700120250315    090000AOCQSPB|ABX|",
        {"transaction_date": "20250315    090000", "institution_id": "CQSPB"},
        ("fixed part shifted",),
    ),
    (
        "a language of one character",
        b"63120250315    100001          AOCQSPB|AA1|",
        {"language": "1  ", "transaction_date": "20250315    100001", "institution_id": "CQSPB"},
        ("fixed part shifted", "language not as specified"),
    ),
    (
        "no language at all",
        b"6320250315    100001          AOCQSPB|AA1|",
        {"language": "   ", "transaction_date": "20250315    100001", "institution_id": "CQSPB"},
        ("fixed part shifted", "language not as specified"),
    ),
    (
        "a date in a field of a message that has none in its fixed part",
        b"941AH20250315    100001|",
        {"ok": True},
        ("field AH not defined for 94, ignored",),
    ),
    (
        "an item of as many blanks as a date has",
        b"1720250315    090000AOCQSPB|AB" + b" " * 18 + b"|",
        {"item_identifier": " " * 18},
        (),
    ),
    (
        "a fixed part that ends early",
        b"98YYYYYN300|AOCQSPB|BXYYYYYYYYYYYYYYYY|",
        {"timeout_period": 300, "date_time_sync": None, "institution_id": "CQSPB"},
        (),
    ),
    (
        "an undefined alert flag",
        b"101Y?N20250315    093001AOCQSPB|ABX|AQ|",
        {"magnetic_media": "U", "alert": False},
        ("magnetic_media not as specified",),
    ),
    ("97 with a sequence number", b"97AY5AZFE26", {}, ()),
    ("a patron that ends like a checksum", b"3520250315    101001AOCQSPB|AAZ1AF0", {"patron_identifier": "Z1AF0"}, ()),
]


@pytest.mark.parametrize(("name", "wire", "expected", "warnings"), MORE_DEVIANTS, ids=[row[0] for row in MORE_DEVIANTS])
def test_clients_in_the_field_are_understood(
    name: str, wire: bytes, expected: dict[str, Any], warnings: tuple[str, ...]
) -> None:
    decoded = received(wire)
    assert {key: getattr(decoded.message, key) for key in expected} == expected
    if warnings:
        assert decoded.warnings == warnings


WHOLE = b"1720250315    090000AOCQSPB|ABCQSPB0100234567|"


@pytest.mark.parametrize(
    ("tail", "sequence", "warnings"),
    [
        (b"AY1AZf3fe", "1", ("lower-case checksum",)),
        (b"AY12AZF3CC", "12", ("two-digit sequence",)),
        (b"AY100AZF39E", "100", ("sequence of 3 digits",)),
        (b"AZF4C9", None, ()),
    ],
)
def test_unusual_tails_are_read(tail: bytes, sequence: str | None, warnings: tuple[str, ...]) -> None:
    decoded = received(WHOLE + tail)
    assert (decoded.sequence, decoded.error_detection, decoded.warnings) == (sequence, True, warnings)
    assert decoded.checksum == tail[-4:].decode().upper()


def test_a_checksum_without_leading_zeros_is_padded() -> None:
    wire = next(row for row in GOLDEN if row["name"] == "checksum_leading_zero")["message"].encode()
    decoded = received(wire.replace(b"AZ0EE2", b"AZEE2"))
    assert (decoded.checksum, decoded.warnings) == ("0EE2", ("short checksum",))


def test_an_answer_that_lost_its_sequence_number_is_read() -> None:
    decoded = received(b"941AZFEC7")
    assert (decoded.message, decoded.sequence, decoded.error_detection) == (m.LoginResponse(ok=True), None, True)


def test_checksums_over_utf16_units_are_taken_unless_the_dialect_is_strict() -> None:
    wire = encode(m.PatronEnable(transaction_date=None, institution_id="", patron_identifier="𬱖"), "1")
    text = wire[:-5].decode()
    units = sum(memoryview(text.encode("utf-16-le")).cast("H"))
    frame = wire[:-5] + b"%04X" % (-units & 0xFFFF)
    assert received(frame).warnings[:1] == ("checksum computed over utf16 units",)
    assert decode(frame, NAMED["strict"]) == Resend("checksum")


def test_checksums_without_the_tail_are_taken_only_where_a_dialect_says_so() -> None:
    frame = WHOLE + b"AY1AZ%04X" % (-sum(WHOLE) & 0xFFFF)
    assert decode(frame) == Resend("checksum")
    assert received(frame, NAMED["dp2"]).warnings == ("checksum computed over without tail",)


def test_bytes_that_are_no_text_are_read_with_replacement_characters_or_asked_for_again() -> None:
    body = b"3520250315    101001AOCQSPB|AAZo\x89|"
    summed = body + b"AY1AZ"
    frame = summed + b"%04X" % (-sum(summed) & 0xFFFF)
    strict = Dialect(undecodable="resend")
    assert decode(frame, strict) == Resend("not utf-8")
    assert decode(body, strict) == Resend("not utf-8")
    decoded = received(frame)
    assert decoded.warnings == ("not utf-8, read with replacement characters",)
    assert decoded.message == m.EndPatronSession(
        transaction_date=SipDate("20250315    101001"), institution_id="CQSPB", patron_identifier="Zo�"
    )
    assert received(frame, NAMED["cp850"]).message.patron_identifier == "Zoë"  # type: ignore[attr-defined]


def test_a_request_without_checksum_is_refused_where_error_detection_is_required() -> None:
    assert decode(WHOLE, Dialect(require_error_detection=True)) == Resend("no checksum")


def test_noise_around_a_message_is_not_part_of_it() -> None:
    assert received(b"\x00\n " + WHOLE + b"AY1AZF3FE\r\n\x00").warnings == ()
    assert decode(b" \r\n") == Ignored("empty")


# --- tails ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [b"96AZFEG6", b"97AZFEF", b"AY1AZ12", b"17X|AY1AZ12G4", b"17X|AY1"])
def test_a_tail_in_which_a_byte_is_wrong_or_missing_is_asked_for_again(frame: bytes) -> None:
    assert isinstance(decode(frame), Resend)


@pytest.mark.parametrize("frame", [b"AY12AZFE68", b"AY1AZFE9A", b"AZFF65"])
def test_a_tail_alone_is_a_message_without_a_command(frame: bytes) -> None:
    assert decode(frame) == Ignored("unknown command ''")


def test_a_99_that_breaks_off_is_read_as_well_as_can_be() -> None:
    decoded = received(b"99")
    assert isinstance(decoded.message, m.ScStatus)
    assert decoded.warnings


# --- what is not said, and what is ------------------------------------------------------------------------------------


def test_what_is_read_as_it_was_meant_is_not_remarked() -> None:
    lent = received(b"121NNU20250315    101001AOX|AA1|ABX|AJ|AH|")
    assert isinstance(lent.message, m.CheckoutResponse)
    assert lent.warnings == ()


def test_fields_out_of_order_are_remarked_although_the_last_ones_are_in_order() -> None:
    assert received(b"1720250315    101001ABX|AOX|AC|").warnings == ("unordered fields",)


def test_a_fixed_part_that_breaks_off_is_remarked() -> None:
    assert "transaction_date cut off" in received(b"1720250315").warnings


@pytest.mark.parametrize(("beside", "found"), [(4, True), (5, False)])
def test_a_date_is_found_up_to_four_characters_beside_its_place(beside: int, found: bool) -> None:
    shifted = received(b"17" + b"0" * beside + b"20250315    101001AOX|ABX|")
    assert ("fixed part shifted" in shifted.warnings) == found


@pytest.mark.parametrize(
    "front", ["63019" + " " * 28, "24" + " " * 14 + "019" + " " * 18, "1720250315    101001", "17" + " " * 18]
)
def test_a_date_that_is_in_its_place_or_blank_there_is_not_looked_for_elsewhere(front: str) -> None:
    untidy = received(f"{front}AO20250315    101001|AA20250315    101001".encode())
    assert "last field not delimited" in untidy.warnings
    assert "fixed part shifted" not in untidy.warnings


def test_the_checksum_is_shown_as_four_capital_digits() -> None:
    whole = encode(m.Login(login_user_id="kiosk", login_password=""), "1").rstrip()
    assert received(whole[:-4] + whole[-4:].lower()).checksum == whole[-4:].decode()


def test_the_checksum_is_shown_as_four_digits_although_fewer_were_sent() -> None:
    sent = (
        encode(m.Login(login_user_id="x" * length, login_password="~" * 255), "1").rstrip() for length in range(255)
    )
    whole = next(each for each in sent if each[-4:-3] == b"0")
    decoded = received(whole[:-4] + whole[-3:])
    assert decoded.warnings == ("short checksum",)
    assert decoded.checksum == whole[-4:].decode()


def test_a_byte_too_many_after_the_checksum_is_a_damaged_checksum() -> None:
    whole = encode(m.Login(login_user_id="kiosk", login_password=""), "1").rstrip()
    assert decode(whole + b"X") == Resend("damaged checksum")
