"""What must hold for every message and for any bytes."""

from __future__ import annotations

import re
from dataclasses import fields as dataclass_fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip2 import DEFAULT, LAYOUTS, NAMED, Dialect, Message, Received, Resend, cleaned, decode, encode, patient
from sip2.checksum import byte_sum
from tests.sip2.support import GOLDEN_BYTES, messages, messages_with, received

SEQUENCES = st.sampled_from("0123456789")
DIALECTS = st.sampled_from([*NAMED.values(), Dialect(delimiter="^"), Dialect(max_field_unit="bytes")])
ANY_TEXT = st.text(max_size=60) | st.builds(lambda text, times: text * times, st.text(max_size=8), st.integers(1, 99))


@given(messages(), SEQUENCES)
def test_a_message_that_is_written_reads_as_itself(message: Message, sequence: str) -> None:
    decoded = received(encode(message, sequence))
    assert decoded.message == message
    assert decoded.sequence == (sequence if LAYOUTS[message.command].has_sequence else None)
    assert set(decoded.warnings) <= {"nb_due_date blank"} | {
        f"{name} blank" for name in ("transaction_date", "return_date", "date_time_sync")
    }


@given(messages(), SEQUENCES)
def test_reading_and_writing_again_gives_the_same_bytes(message: Message, sequence: str) -> None:
    wire = encode(message, sequence)
    decoded = received(wire)
    assert encode(decoded.message, decoded.sequence, DEFAULT, decoded.error_detection) == wire


@given(messages())
def test_the_patient_reader_agrees_with_the_compiled_one(message: Message) -> None:
    wire = encode(message)
    decoded = received(wire)
    again, warnings, unknown = patient.read(LAYOUTS[message.command], wire.decode()[:-1], "|")
    assert (again, warnings, unknown) == (decoded.message, decoded.warnings, ())


@given(messages_with(ANY_TEXT), SEQUENCES, DIALECTS)
def test_whatever_the_values_one_well_formed_message_is_sent(message: Message, sequence: str, dialect: Dialect) -> None:
    wire = encode(message, sequence, dialect)
    assert wire.endswith(dialect.end)
    body = wire.removesuffix(dialect.end)
    assert not re.search(rb"[\x00-\x1f\x7f]", body)
    decoded = received(wire, dialect)
    text = body.decode(dialect.encoding)
    assert len(text.split(dialect.delimiter)) - 1 == sum(_sent(message, dialect))
    for fragment in text[LAYOUTS[message.command].width :].split(dialect.delimiter)[:-1]:
        value = fragment[2:]
        assert len(value.encode(dialect.encoding) if dialect.max_field_unit == "bytes" else value) <= 255
    assert decoded.unknown == ()


def _sent(message: Message, dialect: Dialect) -> list[int]:
    """How many fields go out for each tagged field declared."""
    counts = []
    for field in LAYOUTS[message.command].tagged:
        value = getattr(message, field.name)
        hidden = field.tag in dialect.hidden_tags
        sent = len(value) if field.repeatable else int(value is not None or field.required)
        counts.append(0 if hidden else sent)
    return counts


@given(messages_with(ANY_TEXT), DIALECTS)
def test_a_value_arrives_as_cleaned(message: Message, dialect: Dialect) -> None:
    if dialect.encoding not in ("utf-8", "gb18030"):
        return
    decoded = received(encode(message, None, dialect), dialect)
    for field in LAYOUTS[message.command].tagged:
        value, arrived = getattr(message, field.name), getattr(decoded.message, field.name)
        if field.tag in dialect.hidden_tags or field.tag in ("CN", "CP"):
            continue
        if isinstance(value, str):
            assert arrived == cleaned(value, dialect)
        elif isinstance(value, tuple):
            assert arrived == tuple(cleaned(one, dialect) for one in value)


