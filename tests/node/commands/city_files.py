"""The settings of a small city on the disk: CQBB, its neighbour CQSPB, and their certificates."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from federation.certificates import lay_out

FEDERATION = """\
[[group]]
code = "central"
name = "中心城区"

[[library]]
code = "CQBB"
name = "北碚图书馆"
group = "central"
card_prefixes = ["235002"]
item_prefixes = ["CQBB"]
federation = "127.0.0.1:{own_port}"

[[library]]
code = "CQSPB"
name = "沙坪坝区图书馆"
group = "central"
card_prefixes = ["235001"]
item_prefixes = ["CQSPB"]
federation = "127.0.0.1:{peer_port}"

[[rule]]
category = "pupil"
item_type = "*"
from = 2023-09-01

[[rule]]
category = "teacher"
item_type = "*"
from = 2023-09-01
max_loans = 12
max_foreign_loans = 5
"""

NODE = """\
library = "CQBB"
database = "sqlite:///node.db"
federation_file = "federation.toml"
[sip2]
[[sip2.listener]]
host = "127.0.0.1"
port = {sip2_port}
[federation]
listen = "127.0.0.1:{own_port}"
certificate = "certs/CQBB.pem"
key = "certs/CQBB.key"
ca = "certs/ca.pem"
[http]
listen = "127.0.0.1:{http_port}"
"""


@dataclass(frozen=True)
class Files:
    """`config` is the node.toml of CQBB; the ports are free ones."""

    folder: Path
    sip2_port: int
    own_port: int
    http_port: int
    peer_port: int

    @property
    def config(self) -> Path:
        return self.folder / "node.toml"

    @property
    def database(self) -> Path:
        return self.folder / "node.db"

    @property
    def certs(self) -> Path:
        return self.folder / "certs"


def city_files(folder: Path, now: datetime | None = None) -> Files:
    files = Files(folder, *free_ports(4))
    ports = {name: getattr(files, name) for name in ("sip2_port", "own_port", "http_port", "peer_port")}
    (folder / "federation.toml").write_text(FEDERATION.format(**ports), "utf-8")
    files.config.write_text(NODE.format(**ports), "utf-8")
    lay_out(files.certs, ["CQBB", "CQSPB"], now or datetime.now(UTC))
    return files


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
