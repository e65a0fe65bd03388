"""An operation's id is the UUIDv5 that it always was: rows of an older program are found by it."""

from __future__ import annotations

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from node.service.desk.ids import NAMESPACE, derived


@given(st.uuids(), st.text())
def test_a_derived_id_is_a_uuid_of_version_5(of: UUID, text: str) -> None:
    text = text.encode("utf-8", "replace").decode()
    assert derived(of.hex, text) == uuid5(of, text).hex


def test_the_namespace_of_kiosks_requests_never_changes() -> None:
    assert UUID(NAMESPACE) == UUID("8c3e1f57-0b0c-5c55-9d7e-6d0f0f5a7b11")
