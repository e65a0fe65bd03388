"""The story of the demo, told by real processes over real sockets: `tongjie demo --once`."""

from __future__ import annotations

import json
from pathlib import Path

from tests.end_to_end.served_city import free_base_port, run


def test_the_story_of_the_default_city_goes_as_it_must(tmp_path: Path) -> None:
    port = str(free_base_port())
    told = run("demo", "--once", "--json", "--dir", str(tmp_path / "city"), "--base-port", port, within_s=600)
    assert told.returncode == 0, told.stdout[-4000:] + told.stderr[-4000:]
    lines = [json.loads(line) for line in told.stdout.splitlines() if line.startswith("{")]
    steps = [each for each in lines if "ok" in each]
    assert len(steps) > 20
    assert all(step["ok"] for step in steps)
