"""`[[web.listener]]`: who may be reached how, said with file, line and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.settings.library import NodeSettings, SettingsError, load_node_settings
from tests.node.commands.city_files import Files, city_files

TLS = 'certificate = "web.pem"\nkey = "web.key"\n'
STAFF = 'audience = ["staff"]\n'


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return city_files(tmp_path)


def loaded(files: Files, *listeners: str, web: str = "") -> NodeSettings:
    tables = "".join(f"[[web.listener]]\n{each}" for each in listeners)
    files.config.write_text(f"{files.config.read_text('utf-8')}\n{web}\n{tables}", "utf-8")
    return load_node_settings(files.config)


def refused(files: Files, *listeners: str, web: str = "") -> str:
    with pytest.raises(SettingsError) as caught:
        loaded(files, *listeners, web=web)
    return str(caught.value)


def test_without_a_listener_there_are_no_pages(files: Files) -> None:
    assert loaded(files).web.listeners == ()


@pytest.mark.parametrize(
    "how",
    [
        'host = "127.0.0.1"\n',
        'host = "::1"\n',
        'host = "localhost"\n',
        "",
        f'host = "0.0.0.0"\n{TLS}',
        'host = "0.0.0.0"\nproxy_from = ["10.0.0.5"]\n',
        f'host = "0.0.0.0"\nproxy_from = ["10.0.0.0/28"]\n{TLS}',
    ],
)
def test_pages_are_served_over_tls_or_behind_a_named_proxy_or_on_this_machine_alone(files: Files, how: str) -> None:
    assert len(loaded(files, f"{how}port = 8443\n{STAFF}").web.listeners) == 1


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "library.example"])
def test_plain_pages_for_others_are_refused(files: Files, host: str) -> None:
    said = refused(files, f'host = "{host}"\nport = 8443\n{STAFF}')
    assert "web.listener" in said
    assert "over TLS only" in said


@pytest.mark.parametrize(("line", "missing"), [('certificate = "a"\n', "key"), ('key = "a"\n', "certificate")])
def test_a_certificate_and_its_key_come_together(files: Files, line: str, missing: str) -> None:
    said = refused(files, f"port = 8443\n{line}{STAFF}")
    assert f"{missing}: missing" in said


@pytest.mark.parametrize(
    ("audience", "said"),
    [
        ('["staff", "school"]', "a port of their own"),
        ('["staff", "reader"]', "a port of their own"),
        ("[]", "add one"),
        ('["everybody"]', "is not possible"),
        ('"staff"', "tuple"),
    ],
)
def test_the_staffs_door_is_apart_from_the_streets(files: Files, audience: str, said: str) -> None:
    assert said in refused(files, f"port = 8443\naudience = {audience}\n")


def test_both_doors_may_be_open_on_ports_of_their_own(files: Files) -> None:
    street = f'host = "0.0.0.0"\nport = 443\n{TLS}audience = ["school", "reader"]\n'
    found = loaded(files, f"port = 8443\n{STAFF}", street).web.listeners
    assert [each.audience for each in found] == [("staff",), ("school", "reader")]


def test_a_port_is_used_once(files: Files) -> None:
    assert "used twice" in refused(files, f"port = 8443\n{STAFF}", f"port = 8443\n{STAFF}")
    assert "used twice" in refused(files, f"port = {files.http_port}\n{STAFF}")


def test_a_session_lasts_as_long_as_it_may_be_idle(files: Files) -> None:
    assert "session_max_s" in refused(files, web="[web]\nidle_timeout_s = 3600\nsession_max_s = 1800\n")


def test_a_proxy_is_an_address_or_a_network(files: Files) -> None:
    assert "is no address" in refused(files, f'port = 8443\nproxy_from = ["nginx"]\n{STAFF}')
