"""The lock files: `--write` makes them from pyproject.toml, `--check` says where they differ from it.

requirements.lock has what a node needs, requirements-dev.lock what its developers need too, in the same versions. Both
have the hashes of every file of a version, so that they hold on each platform, and name no package index. The check
needs no network: every requirement has its line, every line its hashes, and nothing is left over.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

ROOT: Final = Path(__file__).resolve().parent.parent
NODE, DEV = "requirements.lock", "requirements-dev.lock"
EXTRAS: Final = {NODE: ("build",), DEV: ("build", "dev")}
OPTIONS: Final = (
    *("--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--quiet"),
)
HEAD: Final = "# Written by `make lock`. Do not edit.\n"

_PINNED: Final = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?P<rest>.*)$")
_HASH: Final = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")
_OURS: Final = "tongjie (pyproject.toml)"


def wanted(pyproject: dict[str, Any], extras: tuple[str, ...]) -> list[Requirement]:
    """What pyproject.toml asks for."""
    project = pyproject["project"]
    lines = [*project["dependencies"], *(line for extra in extras for line in project["optional-dependencies"][extra])]
    return [Requirement(line) for line in lines]


def pinned(lock: str) -> dict[str, tuple[str, int, bool]]:
    """Of each package: its version, how many hashes it has, and whether we ask for it ourselves."""
    found: dict[str, tuple[str, int, bool]] = {}
    name: NormalizedName | None = None
    for line in lock.splitlines():
        if match := _PINNED.match(line):
            name = canonicalize_name(match["name"])
            found[name] = (match["version"], 0, False)
        elif name and _HASH.match(line):
            version, hashes, ours = found[name]
            found[name] = (version, hashes + 1, ours)
        elif _OURS in line and name:
            version, hashes, _ = found[name]
            found[name] = (version, hashes, True)
    return found


def problems(pyproject: dict[str, Any], locks: dict[str, str]) -> list[str]:
    """Where they differ, one sentence each."""
    found = []
    for file, lock in locks.items():
        asked = {canonicalize_name(each.name): each for each in wanted(pyproject, EXTRAS[file])}
        has = pinned(lock)
        for name, requirement in asked.items():
            if name not in has:
                found.append(f"{file}: {name} is missing")
            elif not requirement.specifier.contains(has[name][0], prereleases=True):
                found.append(f"{file}: {name}=={has[name][0]} is not {requirement.specifier}")
        for known, (_, hashes, ours) in has.items():
            if not hashes:
                found.append(f"{file}: {known} has no hash")
            if ours and known not in asked:
                found.append(f"{file}: nobody asks for {known} any more")
        if re.search(r"://|--(extra-)?index-url|--find-links", lock):
            found.append(f"{file}: names an index or an address")
    node, dev = pinned(locks[NODE]), pinned(locks[DEV])
    found += [f"{name} differs between the two" for name in node if node[name][:2] != dev.get(name, ("", 0))[:2]]
    if Requirement(pyproject["build-system"]["requires"][0]) not in wanted(pyproject, ("build",)):
        found.append("pyproject.toml: the extra `build` is not what [build-system] requires")
    return found


def write() -> None:
    """Errors: CalledProcessError."""
    uv = Path(sys.executable).with_name("uv")
    for file, extras in EXTRAS.items():
        more = [option for extra in extras for option in ("--extra", extra)]
        if file == DEV:
            more += ["--constraint", NODE]
        subprocess.run(
            [uv, "pip", "compile", "pyproject.toml", *more, *OPTIONS, "--upgrade", "-o", file], cwd=ROOT, check=True
        )
        path = ROOT / file
        path.write_text(HEAD + path.read_text("utf-8"), "utf-8")


def check() -> list[str]:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    return problems(pyproject, {file: (ROOT / file).read_text("utf-8") for file in EXTRAS})


def main(arguments: list[str]) -> int:
    if arguments == ["--write"]:
        write()
    found = check()
    for each in found:
        print(f"{each}; run `make lock`")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
