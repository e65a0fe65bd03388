"""Sessions end when they must; guesses are slowed where they are made, and nobody else pays for them."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from node.domain.accounts import Role
from node.service.office.guesses import CODES, PASSWORDS, Guesses, Place
from node.service.office.signing_in import Entered, SignInRefusal, Visitor
from node.storage.office import accounts as rows
from tests.node.office.offices import CHOSEN, LIMITS, Bench, now, visitor

WRONG = "wrong wrong wrong"


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.add_ready("wang", Role.DESK)
    return bench


def enter(bench: Bench, password: str = CHOSEN, place: Visitor | None = None, login: str = "wang") -> object:
    return now(bench.office.sign_in.enter(login, password, place or visitor()))


def token_of(bench: Bench) -> str:
    done = enter(bench)
    assert isinstance(done, Entered)
    return done.token


def is_open(bench: Bench, token: str, *doors: str) -> bool:
    return now(bench.office.sessions.guest(token, doors or ("staff",))) is not None


# --- sessions ------------------------------------------------------------------------------------------------


def test_a_session_ends_when_it_is_idle_and_a_click_keeps_it(bench: Bench) -> None:
    token = token_of(bench)
    for _ in range(5):
        bench.pass_s(LIMITS.idle_s - 61)
        assert is_open(bench, token)
    bench.pass_s(LIMITS.idle_s)
    assert not is_open(bench, token)


def test_a_session_ends_in_any_case_after_its_longest_time(bench: Bench) -> None:
    token = token_of(bench)
    for _ in range(LIMITS.longest_s // 600 - 1):
        bench.pass_s(600)
        assert is_open(bench, token)
    bench.pass_s(600)
    assert not is_open(bench, token)


def test_the_database_holds_no_token_and_no_password(bench: Bench) -> None:
    token = token_of(bench)
    text = "\n".join(bench.store.connection.iterdump())
    assert token not in text
    assert "web_session" in text


@pytest.mark.parametrize("token", ["", "x", "é" * 20, "a" * 5000, "' OR 1=1", "\ud800"])
def test_a_token_of_nobody_opens_nothing(bench: Bench, token: str) -> None:
    assert not is_open(bench, token)


def test_a_session_of_a_disabled_account_opens_nothing_even_if_its_row_is_there(bench: Bench) -> None:
    token = token_of(bench)
    row = bench.done(lambda tx: rows.find_by_login(tx, "wang"))
    assert row is not None
    bench.done(lambda tx: rows.change(tx, row._replace(disabled_at_ms=1)))
    assert not is_open(bench, token)


def test_an_account_has_few_sessions_and_a_new_one_ends_the_oldest(bench: Bench) -> None:
    tokens = []
    for _ in range(10):
        tokens.append(token_of(bench))
        bench.pass_s(1)
    assert [is_open(bench, token) for token in tokens] == [False] * 2 + [True] * 8


def test_ended_sessions_and_old_forms_are_swept(bench: Bench) -> None:
    token_of(bench)
    bench.done(lambda tx: rows.add_done(tx, rows.DoneRow("a" * 32, "staff-1", "closed", bench.wall_ms())))
    bench.pass_s(8 * 86_400)
    kept = token_of(bench)
    now(bench.office.sessions.sweep())
    counts = [
        bench.store.connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("web_session", "web_op")
    ]
    assert counts == [1, 0]
    assert is_open(bench, kept)


def test_a_page_that_is_only_read_is_written_once_a_minute(bench: Bench) -> None:
    token = token_of(bench)
    before = bench.store.connection.total_changes
    for _ in range(10):
        bench.pass_s(5)
        assert is_open(bench, token)
    assert bench.store.connection.total_changes == before
    bench.pass_s(20)
    assert is_open(bench, token)
    assert bench.store.connection.total_changes == before + 1


# --- guesses -------------------------------------------------------------------------------------------------


def test_a_guesser_has_to_wait_and_is_not_even_checked(bench: Bench) -> None:
    answers = [enter(bench, WRONG) for _ in range(8)]
    assert answers == [SignInRefusal.WRONG] * 6 + [SignInRefusal.WAIT] * 2
    assert bench.secrets.checked == 6
    assert enter(bench) == SignInRefusal.WAIT
    bench.pass_s(20)
    assert isinstance(enter(bench), Entered)


def test_the_owner_elsewhere_does_not_notice_a_guesser(bench: Bench) -> None:
    for _ in range(20):
        enter(bench, WRONG, visitor("203.0.113.9"))
    assert isinstance(enter(bench, place=visitor("10.0.0.8")), Entered)


def test_the_owner_behind_the_guessers_own_address_does_not_notice_on_a_known_device(bench: Bench) -> None:
    done = enter(bench)
    assert isinstance(done, Entered)
    for _ in range(20):
        enter(bench, WRONG)
    assert enter(bench) == SignInRefusal.WAIT
    assert isinstance(enter(bench, place=visitor(mark=done.mark)), Entered)


def test_guesses_from_a_thousand_addresses_keep_no_known_device_out(bench: Bench) -> None:
    done = enter(bench)
    assert isinstance(done, Entered)
    answers = [enter(bench, WRONG, visitor(f"198.51.{n // 250}.{n % 250}")) for n in range(300)]
    assert answers.count(SignInRefusal.WAIT) == 100
    assert enter(bench, place=visitor("10.9.9.9")) == SignInRefusal.WAIT
    assert isinstance(enter(bench, place=visitor("10.9.9.9", done.mark)), Entered)


def test_a_whole_school_behind_one_address_signs_in_though_many_mistype(bench: Bench) -> None:
    for number in range(60):
        bench.add_ready(f"t{number}", Role.DESK)
    for number in range(60):
        for _ in range(3):
            assert enter(bench, WRONG, login=f"t{number}") == SignInRefusal.WRONG
        assert isinstance(enter(bench, login=f"t{number}"), Entered)


def test_a_right_password_gives_back_what_was_mistyped(bench: Bench) -> None:
    for _ in range(10):
        for _ in range(5):
            assert enter(bench, WRONG) == SignInRefusal.WRONG
        assert isinstance(enter(bench), Entered)


def test_a_mark_of_another_account_or_an_old_password_is_worth_nothing(bench: Bench) -> None:
    bench.add_ready("li", Role.DESK)
    done = enter(bench, login="li")
    assert isinstance(done, Entered)
    for _ in range(6):
        enter(bench, WRONG)
    assert enter(bench, place=visitor(mark=done.mark)) == SignInRefusal.WAIT
    row = bench.done(lambda tx: rows.find_by_login(tx, "li"))
    assert row is not None
    devices = bench.office.sign_in._devices
    assert devices.known(done.mark, row) != ""
    assert devices.known(done.mark, row._replace(password_hash="another")) == ""


@pytest.mark.parametrize("mark", ["", "x", "0" * 32, "0" * 32 + ".", f"{'0' * 32}.{'f' * 24}", "a" * 9999, "é"])
def test_a_mark_that_we_did_not_make_is_no_device(bench: Bench, mark: str) -> None:
    row = bench.done(lambda tx: rows.find_by_login(tx, "wang"))
    assert row is not None
    assert bench.office.sign_in._devices.known(mark, row) == ""


def test_those_who_share_a_desk_are_all_known_there(bench: Bench) -> None:
    mark = ""
    for number in range(14):
        bench.add_ready(f"t{number}", Role.DESK)
        done = enter(bench, place=visitor(mark=mark), login=f"t{number}")
        assert isinstance(done, Entered)
        mark = done.mark
    found = bench.done(lambda tx: [rows.find_by_login(tx, f"t{number}") for number in range(14)])
    assert [bool(row and bench.office.sign_in._devices.known(mark, row)) for row in found] == [False] * 2 + [True] * 12


def test_codes_can_not_be_guessed_from_many_places() -> None:
    guesses = Guesses(Clock(), CODES)
    let_in = sum(guesses.admits("wang", Place(f"10.0.{n // 200}.{n % 200}")) for n in range(1000))
    assert let_in == CODES.of_account.burst


def test_an_address_that_was_wrong_often_comes_last(bench: Bench) -> None:
    guesses = Guesses(Clock(), PASSWORDS)
    for number in range(60):
        guesses.admits(f"t{number}", Place("203.0.113.9"))
    ranks = [guesses.rank(place) for place in (Place("203.0.113.9"), Place("10.0.0.1"), Place("203.0.113.9", "d"))]
    assert ranks == [2, 1, 0]


def test_a_flood_of_logins_finds_the_line_full_and_a_known_device_comes_first(bench: Bench) -> None:
    done = enter(bench)
    assert isinstance(done, Entered)
    bench.secrets.hold = True
    from twisted.internet.defer import Deferred

    flood = [
        Deferred.fromCoroutine(bench.office.sign_in.enter(f"x{n}", WRONG, visitor(f"198.51.{n // 250}.{n % 250}")))
        for n in range(100)
    ]
    refused = [each.result for each in flood if each.called]
    assert refused == [SignInRefusal.BUSY] * 35
    owner = Deferred.fromCoroutine(bench.office.sign_in.enter("wang", CHOSEN, visitor(mark=done.mark)))
    bench.secrets.let_go()
    bench.secrets.let_go()
    assert isinstance(owner.result, Entered)
    assert len([each for each in flood if each.called]) == 37


def test_an_account_that_is_reset_while_its_password_is_checked_is_not_opened(bench: Bench) -> None:
    from twisted.internet.defer import Deferred

    from tests.node.office.offices import ADMINISTRATOR

    bench.secrets.hold = True
    entering = Deferred.fromCoroutine(bench.office.sign_in.enter("wang", CHOSEN, visitor()))
    bench.done(
        lambda tx: bench.accounts.reset(tx, ADMINISTRATOR, "wang", "hash of y", now_ms=bench.wall_ms(), reason="x")
    )
    bench.secrets.let_go()
    assert entering.result == SignInRefusal.WRONG


def test_the_operator_hears_of_somebody_who_guesses_and_not_of_somebody_who_mistypes(bench: Bench) -> None:
    for number in range(120):
        enter(bench, WRONG, visitor(f"198.51.100.{number}"))
        enter(bench, WRONG, visitor(f"198.51.100.{number}"), login="nobody")
    row = bench.done(lambda tx: rows.find_by_login(tx, "wang"))
    assert row is not None
    told = {"account": row.id, "kind": "wrong_password", "count": 50}
    assert bench.events == [("account_alarm", told)] * 2
    bench.events.clear()
    bench.add_ready("li", Role.DESK)
    for _ in range(200):
        enter(bench, WRONG, login="li")
        bench.pass_s(120)
    assert bench.events == []


def test_nothing_secret_stands_in_a_repr(bench: Bench) -> None:
    row = bench.done(lambda tx: rows.find_by_login(tx, "wang"))
    done = enter(bench)
    assert isinstance(done, Entered)
    shown = repr((row, done, now(bench.office.sessions.guest(done.token, ("staff",)))))
    assert done.token not in shown
    assert "hash of" not in shown
    assert "wang" not in shown
