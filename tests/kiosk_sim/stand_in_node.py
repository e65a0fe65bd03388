"""A stand-in for a node in the tests of process supervision: answers /readyz on its HTTP port, ends on SIGTERM.

Started as `python stand_in_node.py MODE --config FILE [--now INSTANT]`; MODE is ready, deaf, broken or stubborn.
"""

import http.server
import signal
import sys
import tomllib
from pathlib import Path


class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/readyz" else 404)
        self.end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Nothing: the log is for what the test looks for."""


def main(mode: str, *arguments: str) -> None:
    print("started with", *arguments, flush=True)
    if mode == "broken":
        sys.exit("the settings are wrong")
    signal.signal(signal.SIGTERM, signal.SIG_IGN if mode == "stubborn" else lambda *_: sys.exit(0))
    settings = tomllib.loads(Path(arguments[1]).read_text(encoding="utf-8"))
    if mode == "deaf":
        signal.pause()
    host, _, port = settings["http"]["listen"].partition(":")
    http.server.HTTPServer((host, int(port)), Ready).serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
