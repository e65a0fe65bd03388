"""Every test over whole nodes is also a test of the tables of states."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.node.watching import SEEN, unlisted


@pytest.fixture(autouse=True)
def no_row_changes_its_state_but_as_its_table_says() -> Iterator[None]:
    SEEN.clear()
    yield
    assert unlisted() == []
