"""The fuzzers in short, and every committed input. `make fuzz` runs them longer."""

from __future__ import annotations

import pytest

from tests.fuzz.mutation import seeds
from tests.fuzz.run import fuzz_codec, fuzz_session
from tests.fuzz.targets import check_codec, check_framing


def test_every_input_of_the_corpus_holds() -> None:
    for data in seeds("codec"):
        check_codec(data)
        check_framing(data)


@pytest.mark.parametrize("seed", [1, 2])
def test_a_few_thousand_inputs_of_the_codec_hold(seed: int) -> None:
    fuzz_codec(3_000, seed)


def test_a_few_hundred_sessions_with_a_library_behind_them_hold() -> None:
    assert fuzz_session(500, 1) > 1_000
