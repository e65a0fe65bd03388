"""Compile `proto/federation/v1/*.proto` into `federation/v1/*_pb2.py` and `.pyi`, which are committed.

    python proto/compile.py           writes what is generated
    python proto/compile.py --check   writes nothing; exit status 1 if the committed files are stale

The folder `proto/` is no package: an `__init__.py` would shadow a well-known one.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "proto"
GENERATED = Path("federation/v1")


def generate(target: Path) -> None:
    """Write the generated modules below `target`, which stands for the repository's root."""
    sources = sorted(str(path.relative_to(SOURCE)) for path in SOURCE.glob("federation/v1/*.proto"))
    outputs = [f"--python_out={target}", f"--pyi_out={target}"]
    status = protoc.main(["protoc", f"-I{SOURCE}", *outputs, *sources])
    if status != 0:
        raise SystemExit(status)


def contents(root: Path) -> dict[str, bytes]:
    """The generated files below `root`, by name."""
    return {path.name: path.read_bytes() for path in sorted((root / GENERATED).glob("*_pb2.py*"))}


def stale() -> dict[str, bytes | None]:
    """Generated files that are missing, different or left over: name -> what it should hold (None: nothing)."""
    with tempfile.TemporaryDirectory() as folder:
        generate(Path(folder))
        fresh, committed = contents(Path(folder)), contents(ROOT)
    names = sorted(fresh.keys() | committed.keys())
    return {name: fresh.get(name) for name in names if fresh.get(name) != committed.get(name)}


def write(files: dict[str, bytes | None]) -> None:
    """Make the committed files so."""
    for name, content in files.items():
        path = ROOT / GENERATED / name
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)


def main(arguments: list[str]) -> int:
    """Exit status: 0 if all is fresh or was written, 1 if stale, 2 for a wrong argument."""
    if arguments == []:
        write(stale())
        return 0
    if arguments == ["--check"]:
        names = stale()
        for name in names:
            print(f"stale: {GENERATED / name} (run: python proto/compile.py)")
        return 1 if names else 0
    print(__doc__)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
