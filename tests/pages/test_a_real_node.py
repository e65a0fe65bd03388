"""A real node with a port for pages: it is ready with it, its log and its database keep secrets, SIGHUP renews it."""

from __future__ import annotations

import json
import re
import shutil
import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from federation import certificates
from tests.end_to_end.one_node import CODE, OneNode
from tests.end_to_end.served_city import run
from tests.pages.library import Library, library

SECRET = "kein-geheimnis-mehr-7391"


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    with library(tmp_path_factory.mktemp("node") / "city") as found:
        yield found


def shown(node: OneNode) -> bytes:
    """The certificate that browsers see, in DER."""
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate(("127.0.0.1", node.tls_port)))


def asked(node: OneNode, method: str, path: str, form: dict[str, str], cookie: str = "") -> tuple[int, str, str]:
    context = ssl.create_default_context(cafile=str(node.city.root / "certs" / "ca.pem"))
    context.check_hostname = False
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
    with closing(HTTPSConnection("127.0.0.1", node.tls_port, timeout=120, context=context)) as line:
        line.request(method, path, urlencode(form) or None, headers)
        answer = line.getresponse()
        return answer.status, answer.getheader("set-cookie") or cookie, answer.read().decode()


def test_a_node_is_ready_when_its_pages_are_open_and_check_knows_their_port_as_its_own(at: Library) -> None:
    with urlopen(f"http://127.0.0.1:{at.node.branch.library.http_port}/readyz", timeout=60) as answer:
        listeners = {each["name"]: each["open"] for each in json.load(answer)["listeners"]}
    assert listeners["web"] is True
    checked = run("check", "--config", str(at.node.config), "--json", "--lang", "en")
    found = {each["name"]: each["text"] for each in json.loads(checked.stdout)["checks"]}
    assert "this library's node" in found[f"port web {at.node.tls_port}"]
    assert "can be used" in found[f"certificate web {at.node.tls_port}"]


def test_neither_log_nor_metrics_nor_database_hold_what_somebody_typed(at: Library) -> None:
    node = at.node
    _, cookie, page = asked(node, "GET", "/sign-in", {})
    token = re.search(r'name="token" value="(\w+)"', page)
    assert token
    form = {"token": token[1], "login": f"wang-{SECRET}", "password": SECRET}
    code, _, _ = asked(node, "POST", "/sign-in", form, cookie.split(";")[0])
    assert code == 422
    with urlopen(f"http://127.0.0.1:{node.branch.library.http_port}/metrics", timeout=60) as answer:
        metrics = answer.read()
    files = [path.read_bytes() for path in Path(node.config.parent).iterdir() if path.is_file()]
    for held in (node.log.read_bytes(), metrics, *files):
        assert SECRET.encode() not in held
        assert at.passwords["wang"].encode() not in held
        assert cookie.split("=", 1)[1].split(";")[0].encode() not in held


def test_a_renewed_certificate_is_shown_after_sighup(at: Library, tmp_path: Path) -> None:
    """The one between the libraries, in the same files, is of another authority then, and stays as it was."""
    node = at.node
    before = shown(node)
    certificates.lay_out(tmp_path, [CODE], datetime.now(UTC), 30)
    for name in (f"{CODE}.pem", f"{CODE}.key"):
        shutil.copy(tmp_path / name, node.city.root / "certs" / name)
    node.read_settings_again("[http]", "[http]")
    assert shown(node) != before
