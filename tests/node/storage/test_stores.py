"""What every store promises: one contract, run over both; then what only the group commit has."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import Clock

from node.storage.opening import prepare_database
from node.storage.sqlite import BUSY_LIMIT_S, BUSY_RETRY_S, MAX_WAITING, PROBE_EVERY_S, GroupCommitStore
from node.storage.statements import Statement
from node.storage.store import StoreUnavailable, Tx
from tests.node.storage.stores import (
    Bench,
    GroupBench,
    InlineBench,
    Watch,
    add,
    add_and_fail,
    names,
    outcome,
    seen_from_outside,
)
from tests.reactors import the_reactor


@pytest.fixture
def path(tmp_path: Path) -> Path:
    prepare_database(tmp_path / "node.db")
    return tmp_path / "node.db"


@pytest.fixture(params=[GroupBench, InlineBench])
def bench(request: pytest.FixtureRequest, path: Path) -> Iterator[Bench]:
    made: Bench = request.param(path)
    yield made
    made.close()


@pytest.fixture
def group(path: Path) -> Iterator[GroupBench]:
    made = GroupBench(path)
    yield made
    made.close()


@pytest.fixture
def other(path: Path) -> Iterator[sqlite3.Connection]:
    """Another process that writes."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=0)
    yield connection
    connection.close()


# --- the contract --------------------------------------------------------------------------------------------


def test_a_result_comes_with_the_work_durable(bench: Bench) -> None:
    done = bench.store.run(add("a"), "test")
    bench.turn()
    assert outcome(done) == "a"
    assert seen_from_outside(bench.path) == ["a"]


def test_an_exception_of_a_unit_reaches_its_caller_and_undoes_its_work(bench: Bench) -> None:
    done = bench.store.run(add_and_fail("a", LookupError("mine")), "test")
    bench.turn()
    assert isinstance(outcome(done), LookupError)
    assert seen_from_outside(bench.path) == []


def test_an_exception_of_one_unit_leaves_the_others_alone(bench: Bench) -> None:
    works = [add("a"), add_and_fail("b", ValueError("mine")), add("c"), add("a"), add("d")]
    deferreds = [bench.store.run(work, "test") for work in works]
    bench.turn()
    assert [type(outcome(each)).__name__ for each in deferreds] == ["str", "ValueError", "str", "IntegrityError", "str"]
    assert seen_from_outside(bench.path) == ["a", "c", "d"]


def test_a_unit_that_breaks_a_statement_fails_alone(bench: Bench) -> None:
    def broken(tx: Tx) -> None:
        add("b")(tx)
        tx.run(names_of_nothing)

    names_of_nothing = Statement("SELECT * FROM nowhere")
    deferreds = [bench.store.run(work, "test") for work in (add("a"), broken, add("c"))]
    bench.turn()
    assert isinstance(outcome(deferreds[1]), sqlite3.OperationalError)
    assert seen_from_outside(bench.path) == ["a", "c"]


def test_a_unit_sees_the_units_before_it(bench: Bench) -> None:
    bench.store.run(add("a"), "test")
    seen = bench.store.run(names, "test")
    bench.turn()
    assert outcome(seen) == ["a"]


def test_a_read_sees_the_last_commit(bench: Bench) -> None:
    bench.store.run(add("a"), "test")
    bench.turn()
    assert outcome(bench.store.read(names)) == ["a"]


def test_a_database_locked_by_another_process_is_a_clear_error_and_keeps_nothing(
    bench: Bench, other: sqlite3.Connection
) -> None:
    other.execute("BEGIN IMMEDIATE")
    done = bench.store.run(add("a"), "test")
    bench.turn()
    if isinstance(bench, GroupBench):
        for _ in range(int(BUSY_LIMIT_S / BUSY_RETRY_S) + 2):
            bench.clock.advance(BUSY_RETRY_S)
    error = outcome(done)
    assert isinstance(error, StoreUnavailable)
    assert "locked" in str(error)
    other.execute("COMMIT")
    assert seen_from_outside(bench.path) == []


