"""Who is turned away stands in the log in words, and in the metrics by reason."""

from __future__ import annotations

from typing import Any

from federation.troubles import TURNED_AWAY, TurnedAway
from node.observe.metrics import Metrics
from node.service.peers.answering import TurnedAwayReport


def test_each_is_counted_and_the_first_second_fourth_is_logged_with_what_to_do() -> None:
    lines: list[tuple[str, dict[str, Any]]] = []
    metrics = Metrics([], [], [])
    report = TurnedAwayReport(lambda name, **fields: lines.append((name, fields)), metrics.peer_turned_away, lambda: 7)
    for _ in range(5):
        report.turned_away("CQXX", TurnedAway.NOT_A_MEMBER)
    report.turned_away("192.0.2.1", TurnedAway.CERTIFICATE_WITHOUT_CODE)
    assert [fields["count"] for _name, fields in lines] == [1, 2, 4, 1]
    assert {name for name, _fields in lines} == {"peer_turned_away"}
    assert (lines[0][1]["peer"], lines[0][1]["reason"]) == ("CQXX", "not_a_member")
    assert lines[0][1]["why"] == TURNED_AWAY[TurnedAway.NOT_A_MEMBER]
    assert list(report.each()) == [
        (TurnedAway.NOT_A_MEMBER, "CQXX", 7, 5),
        (TurnedAway.CERTIFICATE_WITHOUT_CODE, "192.0.2.1", 7, 1),
    ]
    assert (lines[3][1]["address"], "peer" in lines[3][1]) == ("192.0.2.1", False)
    assert metrics.registry.get_sample_value("tongjie_federation_turned_away_total", {"reason": "not_a_member"}) == 5