@pytest.mark.parametrize("wire", [wire for wire in GOLDEN_BYTES if b"AZ" in wire[-9:]])
def test_any_single_wrong_byte_is_rejected_under_error_detection(wire: bytes) -> None:
    for at, right in enumerate(wire):
        for wrong in {right ^ 1, right ^ 0x20, right ^ 0x80, 0x00, 0x0D, 0x20, 0x30, 0x41, 0x7C, 0xFF} - {right}:
            damaged = wire[:at] + bytes([wrong]) + wire[at + 1 :]
            assert isinstance(decode(damaged), Resend) or _means_the_same(damaged, wire), (at, wrong, damaged)


@pytest.mark.parametrize("wire", [b"97AZFEF5", b"941AY0AZFDFD", b"9900402.00AY2AZFCA3"])
def test_every_wrong_byte_of_a_short_message_is_rejected(wire: bytes) -> None:
    for at in range(len(wire)):
        for wrong in range(256):
            damaged = wire[:at] + bytes([wrong]) + wire[at + 1 :]
            assert isinstance(decode(damaged), Resend) or _means_the_same(damaged, wire), damaged


def _means_the_same(damaged: bytes, wire: bytes) -> bool:
    """Only a digit of the checksum is in lower case, or was a zero and is gone: the message itself is whole."""
    digits = damaged[-4:].strip(bytes(range(0x20)))
    return damaged[:-4] == wire[:-4] and digits.upper() in (wire[-4:], wire[-4:-1] * (wire[-4:] == b"0000"))


@given(st.binary(max_size=200), DIALECTS)
def test_no_bytes_raise(frame: bytes, dialect: Dialect) -> None:
    decode(frame, dialect)


@given(st.sampled_from(sorted(LAYOUTS)), st.text(max_size=120), DIALECTS)
def test_no_text_after_a_command_raises(command: str, text: str, dialect: Dialect) -> None:
    decoded = decode((command + text).encode("utf-8", "replace"), dialect)
    if dialect is DEFAULT and isinstance(decoded, Received):
        encode(decoded.message, decoded.sequence, dialect)


@given(
    st.sampled_from(GOLDEN_BYTES),
    st.lists(st.tuples(st.integers(0, 300), st.integers(0, 300), st.binary(max_size=8)), min_size=1, max_size=4),
    DIALECTS,
)
def test_no_mutilated_message_raises_and_what_is_read_can_be_written(
    wire: bytes, cuts: list[tuple[int, int, bytes]], dialect: Dialect
) -> None:
    wire = re.sub(rb"(AY.)?AZ.{4}$", b"", wire)
    for start, length, patch in cuts:
        wire = wire[:start] + patch + wire[start + length :]
    decoded = decode(wire, dialect)
    if isinstance(decoded, Received):
        again = decode(encode(decoded.message, "1", dialect), dialect)
        assert isinstance(again, Received)
        assert again.message.command == decoded.message.command
        assert all(isinstance(warning, str) for warning in decoded.warnings)


@given(st.binary(max_size=2000))
def test_the_byte_sum_is_exact(data: bytes) -> None:
    assert byte_sum(data) == sum(data)


def test_the_byte_sum_is_exact_for_the_largest_bytes_at_any_length() -> None:
    for size in range(1100):
        assert byte_sum(b"\xff" * size) == 255 * size


@given(messages_with(st.just("s3cret")))
def test_secrets_have_no_repr(message: Message) -> None:
    decoded = received(encode(message, "1"))
    shown = repr(decoded)
    for field in LAYOUTS[message.command].tagged:
        assert not (field.secret and f"{field.name}=" in shown)
    assert {field.tag for layout in LAYOUTS.values() for field in layout.tagged if field.secret} == {"AC", "AD", "CO"}
    only_secret = [f for f in dataclass_fields(message) if "password" in f.name and "valid" not in f.name]  # type: ignore[arg-type]
    assert len(only_secret) == sum(field.secret for field in LAYOUTS[message.command].tagged)
