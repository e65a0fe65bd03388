"""The codec against `pysip2` 0.1.0, message by message in one run: 63, 64, 11, 12, decode and encode, checksums on.

Ratios are pysip2's time over ours: 3 means three times as fast. Both read the same bytes and write values that were
read from them; each measure is the best of several rounds, the two taking turns, so that a busy machine harms both
alike. `pysip2` is a development dependency; without it there are our own times alone.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from time import perf_counter  # a duration is measured here, no time of day

from sip2 import Message, Received, SipDate, decode, encode
from sip2 import messages as m

ROUNDS, CALLS = 7, 2_000
COMMANDS = ("63", "64", "11", "12")
_DATE = SipDate("20250315    101001")

Call = Callable[[], object]


def samples() -> dict[str, Message]:
    """The four messages as they are on a busy day: a reader with eight loans, Chinese titles."""
    return {**_account_samples(), **_checkout_samples()}


def _account_samples() -> dict[str, Message]:
    return {
        "63": m.PatronInformation(
            language="019",
            transaction_date=_DATE,
            summary="  Y       ",
            institution_id="CQSPB",
            patron_identifier="2350010012345",
            terminal_password="",
            patron_password="246810",  # noqa: S106  the sample reader of the protocol's examples
            start_item=1,
            end_item=8,
        ),
        "64": m.PatronInformationResponse(
            patron_status=" " * 14,
            language="019",
            transaction_date=_DATE,
            hold_items_count=0,
            overdue_items_count=0,
            charged_items_count=8,
            fine_items_count=0,
            recall_items_count=0,
            unavailable_holds_count=0,
            institution_id="CQSPB",
            patron_identifier="2350010012345",
            personal_name="张晓雯",
            charged_items_limit=8,
            valid_patron=True,
            valid_patron_password=True,
            currency_type="CNY",
            fee_amount="0.60",
            charged_items=tuple(f"CQSPB01002345{number}" for number in range(60, 68)),
            screen_message=("您在北碚图书馆有滞纳金0.60元，请到该馆缴纳",),
        ),
    }


def _checkout_samples() -> dict[str, Message]:
    return {
        "11": m.Checkout(
            sc_renewal_policy=False,
            no_block=False,
            transaction_date=_DATE,
            nb_due_date=_DATE,
            institution_id="CQSPB",
            patron_identifier="2350010012345",
            item_identifier="CQSPB0100234567",
            terminal_password="",
        ),
        "12": m.CheckoutResponse(
            ok=True,
            renewal_ok=False,
            magnetic_media="N",
            desensitize=True,
            transaction_date=_DATE,
            institution_id="CQSPB",
            patron_identifier="2350010012345",
            item_identifier="CQSPB0100234567",
            title_identifier="三体",
            due_date="20250414    235900",
            media_type="001",
            screen_message=("借阅成功，应还日期2025-04-14",),
        ),
    }


def ours() -> dict[str, tuple[Call, Call]]:
    """(decode, encode) of each message."""
    calls: dict[str, tuple[Call, Call]] = {}
    for command, message in samples().items():
        frame = encode(message, "1")
        read = decode(frame)
        assert isinstance(read, Received) and read.message == message and not read.warnings, read  # noqa: PT018
        calls[command] = (_decoding(frame), _encoding(message))
    return calls


def _decoding(frame: bytes) -> Call:
    return lambda: decode(frame)


def _encoding(message: Message) -> Call:
    return lambda: encode(message, "1")


def theirs() -> dict[str, tuple[Call, Call]]:
    """The same with pysip2. Errors: ImportError."""
    from pysip2.codec import decode_message, encode_message  # noqa: PLC0415 - a development dependency
    from pysip2.models import SIPMessage  # noqa: PLC0415

    calls: dict[str, tuple[Call, Call]] = {}
    for command, message in samples().items():
        frame = encode(message, "1")
        read = decode_message(frame, encoding="utf-8").message
        again = encode_message(read, sequence_number=1, checksum=True, encoding="utf-8")
        assert again == frame, (again, frame)

        def decoding(frame: bytes = frame) -> object:
            return decode_message(frame, encoding="utf-8")

        def encoding(read: SIPMessage = read) -> object:
            return encode_message(read, sequence_number=1, checksum=True, encoding="utf-8")

        calls[command] = (decoding, encoding)
    return calls


def best_s(call: Call, calls: int) -> float:
    """Seconds a call, in one round."""
    began = perf_counter()
    for _ in range(calls):
        call()
    return (perf_counter() - began) / calls


def measure(rounds: int = ROUNDS, calls: int = CALLS) -> dict[str, float]:
    """Names to numbers: `codec_decode_63_s`, `codec_decode_63_ratio` ..., and the least of the ratios,
    `codec_decode_ratio` and `codec_encode_ratio`."""
    mine = ours()
    try:
        other = theirs()
    except ImportError:
        other = {}
    found: dict[str, float] = {}
    for place, what in enumerate(("decode", "encode")):
        for command in mine:
            times = [
                tuple(best_s(each[command][place], calls) for each in (mine, other) if each) for _ in range(rounds)
            ]
            found[f"codec_{what}_{command}_s"] = min(each[0] for each in times)
            if other:
                found[f"codec_{what}_{command}_ratio"] = min(each[1] for each in times) / min(each[0] for each in times)
        if other:
            found[f"codec_{what}_ratio"] = least(found, what)
    return found


def least(found: Mapping[str, float], what: str) -> float:
    return min(value for name, value in found.items() if name.startswith(f"codec_{what}_") and name.endswith("_ratio"))


if __name__ == "__main__":
    for name, value in measure().items():
        sys.stdout.write(f"{name:<24}{value * 1e6:8.2f} us\n" if name.endswith("_s") else f"{name:<24}{value:8.2f}\n")
