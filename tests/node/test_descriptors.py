"""Connections are files: whatever the system allows, kiosks have their share, and all shares fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from federation.transport.front import DESCRIPTORS
from node.commands.room_checks import files_check
from node.descriptors import LEAST, OWN, Shares, shares_of
from node.settings.library import NodeSettings, load_node_settings
from tests.node.commands.city_files import city_files


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> NodeSettings:
    return load_node_settings(city_files(tmp_path_factory.mktemp("city")).config)


def taken(shares: Shares) -> int:
    return OWN + shares.sip2 + shares.http + DESCRIPTORS * shares.federation


def test_with_enough_files_everyone_has_what_the_settings_say(settings: NodeSettings) -> None:
    shares = shares_of(settings, 8_192)
    assert (shares.sip2, shares.http, shares.federation, shares.enough) == (5_000, 128, 256, True)


def test_the_unit_of_systemd_and_the_compose_file_allow_enough(settings: NodeSettings) -> None:
    deploy = Path(__file__).resolve().parent.parent.parent / "deploy"
    for file, line in (("tongjie.service", "LimitNOFILE=8192"), ("compose.yaml", "nofile: 8192")):
        assert line in (deploy / file).read_text("utf-8")
    assert shares_of(settings, 8_192).enough


def test_page_and_libraries_give_way_before_kiosks_do(settings: NodeSettings) -> None:
    enough = shares_of(settings, 8_192).needed
    for missing in (1, 100, 112 + 3 * 200):
        shares = shares_of(settings, enough - missing)
        assert shares.sip2 == 5_000
        assert not shares.enough
    shares = shares_of(settings, 1_024)
    assert (shares.http, shares.federation) == (LEAST, LEAST)
    assert shares.sip2 > 700


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.integers(300, 70_000))
def test_all_shares_fit_into_what_the_system_allows(settings: NodeSettings, files: int) -> None:
    shares = shares_of(settings, files)
    assert taken(shares) <= files
    assert min(shares.sip2, shares.http, shares.federation) >= LEAST


def test_check_says_what_is_missing_and_what_to_raise(settings: NodeSettings) -> None:
    assert files_check(shares_of(settings, 8_192)).state == "ok"
    found = files_check(shares_of(settings, 1_024))
    assert found.state == "warning"
    assert "1024 files may be open" in found.text
    assert "LimitNOFILE" in found.text
