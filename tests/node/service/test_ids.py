"""Operation ids: they lie together by their minute; those of an older program are as they were."""

from __future__ import annotations

from uuid import UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.service.desk import ids


@given(st.uuids(version=5), st.text())
def test_a_derived_id_is_a_uuid_of_version_5(of: UUID, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert ids.derived(of.hex, text) == uuid5(of, text).hex


def test_the_namespace_of_kiosks_requests_never_changes() -> None:
    assert UUID(ids.NAMESPACE) == UUID("8c3e1f57-0b0c-5c55-9d7e-6d0f0f5a7b11")


@given(st.text())
def test_requests_of_one_minute_have_ids_that_begin_alike(text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    base = ids.asked("20261128    143059", text)
    assert base[:12] == ids.derived(base, "1")[:12] == "202611281430"
    assert UUID(base).version == UUID(ids.derived(base, "1")).version == 8
    assert base[13:] == ids.undated(text)[13:]


@pytest.mark.parametrize(
    "date", ["", "   ", "20261128", "2026-11-28   14:30", "2026112８    143059", "20261128    1430599"]
)
def test_a_request_without_a_readable_date_has_an_id_of_version_5(date: str) -> None:
    assert ids.asked(date, "a request") == ids.undated("a request")
