"""Memory grows with the pupils that are taken, not with the file: ten times the rows, a bounded share a row."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import pytest

from tests.node.lists.sheets import HEADER, number, pupil, write_csv, write_xlsx

FEW, MANY = 1_000, 11_000
BYTES_A_ROW = 3_000
"""Measured with 100,000 rows: about 500 bytes a pupil here and 700 in the reader. The rest is for allocators."""
PROGRAM = """
import resource, sys
from datetime import date
from pathlib import Path
from node.lists.marking import write_marked
from node.lists.reading import read_list

checked = read_list(Path(sys.argv[1]), today=date(2026, 9, 1), known=lambda keys: (), tell=lambda rows: None)
write_marked(checked, Path(sys.argv[1] + ".marked.xlsx"))
peaks = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(len(checked.taken), sum(peaks) * 1024)
"""


def peak_bytes(path: Path, rows: int) -> int:
    """Of a process that reads and marks the list and does nothing else, and of its reader."""
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(path)], capture_output=True, text=True, check=True)
    taken, peak = map(int, done.stdout.split())
    assert taken == rows
    return peak


@pytest.mark.parametrize("write", [write_csv, write_xlsx])
def test_ten_thousand_rows_more_cost_a_bounded_share_each(tmp_path: Path, write: Callable[..., Path]) -> None:
    peaks = []
    for rows in (FEW, MANY):
        pupils = (
            pupil(place % 900, number=number(place % 900, "20150101", f"5001{place // 900:02}"))
            for place in range(rows)
        )
        peaks.append(peak_bytes(write(tmp_path / f"list{rows}", list(chain([HEADER], pupils))), rows))
    assert peaks[1] - peaks[0] < BYTES_A_ROW * (MANY - FEW)
