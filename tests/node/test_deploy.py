"""The files in deploy/: the examples load, every setting in them is real, and all speak of the same files and ports."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from federation.certificates import lay_out
from node.commands.checks import certificate_checks
from node.settings.library import load_node_settings

ROOT = Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
SWITCHED_OFF = re.compile(r"^#(?=[a-z_]+ = |\[)", re.MULTILINE)


def text(name: str) -> str:
    return (DEPLOY / name).read_text("utf-8")


@pytest.fixture
def laid_out(tmp_path: Path) -> Path:
    """A folder as the comments in deploy/ tell one to make it for CQBB."""
    lay_out(tmp_path / "certs", ["CQSPB", "CQBB"], NOW)
    for name in ("CQBB.pem", "CQBB.key", "ca.pem"):
        shutil.copy(tmp_path / "certs" / name, tmp_path)
    for name in ("node.toml", "federation.toml"):
        shutil.copy(DEPLOY / name, tmp_path)
    return tmp_path


def test_the_examples_load_and_name_the_files_that_init_makes(laid_out: Path) -> None:
    settings = load_node_settings(laid_out / "node.toml")
    assert [each.state for each in certificate_checks(settings, NOW)] == ["ok"]


def test_every_setting_that_is_commented_out_is_real_too(laid_out: Path) -> None:
    for name in ("node.toml", "federation.toml"):
        content, count = SWITCHED_OFF.subn("", text(name))
        assert count > 5
        (laid_out / name).write_text(content, "utf-8")
    load_node_settings(laid_out / "node.toml")


def test_the_example_works_for_the_other_library_with_its_code_in_place(laid_out: Path) -> None:
    (laid_out / "node.toml").write_text(text("node.toml").replace("CQBB", "CQSPB"), "utf-8")
    assert load_node_settings(laid_out / "node.toml").library_name == "沙坪坝区图书馆"


def test_the_rules_that_are_commented_out_show_the_defaults(laid_out: Path) -> None:
    before = load_node_settings(laid_out / "node.toml")
    content = SWITCHED_OFF.sub("", text("federation.toml"))
    (laid_out / "federation.toml").write_text(content, "utf-8")
    after = load_node_settings(laid_out / "node.toml")
    assert after.city.rule_book == before.city.rule_book
    assert after.city.gate_grace_s == before.city.gate_grace_s


def test_the_unit_hands_over_exactly_the_files_that_the_examples_name(laid_out: Path) -> None:
    handed = dict(re.findall(r"^LoadCredential=(\S+):/etc/tongjie/(\S+)$", text("tongjie.service"), re.MULTILINE))
    own = load_node_settings(laid_out / "node.toml").federation
    assert all(name == source for name, source in handed.items())
    assert set(handed) == {"node.toml", "federation.toml", *(each.name for each in (own.certificate, own.key, own.ca))}


def test_ports_and_hosts_are_those_of_the_image_and_of_the_compose_file(laid_out: Path) -> None:
    settings = load_node_settings(laid_out / "node.toml")
    ports = [settings.sip2.listeners[0].port, settings.federation.listen.port, settings.http.listen.port]
    assert f"EXPOSE {' '.join(map(str, ports))}" in (ROOT / "Dockerfile").read_text("utf-8")
    compose = text("compose.yaml")
    for entry in settings.city.directory.libraries:
        assert f"\n  {entry.host}:\n" in compose
        assert f"./{entry.code}:/etc/tongjie:ro" in compose
        assert entry.port == settings.federation.listen.port
    assert set(re.findall(r":(\d+)\"$", compose, re.MULTILINE)) == {str(ports[0]), str(ports[2])}


# --- limits of the container -----------------------------------------------------------------------------------


def test_plain_sip2_and_the_page_are_published_on_no_address_of_everyone() -> None:
    published = re.findall(r'^ +- "(.*):\d+:\d+"$', text("compose.yaml"), re.MULTILINE)
    assert len(published) == 4
    assert set(published) == {"${SIP2_ADDRESS:-127.0.0.1}", "127.0.0.1"}


def test_a_container_has_the_limits_of_the_unit_and_no_rights_to_spare() -> None:
    compose, unit = text("compose.yaml"), text("tongjie.service")
    for line in ("read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]'):
        assert f"\n  {line}\n" in compose
    for line, same in (("mem_limit: 1g", "MemoryMax=1G"), ("pids_limit: 256", "TasksMax=256")):
        assert f"\n  {line}\n" in compose
        assert f"\n{same}\n" in unit


def test_the_image_is_made_of_one_base_and_of_what_the_lock_file_names() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text("utf-8")
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["${PYTHON}"] * 2
    (base,) = re.findall(r"^ARG PYTHON=(.*)$", dockerfile, re.MULTILINE)
    assert re.fullmatch(r"python:3\.11-slim-bookworm(@sha256:[0-9a-f]{64})?", base)
    installs = re.findall(r"pip install (.*?)(?: \\)?$", dockerfile, re.MULTILINE)
    assert all("--require-hashes" in each or "--no-deps" in each for each in installs)
    assert "!requirements.lock" in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
