"""A bare Twisted LineReceiver that sends each line back: the ceiling against which an edge is measured.

`python -m kiosk_sim.echo` prints the port that it listens on, and runs until a signal ends it. The reactor is the
node's, so that the comparison is fair.
"""

from __future__ import annotations

from typing import Any, cast

from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver

from node.__main__ import install_reactor


class Echo(LineReceiver):
    delimiter = b"\r"

    def lineReceived(self, line: bytes) -> None:
        self.sendLine(line)  # type: ignore[no-untyped-call]


def main() -> None:
    install_reactor()
    from twisted.internet import reactor as installed  # noqa: PLC0415, TID251 - just installed

    reactor = cast(Any, installed)
    port = reactor.listenTCP(0, Factory.forProtocol(Echo), interface="127.0.0.1")
    print(port.getHost().port, flush=True)  # noqa: T201 - whoever started it reads the port here
    reactor.run()


if __name__ == "__main__":
    main()
