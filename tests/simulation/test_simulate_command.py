"""`tongjie simulate` on the command line."""

from __future__ import annotations

import json

from click.testing import CliRunner

from kiosk_sim.commands.simulate import command
from kiosk_sim.simulation.plants.promises import PLANTS


def test_it_ends_with_one_json_line() -> None:
    result = CliRunner().invoke(command, ["--seeds", "1..3", "--steps", "20", "--json"])
    figures = json.loads(result.stdout.splitlines()[-1])
    assert list(figures) == ["seeds", "operations", "faults", "violations", "unfinished", "seconds"]
    assert (figures["seeds"], figures["violations"], figures["unfinished"]) == (3, 0, 0)
    assert result.exit_code == 0


def test_a_failing_seed_is_named_with_the_command_that_replays_it() -> None:
    arguments = ["--seeds", "1..40", "--steps", "30", "--plant", "home_counts_not_restored"]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 1
    assert "fails; to live it again:  tongjie simulate --seeds " in result.stdout
    assert "--trace --steps 30 --plant home_counts_not_restored" in result.stdout
    assert "VIOLATION" in result.stdout


def test_one_seed_alone_may_be_given() -> None:
    assert CliRunner().invoke(command, ["--seeds", "7", "--steps", "10"]).exit_code == 0


def test_nonsense_is_refused() -> None:
    for seeds in ("9..3", "some", "1..", "-4"):
        assert CliRunner().invoke(command, ["--seeds", seeds]).exit_code == 2
    assert CliRunner().invoke(command, ["--plant", "no such fault"]).exit_code == 2


def test_the_help_is_short_and_the_faults_have_a_list_of_their_own() -> None:
    shown = CliRunner().invoke(command, ["--help"]).output
    listed = CliRunner().invoke(command, ["--plants"]).output
    assert "--plant NAME" in shown
    assert "home_counts_not_restored" not in shown
    assert listed.splitlines() == list(PLANTS)


def test_two_processes_find_what_one_finds() -> None:
    arguments = ["--seeds", "1..45", "--steps", "8", "--plant", "home_counts_not_restored", "--all", "--json"]
    figures, failing = [], []
    for jobs in ("1", "2"):
        result = CliRunner().invoke(command, [*arguments, "--jobs", jobs])
        assert result.exit_code == 1
        figures.append({**json.loads(result.stdout.splitlines()[-1]), "seconds": 0})
        failing.append([line for line in result.stderr.splitlines() if line.startswith("seed ")])
    assert figures[0] == figures[1]
    assert failing[0] == failing[1] != []


def digest_lines(*arguments: str) -> list[str]:
    result = CliRunner().invoke(command, ["--steps", "30", "--digest", "--all", *arguments])
    return result.stdout.splitlines()


def test_digests_alone_stand_on_standard_output_and_are_the_same_in_several_processes() -> None:
    alone, side_by_side = (digest_lines("--seeds", "1..45", "--jobs", jobs) for jobs in ("1", "2"))
    assert [line.split()[0] for line in alone] == [str(seed) for seed in range(1, 46)]
    assert alone == side_by_side


def test_a_change_of_behaviour_changes_a_digest() -> None:
    right, wrong = (
        digest_lines("--seeds", "1..6"),
        digest_lines("--seeds", "1..6", "--plant", "no_cancellation_after_no"),
    )
    assert right != wrong
