"""Frames do not depend on how the bytes arrive."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, Self

from hypothesis import given
from hypothesis import strategies as st

from sip2 import Framer, Oversize
from sip2.framing import MAX_FRAME

STREAMS = st.lists(st.sampled_from([b"\r", b"\n", b"17", b"A", b"\xe9", b"\x98\x85", b"|"]), max_size=60).map(b"".join)


@given(STREAMS, st.lists(st.integers(0, 120), max_size=10))
def test_frames_do_not_depend_on_the_chunks(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(stream)]
    framer = Framer()
    events = [event for start, end in pairwise(edges) for event in framer.feed(stream[start:end])]
    *whole, _unfinished = re.split(rb"[\r\n]", stream)
    assert events == [frame for frame in whole if frame]


@given(STREAMS, st.integers(0, 8))
def test_byte_by_byte_gives_the_same_even_where_frames_are_too_long(stream: bytes, limit: int) -> None:
    at_once, one_by_one = Framer(limit), Framer(limit)
    single = [event for at in range(len(stream)) for event in one_by_one.feed(stream[at : at + 1])]
    assert at_once.feed(stream) == single
    assert all(isinstance(event, Oversize) or 0 < len(event) <= limit for event in single)


def test_crlf_split_over_two_reads_ends_one_frame() -> None:
    framer = Framer()
    assert framer.feed(b"97\r") == [b"97"]
    assert framer.feed(b"\n97\r\n") == [b"97"]


def test_a_character_split_over_two_reads_stays_whole() -> None:
    framer = Framer()
    first, second = "阅\r".encode()[:2], "阅\r".encode()[2:]
    assert framer.feed(first) == []
    assert framer.feed(second) == ["阅".encode()]


def test_a_frame_that_is_too_long_is_reported_at_once_and_once_and_the_next_one_is_read() -> None:
    framer = Framer(max_frame=4)
    assert framer.feed(b"1234") == []
    assert framer.feed(b"5") == [Oversize(4)]
    assert framer.feed(b"6" * 100) == []
    assert framer.feed(b"78\r97\r") == [b"97"]


def test_what_is_dropped_of_a_frame_is_counted_until_its_end() -> None:
    framer = Framer(max_frame=4)
    counts = []
    for piece in (b"123", b"45", b"678", b"\r"):
        framer.feed(piece)
        counts.append(framer.dropped)
    assert counts == [0, 5, 8, 0]


def test_a_frame_has_begun_with_its_first_byte_and_until_its_last_though_it_is_too_long() -> None:
    framer = Framer(max_frame=4)
    begun = []
    for piece in (b"\r", b"1", b"2345", b"6", b"\r", b"97", b"\r"):
        framer.feed(piece)
        begun.append(framer.begun)
    assert begun == [False, True, True, True, False, True, False]


def test_nothing_beyond_the_limit_is_kept() -> None:
    framer = Framer(max_frame=1000)
    for _ in range(100):
        framer.feed(b"x" * 999)
    assert len(framer._begun) <= 1000


def test_the_limit_is_inclusive() -> None:
    assert Framer(max_frame=4).feed(b"1234\r12345\r") == [b"1234", Oversize(4)]


class Counted(bytearray):
    """Counts the bytes that are touched: those that are added, or all there are when the whole is looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.touched = 0

    def __iadd__(self, more: Any) -> Self:
        self.touched += len(more)
        return super().__iadd__(more)

    def __getattribute__(self, name: str) -> Any:
        if name in {"find", "index", "split", "partition", "replace", "rstrip", "copy", "endswith"}:
            self.touched += len(self)
        return super().__getattribute__(name)

    def __add__(self, more: Any) -> bytearray:
        self.touched += len(self)
        return super().__add__(more)

    def __contains__(self, byte: Any) -> bool:
        self.touched += len(self)
        return super().__contains__(byte)


def test_a_message_of_64_kib_byte_by_byte_is_kept_byte_by_byte() -> None:
    """Whoever looked at what came before with each byte would do 2,000 million steps of work."""
    framer, counted = Framer(), Counted()
    framer._begun = counted
    for _ in range(MAX_FRAME):
        framer.feed(b"x")
    assert framer._begun is counted
    assert counted.touched == len(counted) == MAX_FRAME
