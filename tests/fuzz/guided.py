"""`python -m tests.fuzz.guided N [FOLDER]`: libFuzzer over framing and codec, guided by coverage; needs atheris.

N inputs; what reaches new code is kept in FOLDER and changed further. `--corpus FOLDER` then writes what is short
and worth keeping to tests/fuzz/corpus/codec.hex.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

KEPT_BYTES = 300
KEPT = 250


def fuzz(count: int, folder: Path) -> None:
    """Ends the process."""
    import atheris

    with atheris.instrument_imports(include=["sip2"]):
        from tests.fuzz.mutation import seeds
        from tests.fuzz.targets import check_codec, check_framing

    def one(data: bytes) -> None:
        check_codec(data)
        check_framing(data)

    folder.mkdir(exist_ok=True)
    for number, known in enumerate(seeds("codec")):
        (folder / f"seed-{number}").write_bytes(known)
    atheris.Setup([sys.argv[0], f"-runs={count}", "-max_len=600", str(folder)], one)
    atheris.Fuzz()


def keep(folder: Path) -> None:
    from tests.fuzz.mutation import CORPUS, corpus

    found = {each.read_bytes() for each in folder.iterdir() if not each.name.startswith("seed-")}
    short = sorted((each for each in found if 2 < len(each) <= KEPT_BYTES), key=lambda each: (len(each), each))
    step = max(1, len(short) // KEPT)
    (CORPUS / "codec.hex").write_text(
        "".join(f"{each.hex()}\n" for each in dict.fromkeys([*corpus("codec"), *short[::step]])), "ascii"
    )


if __name__ == "__main__":
    if sys.argv[1] == "--corpus":
        keep(Path(sys.argv[2]))
    else:
        fuzz(int(sys.argv[1]), Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="tongjie-fuzz-")))
