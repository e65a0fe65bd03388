"""What a connection may cost: silence, slowness, size, numbers, addresses; and TLS where it does not belong."""

from __future__ import annotations

from ipaddress import ip_network

from node.kiosk.edge import Door, Limits
from node.kiosk.terminal import Terminal
from tests.node.kiosk.lines import Place, item, login, status


def test_a_silent_line_is_closed_and_a_heartbeat_keeps_it_open() -> None:
    place = Place(limits=Limits(idle_timeout_s=900))
    silent, alive = place.line(), place.line()
    for _ in range(5):
        place.pass_s(400)
        alive.send(status())
    assert silent.wire.closed
    assert not alive.wire.closed
    assert place.notes.disturbances.count("idle") == 1


def test_a_line_that_does_not_log_in_where_it_must_is_closed_sooner() -> None:
    place = Place(limits=Limits(idle_timeout_s=900, login_timeout_s=60), login_required=True)
    stranger, known = place.line(), place.line()
    known.send(login())
    place.pass_s(61)
    assert stranger.wire.closed
    place.pass_s(600)
    assert not known.wire.closed


def test_a_byte_a_second_is_no_way_to_hold_a_line() -> None:
    place = Place(limits=Limits(frame_timeout_s=30))
    line = place.line()
    for byte in item("A" * 60)[:60]:
        if line.wire.closed:
            break
        line.send(bytes([byte]))
        place.clock.advance(1)
    assert line.wire.closed
    assert "slow_message" in place.notes.disturbances


def test_a_slow_message_that_ends_in_time_is_answered_and_the_next_has_its_own_time() -> None:
    place = Place(limits=Limits(frame_timeout_s=30))
    line = place.line()
    for number in range(3):
        request = item("A", number)
        line.send(request[:20])
        place.pass_s(20)
        assert line.send(request[20:])
    place.pass_s(60)
    assert not line.wire.closed


def test_a_client_that_never_reads_is_read_no_further_and_dropped() -> None:
    place = Place(limits=Limits(write_timeout_s=60))
    line = place.line()
    line.wire.producer.pauseProducing()
    for number in range(200):
        line.protocol.dataReceived(item("A", number % 10))
    assert line.wire.writes == []
    assert not line.wire.reading
    place.pass_s(61)
    assert line.wire.disconnected
    assert "never_reads" in place.notes.disturbances


def test_a_client_that_reads_again_gets_its_answers() -> None:
    place = Place()
    line = place.line()
    line.wire.producer.pauseProducing()
    line.protocol.dataReceived(item("A"))
    line.wire.producer.resumeProducing()
    assert len(line.wire.writes) == 1
    place.pass_s(120)
    assert not line.wire.closed


def test_a_line_that_can_not_be_closed_in_order_is_cut() -> None:
    place = Place(limits=Limits(idle_timeout_s=10))
    line = place.line()
    place.pass_s(11)
    assert line.wire.disconnecting
    place.pass_s(11)
    assert line.wire.disconnected


def test_a_message_that_is_too_long_is_asked_for_again_and_the_line_stays() -> None:
    place = Place()
    line = place.line()
    assert line.send(b"17" + b"A" * 70_000) == b"96AZFEF6\r"
    assert line.send(b"\r" + status()).startswith(b"98")
    assert place.notes.disturbances == ["oversize"]


def test_megabytes_without_an_end_cut_the_line() -> None:
    place = Place()
    line = place.line()
    for _ in range(40):
        if line.wire.disconnected:
            break
        line.send(b"A" * 65_536)
    assert line.wire.disconnected
    assert "endless" in place.notes.disturbances
    assert place.connect() is not None


def test_one_connection_too_many_is_refused_at_once_and_a_place_that_is_free_again_is_given() -> None:
    place = Place(limits=Limits(max_connections=2))
    first, second = place.line(), place.line()
    first.send(status())
    second.send(status())
    assert place.connect() is None
    assert place.notes.disturbances == ["too_many_connections"]
    first.hang_up()
    assert place.connect() is not None


def test_one_address_can_not_take_all_places_and_the_machine_itself_is_exempt() -> None:
    place = Place(limits=Limits(per_address=2))
    lines = [place.connect("10.0.0.1") for _ in range(3)]
    assert [line is None for line in lines] == [False, False, True]
    assert place.connect("10.0.0.2") is not None
    assert all(place.connect("127.0.0.1") is not None for _ in range(5))
    assert lines[0] is not None
    lines[0].hang_up()
    assert place.connect("10.0.0.1") is not None


