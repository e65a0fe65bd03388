"""One host that floods: connect, a wrong 93, close, again and again. A process of its own, so that it has a processor.

`python -m kiosk_sim.attack.flood PORT SECONDS LOGIN ...` prints how many it made. Loopback only.
"""

from __future__ import annotations

import socket
import sys
import time
from typing import Final

from kiosk_sim.attack.devices import login

FROM: Final = "127.9.9.9"
A_SECOND: Final = 570.0
"""4,000 in 7 s."""
LINGER: Final = 0.002


def flood(port: int, seconds: float, logins: list[str]) -> int:
    began_s, made = time.perf_counter(), 0
    while (passed_s := time.perf_counter() - began_s) < seconds:
        if made > passed_s * A_SECOND:
            time.sleep(LINGER)
            continue
        with socket.socket() as line:
            line.settimeout(5.0)
            line.bind((FROM, 0))
            try:
                line.connect(("127.0.0.1", port))
                line.sendall(login(logins[made % len(logins)], "wrong"))
            except OSError:
                continue
        made += 1
    return made


if __name__ == "__main__":
    sys.stdout.write(f"{flood(int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:])}\n")