def test_a_database_that_can_only_be_read_is_a_clear_error_and_can_still_be_read(bench: Bench) -> None:
    bench.store.run(add("a"), "test")
    bench.turn()
    made_read_only(bench)
    done = bench.store.run(add("b"), "test")
    bench.turn()
    assert isinstance(outcome(done), StoreUnavailable)
    assert outcome(bench.store.read(names)) == ["a"]


def made_read_only(bench: Bench) -> None:
    connection = bench.group_store._writer if isinstance(bench, GroupBench) else bench.connection  # type: ignore[attr-defined]
    connection.execute("PRAGMA query_only=ON")


def test_work_goes_on_after_an_error(bench: Bench) -> None:
    made_read_only(bench)
    bench.store.run(add("a"), "test").addErrback(lambda _: None)
    bench.turn()
    connection = bench.group_store._writer if isinstance(bench, GroupBench) else bench.connection  # type: ignore[attr-defined]
    connection.execute("PRAGMA query_only=OFF")
    done = bench.store.run(add("b"), "test")
    bench.turn()
    assert outcome(done) == "b"
    assert seen_from_outside(bench.path) == ["b"]


# --- the group commit ----------------------------------------------------------------------------------------


def test_nothing_is_answered_before_the_commit(group: GroupBench) -> None:
    group.commits.hold = True
    done = group.store.run(add("a"), "test")
    group.turn()
    assert outcome(done) is None
    assert seen_from_outside(group.path) == []
    group.commits.let_go()
    assert outcome(done) == "a"
    assert seen_from_outside(group.path) == ["a"]


def test_even_a_failure_is_answered_after_the_commit_of_its_group(group: GroupBench) -> None:
    group.commits.hold = True
    good = group.store.run(add("a"), "test")
    bad = group.store.run(add_and_fail("b", ValueError("mine")), "test")
    group.turn()
    assert (outcome(good), outcome(bad)) == (None, None)
    group.commits.let_go()
    assert outcome(good) == "a"
    assert isinstance(outcome(bad), ValueError)


def test_whatever_waits_is_committed_at_once(group: GroupBench) -> None:
    deferreds: list[Deferred[Any]] = [group.store.run(add(f"{n:03d}"), "many") for n in range(100)]
    group.turn()
    assert group.watch.groups == [100]
    assert group.watch.works == ["many"] * 100
    assert [outcome(each) for each in deferreds] == [f"{n:03d}" for n in range(100)]


def test_what_comes_during_a_commit_makes_the_next_group(group: GroupBench) -> None:
    group.commits.hold = True
    group.store.run(add("a"), "test")
    group.turn()
    late = [group.store.run(add(name), "test") for name in ("b", "c")]
    group.commits.let_go()
    group.turn()
    group.commits.let_go()
    assert group.watch.groups == [1, 2]
    assert [outcome(each) for each in late] == ["b", "c"]


def test_a_group_has_a_limit(path: Path) -> None:
    group = GroupBench(path, max_group=10)
    for n in range(25):
        group.store.run(add(f"{n:03d}"), "test")
    group.turn()
    group.close()
    assert group.watch.groups == [10, 10, 5]


def test_a_commit_that_fails_is_no_answer_and_keeps_nothing(group: GroupBench) -> None:
    group.commits.fail_with = sqlite3.OperationalError("disk I/O error")
    deferreds: list[Deferred[Any]] = [group.store.run(add(name), "test") for name in ("a", "b")]
    group.turn()
    assert [type(outcome(each)) for each in deferreds] == [StoreUnavailable, StoreUnavailable]
    assert not group.group_store.writable
    group.commits.fail_with = None
    again = group.store.run(add("c"), "test")
    group.turn()
    assert outcome(again) == "c"
    assert seen_from_outside(group.path) == ["c"]


def test_after_a_refused_write_the_store_is_in_doubt_until_a_probe_was_written(group: GroupBench) -> None:
    group.commits.fail_with = sqlite3.OperationalError("disk I/O error")
    group.store.run(add("a"), "test").addErrback(lambda _: None)
    group.turn()
    for _ in range(30):
        group.clock.advance(PROBE_EVERY_S)
        group.turn()
        assert not group.group_store.writable
    group.commits.fail_with = None
    group.store.run(lambda _tx: None, "nothing")  # a commit without changes succeeds even on a full disk
    group.turn()
    assert not group.group_store.writable
    group.clock.advance(PROBE_EVERY_S)
    group.turn()
    assert group.group_store.writable
    assert seen_from_outside(group.path) == []  # the probe leaves nothing behind