def test_a_listener_takes_only_the_addresses_it_allows() -> None:
    door = Door(allow=(ip_network("10.0.0.0/8"), ip_network("fd00::/8")))
    place = Place()
    assert place.connect("10.200.1.1", door) is not None
    assert place.connect("fd00::7", door) is not None
    assert place.connect("192.168.1.1", door) is None
    assert place.notes.disturbances == ["address_not_allowed"]


def test_a_client_hello_on_a_plain_port_is_cut_off_at_once() -> None:
    place = Place()
    line = place.line()
    line.send(b"\x16")
    assert line.wire.disconnected
    assert place.notes.disturbances == ["tls_on_plain_port"]


def test_nothing_ticks_while_all_lines_are_merely_open() -> None:
    place = Place()
    lines = [place.line() for _ in range(10)]
    for line in lines:
        line.send(status())
    place.pass_s(2)
    assert len(place.clock.getDelayedCalls()) == len(lines)


def test_finishing_answers_what_is_being_worked_on_and_closes_everything() -> None:
    place = Place(waits=True)
    busy, idle = place.line(), place.line()
    busy.send(item("A"))
    done: list[object] = []
    place.kiosks.finish().addCallback(done.append)
    assert idle.wire.closed
    assert not done
    place.pass_s(11)
    assert busy.wire.closed
    assert done


# --- when places become few ------------------------------------------------------------------------------------


def test_when_all_places_are_taken_a_silent_line_makes_way_and_terminals_stay() -> None:
    place = Place(limits=Limits(max_connections=4), login_required=True)
    terminal = place.line("10.0.0.1")
    terminal.send(login())
    silent = [place.line("127.0.0.1") for _ in range(3)]
    late = place.line("10.0.0.2")
    assert [each.wire.disconnected for each in silent] == [True, False, False]
    assert late.send(login("sc2")).startswith(b"941")
    assert not terminal.wire.disconnected
    assert place.notes.disturbances == ["made_way"]


def test_terminals_are_not_displaced_by_a_crowd_however_large() -> None:
    place = Place(limits=Limits(max_connections=2), login_required=True)
    for name in ("sc1", "sc2"):
        place.line("10.0.0.1").send(login(name))
    assert [place.connect("127.0.0.1") for _ in range(5)] == [None] * 5
    assert place.kiosks.connected_logins() == {"sc1", "sc2"}


def test_where_no_login_is_needed_whoever_asks_keeps_its_place() -> None:
    place = Place(limits=Limits(max_connections=3))
    asks = place.line()
    asks.send(status())
    silent = [place.line() for _ in range(2)]
    place.line()
    assert not asks.wire.disconnected
    assert [each.wire.disconnected for each in silent] == [True, False]


def test_behind_one_address_any_number_of_terminals_may_be_logged_in() -> None:
    names = [f"sc{number}" for number in range(200)]
    terminals = [Terminal(name, "selfcheck") for name in names]
    place = Place(*terminals, limits=Limits(per_address=8), login_required=True)
    for name in names:
        assert place.line("10.0.0.1").send(login(name)).startswith(b"941")
    assert len(place.kiosks.connected_logins()) == 200
    assert [place.connect("10.0.0.1") is None for _ in range(9)] == [False] * 8 + [True]


def test_a_terminal_that_is_logged_out_counts_again() -> None:
    place = Place(limits=Limits(per_address=1), login_required=True)
    line = place.line("10.0.0.1")
    line.send(login())
    assert place.connect("10.0.0.1") is not None
    line.send(login("nobody", 2))
    assert place.connect("10.0.0.1") is None


def test_more_connections_than_there_are_files_are_not_let_in_whatever_the_settings_say() -> None:
    place = Place(limits=Limits(max_connections=5000))
    place.kiosks.files = 2
    for _ in range(2):
        place.line().send(status())
    assert place.connect() is None


def test_a_handshake_that_does_not_come_ends_the_line_soon() -> None:
    place = Place()
    silent, agreed = place.line(door=Door(tls=True)), place.line(door=Door(tls=True))
    agreed.wire.getPeerCertificate = lambda: None
    agreed.protocol.handshakeCompleted()
    place.pass_s(11)
    assert silent.wire.disconnected
    assert not agreed.wire.disconnected
    assert place.notes.disturbances == ["no_handshake"]
    agreed.hang_up()
    silent.hang_up()
    assert place.clock.getDelayedCalls() == []


def test_the_same_bytes_are_a_repeat_for_a_minute_and_then_a_new_request() -> None:
    place = Place()
    line = place.line()
    for wait_s in (0, 30, 29):
        place.pass_s(wait_s)
        line.send(item("A"))
    assert len(place.desk.requests) == 1
    place.pass_s(1)
    line.send(item("A"))
    assert len(place.desk.requests) == 2
