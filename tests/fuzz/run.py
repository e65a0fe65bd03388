"""`python -m tests.fuzz.run`: the fuzzers, bounded. Everything follows from the seed, so a failure can be replayed.

    --codec N      inputs to framing and codec, mutated from the vectors and the corpus
    --session N    inputs to a session with a whole library behind it
    --seed S       another sequence; a failing input is printed in hex, to be added to tests/fuzz/corpus

`tests.fuzz.guided` is its companion that is guided by coverage.
"""

from __future__ import annotations

import argparse
import random
import sys
import time

from tests.fuzz.mutation import mutated, seeds

SESSIONS_A_BRANCH = 500
LOGINS = ("sc", "sc", "sc", "bin", "staff", "gate", "nobody", "gb18030", "cp850", "koha", "jsip2", "sorter", "strict")


def fuzz_codec(count: int, seed: int) -> None:
    from tests.fuzz.targets import check_codec, check_framing

    rng, known = random.Random(seed), seeds("codec")
    for number in range(count):
        data = mutated(rng, known)
        try:
            check_codec(data)
            if number % 10 == 0:
                check_framing(data)
        except Exception:
            sys.stderr.write(f"codec, input {number} of seed {seed}: {data.hex()}\n")
            raise


def session_input(rng: random.Random, known: list[bytes], others: list[bytes]) -> bytes:
    """A few requests, most of them sound enough to reach the books."""
    parts = []
    for _ in range(rng.randrange(1, 8)):
        kind = rng.random()
        if kind < 0.4:
            parts.append(rng.choice(known).rstrip(b"\r"))
        else:
            parts.append(mutated(rng, known if kind < 0.85 else others))
        if rng.random() < 0.15:
            parts.append(parts[-1])
    return b"".join(part + rng.choice((b"\r", b"\r", b"\r\n", b"\n")) for part in parts)


def fuzz_session(count: int, seed: int) -> int:
    """The number of answers that were checked."""
    from tests.fuzz.targets import Branch

    rng, others, answers = random.Random(seed), seeds("session"), 0
    for number in range(count):
        if number % SESSIONS_A_BRANCH == 0:
            branch = Branch()
            known = branch.known_inputs()
        stream = session_input(rng, known, others)
        login = rng.choice(LOGINS)
        try:
            answers += branch.check_session(stream, login, rng)
        except Exception:
            sys.stderr.write(f"session, input {number} of seed {seed}, as {login}: {stream.hex()}\n")
            raise
        if number % SESSIONS_A_BRANCH == SESSIONS_A_BRANCH - 1:
            branch.city.check()
    return answers


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.fuzz.run")
    options.add_argument("--codec", type=int, default=0)
    options.add_argument("--session", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    began = time.monotonic()
    if chosen.codec:
        fuzz_codec(chosen.codec, chosen.seed)
        print(f"codec: {chosen.codec} inputs, nothing found, {time.monotonic() - began:.0f} s")
    if chosen.session:
        answers = fuzz_session(chosen.session, chosen.seed)
        print(f"session: {chosen.session} inputs, {answers} answers, nothing found, {time.monotonic() - began:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