def test_a_store_that_is_closed_in_doubt_probes_no_more(group: GroupBench) -> None:
    group.commits.fail_with = sqlite3.OperationalError("disk I/O error")
    group.store.run(add("a"), "test").addErrback(lambda _: None)
    group.turn()
    group.group_store.close()
    assert group.clock.getDelayedCalls() == []


def test_a_full_disk_in_one_unit_is_an_error_of_the_store_not_of_the_unit(group: GroupBench) -> None:
    pages = group.group_store._writer.execute("PRAGMA page_count").fetchone()[0]
    group.group_store._writer.execute(f"PRAGMA max_page_count={pages}")

    def large(tx: Tx) -> None:
        for n in range(5_000):
            add(f"{n:0200d}")(tx)

    deferreds: list[Deferred[Any]] = [group.store.run(add("a"), "test"), group.store.run(large, "test")]
    group.turn()
    assert [type(outcome(each)) for each in deferreds] == [StoreUnavailable, StoreUnavailable]
    assert seen_from_outside(group.path) == []


def test_another_process_that_writes_is_waited_for_without_stalling_the_reactor(
    group: GroupBench, other: sqlite3.Connection
) -> None:
    other.execute("BEGIN IMMEDIATE")
    done = group.store.run(add("a"), "test")
    group.turn()
    group.clock.advance(BUSY_RETRY_S)
    assert outcome(done) is None
    other.execute("COMMIT")
    group.clock.advance(BUSY_RETRY_S)
    assert outcome(done) == "a"


def test_a_failing_unit_alone_needs_no_lock_that_another_process_may_have_taken(
    group: GroupBench, other: sqlite3.Connection
) -> None:
    def failing(tx: Tx) -> None:
        raise LookupError("mine")

    group.commits.hold = True
    done = group.store.run(failing, "test")
    group.turn()
    other.execute("BEGIN IMMEDIATE")
    group.commits.let_go()
    other.execute("ROLLBACK")
    assert isinstance(outcome(done), LookupError)


def test_a_closed_database_fails_what_waits_instead_of_leaving_it(path: Path) -> None:
    group = GroupBench(path)
    done = group.store.run(add("a"), "test")
    group.close()
    group.turn()
    assert isinstance(outcome(done), StoreUnavailable)


def test_a_queue_without_end_is_refused(path: Path) -> None:
    group = GroupBench(path)
    waiting = [group.store.run(add(str(n)), "test") for n in range(MAX_WAITING)]
    assert isinstance(outcome(group.store.run(add("one more"), "test")), StoreUnavailable)
    group.turn()
    group.close()
    assert all(outcome(each) is not None for each in waiting)


def test_idle_fires_when_nothing_waits_and_nothing_is_committed(group: GroupBench) -> None:
    fired: list[bool] = []
    group.group_store.idle().addCallback(lambda _: fired.append(True))
    assert fired == [True]
    group.commits.hold = True
    group.store.run(add("a"), "test")
    group.group_store.idle().addCallback(lambda _: fired.append(True))
    group.turn()
    assert fired == [True]
    group.commits.let_go()
    assert fired == [True, True]


@pytest_twisted.ensureDeferred
async def test_with_real_threads_every_answer_is_on_the_disk(path: Path) -> None:
    from twisted.internet.threads import deferToThread

    store = GroupCommitStore(path, the_reactor(), deferToThread, Watch())
    rows: list[Deferred[str]] = [store.run(add(f"{n:03d}"), "test") for n in range(200)]
    for name in await gatherResults(rows[:10]):
        assert name in seen_from_outside(path)
    await gatherResults(rows)
    await store.idle()
    store.close()
    assert len(seen_from_outside(path)) == 200


def test_the_timers_are_those_passed_in(path: Path) -> None:
    clock, watch = Clock(), Watch()
    group = GroupBench(path)
    store = GroupCommitStore(path, clock, group.commits, watch)
    done = store.run(add("a"), "test")
    assert outcome(done) is None
    clock.advance(0)
    assert outcome(done) == "a"
    store.close()
    group.close()
