"""Logs: lines of JSON that no secret can enter, and that never stop the work."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.logger import Logger
from twisted.python.failure import Failure

from node.observe.logs import JsonLog, Silence, TwistedLines, card_digest, stream_writer

KEY = b"0123456789abcdef"
OP = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
CARD = "2350010012345"


class Lines:
    """A writer that keeps what it was given, and fails while `broken`."""

    def __init__(self) -> None:
        self.raw: list[str] = []
        self.broken = False

    def __call__(self, line: str) -> None:
        if self.broken:
            raise BrokenPipeError
        self.raw.append(line)

    @property
    def last(self) -> dict[str, Any]:
        line: dict[str, Any] = json.loads(self.raw[-1])
        return line


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def log(lines: Lines) -> JsonLog:
    return new_log(lines)


def new_log(lines: Lines) -> JsonLog:
    return JsonLog(lines, wall_ms=lambda: 1_685_606_400_123, key=KEY, library="CQSPB")


def failure_of(error: Exception) -> Failure:
    try:
        raise error
    except type(error):
        return Failure()


def test_an_event_is_one_line_with_its_time_and_library(log: JsonLog, lines: Lines) -> None:
    log.event("checkout", op=OP, terminal="self1", outcome="lent", seconds=0.0123)
    assert lines.last == {
        "at": "2023-06-01T08:00:00.123Z",
        "level": "info",
        "event": "checkout",
        "node": "CQSPB",
        "op": OP,
        "terminal": "self1",
        "outcome": "lent",
        "ms": 12.3,
    }


def test_the_value_of_an_unknown_field_goes_nowhere_but_its_name_is_told(log: JsonLog, lines: Lines) -> None:
    log.event("login", terminal="self1", pin="1234", password="open sesame")
    assert lines.last["dropped"] == ["password", "pin"]
    assert "1234" not in lines.raw[0]
    assert "sesame" not in lines.raw[0]


def test_a_card_is_written_as_a_digest_that_only_the_key_repeats(log: JsonLog, lines: Lines) -> None:
    log.event("standing", card=CARD)
    assert lines.last["card"] == card_digest(KEY, CARD)
    assert len(lines.last["card"]) == 12
    assert card_digest(b"another key 1234", CARD) != card_digest(KEY, CARD)


def test_a_card_in_a_field_meant_for_something_else_is_blotted_out(log: JsonLog, lines: Lines) -> None:
    log.event("checkout", terminal=CARD, why=f"card {CARD} of 50010119900307123X", op=CARD)
    assert lines.last["terminal"] == "#"
    assert lines.last["why"] == "card # of #"
    assert lines.last["dropped"] == ["op"]


@pytest.mark.parametrize("value", [object(), b"bytes", ["list"], float("nan"), float("inf"), "two words\n"])
def test_a_value_of_the_wrong_kind_is_dropped_and_its_repr_never_asked_for(value: object, lines: Lines) -> None:
    new_log(lines).event("x", terminal=value, seconds=value)
    assert lines.last["dropped"] == ["seconds", "terminal"]


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.floats() | st.none() | st.binary()))
def test_whatever_is_logged_is_one_line_of_utf8_json(fields: dict[str, object]) -> None:
    lines = Lines()
    new_log(lines).event("anything", **{f"x{name}": value for name, value in fields.items()}, why="\ud800\n\u2028")
    assert len(lines.raw) == 1
    assert "\n" not in lines.raw[0]
    lines.raw[0].encode("utf-8")
    assert lines.last["event"] == "anything"


@given(
    secret=st.from_regex(r"S[a-z]{8}[0-9]{4}", fullmatch=True), field=st.sampled_from(["ad", "co", "ac", "pin_text"])
)
def test_no_secret_passes_through_an_unknown_field(secret: str, field: str) -> None:
    lines = Lines()
    new_log(lines).event("x", **{field: secret})
    assert secret not in lines.raw[0]


def test_an_accident_tells_where_but_neither_the_values_nor_the_quoted_row(log: JsonLog, lines: Lines) -> None:
    pin = "9876"
    error = ValueError(f"no row for '{CARD}' with pin {pin}\n[parameters: ('{CARD}', '{pin}')]")
    log.accident("store", failure_of(error), op=OP)
    assert lines.last["level"] == "error"
    assert lines.last["error"] == "ValueError: no row for # with pin #"
    assert any("test_logs.py" in frame and "failure_of" in frame for frame in lines.last["frames"])
    assert pin not in lines.raw[0]
    assert CARD not in lines.raw[0]


def test_the_last_errors_are_kept_for_the_status_page_newest_first(log: JsonLog) -> None:
    for number in range(25):
        log.accident(f"event{number}", failure_of(RuntimeError("broken")))
    kept = log.last_errors()
    assert len(kept) == 20
    assert (kept[0].event, kept[0].text) == ("event24", "RuntimeError: broken")


def test_a_broken_stream_stops_nothing_and_the_lost_lines_are_counted(log: JsonLog, lines: Lines) -> None:
    lines.broken = True
    log.event("a")
    log.event("b")
    lines.broken = False
    log.event("c")
    assert lines.last["lost_lines"] == 2
    log.event("d")
    assert "lost_lines" not in lines.last


def test_a_closed_stream_counts_as_broken() -> None:
    stream = io.StringIO()
    log = JsonLog(stream_writer(stream), wall_ms=lambda: 0, key=KEY, library="CQSPB")
    log.event("a")
    assert stream.getvalue().endswith("\n")
    stream.close()
    log.event("b")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="fewer than 16 bytes"):
        JsonLog(lambda line: None, wall_ms=lambda: 0, key=b"short", library="CQSPB")


def lines_of(log: JsonLog) -> Any:
    return TwistedLines(log)


def test_messages_of_twisted_become_lines(log: JsonLog, lines: Lines) -> None:
    twisted = Logger(namespace="twisted.web", observer=lines_of(log))
    twisted.info("listening on {port}", port=8080)
    assert (lines.last["level"], lines.last["namespace"], lines.last["why"]) == (
        "info",
        "twisted.web",
        "listening on 8080",
    )
    twisted.debug("detail")
    assert len(lines.raw) == 1


def test_a_failure_logged_by_twisted_becomes_an_error_without_its_values(log: JsonLog, lines: Lines) -> None:
    twisted = Logger(namespace="twisted.internet.defer", observer=lines_of(log))
    twisted.failure("Unhandled error with {secret}", failure=failure_of(KeyError(CARD)), secret="open sesame")
    assert lines.last["error"] == "KeyError: #"
    assert "sesame" not in lines.raw[0]
    assert log.last_errors()[0].event == "failure"


def test_an_error_message_of_twisted_is_an_error(log: JsonLog, lines: Lines) -> None:
    Logger(namespace="twisted", observer=lines_of(log)).error("went wrong")
    assert lines.last["level"] == "error"
    assert log.last_errors()[0].text == "went wrong"


def test_silence_keeps_nothing_and_complains_about_nothing() -> None:
    Silence().event("checkout", card=CARD)
    Silence().accident("checkout", failure_of(ValueError()))
